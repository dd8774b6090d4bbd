"""Work that clients take turns at, so that none waits for all that another one wants.

`LongWork` is for threads, whose work has steps; `Turns` is for short work of an event loop.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio

from qa.errors import QAError
from ui import limits
from ui.clients import share_of


class Busy(QAError):
    """Too much is waiting."""


class LongWork:
    """So many pieces of long work go on at once; the others wait, and each goes on for a step.

    Args:
        at_once: how many.
    """

    def __init__(self, at_once: int = limits.LONG_AT_ONCE) -> None:
        self._free = at_once
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Wait for a place, and hold it until the block ends."""
        self._take()
        try:
            yield
        finally:
            self._leave()

    def let_others(self) -> None:
        """Let those who wait go on for a step; call it between two steps, in the block."""
        with self._lock:
            alone = not self._waiting
        if not alone:
            self._leave()
            self._take()

    def _take(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def _leave(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()  # the place goes to whoever waited for longest
            else:
                self._free += 1


class Turns:
    """So many pieces of short work go on at once; the next is of the client that has the fewest.

    Args:
        at_once: how many, of one client; there is one more place for another client.
        waiting: how many of one client may wait.
        waiting_in_all: how many may wait.
    """

    def __init__(
        self,
        at_once: int = limits.ASKED_AT_ONCE,
        waiting: int = limits.MAX_POSTS_EACH,
        waiting_in_all: int = limits.MAX_WAITING_IN_ALL,
    ) -> None:
        self._at_once = at_once
        self._most_waiting = waiting
        self._most_waiting_in_all = waiting_in_all
        self._working = Counter[str]()
        self._waiting: list[tuple[str, anyio.Event]] = []

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """Wait for the client's turn, and hold it until the block ends.

        Raises:
            Busy: too much is waiting.
        """
        if self._has_place(client):
            self._working[client] += 1
        else:
            await self._wait(client)
        try:
            yield
        finally:
            self._working[client] -= 1
            self._pass_on()

    def _has_place(self, client: str) -> bool:
        in_all = self._working.total()
        return in_all <= self._at_once and self._working[client] < self._at_once

    async def _wait(self, client: str) -> None:
        own = sum(other == client for other, _ in self._waiting)
        if own >= share_of(client, self._most_waiting):
            raise Busy("you have asked for too much at once: try again in a moment")
        if len(self._waiting) >= self._most_waiting_in_all:
            raise Busy("the server is busy: ask again in a moment")
        waits = (client, anyio.Event())
        self._waiting.append(waits)
        try:
            await waits[1].wait()
        except BaseException:
            if waits in self._waiting:
                self._waiting.remove(waits)
            else:  # its turn had come
                self._working[client] -= 1
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give the free place to the client with the fewest at work, the first of them to come."""
        self._working += Counter()  # without those that have none
        able = [waits for waits in self._waiting if self._has_place(waits[0])]
        if able:
            waits = min(able, key=lambda one: self._working[one[0]])
            self._waiting.remove(waits)
            self._working[waits[0]] += 1
            waits[1].set()
