"""Telling how far a long piece of work has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Self, TypeVar

Progress = Callable[[int, int], None]
"""Called with how many things are done and how many there are, from (0, n) to (n, n).

It is called in the thread that does the work. What it raises ends the work, and reaches whoever
asked for it.
"""

Item = TypeVar("Item")

_SECONDS_BEFORE_PROGRESS = 1.0


def counted(items: Sequence[Item], progress: Progress | None) -> Iterator[Item]:
    """Yield items one after another, and tell how many have been worked through."""
    if progress is None:
        yield from items
        return
    progress(0, len(items))
    for done, item in enumerate(items, 1):
        yield item
        progress(done, len(items))


class Bar:
    """A bar over the characters of some documents, shown when the work takes a while.

    The time that is left is told by the characters that took time: how many documents they are
    of does not matter, nor how many are passed by.
    """

    def __init__(self, characters: int) -> None:
        from tqdm.auto import tqdm

        self.bar = tqdm(
            total=characters,
            desc="indexing",
            unit=" characters",
            unit_scale=True,
            smoothing=0,  # texts differ in length, and so batches in pace
            delay=_SECONDS_BEFORE_PROGRESS,
            disable=None,  # shown on a terminal or in a notebook only
        )
        self._last = ("", 0)

    def __enter__(self) -> Self:
        return self

    def advance(self, document_id: str, end: int, *, at_once: bool = False) -> None:
        """Come to a place in a document; `at_once` if what is before it took no time."""
        last_id, last_end = self._last
        more = max(end - (last_end if document_id == last_id else 0), 0)
        if at_once and not self.bar.disable:
            self.bar.initial += more
        self.bar.update(more)
        self._last = (document_id, end)

    def __exit__(self, *_: object) -> None:
        self.bar.close()
