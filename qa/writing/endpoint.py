"""An endpoint that speaks OpenAI's chat completions: one request, read as it is written."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self

from qa.errors import SettingsError, WritingError
from qa.writing.llm import LLM

if TYPE_CHECKING:
    import httpx2
    import openai

_MOST_BYTES = 4 * 2**20  # of a response
_MOST_CHARACTERS = 16_384  # of a reply; the rest is not read
_CONNECTING = 10.0  # seconds
_LOOK = 0.1  # seconds between two looks at the clock
_LONGEST_WAIT = 20.0  # seconds, that an endpoint may ask for
_DONE = re.compile(rb"\ndata: ?\[DONE\]")  # ends a whole reply
_CUT = {"length": "was cut off: it was too long", "content_filter": "was cut off by a filter there"}
_BROKEN = "the language model's endpoint sent what cannot be read; the quotes are shown instead"
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What is raised over what was sent."""
_INSTEAD = "max_completion_tokens"  # of max_tokens, where a model reasons
_REFUSED = {
    400: "refuses the question (400); its model may be too small for it, or not chat",
    401: "refuses the key, or needs one (401): set INQUOTE_LLM_KEY",
    403: "does not allow this (403): check the key and the model's name",
    404: "does not know the model, or the address is wrong (404): check both",
    413: "finds the question too long (413): give a smaller context",
    429: "has too much to do (429); try again later",
}


class _Over(Exception):
    """More than a response may have."""


class _Cut(Exception):
    """A reply that ended before it was whole; for what reason, if the endpoint tells it."""


class Endpoint:
    """Asks a model. It holds no connection between questions, and follows no redirection."""

    def __init__(self, llm: LLM) -> None:
        self.llm = llm
        self._refused: frozenset[str] = frozenset()  # options that it does not take

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

        connection = _Connection(deadline, stopped)
        left = max(deadline - time.monotonic(), 1.0)
        timeout = httpx2.Timeout(left, connect=min(left, _CONNECTING))
        hooks: dict[str, list[Any]] = {
            "request": [connection.watch],
            "response": [connection.bound],
        }
        plain = {"Accept-Encoding": "identity"}
        client = httpx2.Client(
            timeout=timeout,
            headers=plain,
            event_hooks=hooks,
            trust_env=self.llm.url.startswith("https:"),  # a proxy reads what is sent over http
        )
        try:
            with connection, client:
                sdk = openai.OpenAI(
                    base_url=self.llm.url,
                    api_key=self.llm.key or "none",
                    organization="",
                    project="",
                    max_retries=0,
                    http_client=client,
                )
                chunks = self._asked(sdk, messages, schema, deadline, stopped)
                if chunks is not None:
                    yield from _read(chunks, connection, stopped)
        except (
            _Over, _Cut, *_UNREADABLE, openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError
        ) as e:  # fmt: skip
            if not stopped():
                raise WritingError(self._told(e, is_over=connection.is_over)) from None

    def _asked(
        self,
        sdk: openai.OpenAI,
        messages: Sequence[dict[str, str]],
        schema: dict[str, Any],
        deadline: float,
        stopped: Callable[[], bool],
    ) -> Any:
        """Return what the endpoint replies; None where it is to stop before that."""
        import openai

        waited, refused = False, self._refused
        while not stopped():
            options = self._options(schema, refused)
            try:
                chunks = sdk.chat.completions.create(
                    model=self.llm.model,
                    messages=list(messages),  # type: ignore[arg-type]  # plain dicts are such
                    stream=True,
                    **options,
                )
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                said = str(error.body)
                name = next((name for name in options if name in said), "response_format")
                if name not in options or name == _INSTEAD:
                    raise
                refused |= {name}
            except openai.RateLimitError as error:
                wait = _seconds(error.response.headers.get("retry-after"))
                if waited or not 0 <= wait <= min(_LONGEST_WAIT, deadline - time.monotonic()):
                    raise
                waited = True
                _wait(wait, stopped)
            else:
                self._refused |= refused  # known only now: a refusal may have another cause
                return chunks
        return None

    def _options(self, schema: dict[str, Any], refused: frozenset[str]) -> dict[str, Any]:
        named = {"name": "answer", "strict": True, "schema": schema}
        options = {
            "response_format": {"type": "json_schema", "json_schema": named},
            "max_tokens": self.llm.most_written,
            "temperature": 0,
        }
        if "max_tokens" in refused:
            options[_INSTEAD] = self.llm.most_written
        return {name: value for name, value in options.items() if name not in refused}

    def _told(self, error: Exception, *, is_over: bool) -> str:
        """Return what went wrong, in a sentence; nothing of what the endpoint said is in it."""
        import openai

        if is_over or isinstance(error, _Over | openai.APITimeoutError):
            return f"the language model at {self.llm.host} took too long, or wrote too much"
        if isinstance(error, openai.APIStatusError):
            status = error.status_code
            said = _REFUSED.get(status, f"answers with an error ({status})")
            return f"the language model's endpoint {self.llm.host} {said}"
        if isinstance(error, _Cut) and error.args:
            return f"the reply of the language model at {self.llm.host} {error}"
        if isinstance(error, _Cut | openai.APIConnectionError):
            return f"the language model at {self.llm.host} cannot be reached, or went away"
        return _BROKEN


