"""An endpoint that speaks OpenAI's chat completions: one request, read as it is written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from qa.errors import SettingsError, WritingError
from qa.writing.llm import LLM

if TYPE_CHECKING:
    import httpx2
    import openai

MOST_WRITTEN = 1_024
"""The most tokens of a reply."""

_MOST_BYTES = 4 * 2**20  # of a response
_MOST_CHARACTERS = 16_384  # of a reply; the rest is not read
_CONNECTING = 10.0  # seconds
_LONGEST_WAIT = 20.0  # seconds, that an endpoint may ask for
_BROKEN = "the language model's endpoint sent what cannot be read; the quotes are shown instead"
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What is raised over what was sent."""
_REFUSED = {
    400: "refuses the question (400); its model may be too small for it, or not chat",
    401: "refuses the key, or needs one (401): set INQUOTE_LLM_KEY",
    403: "does not allow this (403): check the key and the model's name",
    404: "does not know the model, or the address is wrong (404): check both",
    413: "finds the question too long (413): give a smaller context",
    429: "has too much to do (429); try again later",
}


class _Over(Exception):
    """More bytes, or more time, than a response may take."""


class Endpoint:
    """Asks a model. It holds no connection between questions, and follows no redirection."""

    def __init__(self, llm: LLM) -> None:
        self.llm = llm
        self._takes_schema = True

    def stream(
        self,
        messages: Sequence[dict[str, str]],
        schema: dict[str, Any],
        deadline: float,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[str]:
        """Yield the reply in pieces, as they come; close the iterator to stop it.

        Args:
            messages: the conversation.
            schema: what the reply should fit; an endpoint that knows no schemas gets none.
            deadline: when to end, by `time.monotonic`.
            stopped: whether to end early; asked with every piece that comes.

        Raises:
            WritingError: the endpoint cannot be reached, refuses, or sends what cannot be read.
            SettingsError: the extra `llm` is not installed.
        """
        try:
            import httpx2
            import openai
        except ImportError as error:
            raise SettingsError(
                "written answers need the extra 'llm': pip install 'inquote[llm]'"
            ) from error

        def bounded(response: httpx2.Response) -> None:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise _Over
            response.stream = _bounded(httpx2, response.stream, deadline, stopped)

        timeout = httpx2.Timeout(max(deadline - time.monotonic(), 1.0), connect=_CONNECTING)
        plain = {"Accept-Encoding": "identity"}
        client = httpx2.Client(timeout=timeout, headers=plain, event_hooks={"response": [bounded]})
        too_long = WritingError(
            f"the language model at {self.llm.host} took too long, or wrote too much"
        )
        try:
            with client:
                sdk = openai.OpenAI(
                    base_url=self.llm.url,
                    api_key=self.llm.key or "none",
                    organization="",
                    project="",
                    max_retries=0,
                    http_client=client,
                )
                yield from self._read(sdk, messages, schema, deadline, stopped)
        except _Over:
            if not stopped():
                raise too_long from None
        except openai.APIStatusError as error:
            raise WritingError(self._refusal(error.status_code)) from None
        except openai.APIConnectionError as error:
            if isinstance(error, openai.APITimeoutError) or isinstance(error.__cause__, _Over):
                raise too_long from None
            raise WritingError(
                f"the language model at {self.llm.host} cannot be reached, or went away"
            ) from None
        except (*_UNREADABLE, openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError):
            raise WritingError(_BROKEN) from None

    def _read(
        self,
        sdk: openai.OpenAI,
        messages: Sequence[dict[str, str]],
        schema: dict[str, Any],
        deadline: float,
        stopped: Callable[[], bool],
    ) -> Iterator[str]:
        import openai

        waited = False
        while True:
            try:
                chunks = self._asked(sdk, messages, schema)
                break
            except (openai.BadRequestError, openai.UnprocessableEntityError):
                if not self._takes_schema:
                    raise
                self._takes_schema = False  # asked for in words alone from now on
            except openai.RateLimitError as error:
                wait = _seconds(error.response.headers.get("retry-after"))
                if waited or not 0 <= wait <= min(_LONGEST_WAIT, deadline - time.monotonic()):
                    raise
                waited = True
                _wait(wait, stopped)
        read = 0
        with closing(chunks):
            for chunk in chunks:
                text = chunk.choices[0].delta.content if chunk.choices else None
                if not text:
                    continue
                if not isinstance(text, str):
                    raise TypeError("a piece of a reply is no text")
                yield text
                read += len(text)
                if read > _MOST_CHARACTERS or stopped():
                    return

    def _asked(
        self, sdk: openai.OpenAI, messages: Sequence[dict[str, str]], schema: dict[str, Any]
    ) -> Any:
        form: dict[str, Any] = {}
        if self._takes_schema:
            named = {"name": "answer", "strict": True, "schema": schema}
            form = {"response_format": {"type": "json_schema", "json_schema": named}}
        return sdk.chat.completions.create(
            model=self.llm.model,
            messages=list(messages),  # type: ignore[arg-type]  # plain dicts are such
            temperature=0,
            max_tokens=min(MOST_WRITTEN, self.llm.context // 2),
            stream=True,
            **form,
        )

    def _refusal(self, status: int) -> str:
        said = _REFUSED.get(status, f"answers with an error ({status})")
        return f"the language model's endpoint {self.llm.host} {said}"


def _bounded(httpx2: Any, stream: Any, deadline: float, stopped: Callable[[], bool]) -> Any:
    """Return a stream of bytes that ends with an error where it goes on for too long."""

    class Bounded(httpx2.SyncByteStream):  # type: ignore[misc]  # known when it is imported
        def __iter__(self) -> Iterator[bytes]:
            left = _MOST_BYTES
            for piece in stream:
                left -= len(piece)
                if left < 0 or time.monotonic() > deadline or stopped():
                    raise _Over
                yield piece

        def close(self) -> None:
            stream.close()

    return Bounded()


def _seconds(header: str | None) -> float:
    """Return how long an endpoint asks to wait; -1 where it does not say in seconds."""
    try:
        return float(header or "")
    except ValueError:
        return -1.0


def _wait(seconds: float, stopped: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not stopped():
        time.sleep(min(0.1, max(end - time.monotonic(), 0)))
