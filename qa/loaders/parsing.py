"""Parsing in processes of their own, which are used again and have limits of time and memory."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qa.loaders.parsers import Extracted, Refused

AT_ONCE = 4
"""How many files are parsed at the same time at most; others wait."""

MAX_REPLY_BYTES = 500_000_000
"""The most that comes back of one file."""

_WORKER = Path(__file__).parent / "parsers" / "worker.py"
_LOOKS_EVERY = 0.1  # seconds
_AGAIN = "fetch or save it again"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the parsing of one file may take.

    Attributes:
        seconds: how long it may take.
        memory: how many bytes of memory it may take (on Windows and macOS, any number).
    """

    seconds: float = 300
    memory: int = 4_000_000_000


LIMITS = Limits()
"""What the parsing of a file may take where nothing else is said."""


def parse(kind: str, data: bytes, name: str, limits: Limits = LIMITS) -> Extracted:
    """Return what the parser of a kind ("html", "pdf", "docx") reads out of a file's bytes.

    Raises:
        Refused: the file is not of that kind, damaged, or above a limit.
    """
    job = {"kind": kind, "name": name, "bytes": len(data)} | asdict(limits)
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
    try:
        return Extracted(str(reply["text"]), str(reply["title"]), tuple(map(int, reply["pages"])))
    except (KeyError, TypeError, ValueError):
        raise Refused(f"is damaged: parsing it fails; {_AGAIN}") from None


class _Worker:
    """A process that parses; it is over once it has failed, or taken too long."""

    def __init__(self, watch: _Watch) -> None:
        self.used = False
        self.over = False
        self._late = False
        self._watch = watch
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )

    def reply(self, job: bytes, data: bytes, seconds: float) -> dict[str, Any]:
        """Return what the process says of a file; `failed` tells that it says nothing."""
        try:
            with self._watch.over(self._kill_late, seconds):
                line = self._exchange(job, data)
        except BaseException:
            self.close()
            raise
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
        """End the process, whatever it does."""
        self.over = True
        self._process.kill()
        self.let_go()
        self._process.wait()

    def let_go(self) -> None:
        """Close the pipes; a process that waits for its next file then ends."""
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:  # what was not written yet
                continue

    def forget(self) -> None:
        """Leave the process to the one that this one was forked from."""
        self._process.returncode = 0
        self.let_go()


def _read(line: bytes) -> dict[str, Any]:
    try:
        reply = json.loads(line)
    except (ValueError, RecursionError):
        reply = None
    return reply if isinstance(reply, dict) else {"failed": "parsing"}


class _Watch:
    """A thread that calls what is to be called when something takes too long.

    It looks now and then: to wake it for each file would take longer than many a file does.
    """

    def __init__(self) -> None:
        self._late: dict[object, tuple[float, Callable[[], None]]] = {}
        self._lock = threading.Lock()
        self._needed = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, call: Callable[[], None], seconds: float) -> Iterator[None]:
        """Call something if the work inside takes longer than so many seconds."""
        key = object()
        with self._lock:
            self._late[key] = time.monotonic() + seconds, call
            self._needed.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._late.pop(key, None)

    def _run(self) -> None:
        while self._needed.wait():
            time.sleep(_LOOKS_EVERY)
            with self._lock:
                if not self._late:
                    self._needed.clear()
                for key, (end, call) in list(self._late.items()):
                    if time.monotonic() > end:
                        del self._late[key]
                        call()


class _Pool:
    """The processes that wait for a file."""

    def __init__(self) -> None:
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(AT_ONCE)
        self._watch = _Watch()

    def reply(self, job: bytes, data: bytes, seconds: float) -> dict[str, Any]:
        """Have a process parse a file; a new one, if one fails that parsed others before."""
        with self._free:
            worker = self._take()
            again = worker.used
            reply = self._ask(worker, job, data, seconds)
            if again and reply.get("failed") in ("parsing", "memory"):
                reply = self._ask(_Worker(self._watch), job, data, seconds)
            return reply

    def _take(self) -> _Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.is_alive():
                    return worker
                worker.close()
        return _Worker(self._watch)

    def _ask(self, worker: _Worker, job: bytes, data: bytes, seconds: float) -> dict[str, Any]:
        reply = worker.reply(job, data, seconds)
        if not worker.over:
            with self._lock:
                self._idle.append(worker)
        return reply

    def close(self) -> None:
        """End the processes that wait."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def forget(self) -> None:
        """Leave the processes to the one that this one was forked from."""
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
