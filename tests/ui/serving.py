"""Pages that are really served: a small one, quickly, and `inquote chat` as it is run."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
TEXT = "The castle of Ada is of stone. The bridge of Bern is of granite. The lamp burns oil."
QUESTION = "What is the bridge of Bern of?"
STOP_SECONDS = 15

API = "/gradio_api"

# Put before a server's own process: it asks for nothing outside this machine, and tells if a file
# is opened whose name says that it is a canary.
_REFUSE_NETWORK = """
import sys

def refuse(event, args):
    if event == "open" and "canary" in str(args[0]):
        print("a canary was opened:", args[0], file=sys.stderr, flush=True)
        raise PermissionError(args[0])
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    if host not in {"127.0.0.1", "localhost", "::1", "0.0.0.0", "", None}:
        print("the network was asked for:", host, file=sys.stderr, flush=True)
        raise ConnectionRefusedError(host)

sys.addaudithook(refuse)
"""


@dataclass
class Running:
    """A server in a process of its own, and the file that it complains to."""

    process: subprocess.Popen[bytes]
    log: Path
    said: dict[str, Any]

    @property
    def url(self) -> str:
        return str(self.said["url"])

    @property
    def folder(self) -> Path:
        """Where all that visitors bring is kept."""
        return Path(self.said["folder"])

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=30, **options)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def complaints(self) -> list[str]:
        return self.log.read_text().splitlines()


@contextmanager
def small_page(tmp: Path, **settings: Any) -> Iterator[Running]:
    """Serve a page of `TEXT`, and its MCP server, with no model."""
    given = {"host": "127.0.0.1", "port": free_port(), **settings}
    command = ["-m", "tests.ui.small_page", str(tmp), json.dumps(given)]
    with running(tmp, *command) as served:
        yield served


@contextmanager
def chat(tmp: Path, *options: str, **environment: str) -> Iterator[Running]:
    """Run `inquote chat`."""
    command = ["-m", "qa", "chat", "--no-open", "--json", "--port", str(free_port()), *options]
    with running(tmp, *command, INQUOTE_CACHE=str(tmp / "cache"), **environment) as served:
        yield served


@contextmanager
def running(tmp: Path, *command: str, **environment: str) -> Iterator[Running]:
    """Run Python until the block ends, from when it has said in JSON where it serves."""
    log = tmp / "log"
    (tmp / "sitecustomize.py").write_text(_REFUSE_NETWORK)
    with log.open("wb") as complaints:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": f"{tmp}{os.pathsep}{ROOT}"} | environment,
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
    assert process.stdout
    try:
        said = b""
        while not said.rstrip().endswith(b"}"):
            line = process.stdout.readline()
            assert line, log.read_text()
            said += line
        yield Running(process, log, json.loads(said))
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def eventually(holds: Callable[[], object], seconds: float = 10) -> bool:
    """Wait until something holds; return whether it does."""
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return bool(holds())


_PORTS = random.Random(os.getpid())


def free_port() -> int:
    """Return a port that nothing listens on, and that the system gives to no connection."""
    for port in _PORTS.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no port is free")


def assert_same(answer: dict[str, Any], python: dict[str, Any]) -> None:
    """Compare an answer with Python's own, but for how long it took.

    Passages that were encoded together have vectors that differ in the last digits.
    """
    aside = {"seconds": None, "confidence": None}
    assert answer | aside == json.loads(json.dumps(python | aside))
    assert abs(answer["confidence"] - python["confidence"]) < 0.001
