"""Counts the words of passages: which passages contain a term, and how often."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from qa.text.analysis import indexed_term, indexed_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

Posting = tuple[str, "NDArray[np.uint32]", "NDArray[np.uint8]"]
"""A term, the rows of the passages that contain it, and how often each does."""

_ROW_BITS, _COUNT_BITS = 24, 8  # of a posting in memory; the rest is its term's number
_MOST = 255
_STOPPED = 0  # the number of all stop words
_AT_ONCE = 1_000_000  # words that are counted
_KNOWN = 100_000  # words whose terms are kept


class WordCounts:
    """Counts the terms of texts, each text in the next row.

    `lengths` has the number of words of each text.
    """

    def __init__(self) -> None:
        self.lengths = array("I")
        self._terms = _Terms()
        self._words = array("I")  # the terms' numbers, of the words that are not counted yet
        self._counted_rows = 0
        self._postings: list[NDArray[np.uint64]] = []

    def add(self, text: str) -> None:
        """Add a text."""
        words = indexed_words(text)
        self._words.extend(map(self._terms.__getitem__, words))
        self.lengths.append(len(words))
        if len(self._words) >= _AT_ONCE:
            self._count()

    def postings(self) -> Iterator[Posting]:
        """Yield the postings of all texts, by term; nothing may be added afterwards."""
        self._count()
        keys = _joined(self._postings)
        keys.sort()
        numbers = self._terms.numbers
        borders = np.arange(1, len(numbers) + 2, dtype=np.uint64)
        bounds = np.searchsorted(keys, borders << np.uint64(_ROW_BITS + _COUNT_BITS)).tolist()
        rows = keys.astype(np.uint32)  # all but the term's number
        del keys
        counts = rows.astype(np.uint8)
        rows >>= np.uint32(_COUNT_BITS)
        for term in sorted(numbers):
            number = numbers[term]
            run = slice(bounds[number - 1], bounds[number])
            yield term, rows[run], counts[run]

    def _count(self) -> None:
        """Make postings of the words that were added since the last time."""
        rows = np.arange(self._counted_rows, len(self.lengths), dtype=np.uint64)
        words = np.frombuffer(self._words, np.uint32)
        keys = words.astype(np.uint64) << np.uint64(_ROW_BITS)
        keys |= np.repeat(rows, self.lengths[self._counted_rows :])
        keys, times = np.unique(keys[words != _STOPPED], return_counts=True)
        counts = np.minimum(times, _MOST).astype(np.uint64)
        self._postings.append(keys << np.uint64(_COUNT_BITS) | counts)
        self._words, self._counted_rows = array("I"), len(self.lengths)
        if len(self._terms) > _KNOWN:
            self._terms.clear()


def _joined(pieces: list[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Join arrays, and empty the list on the way, so that not all of them are there twice."""
    joined = np.empty(sum(map(len, pieces)), np.uint64)
    end = len(joined)
    while pieces:
        piece = pieces.pop()
        joined[end - len(piece) : end] = piece
        end -= len(piece)
    return joined


class _Terms(dict[str, int]):
    """The number of each word's term; `numbers` has those of the terms themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: dict[str, int] = {}

    def __missing__(self, word: str) -> int:
        term, number = indexed_term(word), _STOPPED
        if term is not None:
            number = self.numbers.setdefault(term, len(self.numbers) + 1)
        self[word] = number
        return number
