"""Connections that never finish a request, or never read an answer, keep nobody else out.

Each try is a connection from one address: it sends nothing, part of a head, part of a body, or
asks for a large answer and does not read it. The server may have few files open. Meanwhile a
client at another address must be answered within `PATIENCE_SECONDS` (longer where the machine is
busy), and the log must stay small.
"""

from __future__ import annotations

import random
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx

from tests.attacks import Outcome, patience
from tests.ui.serving import API, QUESTION, Running, small_page

SMALL, FULL = 120, 3_000

PATIENCE_SECONDS = 3.0
_FILES = 128, 512  # at least, at most
_LOG_BYTES = 2_000
_OPEN_AT_ONCE = 1_200
_HEAD = b"GET /config HTTP/1.1\r\nHost: 127.0.0.1\r\n"
_POST = _HEAD.replace(b"GET /config", f"POST {API}/call/ask".encode())
_SENT = (
    b"",
    b"G",
    _HEAD,
    _HEAD + b"X-Long: " + b"a" * 4_000,
    _POST + b"Content-Length: 1000000\r\n\r\n{",
    _POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    (_HEAD + b"\r\n") * 20,  # answers that nobody reads
)


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Open so many connections that wait, and ask from elsewhere again and again."""
    survivors: list[str] = []
    seconds = patience(PATIENCE_SECONDS)
    files = min(max(tries, _FILES[0]), _FILES[1])
    with small_page(folder, mcp=False, files=files) as page, ExitStack() as stack:
        held: list[socket.socket] = []
        for opened in range(1, tries + 1):
            held.append(stack.enter_context(_connected(page, rng.choice(_SENT))))
            if opened % 60 == 0:
                survivors += _asked_elsewhere(page, opened, seconds)
                _drip(held)
            while len(held) > _OPEN_AT_ONCE:
                held.pop(0).close()
        size = page.log.stat().st_size
        if size > _LOG_BYTES:
            survivors.append(f"the log has {size:,} bytes")
    return Outcome(tries, tuple(survivors))


def _connected(page: Running, sent: bytes) -> socket.socket:
    url = httpx.URL(page.url)
    assert url.port
    connection = socket.create_connection((url.host, url.port), PATIENCE_SECONDS)
    connection.setblocking(False)
    with suppress(OSError):  # it was refused already
        connection.sendall(sent)
    return connection


def _drip(held: list[socket.socket]) -> None:
    """Send one more byte on each connection, as one does who wants to be taken for slow."""
    poll = select.poll()
    by_number = {connection.fileno(): connection for connection in held}
    for number in by_number:
        poll.register(number, select.POLLOUT)
    for number, _ in poll.poll(0):
        try:
            by_number[number].send(b"a")
        except OSError:
            continue


def _asked_elsewhere(page: Running, opened: int, seconds: float) -> Iterator[str]:
    """Ask a question from another address; yield what went wrong."""
    transport = httpx.HTTPTransport(local_address="127.0.0.2")
    started = time.monotonic()
    try:
        with httpx.Client(
            base_url=page.url, trust_env=False, timeout=seconds, transport=transport
        ) as client:
            asked = client.post(f"{API}/call/ask", json={"data": [QUESTION, None, 8, False]})
            told = client.get(f"{API}/call/ask/{asked.json()['event_id']}").text
    except (httpx.HTTPError, KeyError, ValueError) as error:
        yield f"with {opened} open: {type(error).__name__} {error}"
        return
    if "event: complete" not in told:
        yield f"with {opened} open: {told[:100]}"
    took = time.monotonic() - started
    if took > seconds:
        yield f"with {opened} open: answered after {took:.1f} s"
