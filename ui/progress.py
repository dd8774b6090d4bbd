"""Long work in a thread of its own, watched from a handler that yields."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from qa.progress import Progress

T = TypeVar("T")


class Stopped(Exception):
    """Nobody waits for the work any more; raised in it by its progress callback."""


class Watched(Generic[T]):
    """Work whose progress is iterated over; afterwards, `result` gives what came of it.

    If the iteration is left early, the work stops at its next word of progress.

    Args:
        work: is given the callback to tell its progress with.
    """

    def __init__(self, work: Callable[[Progress], T]) -> None:
        self._work = work
        self._said: queue.SimpleQueue[tuple[int, int] | None] = queue.SimpleQueue()
        self._left = threading.Event()
        self._result: T
        self._error: BaseException | None = None

    def __iter__(self) -> Iterator[tuple[int, int]]:
        threading.Thread(target=self._run, daemon=True).start()
        try:
            while (said := self._said.get()) is not None:
                yield said
        finally:
            self._left.set()

    def result(self) -> T:
        """Give what came of the work, or raise what went wrong."""
        if self._error is not None:
            raise self._error
        return self._result

    def _tell(self, done: int, total: int) -> None:
        if self._left.is_set():
            raise Stopped
        self._said.put((done, total))

    def _run(self) -> None:
        try:
            self._result = self._work(self._tell)
        except BaseException as error:
            self._error = error
        finally:
            self._said.put(None)
