"""Endpoints of a language model on this machine: some reply as told, one is a real small model."""

from __future__ import annotations

import datetime
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from socket import socket
from threading import Thread
from typing import Any

import openai  # noqa: F401  # takes seconds, of the first answer's
import pytest

from qa.writing import LLM
from tests.qa.writing.small_model import NAME

DONE = b"data: [DONE]\n\n"

Handle = Callable[["Asked"], None]


class Asked(BaseHTTPRequestHandler):
    """One request to an endpoint. What it sends ends with the connection."""

    server: FakeServer

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.bodies.append(self.body)
        self.server.heads.append({name.lower(): value for name, value in self.headers.items()})
        with suppress(BrokenPipeError, ConnectionResetError):  # the client may go
            self.server.handle(self)

    do_GET = do_POST  # noqa: N815  # a redirection would come so

    @property
    def has_schema(self) -> bool:
        """Whether a schema came with the request."""
        return "response_format" in json.loads(self.body)

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send a whole response; `content_type` and the like are headers."""
        self.begin(status, **{"content_length": str(len(body))} | headers)
        self.wfile.write(body)

    def begin(self, status: int = 200, **headers: str) -> None:
        """Send the head of a response."""
        self.send_response(status)
        for name, value in ({"content_type": "text/event-stream"} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def write(self, reply: str) -> None:
        """Send a model's reply, in pieces of a few characters."""
        self.begin()
        for at in range(0, len(reply), 7):
            self.wfile.write(chunk(reply[at : at + 7]))
        self.wfile.write(DONE)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class FakeServer(ThreadingHTTPServer):
    """An endpoint that handles requests as it is told, and keeps them."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, handle: Handle, certificate: Path | None) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.handle = handle
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
            self.scheme = "https"
        self.bodies: list[bytes] = []
        self.heads: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}/v1"

    @property
    def sent(self) -> list[dict[str, Any]]:
        """What was asked for, as data."""
        return [json.loads(body) for body in self.bodies]

    @property
    def prompts(self) -> str:
        """All that was said to the model."""
        return "\n".join(m["content"] for body in self.sent for m in body["messages"])

    def llm(self, seconds: float = 60, key: str | None = None) -> LLM:
        return LLM("fake", self.url, key=key, seconds=seconds)

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that has gone."""


@contextmanager
def serving(handle: Handle, certificate: Path | None = None) -> Iterator[FakeServer]:
    """Serve an endpoint that handles requests so; with a certificate, over https."""
    with FakeServer(handle, certificate) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def certificate_in(folder: Path) -> Path:
    """Write a certificate of this machine, with its key, that itself has signed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    host = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - day)
        .not_valid_after(today + day)
        .add_extension(host, critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / "certificate.pem"
    file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return file


def replies(*statements: tuple[object, object]) -> str:
    """Return a reply with these sentences and what they cite."""
    told = [{"sentence": sentence, "cites": cites} for sentence, cites in statements]
    return json.dumps({"statements": told})


def says(*texts: str) -> Handle:
    """Return what handles the first request with the first reply, and so on; the last stays."""
    left = list(texts)
    return lambda asked: asked.write(left.pop(0) if len(left) > 1 else left[0])


def chunk(text: str, finished: str | None = None) -> bytes:
    """Return a piece of a reply as it is sent, and why it is the last."""
    data = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "fake"}
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finished}
    return b"data: " + json.dumps(data | {"choices": [choice]}).encode() + b"\n\n"


def stream_of(pieces: Iterable[str]) -> bytes:
    """Return a whole reply as it is sent."""
    return b"".join(map(chunk, pieces)) + DONE


@pytest.fixture(scope="session")
def small_model() -> Iterator[LLM]:
    """Serve a real small model on this machine, once for all tests of a process."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    module = "tests.qa.writing.small_model"
    with subprocess.Popen(
        [sys.executable, "-m", module, str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for(port, process)
            yield LLM(NAME, f"http://127.0.0.1:{port}/v1", seconds=60)
        finally:
            process.kill()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise RuntimeError("the small model does not start")