def _read(chunks: Any, connection: _Connection, stopped: Callable[[], bool]) -> Iterator[str]:
    read = 0
    with closing(chunks):
        for choice in (chunk.choices[0] for chunk in chunks if chunk.choices):
            if text := choice.delta.content:
                if not isinstance(text, str):
                    raise TypeError("a piece of a reply is no text")
                yield text
                read += len(text)
                if read > _MOST_CHARACTERS:
                    raise _Over
            if stopped():
                return
            if choice.finish_reason in _CUT:
                raise _Cut(_CUT[choice.finish_reason])
            if choice.finish_reason:
                return
    if not connection.is_done:
        raise _Cut


class _Connection:
    """What a request is sent over: it is shut where it goes on for too long, or is to stop."""

    def __init__(self, deadline: float, stopped: Callable[[], bool]) -> None:
        self.is_over = False
        self.is_done = False
        self._deadline = deadline
        self._stopped = stopped
        self._sockets: list[socket.socket] = []
        self._closed = Event()

    def __enter__(self) -> Self:
        Thread(target=self._wait, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()

    def watch(self, request: httpx2.Request) -> None:
        """Learn the socket of a request."""

        def trace(event: str, told: dict[str, Any]) -> None:
            if event.endswith("connect_tcp.complete"):
                # TLS takes the socket itself away; to shut a copy shuts it too
                self._sockets.append(told["return_value"].get_extra_info("socket").dup())

        request.extensions["trace"] = trace

    def bound(self, response: httpx2.Response) -> None:
        """Let a response have so many bytes, which are what they look like, and see its end."""
        import httpx2

        stream: Any = response.stream
        connection = self

        class Bounded(httpx2.SyncByteStream):
            def __iter__(self) -> Iterator[bytes]:
                left, end = _MOST_BYTES, b"\n"
                for piece in stream:
                    left -= len(piece)
                    if left < 0:
                        raise _Over
                    end += piece
                    connection.is_done |= bool(_DONE.search(end))
                    end = end[-16:]
                    yield piece

            def close(self) -> None:
                stream.close()

        if response.headers.get("content-encoding", "identity") != "identity":
            raise _Over
        response.stream = Bounded()

    def _wait(self) -> None:
        while not self._closed.wait(_LOOK):
            self.is_over = time.monotonic() > self._deadline
            if self.is_over or self._stopped():
                for each in self._sockets:
                    with suppress(OSError):
                        each.shutdown(socket.SHUT_RDWR)
        for each in self._sockets:
            each.close()


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
