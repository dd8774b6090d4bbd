"""A made-up web: names that resolve as told, and a server on loopback for every address."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

import httpcore

from ui.visitors import web_pages

PUBLIC = "93.184.216.34"

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Web:
    """What is at each path, what names resolve to, and what was connected to.

    Attributes:
        answers: what answers a path.
        names: the addresses of a host, one list for each time that it is resolved; the last stays.
        dialled: the addresses that were connected to.
        asked: the paths and `Host` headers of requests.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    names: dict[str, list[list[str]]] = field(default_factory=dict)
    dialled: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def resolved(self, host: str, _port: int, _seconds: float) -> list[web_pages.Address]:
        try:
            return [ipaddress.ip_address(host)]
        except ValueError:
            times = self.names.get(host, [[PUBLIC]])
            return [ipaddress.ip_address(one) for one in (times.pop(0) if times[1:] else times[0])]


def sent(content: bytes, kind: str = "text/html", status: int = 200, **headers: str) -> Answer:
    """Return what answers with a page."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        others = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in (
            {"Content-Type": kind, "Content-Length": len(content)} | others
        ).items():
            handler.send_header(name, str(value))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def redirect(to: str) -> Answer:
    return sent(b"", status=302, Location=to)


@contextmanager
def web() -> Iterator[Web]:
    """Serve a made-up web until the block ends."""
    made = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, self.headers["Host"]))
            with_none = sent(b"nothing", status=404)
            try:
                made.answers.get(self.path, with_none)(self)
            except OSError:  # the client has gone
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True

    def dial(address: str, _port: int, seconds: float) -> httpcore.NetworkStream:
        made.dialled.append(address)
        backend = httpcore.SyncBackend()
        return backend.connect_tcp("127.0.0.1", server.server_port, timeout=seconds)

    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    with (
        patch.object(web_pages, "dial", dial),
        patch.object(web_pages, "resolved", made.resolved),
    ):
        yield made
    server.shutdown()
    server.server_close()
