"""Parsing in separate processes, which are reused and have limits of time and memory."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qa.loaders.parsers import Extracted, Refused

AT_ONCE = 4
"""The most files that are parsed at the same time; others wait."""

MAX_REPLY_BYTES = 500_000_000
"""The longest reply for one file."""

_WORKER = Path(__file__).parent / "parsers" / "worker.py"

DAMAGED = "is damaged: parsing it fails; fetch or save it again"
"""Why a file is refused that no parser gets through."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of parsing one file.

    Attributes:
        seconds: the most time.
        memory: the most bytes of memory (unlimited on Windows and macOS).
    """

    seconds: float = 300
    memory: int = 4_000_000_000


LIMITS = Limits()
"""The default limits."""


def parse(kind: str, data: bytes, name: str, limits: Limits = LIMITS, **options: str) -> Extracted:
    """Extract the text of a file from its bytes; the kinds are "html", "pdf" and "docx".

    `options` are for the parser.

    Raises:
        Refused: the file is not of that kind, damaged, or above a limit.
    """
    reply = parsed(kind, data, name, limits, **options)
    try:
        return Extracted(
            str(reply["text"]),
            str(reply["title"]),
            tuple(map(int, reply["pages"])),
            tuple((int(a), int(z), str(kind), int(level)) for a, z, kind, level in reply["blocks"]),
            str(reply["encoding"]),
            {str(name): str(value) for name, value in reply["metadata"].items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Refused(DAMAGED) from None


def parsed(
    kind: str, data: bytes, name: str, limits: Limits = LIMITS, **options: str
) -> dict[str, Any]:
    """Return what a parser reads out of a file, as it comes from the process.

    Raises:
        Refused: the file is not of that kind, damaged, or above a limit.
    """
    job = {"kind": kind, "name": name, "bytes": len(data), "options": options} | asdict(limits)
    try:
        reply = _pool.reply(json.dumps(job).encode() + b"\n", data, limits.seconds)
    except OSError as error:  # no process can be started
        raise Refused(f"cannot be parsed: {error.strerror}") from error
    if "refused" in reply:
        raise Refused(str(reply["refused"]))
    if reply.get("failed") == "memory":
        raise Refused(
            f"takes more than {limits.memory:,} bytes of memory to parse: split it, or save it anew"
        )
    if reply.get("failed") == "time":
        raise Refused(
            f"takes more than {limits.seconds:g} seconds to parse: split it, or save it anew"
        )
    if "failed" in reply:
        raise Refused(DAMAGED)
    return reply


class _Worker:
    """A process that parses; it is over once it has failed, or taken too long."""

    def __init__(self) -> None:
        self.used = False
        self.over = False
        self._late = False
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )

    def reply(self, job: bytes, data: bytes, seconds: float) -> dict[str, Any]:
        """Return the reply for a file; without one, `failed` says why."""
        timer = threading.Timer(seconds, self._kill_late)
        timer.daemon = True
        try:
            timer.start()
            line = self._exchange(job, data)
        except BaseException:
            self.close()
            raise
        finally:
            timer.cancel()
        self.used = True
        reply = _read(line)
        if "failed" in reply:
            self.close()
        return {"failed": "time"} if self._late and "failed" in reply else reply

    def _exchange(self, job: bytes, data: bytes) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101
        assert stdout is not None  # noqa: S101
        try:
            stdin.write(job)
            stdin.write(data)
            stdin.flush()
            return stdout.readline(MAX_REPLY_BYTES)
        except OSError:  # the process has ended
            return b""

    def _kill_late(self) -> None:
        self._late = True
        self._process.kill()

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        self.over = True
        self._process.kill()
        self._close_pipes()
        self._process.wait()

    def forget(self) -> None:
        """Leave the process to the parent that this process was forked from."""
        self._process.returncode = 0
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # unwritten data
                if pipe is not None:
                    pipe.close()


def _read(line: bytes) -> dict[str, Any]:
    try:
        reply = json.loads(line)
    except (ValueError, RecursionError):
        reply = None
    return reply if isinstance(reply, dict) else {"failed": "parsing"}


class _Pool:
    """The processes, of which the idle ones wait for a file."""

    def __init__(self) -> None:
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(AT_ONCE)

    def reply(self, job: bytes, data: bytes, seconds: float) -> dict[str, Any]:
        """Have a process parse a file; if a reused process fails, a new one tries again."""
        with self._free:
            worker = self._take()
            again = worker.used
            reply = self._ask(worker, job, data, seconds)
            if again and reply.get("failed") in ("parsing", "memory"):
                reply = self._ask(_Worker(), job, data, seconds)
            return reply

    def _take(self) -> _Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.is_alive():
                    return worker
                worker.close()
        return _Worker()

    def _ask(self, worker: _Worker, job: bytes, data: bytes, seconds: float) -> dict[str, Any]:
        reply = worker.reply(job, data, seconds)
        if not worker.over:
            with self._lock:
                self._idle.append(worker)
        return reply

    def close(self) -> None:
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def forget(self) -> None:
        """Leave the processes to the parent that this process was forked from."""
        for worker in self._idle:
            worker.forget()


_pool = _Pool()


def _start_anew() -> None:
    global _pool
    _pool.forget()
    _pool = _Pool()


atexit.register(lambda: _pool.close())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
