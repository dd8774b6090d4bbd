"""Who keeps the server waiting, or takes its connections, does not keep others out."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from tests.ui.apart import in_loop
from tests.ui.serving import API, QUESTION, Running, small_page
from ui.server.connections import handle_loop_error, raise_open_files
from ui.server.guard import Quotas
from ui.visitors import limits
from ui.visitors.errors import RecentLines
from ui.visitors.limits import MAX_BODY_BYTES

SHORT = {
    "HEAD_SECONDS": 1.0,
    "BODY_PAUSE_SECONDS": 1.0,
    "BODY_PACE_BYTES": 1_000,
    "MAX_CONNECTIONS_EACH": 3,  # twelve from an address of this machine
}
HEAD = b"GET /config HTTP/1.1\r\nHost: 127.0.0.1\r\n"
ELSEWHERE = "127.0.0.2"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with small_page(tmp_path_factory.mktemp("small"), mcp=False, limits=SHORT) as served:
        yield served


def connected(page: Running, sent: bytes = b"", source: str = "127.0.0.1") -> socket.socket:
    url = httpx.URL(page.url)
    assert url.port
    connection = socket.create_connection((url.host, url.port), 10, source_address=(source, 0))
    connection.sendall(sent)
    return connection


def told(connection: socket.socket) -> tuple[int, str]:
    """Read a whole response: its status, and its sentence; status 0 if there is none."""
    with closing(connection):
        received = b""
        while part := connection.recv(65_536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    return (int(head.split()[1]), json.loads(body)["detail"]) if head else (0, "")


def client_elsewhere(page: Running) -> httpx.Client:
    transport = httpx.HTTPTransport(local_address=ELSEWHERE)
    return httpx.Client(base_url=page.url, trust_env=False, timeout=5, transport=transport)


def test_a_head_that_does_not_end_is_told_and_closed(page: Running) -> None:
    slow = connected(page, HEAD)
    started = time.monotonic()
    assert told(slow) == (408, "The request took too long to arrive: send it again.")
    assert time.monotonic() - started < 4


def test_a_connection_that_asks_nothing_is_closed(page: Running) -> None:
    assert told(connected(page)) == (0, "")


def test_a_body_that_stands_still_is_told_and_closed(page: Running) -> None:
    head = HEAD.replace(b"GET /config", f"POST {API}/call/ask".encode())
    slow = connected(page, head + b"Content-Length: 1000\r\n\r\n{")
    assert told(slow) == (408, "The request took too long to arrive: send it again.")


def test_a_body_that_goes_on_may_take_its_time(page: Running) -> None:
    def body() -> Iterator[bytes]:
        yield b'{"data": ["' + QUESTION.encode() + b'", null, 8'
        for _ in range(6):
            time.sleep(0.25)
            yield b" " * 1_000
        yield b"]}"

    with page.client() as client:
        response = client.post(
            f"{API}/call/ask", content=body(), headers={"Content-Type": "application/json"}
        )
    assert response.status_code == 200


def test_a_stream_of_the_page_lives_on(page: Running) -> None:
    with page.client() as client, client.stream("GET", f"{API}/heartbeat/me") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "data: ALIVE"
        time.sleep(1.5)
        assert client.get("/config").status_code == 200
        assert not stream.is_closed


def test_who_has_too_many_connections_is_told_and_others_are_answered(page: Running) -> None:
    with ExitStack() as held:
        for _ in range(12):
            held.enter_context(connected(page, HEAD))
        time.sleep(0.2)
        refused = told(connected(page))
        assert refused == (503, "Too many connections at once: try again in a minute.")
        with client_elsewhere(page) as client:
            assert client.get("/config").status_code == 200


def test_the_connection_that_waited_for_longest_gives_way_to_one_that_asks(page: Running) -> None:
    with ExitStack() as held:
        first = connected(page, HEAD)
        for _ in range(11):
            held.enter_context(connected(page, HEAD))
        time.sleep(1.1)
        with page.client() as client:
            assert client.get("/config").status_code == 200
        assert told(first)[0] in {408, 503}


@pytest.mark.parametrize("path", ["/login", f"{API}/queue/join", f"{API}/call/ask"])
def test_who_sends_too_much_before_reading_gets_to_read_why(page: Running, path: str) -> None:
    size = MAX_BODY_BYTES + 3_000_000
    head = HEAD.replace(b"GET /config", f"POST {path}".encode())
    sender = connected(page, head + f"Content-Length: {size}\r\n\r\n".encode() + b" " * size)
    sender.shutdown(socket.SHUT_WR)
    status, said = told(sender)
    assert status == 413
    assert said.startswith("A request may have at most 2,000,000 bytes")


def test_a_fault_that_is_repeated_is_one_line_of_the_log(page: Running) -> None:
    for _ in range(30):
        with connected(page, b"nonsense\r\n\r\n") as connection:
            assert connection.recv(100).startswith(b"HTTP/1.1 400")
    assert page.complaints() == ["inquote: Invalid HTTP request received."]


def test_a_low_limit_of_open_files_is_told_and_kept_to(tmp_path: Any) -> None:
    with small_page(tmp_path, mcp=False, files=120) as page:
        assert page.complaints() == [
            "inquote: a process may have 120 files open here, so 60 connections are taken at once: "
            "ulimit -n 4096 allows more"
        ]
        with ExitStack() as held:
            for _ in range(150):
                held.enter_context(connected(page, HEAD))
            with client_elsewhere(page) as client:
                assert client.get("/config").status_code == 200
        assert len(page.complaints()) == 1


def test_a_line_is_said_once_a_minute_and_lines_have_a_limit() -> None:
    said = RecentLines()
    assert [said.is_new("a", 100.0), said.is_new("a", 101.0), said.is_new("b", 102.0)] == [
        *(True, False, True),
    ]
    assert said.is_new("a", 161.0)
    assert sum(said.is_new(str(number), 170.0) for number in range(1_000)) == 99


def test_the_limit_of_open_files_is_raised_as_far_as_it_may() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, before[1]))
        assert raise_open_files(300) == 300
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (300, before[1])
        assert raise_open_files(250) == 300
        assert raise_open_files(before[1] + 1) == before[1]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_connections_that_cannot_be_accepted_are_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with closing(asyncio.new_event_loop()) as loop:
        for _ in range(100):
            error = OSError(24, "Too many open files")
            context = {"message": "socket.accept() out of system resource", "exception": error}
            handle_loop_error(loop, context)
    told = "no connection can be accepted, as too many files are open: raise ulimit -n"
    assert capsys.readouterr().err == f"inquote: {told}\n"


@in_loop
async def test_requests_of_a_client_at_once_are_limited_whatever_they_come_by() -> None:
    ended, told = asyncio.Event(), list[tuple[str, int]]()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await ended.wait()
        await PlainTextResponse("")(scope, receive, send)

    quotas = Quotas(app)

    async def ask(client: str, method: str) -> None:
        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                told.append((client, message["status"]))

        scope = {"type": "http", "method": method, "client": (client, 1), "headers": []}
        await quotas(scope, None, send)  # type: ignore[arg-type]

    async with asyncio.TaskGroup() as group:
        for _ in range(limits.MAX_POSTS_EACH + 2):
            group.create_task(ask("10.0.0.1", "POST"))
        for _ in range(limits.MAX_CONNECTIONS_EACH - limits.MAX_POSTS_EACH + 3):
            group.create_task(ask("10.0.0.1", "GET"))
        group.create_task(ask("10.0.0.2", "POST"))
        await asyncio.sleep(0.01)
        assert told == [("10.0.0.1", 429)] * 5
        ended.set()
    assert told.count(("10.0.0.1", 200)) == limits.MAX_CONNECTIONS_EACH
    assert ("10.0.0.2", 200) in told
    assert not quotas._requests
    assert not quotas._posts
