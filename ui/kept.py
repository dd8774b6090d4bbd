"""What the server keeps for one visitor: it goes by a token that only the visitor's browser knows.

It is kept until it has not been used for a while, or until the server stops.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, Self, TypeVar

from qa.errors import QAError
from ui import limits


class KeptError(QAError):
    """What was kept for a visitor is gone, or nothing more can be kept."""


class Closing(Protocol):
    """What is kept can be busy, and is closed at its end."""

    @property
    def busy(self) -> bool:
        """Whether it is in use right now."""

    def close(self) -> None:
        """Remove it."""


T = TypeVar("T", bound=Closing)


class Kept(Generic[T]):
    """Something for each visitor. Use it in a `with` block: at its end, all is removed.

    Args:
        what: what is kept, as a reader would say: "your documents".
        idle_seconds: how long it is kept after its last use.
        most: for how many visitors at once.
    """

    def __init__(
        self,
        what: str,
        *,
        idle_seconds: float = limits.IDLE_SECONDS,
        most: int = limits.MAX_VISITORS,
    ) -> None:
        self._what = what
        self._idle_seconds = idle_seconds
        self._most = most
        self._kept: dict[str, T] = {}
        self._used: dict[str, float] = {}
        self._lock = threading.Lock()

    def find(self, token: str) -> T:
        """Give what goes by a token.

        Raises:
            KeptError: there is nothing, or not any more.
        """
        with self._lock:
            self._clear_out()
            if token not in self._kept:
                raise KeptError(
                    f"{self._what} are no longer here, as they are kept for "
                    f"{_time(self._idle_seconds)} after they were last used: add them again"
                )
            self._used[token] = time.monotonic()
            return self._kept[token]

    def add(self, make: Callable[[str], T]) -> T:
        """Keep what `make` makes of a new token.

        Raises:
            KeptError: something is kept for as many visitors as it may be.
        """
        with self._lock:
            self._clear_out()
            if len(self._kept) >= self._most:
                raise KeptError(f"{self._what} have no room here at the moment: try again later")
            token = secrets.token_urlsafe(24)
            self._kept[token] = make(token)
            self._used[token] = time.monotonic()
            return self._kept[token]

    def close(self) -> None:
        """Remove everything."""
        with self._lock:
            kept, self._kept = list(self._kept.values()), {}
        for each in kept:
            each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _clear_out(self) -> None:
        oldest = time.monotonic() - self._idle_seconds
        for token, each in list(self._kept.items()):
            if self._used[token] < oldest and not each.busy:
                del self._kept[token]
                each.close()


def _time(seconds: float) -> str:
    return f"{seconds / 3600:.0f} hours" if seconds >= 5400 else f"{seconds / 60:.0f} minutes"
