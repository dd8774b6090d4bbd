"""Limits of connections: how many there may be, and how long one may keep the server waiting.

Uvicorn has neither, so its protocol is extended here.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from ui.visitors import limits
from ui.visitors.clients import client_of, parse_address, share_of
from ui.visitors.errors import log_line

FILES_WANTED = 4_096
"""How many files and connections the process should be able to have open."""

_BACKLOG = 128
_SETTLED_SECONDS = 1.0  # a younger connection is not closed: its request may be on its way
_CLOSING_SECONDS = 5.0  # for the last of an answer to be read

_MOST_DRAINED = 100_000_000  # bytes of a refused body, so that its sender can read the refusal
_TOO_SLOW = "The request took too long to arrive: send it again."

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def raise_open_files(wanted: int = FILES_WANTED) -> int:
    """Raise the soft limit of open files towards the hard one, and return it."""
    if sys.platform == "win32":
        return wanted  # it has no such limit for connections
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    endless = resource.RLIM_INFINITY
    better = wanted if hard == endless else min(wanted, hard)
    if soft == endless or soft >= better:
        return wanted if soft == endless else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (better, hard))
    except (OSError, ValueError):
        return soft
    return better


class Connections:
    """All connections of a server, counted by client.

    If there is no room for one more, the connection that has waited longest for a request is
    closed: one of the same client, or of the client that has the most.

    Args:
        files: how many files the process may have open; half of them are left to documents.
        proxies: networks of proxies, which send the requests of many clients.
    """

    def __init__(self, files: int, proxies: Sequence[Network] = ()) -> None:
        self.most = max(8, min(limits.MAX_CONNECTIONS, files // 2))
        self.backlog = max(8, min(_BACKLOG, files // 8))  # so many may be accepted at once
        self._proxies = proxies
        self._of: dict[str, dict[Connection, None]] = {}

    def protocol(self, **arguments: Any) -> Connection:
        """Make the protocol of one connection, as Uvicorn asks for it."""
        return Connection(self, **arguments)

    def admit(self, connection: Connection) -> bool:
        """Count a connection; return whether there is room for it."""
        client = client_of({"client": connection.client})
        theirs = self._of.get(client, {})
        if len(theirs) >= self._most_of(client, connection) and not self._make_room(theirs):
            return False
        if self._count() >= self.most:
            most = max(self._of.values(), key=len)
            if len(most) <= len(theirs) or not self._make_room(most):
                return False
        connection.counted_as = client
        self._of.setdefault(client, {})[connection] = None
        return True

    def forget(self, connection: Connection) -> None:
        """Stop counting a connection."""
        theirs = self._of.get(connection.counted_as, {})
        theirs.pop(connection, None)
        if not theirs:
            self._of.pop(connection.counted_as, None)

    def close_late(self) -> None:
        """Close the connections that take too long; call it every second."""
        for connection in list(self._each()):
            connection.close_if_late()

    def _each(self) -> Iterator[Connection]:
        for theirs in self._of.values():
            yield from theirs

    def _count(self) -> int:
        return sum(len(theirs) for theirs in self._of.values())

    def _most_of(self, client: str, connection: Connection) -> int:
        address = parse_address(connection.client[0]) if connection.client else None
        if address and any(address in network for network in self._proxies):
            return self.most
        return min(share_of(client, limits.MAX_CONNECTIONS_EACH), self.most // 2)

    def _make_room(self, theirs: Iterable[Connection]) -> bool:
        waiting = [each for each in theirs if each.waits_for >= _SETTLED_SECONDS]
        if not waiting:
            return False
        longest = max(waiting, key=lambda each: each.waits_for)
        longest.end_waiting(503, "Too many connections at once: this one waited for longest.")
        self.forget(longest)
        return True


class Connection(H11Protocol):
    """One connection, which is closed if the server has to wait for it for too long."""

    def __init__(self, connections: Connections, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.counted_as = ""
        self._connections = connections
        self._since = self._grew_at = self.loop.time()  # since when it waits for what it waits for
        self._came = self._grew_from = 0  # bytes, since then
        self._unread_since: float | None = None
        self._closing_since: float | None = None

    @property
    def waits_for(self) -> float:
        """How many seconds it has waited for the head of a request; 0 while one is answered."""
        return self.loop.time() - self._since if self._is_between_requests else 0.0

    @property
    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it, or refuse it where there is no room."""
        super().connection_made(transport)
        if not self._connections.admit(self):
            self.close(503, "Too many connections at once: try again in a minute.")

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop counting it."""
        self._connections.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read data, and count the bytes."""
        self._came += len(data)
        if self._is_between_requests and self._came > _MOST_DRAINED:
            self.transport.close()  # what is left of a body that was refused is read so far
        else:
            was_between = self._is_between_requests
            super().data_received(data)
            if was_between and not self._is_between_requests:
                self._begin_to_wait()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._begin_to_wait()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Note when the client stops reading."""
        self._unread_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Note that the client reads again."""
        self._unread_since = None
        super().resume_writing()

    def close(self, status: int, detail: str) -> None:
        """Close it, and say why unless an answer has begun."""
        answering = self.cycle is not None and not self.cycle.response_complete
        if not (answering and self.cycle.response_started) and not self.transport.is_closing():
            self.transport.write(_response(status, detail))
        self.transport.close()

    def end_waiting(self, status: int, detail: str) -> None:
        """Close it while it waits for a request, and say why if one has begun to arrive."""
        if self._came and self.conn.their_state is h11.IDLE:
            self.close(status, detail)
        else:
            self.transport.close()

    def close_if_late(self) -> None:
        """Close it if the server has waited for it for too long."""
        now = self.loop.time()
        if self.transport.is_closing():
            self._closing_since = self._closing_since or now
            if now - self._closing_since > _CLOSING_SECONDS:
                self.transport.abort()
        elif self._unread_since is not None and now - self._unread_since > limits.READ_SECONDS:
            self.transport.abort()
        elif self._is_between_requests:
            if now - self._since > limits.HEAD_SECONDS:
                self.end_waiting(408, _TOO_SLOW)
        elif self.cycle.more_body:
            self._close_if_body_is_late(now)

    def _close_if_body_is_late(self, now: float) -> None:
        """Close it if the body comes too slowly, unless the server itself has paused it."""
        if self.flow.read_paused:
            self._grew_at, self._grew_from = now, self._came
        elif now - self._grew_at >= limits.BODY_PAUSE_SECONDS:
            slow = self._came - self._grew_from < limits.BODY_PACE_BYTES
            if slow or now - self._since > limits.BODY_SECONDS:
                self.close(408, _TOO_SLOW)
            self._grew_at, self._grew_from = now, self._came

    def _begin_to_wait(self) -> None:
        self._since = self._grew_at = self.loop.time()
        self._came = self._grew_from = 0


def handle_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log in one line that no connection can be accepted; leave other errors to the loop."""
    if str(context.get("message", "")).startswith("socket.accept()"):
        log_line("no connection can be accepted, as too many files are open: raise ulimit -n")
    else:
        loop.default_exception_handler(context)


def _response(status: int, detail: str) -> bytes:
    body = json.dumps({"detail": detail}).encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nRetry-After: 60\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
