"""A lock that is first come, first served."""

from __future__ import annotations

from collections import deque
from threading import Event, Lock


class FairLock:
    """A lock for a `with` block, first come, first served; not reentrant.

    The thread that releases an ordinary lock may take it again at once: encoding a million
    passages, batch by batch, would block everybody else's query.
    """

    def __init__(self) -> None:
        self._inside = Lock()
        self._waiting: deque[Event] = deque()  # the first of them holds the lock

    def __enter__(self) -> None:
        mine = Event()
        with self._inside:
            self._waiting.append(mine)
            if self._waiting[0] is mine:
                return
        mine.wait()

    def __exit__(self, *_: object) -> None:
        with self._inside:
            self._waiting.popleft()
            if self._waiting:
                self._waiting[0].set()
