"""A lock whose waiters are served in the order in which they came."""

from __future__ import annotations

from collections import deque
from threading import Event, Lock


class FairLock:
    """A lock for a `with` block, first come, first served; it may not be taken twice at once.

    An ordinary lock may be taken again at once by the thread that just let it go: whoever encodes
    a million passages, batch by batch, would keep everybody else's question waiting.
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
