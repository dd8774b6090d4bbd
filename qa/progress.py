"""Telling how far a long piece of work has come."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from tqdm import tqdm

Progress = Callable[[int, int], None]
"""Called with how many things are done and how many there are, from (0, n) to (n, n).

It is called in the thread that does the work. What it raises ends the work, and reaches whoever
asked for it.
"""

Item = TypeVar("Item")

_SECONDS_BEFORE_PROGRESS = 1.0
_SECONDS_BETWEEN_LINES = 10.0

log = logging.getLogger("inquote.progress")
"""Gets a line now and then where there is no terminal, if its level is INFO."""


def counted(items: Sequence[Item], progress: Progress | None) -> Iterator[Item]:
    """Yield items one after another, and tell how many have been worked through."""
    if progress is None:
        yield from items
        return
    progress(0, len(items))
    for done, item in enumerate(items, 1):
        yield item
        progress(done, len(items))


def followed(items: Sequence[Item], progress: Progress | None, **options: Any) -> Iterable[Item]:
    """Return items; how many are worked through is told, or else shown in a bar."""
    return counted(items, progress) if progress else shown(items, **options)


class _LogLines:
    """Where a bar writes a line of the log each time, rather than over its last line."""

    def __init__(self) -> None:
        self._last = ""

    def write(self, text: str) -> None:
        line = text.strip()
        if line and line != self._last:
            log.info(line)
            self._last = line

    def flush(self) -> None:
        pass


def shown(items: Iterable[Item] | None = None, **options: Any) -> tqdm[Item]:
    """Return a bar, which is drawn on a terminal or in a notebook, and else logged in lines."""
    from tqdm import TqdmWarning, tqdm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TqdmWarning)  # a notebook without widgets gets a plain bar
        from tqdm.auto import tqdm as drawn
    options |= {"delay": _SECONDS_BEFORE_PROGRESS}
    bar = drawn(items, **options, disable=None)
    if not (bar.disable and log.isEnabledFor(logging.INFO)):
        return bar
    line = "{desc}: {percentage:.0f}% of {total_fmt}{unit}, {remaining} left"
    return tqdm(
        items, **options, file=_LogLines(), mininterval=_SECONDS_BETWEEN_LINES, bar_format=line
    )


class Bar:
    """A bar over the characters of some documents, shown when the work takes a while.

    The time that is left is told by the characters that took time: how many documents they are
    of does not matter, nor how many are passed by.
    """

    def __init__(self, characters: int) -> None:
        self.bar: tqdm[None] = shown(
            total=characters,
            desc="indexing",
            unit=" characters",
            unit_scale=True,
            smoothing=0,  # texts differ in length, and so batches in pace
        )
        self._last = ("", 0)

    def __enter__(self) -> Self:
        return self

    def advance(self, document_id: str, end: int, *, at_once: bool = False) -> None:
        """Come to a place in a document; `at_once` if what is before it took no time."""
        last_id, last_end = self._last
        more = max(end - (last_end if document_id == last_id else 0), 0)
        if not self.bar.disable:
            self.bar.n += more
            self.bar.initial += more if at_once else 0
        self._last = (document_id, end)

    def show(self) -> None:
        """Draw the bar, if it is time to: after a whole batch, for its pace to be told rightly."""
        self.bar.update(0)

    def __exit__(self, *_: object) -> None:
        self.bar.close()
