"""What the server keeps for one visitor: it goes by a token that only the visitor's browser knows.

It is kept until it has not been used for a while, or until the server stops.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, Self, TypeVar

from qa.errors import QAError
from ui.visitors import limits
from ui.visitors.clients import share_of


class ExpiringStoreError(QAError):
    """What was kept for a visitor is gone, or nothing more can be kept."""


class Closing(Protocol):
    """What is kept can be busy, and is closed at its end."""

    @property
    def busy(self) -> bool:
        """Whether it is in use right now."""

    def close(self) -> None:
        """Remove it."""


T = TypeVar("T", bound=Closing)


class ExpiringStore(Generic[T]):
    """Something for each visitor. Use it in a `with` block: at its end, all is removed.

    Args:
        what: what is kept, as a reader would say: "your documents".
        idle_seconds: how long it is kept after its last use.
        most: for how many visitors at once.
        most_each: for how many of one client; of this machine's own addresses, for more.
    """

    def __init__(
        self,
        what: str,
        *,
        idle_seconds: float = limits.IDLE_SECONDS,
        most: int = limits.MAX_VISITORS,
        most_each: int = limits.MAX_VISITORS_EACH,
    ) -> None:
        self._what = what
        self._idle_seconds = idle_seconds
        self._most = most
        self._most_each = most_each
        self._stored: dict[str, T] = {}
        self._client: dict[str, str] = {}
        self._used: dict[str, float] = {}
        self._lock = threading.Lock()

    def find(self, token: str) -> T:
        """Return what goes by a token.

        Raises:
            ExpiringStoreError: there is nothing, or not any more.
        """
        with self._lock:
            self._clear_out()
            if token not in self._stored:
                raise ExpiringStoreError(
                    f"{self._what} are no longer here, as they are kept for "
                    f"{_time(self._idle_seconds)} after they were last used: add them again"
                )
            self._used[token] = time.monotonic()
            return self._stored[token]

    def add(self, make: Callable[[str], T], client: str = "") -> T:
        """Keep for a client what `make` makes of a new token.

        Where something is kept for as many visitors as it may be, what the client with the most
        has not used for longest gives way to a client that has fewer.

        Raises:
            ExpiringStoreError: there is no room for the client.
        """
        with self._lock:
            self._clear_out()
            self._check(client)
            if len(self._stored) >= self._most:
                self._remove(self._unused_of_the_greediest(client))
            token = secrets.token_urlsafe(24)
            self._stored[token] = make(token)
            self._used[token] = time.monotonic()
            self._client[token] = client
            return self._stored[token]

    def check_room(self, client: str) -> None:
        """Make sure that there is room for a client.

        Raises:
            ExpiringStoreError: there is none.
        """
        with self._lock:
            self._clear_out()
            self._check(client)

    def _check(self, client: str) -> None:
        own = self._tokens_of(client)
        if len(own) >= share_of(client, self._most_each):
            raise ExpiringStoreError(
                f"{self._what} are kept here in {len(own)} places for you already: go on in one "
                f"of them, or try again in {self._until_free(own)}"
            )
        if len(self._stored) >= self._most and self._unused_of_the_greediest(client) is None:
            wait = self._until_free(self._stored)
            raise ExpiringStoreError(
                f"{self._what} have no room here at the moment: try again in {wait}"
            )

    def _tokens_of(self, client: str) -> list[str]:
        return [token for token, other in self._client.items() if other == client]

    def _unused_of_the_greediest(self, client: str) -> str | None:
        """Return what may give way to a client that has fewer; None if nothing may."""
        counts = Counter(self._client.values())
        greediest, count = counts.most_common(1)[0]
        idle = [token for token in self._tokens_of(greediest) if not self._stored[token].busy]
        if count <= counts[client] + 1 or not idle:
            return None
        return min(idle, key=self._used.__getitem__)

    def _until_free(self, tokens: Iterable[str]) -> str:
        oldest = min(self._used[token] for token in tokens)
        return _time(max(60.0, oldest + self._idle_seconds - time.monotonic()))

    def close(self) -> None:
        """Remove everything."""
        with self._lock:
            stored, self._stored = list(self._stored.values()), {}
        for each in stored:
            each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _clear_out(self) -> None:
        oldest = time.monotonic() - self._idle_seconds
        for token, each in list(self._stored.items()):
            if self._used[token] < oldest and not each.busy:
                self._remove(token)

    def _remove(self, token: str | None) -> None:
        if token is not None:
            del self._used[token], self._client[token]
            self._stored.pop(token).close()


def _time(seconds: float) -> str:
    if seconds >= 5400:
        return f"{seconds / 3600:.0f} hours"
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else "a minute"
