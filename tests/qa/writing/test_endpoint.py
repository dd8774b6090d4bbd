"""What an endpoint may do over HTTP: each ends in one sentence, in time, and the quotes stay."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from pathlib import Path
from socket import create_server, socket

import pytest

from qa.answering import Answer
from qa.writing import LLM, Writer
from tests.qa.writing.endpoints import (
    Asked,
    Handle,
    certificate_in,
    chunk,
    replies,
    says,
    serving,
    stream_of,
)
from tests.qa.writing.hostile import DOCUMENTS, Credulous, answer_of

DOCUMENT = DOCUMENTS[0]
QUOTES = answer_of(DOCUMENT)
TRUE = "A lost key costs €85."
REPLY = replies((TRUE, [4]))


def written(llm: LLM) -> Answer:
    answer = Writer(llm, Credulous()).write(QUOTES, [], lambda _: DOCUMENT)
    assert answer.written is not None
    return answer


def problem(llm: LLM) -> str:
    """Return what went wrong, where nothing but the quotes is left."""
    answer = written(llm)
    assert answer.written is not None
    assert answer.statements == ()
    assert answer.citations == QUOTES.citations
    assert answer.text == QUOTES.text
    assert "\n" not in answer.written.problem
    return answer.written.problem


def refusing(status: int, **headers: str) -> Handle:
    return lambda asked: asked.send(status, b"{}", **headers)


def endlessly(piece: bytes, pause: float = 0.0) -> Handle:
    """Return what sends the same until the client goes."""

    def handle(asked: Asked) -> None:
        asked.begin()
        end = time.monotonic() + 20
        while time.monotonic() < end:
            asked.wfile.write(piece)
            time.sleep(pause)

    return handle


def test_what_holds_is_shown_with_the_quotes_that_it_rests_on_and_the_best() -> None:
    with serving(says(REPLY)) as server:
        answer = written(server.llm())
    assert [(one.sentence, one.citations) for one in answer.statements] == [(TRUE, (1,))]
    first, *_, cited = DOCUMENT.text.splitlines()[:4]
    assert [one.quote for one in answer.citations] == [cited, first]


def test_nobody_there() -> None:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = problem(LLM("m", f"http://127.0.0.1:{port}/v1", seconds=20))
    assert said == f"the language model at 127.0.0.1:{port} cannot be reached, or went away"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "refuses the question (400)"),
        (401, "INQUOTE_LLM_KEY"),
        (403, "does not allow this (403)"),
        (404, "does not know the model, or the address is wrong (404)"),
        (413, "too long (413)"),
        (418, "answers with an error (418)"),
        (422, "answers with an error (422)"),
        (429, "too much to do (429)"),
        (500, "answers with an error (500)"),
        (503, "answers with an error (503)"),
    ],
)
def test_a_refusal_is_told_in_a_sentence(status: int, said: str) -> None:
    with serving(refusing(status)) as server:
        assert said in problem(server.llm())
    assert len(server.bodies) == (2 if status in (400, 422) else 1)  # the second has no schema


def test_a_short_wait_is_waited_for() -> None:
    def handle(asked: Asked) -> None:
        if len(asked.server.bodies) == 1:
            asked.send(429, retry_after="0.3")
        else:
            asked.write(REPLY)

    start = time.monotonic()
    with serving(handle) as server:
        assert written(server.llm()).statements
    assert time.monotonic() - start >= 0.3


def test_nothing_more_is_asked_where_it_is_to_stop_in_a_wait() -> None:
    with serving(refusing(429, retry_after="15")) as server:
        writer, start = Writer(server.llm(), Credulous()), time.monotonic()
        writer.write(QUOTES, [], lambda _: DOCUMENT, stopped=lambda: bool(server.bodies))
        assert time.monotonic() - start < 4
    assert len(server.bodies) == 1


@pytest.mark.parametrize("wait", ["3600", "-1", "soon", "Wed, 21 Oct 2099 07:28:00 GMT", "nan"])
def test_no_other_wait_is(wait: str) -> None:
    with serving(refusing(429, retry_after=wait)) as server:
        assert "too much to do" in problem(server.llm())
    assert len(server.bodies) == 1


def test_an_endpoint_that_says_wait_for_ever_is_asked_twice() -> None:
    with serving(refusing(429, retry_after="0")) as server:
        assert "too much to do" in problem(server.llm())
    assert len(server.bodies) == 2


def silent(asked: Asked) -> None:
    asked.begin()
    time.sleep(8)


def late(asked: Asked) -> None:
    time.sleep(8)


def head_by_drips(asked: Asked) -> None:
    asked.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(80):
        asked.wfile.write(b"x-more: y\r\n")
        time.sleep(0.1)


@pytest.mark.parametrize(
    "handle",
    [
        silent,
        late,
        head_by_drips,
        endlessly(b": still here\n\n", 0.02),
        endlessly(b"\n", 0.02),
        endlessly(b"x", 0.02),
        endlessly(b"data: {}\n\n", 0.02),
        endlessly(chunk(""), 0.02),
    ],
    ids=["silent", "late", "head", "comments", "blank", "line", "objects", "pieces"],
)
def test_what_goes_on_for_too_long_ends_in_time(handle: Handle) -> None:
    start = time.monotonic()
    with serving(handle) as server:
        assert problem(server.llm(seconds=1))
        assert time.monotonic() - start < 4


@pytest.mark.parametrize("handle", [silent, late, head_by_drips])
def test_a_silent_endpoint_is_left_as_soon_as_it_is_to_stop(handle: Handle) -> None:
    start = time.monotonic()
    with serving(handle) as server:
        writer = Writer(server.llm(seconds=60), Credulous())
        answer = writer.write(QUOTES, [], lambda _: DOCUMENT, stopped=lambda: bool(server.bodies))
        assert time.monotonic() - start < 4
    assert answer.citations == QUOTES.citations
    assert answer.written is not None
    assert answer.written.problem == ""


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = certificate_in(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


def test_over_https_it_ends_in_time_and_as_soon_as_it_is_to_stop(certificate: Path) -> None:
    with serving(endlessly(b": still here\n\n", 0.1), certificate) as server:
        start = time.monotonic()
        assert "took too long" in problem(server.llm(seconds=1))
        assert 1 <= time.monotonic() - start < 4
        writer, start = Writer(server.llm(), Credulous()), time.monotonic()
        writer.write(QUOTES, [], lambda _: DOCUMENT, stopped=lambda: time.monotonic() > start + 0.5)
        assert time.monotonic() - start < 3


def test_what_holds_is_shown_over_https(certificate: Path) -> None:
    with serving(says(REPLY), certificate) as server:
        assert written(server.llm()).statements


def test_a_silent_handshake_ends_in_time() -> None:
    start = time.monotonic()
    with create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}/v1"
        assert "took too long" in problem(LLM("m", url, seconds=1))
    assert time.monotonic() - start < 4


def line_of(size: int) -> Handle:
    def handle(asked: Asked) -> None:
        asked.begin()
        for _ in range(size >> 20):
            asked.wfile.write(b"x" * 2**20)

    return handle


def zipped(asked: Asked) -> None:
    asked.send(200, gzip.compress(bytes(2**26)), content_encoding="gzip")


@pytest.mark.parametrize(
    "handle",
    [line_of(10 * 2**20), endlessly(b"data: " + b"x" * 2**16), zipped, endlessly(b"x" * 2**16)],
    ids=["line", "data", "gzip", "bytes"],
)
def test_what_is_too_much_is_not_read(handle: Handle) -> None:
    start = time.monotonic()
    with serving(handle) as server:
        said = problem(server.llm(seconds=10))
    assert "too long, or wrote too much" in said
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>It works!</body></html>",
        b"data: <html>\n\n",
        b"data: {broken\n\n",
        b"data: []\n\n",
        b"data: 7\n\n",
        b"data: null\n\n",
        b'data: {"choices": 7}\n\n',
        b'data: {"choices": [7]}\n\n',
        b'data: {"choices": [{"delta": {"content": 7}}]}\n\n',
        b'data: {"choices": [{"delta": null}]}\n\n',
        b'data: {"error": {"message": "no memory"}}\n\n',
        b"data: " + b"[" * 100_000 + b"\n\n",
        b"data: \xff\xfe\n\n",
        b"\xff\xfe\x00",
        b"data: [DONE]\n\n",
        stream_of(["I would rather not."]),
        stream_of(['{"statements": []}']),
        stream_of(['{"statements": [{"sentence": 7, "cites": "x"}]}']),
        stream_of(["[" * 16_000]),
        stream_of(["{" * 16_000]),
    ],
)
def test_what_cannot_be_read_leaves_the_quotes(body: bytes) -> None:
    with serving(lambda asked: asked.send(200, body, content_type="text/event-stream")) as server:
        assert problem(server.llm())


def test_a_page_in_place_of_a_reply_leaves_the_quotes() -> None:
    page = b"<!doctype html><title>Sign in</title>"
    with serving(lambda asked: asked.send(200, page, content_type="text/html")) as server:
        assert problem(server.llm())


def test_what_came_before_a_break_stays() -> None:
    def handle(asked: Asked) -> None:
        asked.begin(content_length="100000")
        asked.wfile.write(chunk(REPLY[:-2]) + chunk(', {"sentence": "The li'))

    with serving(handle) as server:
        answer = written(server.llm())
    assert [one.sentence for one in answer.statements] == [TRUE]
    assert answer.written is not None
    assert "cannot be reached, or went away" in answer.written.problem


CUT = chunk(REPLY[:-2]) + chunk(', {"sentence": "The li')


def cut_by_the_limit(asked: Asked) -> None:
    asked.begin()
    asked.wfile.write(CUT)
    endlessly(b": still here\n\n", 0.1)(asked)


@pytest.mark.parametrize(
    ("handle", "said"),
    [
        (lambda asked: asked.begin() or asked.wfile.write(CUT), "went away"),
        (cut_by_the_limit, "took too long"),
        (lambda asked: asked.send(200, CUT + chunk("", "length")), "cut off"),
        (lambda asked: asked.send(200, CUT + chunk("", "content_filter")), "filter"),
        (lambda asked: asked.send(200, chunk(REPLY + " " * 20_000)), "wrote too much"),
        (lambda asked: asked.send(200, chunk(REPLY, "stop")), ""),
        (lambda asked: asked.send(200, stream_of([REPLY])), ""),
    ],
    ids=["closed", "limit", "length", "filter", "much", "stop", "done"],
)
def test_a_reply_that_is_cut_is_told(handle: Handle, said: str) -> None:
    with serving(handle) as server:
        answer = written(server.llm(seconds=3))
    assert [one.sentence for one in answer.statements] == [TRUE]
    assert answer.written is not None
    assert bool(answer.written.problem) == bool(said)
    assert said in answer.written.problem


@pytest.fixture
def elsewhere() -> Iterator[list[bytes]]:
    with serving(says(REPLY)) as server:
        asked: list[bytes] = server.bodies
        yield [str(server.server_port).encode()]
        assert asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed(status: int, elsewhere: list[bytes]) -> None:
    place = f"http://127.0.0.1:{elsewhere[0].decode()}/v1/chat/completions"
    with serving(refusing(status, location=place)) as server:
        assert f"({status})" in problem(server.llm())


def test_a_proxy_does_not_read_what_is_sent_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(refusing(502)) as proxy, serving(says(REPLY)) as server:
        for name in ("http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert written(server.llm()).statements
    assert proxy.bodies == []


def test_it_stops_where_it_is_told_to() -> None:
    with serving(endlessly(chunk(" "), 0.02)) as server:
        start = time.monotonic()
        answer = Writer(server.llm(seconds=15), Credulous()).write(
            QUOTES, [], lambda _: DOCUMENT, stopped=lambda: time.monotonic() > start + 0.3
        )
    assert time.monotonic() - start < 3
    assert answer.written is not None
    assert answer.written.problem == ""
    assert answer.citations == QUOTES.citations
