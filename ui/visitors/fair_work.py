"""Work that clients take turns at, so that none waits for all that another one wants.

`LongWork` is for threads, whose work has steps; `Turns` is for short work of an event loop.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio

from qa.errors import QAError
from ui.visitors import limits
from ui.visitors.clients import share_of


class Busy(QAError):
    """Too much is waiting."""


class LongWork:
    """So much long work goes on at once, of each client one piece; the rest waits for its turn.

    Args:
        at_once: how many pieces.
    """

    def __init__(self, at_once: int = limits.LONG_AT_ONCE) -> None:
        self._at_once = at_once
        self._working: set[str] = set()
        self._waiting: list[tuple[str, threading.Event]] = []
        self._lock = threading.Lock()

    @contextmanager
    def place(self, client: str) -> Iterator[None]:
        """Wait for a place, and hold it until the block ends."""
        self._take(client)
        try:
            yield
        finally:
            self._leave(client)

    def let_others(self, client: str) -> None:
        """Let those who wait go on for a step; call it between two steps, in the block."""
        with self._lock:
            alone = not any(
                other == client or other not in self._working for other, _ in self._waiting
            )
        if not alone:
            self._leave(client)
            self._take(client)

    def _take(self, client: str) -> None:
        with self._lock:
            if self._has_place(client):
                self._working.add(client)
                return
            turn = threading.Event()
            self._waiting.append((client, turn))
        turn.wait()

    def _leave(self, client: str) -> None:
        """Give the place to whoever has waited for longest and may have it."""
        with self._lock:
            self._working.discard(client)
            for waits in [one for one in self._waiting if self._has_place(one[0])][:1]:
                self._waiting.remove(waits)
                self._working.add(waits[0])
                waits[1].set()

    def _has_place(self, client: str) -> bool:
        return len(self._working) < self._at_once and client not in self._working


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
