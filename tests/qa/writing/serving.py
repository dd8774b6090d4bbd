"""Endpoints on this machine for tests: a scripted one, and a real small model."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qa.writing import LLM
from tests.qa.writing.small_model import NAME
from tests.ui.serving import free_port

Scripted = tuple[str, Sequence[int]]
"""A sentence, and the numbers that it cites."""


@dataclass
class Script:
    """What a scripted endpoint does from now on.

    Attributes:
        statements: what it writes.
        status: what it answers with.
        silent: whether it says nothing before `goes_on` is set.
        goes_on: what it waits for after its first statement.
        asked: the requests that came.
    """

    statements: Sequence[Scripted] = ()
    status: int = 200
    silent: bool = False
    goes_on: threading.Event = field(default_factory=threading.Event)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.goes_on.set()

    def pieces(self) -> Iterator[str]:
        yield '{"statements": ['
        for number, (sentence, cites) in enumerate(self.statements):
            if number == 1:
                self.goes_on.wait()
            yield json.dumps({"sentence": sentence, "cites": list(cites)})
        yield "]}"


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        script = self.server.script
        length = int(self.headers["Content-Length"])
        script.asked.append(json.loads(self.rfile.read(length)))
        self.send_response(script.status)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        if script.silent:
            script.goes_on.wait()
        for piece in script.pieces() if script.status == 200 else ():
            chunk = {
                "id": "1",
                "object": "chat.completion.chunk",
                "created": 0,
                "model": "scripted",
                "choices": [{"index": 0, "delta": {"content": piece}}],
            }
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script

    def handle_error(self, *_: object) -> None:
        pass  # a client that went away


@contextmanager
def scripted(script: Script) -> Iterator[LLM]:
    """Serve an endpoint that does what a script says."""
    server = _Server(script)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield LLM("scripted", f"http://127.0.0.1:{server.server_port}/v1", seconds=60)
    finally:
        script.goes_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def small_model() -> Iterator[LLM]:
    """Serve a real small model in a process of its own."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.qa.writing.small_model", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout
    with process.stdout:
        try:
            assert process.stdout.readline()
            yield LLM(NAME, f"http://127.0.0.1:{port}/v1", context=1_024, seconds=10)
        finally:
            process.kill()
            process.wait()
