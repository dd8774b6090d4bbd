"""Answers that are being written, each in a thread of its own, which a visitor watches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue

from qa import Answer

BEAT = 1.0
"""Seconds between two signs of life."""

Stopped = Callable[[], bool]
Told = Callable[[Answer], None]


class Draft:
    """An answer that is being written in a thread of its own, which ends when it can.

    Args:
        write: writes the answer.
        done: is called at the end of the thread.
    """

    def __init__(
        self, write: Callable[[Told, Stopped], Answer], done: Callable[[], None] = lambda: None
    ) -> None:
        self._write = write
        self._done = done
        self._stop = threading.Event()
        self._reports: SimpleQueue[tuple[Answer | BaseException | None, bool]] = SimpleQueue()

    def stop(self) -> None:
        """Stop: no more is yielded, whatever the thread does."""
        self._stop.set()
        self._reports.put((None, True))

    def steps(self) -> Iterator[tuple[Answer | None, bool]]:
        """Write; yield the answer with each statement more, and whether it is the last.

        None in its place is a sign of life.

        Raises:
            Exception: what went wrong.
        """
        threading.Thread(target=self._run, daemon=True).start()
        try:
            is_last = False
            while not is_last:
                try:
                    latest, is_last = self._reports.get(timeout=BEAT)
                except Empty:
                    latest = None
                if self._stop.is_set():
                    return
                if isinstance(latest, BaseException):
                    raise latest
                yield latest, is_last
        finally:
            self._stop.set()

    def _run(self) -> None:
        try:
            answer = self._write(lambda so_far: self._reports.put((so_far, False)), self._is_over)
            self._reports.put((answer, True))
        except BaseException as error:
            self._reports.put((error, True))
        finally:
            self._done()

    def _is_over(self) -> bool:
        return self._stop.is_set()
