"""Long work in a thread of its own, watched from a handler that yields."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from qa.progress import Progress
from ui.visitors.fair_work import LongWork

_SECONDS_BETWEEN = 0.2  # two reports of progress

Result = TypeVar("Result")


class Stopped(Exception):
    """The work was stopped."""


@dataclass(frozen=True, slots=True)
class Step:
    """The progress of the work."""

    done: int
    total: int
    seconds: float

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the pace so far; None as long as it cannot be told."""
        if self.done < 3 or self.seconds < 1:
            return None
        return self.seconds / self.done * (self.total - self.done)


@dataclass(frozen=True, slots=True)
class Finished(Generic[Result]):
    """The result of the work."""

    result: Result


def in_background(
    work: Callable[[Progress], Result],
    stop: threading.Event | None = None,
    turns: LongWork | None = None,
    client: str = "",
) -> Iterator[Step | Finished[Result]]:
    """Do work in a thread of its own; yield its progress, then its result.

    The work ends at the next step after `stop` is set, or after the generator is closed. With
    `turns`, it waits for the client's turn, and lets others go on after each step.

    Raises:
        Stopped: it was stopped. Errors of the work are raised as well.
    """
    reports: SimpleQueue[Step | Finished[Result] | BaseException] = SimpleQueue()
    stop = stop or threading.Event()
    turns = turns or LongWork()
    started = time.monotonic()

    def progress(done: int, total: int) -> None:
        turns.let_others(client)
        if stop.is_set():
            raise Stopped
        reports.put(Step(done, total, time.monotonic() - started))

    def run() -> None:
        try:
            with turns.place(client):
                result = work(progress)
            reports.put(Finished(result))
        except BaseException as error:
            reports.put(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        while True:
            latest = _latest(reports)
            if isinstance(latest, BaseException):
                raise latest
            yield latest
            if isinstance(latest, Finished):
                return
            time.sleep(_SECONDS_BETWEEN)
    finally:
        stop.set()


def _latest(queue: SimpleQueue[Result]) -> Result:
    """Return the last item of a queue; wait for the first one."""
    latest = queue.get()
    while True:
        try:
            latest = queue.get_nowait()
        except Empty:
            return latest


@contextmanager
def regularly(work: Callable[[], None], seconds: float) -> Iterator[None]:
    """Do work every so many seconds, in a thread of its own, until the block ends."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(seconds):
            with suppress(OSError):  # it is tried again
                work()

    threading.Thread(target=run, daemon=True).start()
    try:
        yield
    finally:
        stop.set()
