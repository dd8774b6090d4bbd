"""Pages that are really served: a small one, quickly, and `inquote chat` as it is run."""

from __future__ import annotations

import json
import multiprocessing
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
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx

from tests.ui.refusing import refuse

ROOT = Path(__file__).parents[2]
TEXT = "The castle of Ada is of stone. The bridge of Bern is of granite. The lamp burns oil."
QUESTION = "What is the bridge of Bern of?"
STOP_SECONDS = 15

API = "/gradio_api"

# Read by every Python that a server starts, such as those that parse documents.
_SITE = "from tests.ui.refusing import refuse; refuse()"

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.ui.small_page"])


@dataclass
class Running:
    """A server in a process of its own, and the file that it complains to.

    `wait` waits for its end for so many seconds; it returns the exit status, None if there is none.
    """

    pid: int
    wait: Callable[[float], int | None]
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

    def stop(self, number: int = signal.SIGTERM) -> int | None:
        """Send a signal; return the exit status, or None if the server goes on."""
        if (status := self.wait(0)) is not None:
            return status
        os.kill(self.pid, number)
        return self.wait(STOP_SECONDS)

    def complaints(self) -> list[str]:
        return self.log.read_text().splitlines()


@contextmanager
def small_page(tmp: Path, **settings: Any) -> Iterator[Running]:
    """Serve a page of `TEXT`, and its MCP server, with no model.

    Its process is a fork of one that has imported everything already.
    """
    given = {"host": "127.0.0.1", "port": free_port(), **settings}
    here, there = _FORKS.Pipe()
    (tmp / "log").touch()
    process = _FORKS.Process(target=_serve, args=(tmp, _python_path(tmp), given, there))
    process.start()
    there.close()

    def wait(seconds: float) -> int | None:
        process.join(seconds)
        return process.exitcode

    assert process.pid
    running = Running(process.pid, wait, tmp / "log", {})
    with here, _stopped(running):
        try:
            running.said = here.recv()
        except EOFError:
            raise AssertionError(running.log.read_text()) from None
        yield running


def _serve(tmp: Path, python_path: str, settings: dict[str, Any], said: Connection) -> None:
    from tests.ui.small_page import serve

    os.environ["PYTHONPATH"] = python_path
    os.chdir(ROOT)
    with (tmp / "log").open("wb") as log, Path(os.devnull).open("wb") as nowhere:
        os.dup2(log.fileno(), 2)
        os.dup2(nowhere.fileno(), 1)
    refuse()
    serve(tmp, settings, said)


@contextmanager
def chat(tmp: Path, *options: str, **environment: str) -> Iterator[Running]:
    """Run `inquote chat` until the block ends, from when it has said in JSON where it serves."""
    command = ["-m", "qa", "chat", "--no-open", "--json", "--port", str(free_port()), *options]
    own = {"PYTHONPATH": _python_path(tmp), "INQUOTE_CACHE": str(tmp / "cache")}
    log = tmp / "log"
    with log.open("wb") as complaints:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=os.environ | own | environment,
            stdout=subprocess.PIPE,
            stderr=complaints,
        )

    def wait(seconds: float) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(seconds)
        return None

    assert process.stdout
    running = Running(process.pid, wait, log, {})
    with process.stdout, _stopped(running):
        said = b""
        while not said.rstrip().endswith(b"}"):
            line = process.stdout.readline()
            assert line, log.read_text()
            said += line
        running.said = json.loads(said)
        yield running


@contextmanager
def _stopped(running: Running) -> Iterator[None]:
    """Stop a server when the block ends, by force if need be."""
    try:
        yield
    finally:
        if running.stop() is None:
            running.stop(signal.SIGKILL)


def _python_path(tmp: Path) -> str:
    """Return a path of modules by which every Python of a server refuses what it may not do."""
    (tmp / "sitecustomize.py").write_text(_SITE)
    return f"{tmp}{os.pathsep}{ROOT}"


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
