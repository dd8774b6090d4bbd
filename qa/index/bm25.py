"""Search by words, scored by BM25.

BM25 (Robertson and Zaragoza 2009), with the usual k1 and b, and an inverse document frequency that
is always above 0, as Lucene and Milvus have it.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import numpy as np

from qa.index.inverted_index import Segment, blocks, frequencies, postings_of, segments
from qa.index.word_counts import Posting
from qa.text.analysis import query_terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

_K1, _B = 1.2, 0.75

Guard = Callable[[], AbstractContextManager[object]]
"""Locks a connection that several threads use."""


class BM25Index:
    """The inverted index in a snapshot of the database; it may be used from several threads.

    Args:
        connection: in a transaction, which keeps the snapshot.
        guard: locks the connection while it is used.
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
            each.normalise_lengths(words / max(self._passages, 1))

    def check(self) -> None:
        """Read all postings; `NotWhole` if they are not as they were written."""
        with self._guard():
            for each in self._segments:
                for _ in blocks(self._connection, each.segment):
                    pass

    def passages(self) -> NDArray[np.int64]:
        """Return the numbers of all passages, in order."""
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

        Stop words, question words included, are left out. With `among`, only passages with these
        numbers are searched; IDF and the mean length are still those of all passages.
        """
        times = query_terms(query)
        if not times:
            return []
        with self._guard():
            stored = [[*postings_of(self._connection, s.segment, times)] for s in self._segments]
        postings = [each.alive(some) for each, some in zip(self._segments, stored, strict=True)]
        frequency = Counter[str]()
        for some in postings:
            frequency.update({term: len(rows) for term, rows, _ in some})
        # The rarest first, as those bring the best; always in one order, as sums depend on it.
        weights = {
            term: times[term] * self._idf(frequency[term])
            for term in sorted(frequency, key=lambda term: (frequency[term], term))
        }
        hits = [
            each.search(weights, some, top_k, among)
            for each, some in zip(self._segments, postings, strict=True)
        ]
        numbers = np.concatenate([np.empty(0, np.int64), *(passages for passages, _ in hits)])
        scores = np.concatenate([np.empty(0), *(scores for _, scores in hits)])
        best = np.lexsort((numbers, -scores))[:top_k]
        return list(zip(numbers[best].tolist(), scores[best].tolist(), strict=True))

    def _idf(self, frequency: int) -> float:
        return math.log1p((self._passages - frequency + 0.5) / (frequency + 0.5))


class _Scored:
    """A segment, and the length normalisation of its passages."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self._all_alive = bool(segment.alive.all())
        self._norms: NDArray[np.float64] = np.empty(0)

    def normalise_lengths(self, mean: float) -> None:
        lengths = self.segment.lengths.astype(np.float64)
        self._norms = _K1 * (1 - _B + _B * lengths / max(mean, 1.0))

    def alive(self, postings: list[Posting]) -> list[Posting]:
        if self._all_alive:
            return postings
        masked = ((term, self.segment.alive[rows], rows, counts) for term, rows, counts in postings)
        return [(term, rows[mask], counts[mask]) for term, mask, rows, counts in masked]

    def search(
        self,
        weights: dict[str, float],
        postings: Sequence[Posting],
        top_k: int,
        among: NDArray[np.int64] | None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the best passages, all ties with the last included, unordered; and scores."""
        by_term = {term: (rows, counts) for term, rows, counts in postings}
        present = [term for term in weights if term in by_term]
        scores = np.zeros(len(self.segment.passages))
        for term in present:
            rows, counts = by_term[term]
            scores[rows] += weights[term] * (_K1 + 1) * counts / (counts + self._norms[rows])
        if among is not None:
            scores[~np.isin(self.segment.passages, among)] = 0
        # The best passages with one word are no better than the best of all.
        enough = next((rows for term in present if len(rows := by_term[term][0]) >= top_k), None)
        least = 0.0 if enough is None else float(np.partition(scores[enough], -top_k)[-top_k])
        best = np.flatnonzero(scores >= least if least > 0 else scores)
        return self.segment.passages[best], scores[best]
