"""Work that clients take turns at, so that none waits for all the work of another.

`LongWork` is for threads whose work has steps; `Places` is for work that cannot be interrupted;
`Turns` is for short work in an event loop.
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
    """Long work, of which `at_once` pieces go on at once, one of each client; the rest waits."""

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
        """Pass the place on to the client that has waited for longest and may have it."""
        with self._lock:
            self._working.discard(client)
            for waits in [one for one in self._waiting if self._has_place(one[0])][:1]:
                self._waiting.remove(waits)
                self._working.add(waits[0])
                waits[1].set()

    def _has_place(self, client: str) -> bool:
        return len(self._working) < self._at_once and client not in self._working


class Places:
    """Places for work that cannot be interrupted, `at_once` in all and `each` of one client."""

    def __init__(
        self, at_once: int = limits.WRITTEN_AT_ONCE, each: int = limits.WRITTEN_EACH
    ) -> None:
        self._at_once = at_once
        self._each = each
        self._taken = Counter[str]()
        self._lock = threading.Lock()

    def take(self, client: str) -> bool:
        """Take a place for a client; return whether there was one."""
        with self._lock:
            most = min(share_of(client, self._each), self._at_once)
            if self._taken.total() >= self._at_once or self._taken[client] >= most:
                return False
            self._taken[client] += 1
            return True

    def leave(self, client: str) -> None:
        """Give a client's place back."""
        with self._lock:
            self._taken[client] -= 1
            if not self._taken[client]:
                del self._taken[client]


class Turns:
    """Short work of which each client may have so much at once; the rest waits for its turn.

    Args:
        at_once: how much of one client goes on at once; there is one more place, for another
            client.
        waiting: how much of one client may wait.
        waiting_in_all: how much may wait.
    """

    def __init__(
        self,
        at_once: int = limits.ASKED_AT_ONCE,
        waiting: int = limits.MAX_POSTS_EACH,
        waiting_in_all: int = limits.MAX_WAITING_IN_ALL,
    ) -> None:
        self._at_once = at_once
        self._most_waiting = waiting
        self._most_in_all = at_once + 1 + waiting_in_all
        self._places = anyio.Semaphore(at_once + 1)
        self._places_of: dict[str, anyio.Semaphore] = {}
        self._here = Counter[str]()  # at work or waiting

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """Wait for the client's turn, and hold it until the block ends.

        Raises:
            Busy: too much is waiting.
        """
        if self._here[client] >= self._at_once + share_of(client, self._most_waiting):
            raise Busy("you have asked for too much at once: try again in a moment")
        if self._here.total() >= self._most_in_all:
            raise Busy("the server is busy: ask again in a moment")
        self._here[client] += 1
        own = self._places_of.setdefault(client, anyio.Semaphore(self._at_once))
        try:
            async with own, self._places:
                yield
        finally:
            self._here[client] -= 1
            if not self._here[client]:
                del self._here[client], self._places_of[client]
