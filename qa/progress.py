"""Telling how far a long piece of work has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Progress = Callable[[int, int], None]
"""Called with how many things are done and how many there are, from (0, n) to (n, n).

It is called in the thread that does the work. What it raises ends the work, and reaches whoever
asked for it.
"""

Item = TypeVar("Item")


def counted(items: Sequence[Item], progress: Progress | None) -> Iterator[Item]:
    """Give items one after another, and tell how many have been worked through."""
    if progress is None:
        yield from items
        return
    progress(0, len(items))
    for done, item in enumerate(items, 1):
        yield item
        progress(done, len(items))
