"""What the server keeps for a visitor, under a token that only the visitor's browser knows.

It is kept until it has not been used for a while.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class _Entry(Generic[T]):
    value: T
    client: str
    used: float = field(default_factory=time.monotonic)


class ExpiringStore(Generic[T]):
    """A value for each visitor; the end of its `with` block removes all of them.

    Args:
        what: what is kept, as a reader would say: "your documents".
        idle_seconds: how long a value is kept after its last use.
        most: the most values.
        most_each: the most values of one client, before `share_of`.
        spared_seconds: how long after its last use a value makes room for no other; None is
            `idle_seconds`.
    """

    def __init__(
        self,
        what: str,
        *,
        idle_seconds: float = limits.IDLE_SECONDS,
        most: int = limits.MAX_VISITORS,
        most_each: int = limits.MAX_VISITORS_EACH,
        spared_seconds: float | None = None,
    ) -> None:
        self._what = what
        self._idle_seconds = idle_seconds
        self._spared_seconds = min(spared_seconds or idle_seconds, idle_seconds)
        self._most = most
        self._most_each = most_each
        self._entries: dict[str, _Entry[T]] = {}
        self._lock = threading.Lock()

    def find(self, token: str) -> T:
        """Return the value of a token.

        Raises:
            ExpiringStoreError: there is none, or it has expired.
        """
        with self._lock:
            self._clear_out()
            entry = self._entries.get(token)
            if entry is None:
                raise ExpiringStoreError(
                    f"{self._what} are no longer here, as they are kept for "
                    f"{_time(self._idle_seconds)} after they were last used: add them again"
                )
            entry.used = time.monotonic()
            return entry.value

    def add(self, make: Callable[[str], T], client: str = "") -> T:
        """Make a value from a new token, and keep it for a client.

        If there is no room, a value that has not been used for `spared_seconds` goes; else the
        client with the most values loses the one that has not been used for longest, unless the
        new client has nearly as many.

        Raises:
            ExpiringStoreError: there is no room for the client.
        """
        with self._lock:
            self._clear_out()
            if old := self._replaced_by(client):
                self._remove(old)
            token = secrets.token_urlsafe(24)
            self._entries[token] = _Entry(make(token), client)
            return self._entries[token].value

    def adopt(self, token: str, value: T, client: str, idle: float) -> None:
        """Keep a value that was there before, and has not been used for so many seconds."""
        with self._lock:
            self._entries[token] = _Entry(value, client, time.monotonic() - idle)

    def check_room(self, client: str) -> None:
        """Make sure that there is room for a client.

        Raises:
            ExpiringStoreError: there is none.
        """
        with self._lock:
            self._clear_out()
            self._replaced_by(client)

    def idle_for(self, seconds: float) -> list[T]:
        """Return the values that have not been used for so long, the longest first."""
        with self._lock:
            return [self._entries[token].value for token in self._idle(self._entries, seconds)]

    def discard(self, token: str) -> None:
        """Remove the value of a token, unless it is in use or gone."""
        with self._lock:
            entry = self._entries.get(token)
            if entry is not None and not entry.value.busy:
                self._remove(token)

    def _replaced_by(self, client: str) -> str | None:
        """Return the token whose value a new one of a client replaces; None if there is room."""
        own = {token: one for token, one in self._entries.items() if one.client == client}
        if len(own) >= share_of(client, self._most_each):
            if old := self._idle(own, self._spared_seconds)[:1]:
                return old[0]
            raise ExpiringStoreError(
                f"{self._what} are kept here in {len(own)} places for you already: go on in one "
                f"of them, or try again in {self._until_free(own.values())}"
            )
        if len(self._entries) < self._most:
            return None
        old = self._idle(self._entries, self._spared_seconds) or self._of_greediest(client)
        if not old:
            wait = self._until_free(self._entries.values())
            raise ExpiringStoreError(
                f"{self._what} have no room here at the moment: try again in {wait}"
            )
        return old[0]

    def _of_greediest(self, client: str) -> list[str]:
        """Return the idle tokens of the client that has the most, unless this one has as many."""
        counts = Counter(entry.client for entry in self._entries.values())
        greediest, count = counts.most_common(1)[0]
        own = {token: one for token, one in self._entries.items() if one.client == greediest}
        return self._idle(own, 0) if count > counts[client] + 1 else []

    def _idle(self, entries: Mapping[str, _Entry[T]], seconds: float) -> list[str]:
        """Return the tokens of what has not been used for so long, the longest first."""
        latest = time.monotonic() - seconds
        idle = {t: one.used for t, one in entries.items() if one.used <= latest}
        return [t for t in sorted(idle, key=idle.__getitem__) if not entries[t].value.busy]

    def _until_free(self, entries: Iterable[_Entry[T]]) -> str:
        oldest = min(entry.used for entry in entries)
        return _time(max(60.0, oldest + self._spared_seconds - time.monotonic()))

    def remove(self, token: str) -> None:
        """Remove the value of a token, if there is one."""
        with self._lock:
            if token in self._entries:
                self._remove(token)

    def close(self) -> None:
        """Remove everything."""
        with self._lock:
            entries, self._entries = self._entries, {}
        for entry in entries.values():
            entry.value.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _clear_out(self) -> None:
        oldest = time.monotonic() - self._idle_seconds
        for token, entry in list(self._entries.items()):
            if entry.used < oldest and not entry.value.busy:
                self._remove(token)

    def _remove(self, token: str) -> None:
        self._entries.pop(token).value.close()


def _time(seconds: float) -> str:
    if seconds >= 2 * 86_400:
        return f"{seconds / 86_400:.0f} days"
    if seconds >= 5400:
        return f"{seconds / 3600:.0f} hours"
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else "a minute"
