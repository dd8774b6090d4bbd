"""Which language model writes, and where it is."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from qa.errors import SettingsError

URL, MODEL, KEYS = "INQUOTE_LLM_URL", "INQUOTE_LLM_MODEL", ("INQUOTE_LLM_KEY", "OPENAI_API_KEY")
OPENAI = "https://api.openai.com/v1"
"""OpenAI's own endpoint. None is taken unless it is named."""

_LEAST_CONTEXT = 1_024
_MOST_WRITTEN = 1_024


@dataclass(frozen=True, slots=True)
class LLM:
    """A language model behind an endpoint that speaks OpenAI's chat completions.

    Attributes:
        model: its name there.
        url: the endpoint's base address, such as `http://127.0.0.1:11434/v1`.
        key: what the endpoint asks for; None where it asks for nothing. It is never shown.
        context: how many tokens the model can read and write together.
        seconds: how long an answer may take, with a second try.

    Raises:
        SettingsError: one of them cannot be used.
    """

    model: str
    url: str
    key: str | None = field(default=None, repr=False)
    context: int = 8_192
    seconds: float = 120.0

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model.strip():
            raise SettingsError("the language model has no name: name one that the endpoint knows")
        try:
            parts = urlsplit(self.url)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
            is_address = is_address and parts.port != 0
        except (ValueError, AttributeError):
            is_address = False
        if not is_address:
            raise SettingsError(
                "the language model's address cannot be used: give one that starts with http:// "
                "or https://, such as http://127.0.0.1:11434/v1"
            )
        if parts.username or parts.password or parts.query or parts.fragment:
            raise SettingsError(
                "the language model's address holds more than a place: give the key as "
                f"{KEYS[0]}, and no user, query or fragment"
            )
        if self.key is not None and not (self.key.isascii() and self.key.isprintable()):
            raise SettingsError("the language model's key holds characters that no key has")
        if type(self.context) is not int or self.context < _LEAST_CONTEXT:
            raise SettingsError(
                f"a context of {self.context!r} tokens is too small: "
                f"take {_LEAST_CONTEXT:,} or more"
            )
        if not 0 < self.seconds <= 3_600:
            raise SettingsError(f"a limit of {self.seconds!r} seconds is not from 0 to 3,600")

    @classmethod
    def of(cls, model: str | None = None, url: str | None = None, **settings: int | float) -> Self:
        """Take what is not given, and the key, from the environment.

        `INQUOTE_LLM_MODEL`, `INQUOTE_LLM_URL`, and `INQUOTE_LLM_KEY` or `OPENAI_API_KEY`, which is
        sent to OpenAI alone.

        Raises:
            SettingsError: the model or the endpoint is not named, or cannot be used.
        """
        model = model or os.environ.get(MODEL) or ""
        url = url or os.environ.get(URL)
        if not url:
            raise SettingsError(
                f"the language model's endpoint is not named: give --llm-url, or set {URL}, such "
                f"as http://127.0.0.1:11434/v1 or {OPENAI}"
            )
        own, openai = (os.environ.get(name) or None for name in KEYS)
        llm = cls(model, url, own, **settings)  # type: ignore[arg-type]  # checked above
        asked, theirs = urlsplit(url), urlsplit(OPENAI)
        is_openai = (asked.scheme, asked.hostname) == (theirs.scheme, theirs.hostname)
        return replace(llm, key=openai) if is_openai and not own else llm

    @property
    def most_written(self) -> int:
        """The most tokens of a reply."""
        return min(_MOST_WRITTEN, self.context // 2)

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is on this machine."""
        name = urlsplit(self.url).hostname or ""
        try:
            return ip_address(name).is_loopback
        except ValueError:
            return name == "localhost"

    @property
    def host(self) -> str:
        """Where the documents' sentences are sent: the host and its port, as a person reads it."""
        return urlsplit(self.url).netloc
