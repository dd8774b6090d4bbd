"""Words to the passages that hold them, scored by BM25. docs/answering.md compares engines.

BM25 (Robertson and Zaragoza 2009), with the k1 and b that most engines have, and the smoothed
inverse document frequency of Robertson and Spärck Jones 1976, which is not let fall below 0.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import numpy as np

from qa.index.inverted_index import Posting, Segment, blocks, frequencies, postings_of, segments
from qa.text.analysis import query_terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

_K1, _B = 1.2, 0.75
_LEAST_IDF = 1e-6  # of a word that half of the passages hold, or more

Guard = Callable[[], AbstractContextManager[object]]
"""Holds a connection that several threads use, while it is held."""


class BM25Index:
    """The words of an index as it was when this was made; it may be used from several threads.

    Args:
        connection: in a transaction, which goes on seeing what is there now.
        guard: is held whenever the connection is used.
    """

    def __init__(self, connection: sqlite3.Connection, guard: Guard = nullcontext) -> None:
        self._connection = connection
        self._guard = guard
        with guard():
            self._segments = [_Scored(segment) for segment in segments(connection)]
        lengths = [each.segment.lengths[each.segment.alive] for each in self._segments]
        self._passages = sum(map(len, lengths))
        words = sum(int(some.sum(dtype=np.int64)) for some in lengths)
        for each in self._segments:
            each.weigh_lengths(words / max(self._passages, 1))

    def check(self) -> None:
        """Read all that there is; `NotWhole` if it is not as it was written."""
        with self._guard():
            for each in self._segments:
                for _ in blocks(self._connection, each.segment):
                    pass

    def passages(self) -> NDArray[np.int64]:
        """Return the numbers of all passages that are there, in order."""
        alive = [each.segment.passages[each.segment.alive] for each in self._segments]
        return np.sort(np.concatenate([np.empty(0, np.int64), *alive]))

    def terms(self, prefix: str) -> dict[str, int]:
        """Return the terms that start with a prefix, and how many passages hold each.

        Those that were removed count until their segment is written anew.
        """
        found = Counter[str]()
        with self._guard():
            for each in self._segments:
                found.update(dict(frequencies(self._connection, each.segment, prefix)))
        return dict(found)

    def holding(self, term: str, most: int) -> list[int]:
        """Return the first passages that hold a term, by number."""
        found: list[int] = []
        with self._guard():
            for each in self._segments:
                for _, rows, _ in each.alive(
                    [*postings_of(self._connection, each.segment, [term])]
                ):
                    found += each.segment.passages[rows[:most]].tolist()
        return sorted(found)[:most]

    def search(
        self, query: str, top_k: int, among: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """Find the passages with any of a query's words, best first, and their BM25 (above 0).

        Words that every text has, and those that merely ask, are left out. With `among`, no
        passages but those with these numbers are found. How rare a word is, and how long a text
        is beside others, is still told by all that are there.
        """
        times = query_terms(query)
        if not times:
            return []
        with self._guard():
            read = [[*postings_of(self._connection, s.segment, times)] for s in self._segments]
        held = [each.alive(some) for each, some in zip(self._segments, read, strict=True)]
        holding = Counter[str]()
        for some in held:
            holding.update({term: len(rows) for term, rows, _ in some})
        # The rarest first, as those bring the best; always in one order, as sums depend on it.
        weights = {
            term: times[term] * self._idf(holding[term])
            for term in sorted(holding, key=lambda term: (holding[term], term))
        }
        found = [
            each.search(weights, some, top_k, among)
            for each, some in zip(self._segments, held, strict=True)
        ]
        numbers = np.concatenate([np.empty(0, np.int64), *(passages for passages, _ in found)])
        scores = np.concatenate([np.empty(0), *(scores for _, scores in found)])
        best = np.lexsort((numbers, -scores))[:top_k]
        return list(zip(numbers[best].tolist(), scores[best].tolist(), strict=True))

    def _idf(self, holding: int) -> float:
        idf = math.log((self._passages - holding + 0.5) / (holding + 0.5))
        return max(idf, _LEAST_IDF)


class _Scored:
    """A segment, and what it takes to score its passages."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self._all_alive = bool(segment.alive.all())
        self._weights: NDArray[np.float64] = np.empty(0)

    def weigh_lengths(self, mean: float) -> None:
        """Work out how much the length of each passage takes off, beside the mean length."""
        lengths = self.segment.lengths.astype(np.float64)
        self._weights = _K1 * (1 - _B + _B * lengths / max(mean, 1.0))

    def alive(self, found: list[Posting]) -> list[Posting]:
        """Leave out what has been removed."""
        if self._all_alive:
            return found
        kept = ((term, self.segment.alive[rows], rows, counts) for term, rows, counts in found)
        return [(term, rows[there], counts[there]) for term, there, rows, counts in kept]

    def search(
        self,
        weights: dict[str, float],
        found: Sequence[Posting],
        top_k: int,
        among: NDArray[np.int64] | None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Find the best passages, in any order, and with them all that score alike; and scores."""
        held = {term: (rows, counts) for term, rows, counts in found}
        present = [term for term in weights if term in held]
        scores = np.zeros(len(self.segment.passages))
        for term in present:
            rows, counts = held[term]
            scores[rows] += weights[term] * (_K1 + 1) * counts / (counts + self._weights[rows])
        if among is not None:
            scores[~np.isin(self.segment.passages, among)] = 0
        # The best of those with one word are no better than the best of all.
        enough = next((held[term][0] for term in present if len(held[term][0]) >= top_k), None)
        least = 0.0 if enough is None else float(np.partition(scores[enough], -top_k)[-top_k])
        best = np.flatnonzero(scores >= least if least > 0 else scores)
        return self.segment.passages[best], scores[best]
