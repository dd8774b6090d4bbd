"""The inverted index on disk: which passages contain a term, and how often; `bm25` scores them.

It is three tables of the index's database (`storage`), which provides snapshots, crash safety and
deletion. As with vectors (`embeddings.stores.segments`), segments never change: an update writes a
new segment, merged with the small ones, and removed passages are tombstones until their segment is
merged.

The terms of a segment stand in blocks (`_packed`). Each block has a checksum and the range of its
terms, so that a term which no passage contains is told apart from one that was lost.
"""

from __future__ import annotations

import heapq
import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from qa.index.rows import NotWhole, checksum, checksum_of, together
from qa.index.word_counts import Posting, WordCounts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.passages import Passage

_OF_SEGMENT = "SELECT first, until, terms, checksum FROM postings WHERE segment = ? ORDER BY first"
_OF_TERM = (
    "SELECT first, until, terms, checksum FROM postings WHERE segment = ? AND first <= ? "
    "ORDER BY first DESC LIMIT 1"
)
_FROM = (
    "SELECT first, until, terms, checksum FROM postings WHERE segment = ? AND first < ? AND "
    "first >= (SELECT max(first) FROM postings WHERE segment = ? AND first <= ?) ORDER BY first"
)
_BLOCK = 2_048  # bytes of a block, if it has more than one term
_NUMBERS, _LENGTHS, _ROWS, _COUNTS = (np.dtype(kind) for kind in ("<i8", "<u4", "<u4", "u1"))
_LARGE = 250_000  # passages: the most that are written at once; a segment of as many stays
_SMALL = 1_000  # passages: a segment of no more is merged at every change,
_MERGED = 4  # and a larger one if it has at most so many times as many passages as are new


@dataclass(frozen=True, slots=True)
class Segment:
    """Some passages of an inverted index, a row each.

    Attributes:
        number: of the segment.
        passages: the numbers of the passages, int64, rising.
        lengths: how many words each passage has, uint32.
        alive: a mask of those not removed, bool.
        seal: the segment's checksum, which the checksums of its blocks include.
    """

    number: int
    passages: NDArray[np.int64]
    lengths: NDArray[np.uint32]
    alive: NDArray[np.bool_]
    seal: bytes = b""

    @property
    def size(self) -> int:
        """How many passages are alive."""
        return int(np.count_nonzero(self.alive))


class SegmentBuilder:
    """Passages that are added and removed in one change, until `write`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._start()

    def _start(self) -> None:
        self._words = WordCounts()
        self._passages = array("q")

    def add(self, number: int, passage: Passage) -> None:
        """Add a passage; its number is higher than any before."""
        self._words.add(passage.text_in_context)
        self._passages.append(number)
        if len(self._passages) == _LARGE:
            self._write([])

    def remove(self, passages: Iterable[int]) -> None:
        """Remove passages, by number."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO dead_words VALUES (?)", ((number,) for number in passages)
        )

    def write(self) -> None:
        """Write the added passages, merged with segments that are due."""
        merged = self._to_merge(segments(self._connection))
        if merged or self._passages:
            self._write(merged)

    def _to_merge(self, current: Iterable[Segment]) -> list[Segment]:
        """Choose the segments to merge: the small ones, and those of which half is deleted."""
        merged, count = [], len(self._passages)
        for segment in sorted(current, key=lambda segment: segment.size):
            half_deleted = len(segment.passages) > 2 * segment.size
            small = segment.size <= max(_SMALL, _MERGED * count) and segment.size < _LARGE
            if half_deleted or (self._passages and small):
                merged.append(segment)
                count += segment.size
        return merged

    def _write(self, merged: Sequence[Segment]) -> None:
        fresh = Segment(
            -1,
            np.frombuffer(self._passages, np.int64),
            np.frombuffer(self._words.lengths, np.uint32),
            np.ones(len(self._passages), np.bool_),
        )
        sources = [fresh, *merged]
        passages = np.concatenate([source.passages[source.alive] for source in sources])
        lengths = np.concatenate([source.lengths[source.alive] for source in sources])
        order = np.argsort(passages)
        runs = [
            self._words.postings(),
            *(postings(self._connection, segment) for segment in merged),
        ]
        if len(order):
            run = _merge(runs, _new_rows(sources, passages[order]))
            self._insert(passages[order], lengths[order], run)
        for segment in merged:
            self._delete(segment)
        self._start()

    def _insert(
        self,
        passages: NDArray[np.int64],
        lengths: NDArray[np.uint32],
        postings: Iterable[Posting],
    ) -> None:
        (number,) = self._connection.execute(
            "SELECT coalesce(max(number), 0) + 1 FROM word_segments"
        ).fetchone()
        blobs = _blob(passages, _NUMBERS), _blob(lengths, _LENGTHS)
        seal = _seal(number, *blobs)
        self._connection.execute(
            "INSERT INTO word_segments VALUES (?, ?, ?, ?)", (number, seal, *blobs)
        )
        self._connection.executemany(
            "INSERT INTO postings VALUES (?, ?, ?, ?, ?)",
            (
                (number, first, until, terms, _block_checksum(seal, first, until, terms))
                for first, until, terms in _blocks(postings)
            ),
        )

    def _delete(self, segment: Segment) -> None:
        execute = self._connection.execute
        execute("DELETE FROM postings WHERE segment = ?", (segment.number,))
        execute("DELETE FROM word_segments WHERE number = ?", (segment.number,))
        deleted = segment.passages[~segment.alive].tolist()
        self._connection.executemany(
            "DELETE FROM dead_words WHERE passage = ?", ((number,) for number in deleted)
        )


def segments(connection: sqlite3.Connection) -> list[Segment]:
    """Read all segments, but not their postings; `NotWhole` if one is damaged."""
    deleted = _deleted(connection)
    stored = []
    rows = connection.execute("SELECT * FROM word_segments ORDER BY number")
    for number, seal, passages, lengths in rows:
        if _seal(number, passages, lengths) != seal:
            raise NotWhole(f"the words of segment {number} are not as they were written")
        numbers = np.frombuffer(passages, _NUMBERS).astype(np.int64, copy=False)
        counts = np.frombuffer(lengths, _LENGTHS).astype(np.uint32, copy=False)
        if len(numbers) != len(counts):
            raise NotWhole(f"the words of segment {number} are not whole")
        alive = np.ones(len(numbers), np.bool_)
        if len(deleted):
            alive = np.isin(numbers, deleted, invert=True)
        stored.append(Segment(number, numbers, counts, alive, seal))
    return stored


def words_check(connection: sqlite3.Connection) -> str:
    """Return a checksum of all segments and tombstones."""
    seals = connection.execute("SELECT checksum FROM word_segments ORDER BY number")
    return together([*(seal for (seal,) in seals), _deleted(connection).tobytes()])


def _deleted(connection: sqlite3.Connection) -> NDArray[np.int64]:
    """Return the tombstones: the removed passages that a segment still holds, in order."""
    rows = connection.execute("SELECT passage FROM dead_words ORDER BY passage").fetchall()
    return np.array(rows, np.int64).reshape(-1)


def blocks(connection: sqlite3.Connection, segment: Segment) -> Iterator[bytes]:
    """Read all blocks of a segment, in order of terms; `NotWhole` if any of it is missing."""
    reached: str | None = ""
    for row in connection.execute(_OF_SEGMENT, (segment.number,)):
        first, until, block = _checked_block(segment, row)
        if first != reached:
            break
        reached = until
        yield block
    if reached is not None:
        raise NotWhole(f"words from {reached!r} on are missing")


def postings(connection: sqlite3.Connection, segment: Segment) -> Iterator[Posting]:
    """Read all postings of a segment, in order of terms; `NotWhole` if any of it is missing."""
    for block in blocks(connection, segment):
        for term, rows, counts in _Unpacked(block):
            if len(rows) and int(rows.max()) >= len(segment.passages):
                raise NotWhole("the words are not those of their passages")
            yield term, rows, counts


def postings_of(
    connection: sqlite3.Connection, segment: Segment, terms: Iterable[str]
) -> Iterator[Posting]:
    """Read the postings of some terms in a segment; `NotWhole` if a block is damaged."""
    for term in terms:
        row = connection.execute(_OF_TERM, (segment.number, term)).fetchone()
        if row is None:
            raise NotWhole(f"words up to {term!r} are missing")
        _, until, block = _checked_block(segment, row)
        if until is not None and until <= term:
            raise NotWhole(f"words from {until!r} on are missing")
        if (posting := _Unpacked(block).find(term)) is not None:
            yield posting


def frequencies(
    connection: sqlite3.Connection, segment: Segment, prefix: str
) -> Iterator[tuple[str, int]]:
    """Yield the terms of a segment that start with a prefix, and how many passages hold each."""
    reach = segment.number, f"{prefix}\U0010ffff", segment.number, prefix
    for row in connection.execute(_FROM, reach):
        found = _Unpacked(_checked_block(segment, row)[2])
        yield from (each for each in found.frequencies() if each[0].startswith(prefix))


def _blocks(postings: Iterable[Posting]) -> Iterator[tuple[str, str | None, bytes]]:
    """Pack postings, in order of terms; yield a block's first term, the next one's, and bytes."""
    first, block, size = "", list[Posting](), 0
    for posting in postings:
        term, rows, _ = posting
        if block and size + 5 * len(rows) > _BLOCK:
            yield first, term, _packed(block)
            first, block, size = term, [], 0
        block.append(posting)
        size += len(term) + 5 * len(rows)
    yield first, None, _packed(block)


def _packed(block: Sequence[Posting]) -> bytes:
    """Return the bytes of a block: its number of terms, passages of each, rows, counts, terms."""
    sizes = np.array([len(block), *(len(rows) for _, rows, _ in block)])
    rows = np.concatenate([np.empty(0, np.uint32), *(rows for _, rows, _ in block)])
    counts = np.concatenate([np.empty(0, np.uint8), *(counts for _, _, counts in block)])
    terms = "\n".join(term for term, _, _ in block).encode()
    return _blob(sizes, _LENGTHS) + _blob(rows, _ROWS) + _blob(counts, _COUNTS) + terms


class _Unpacked:
    """A block of terms; `NotWhole` if `_packed` cannot have made it."""

    def __init__(self, stored: bytes) -> None:
        try:
            terms = int.from_bytes(stored[: _LENGTHS.itemsize], "little")
            self._sizes = np.frombuffer(stored, _LENGTHS, terms, _LENGTHS.itemsize)
            total, at = int(self._sizes.sum(dtype=np.int64)), _LENGTHS.itemsize * (terms + 1)
            self._rows = np.frombuffer(stored, _ROWS, total, at).astype(np.uint32, copy=False)
            at += _ROWS.itemsize * total
            self._counts = np.frombuffer(stored, _COUNTS, total, at)
            self._terms = stored[at + total :].decode().split("\n") if terms else []
        except (ValueError, TypeError) as error:
            raise NotWhole("its words cannot be read") from error
        if len(self._terms) != terms:
            raise NotWhole("its words cannot be read")

    def find(self, term: str) -> Posting | None:
        n = bisect_left(self._terms, term)
        if n == len(self._terms) or self._terms[n] != term:
            return None
        start = int(self._sizes[:n].sum(dtype=np.int64))
        run = slice(start, start + int(self._sizes[n]))
        return term, self._rows[run], self._counts[run]

    def frequencies(self) -> Iterator[tuple[str, int]]:
        """Yield each term, and how many passages hold it."""
        yield from zip(self._terms, self._sizes.tolist(), strict=True)

    def __iter__(self) -> Iterator[Posting]:
        borders = [0, *np.cumsum(self._sizes, dtype=np.int64).tolist()]
        for term, (start, end) in zip(self._terms, pairwise(borders), strict=True):
            yield term, self._rows[start:end], self._counts[start:end]


def _seal(number: int, passages: bytes, lengths: bytes) -> bytes:
    return checksum(number, checksum_of(passages), checksum_of(lengths))


def _block_checksum(seal: bytes, first: str, until: str | None, terms: bytes) -> bytes:
    return checksum(seal, first, until, checksum_of(terms))


def _checked_block(
    segment: Segment, row: tuple[str, str | None, bytes, bytes]
) -> tuple[str, str | None, bytes]:
    first, until, terms, check = row
    if _block_checksum(segment.seal, first, until, terms) != check:
        raise NotWhole(f"the words from {first!r} on are not as they were written")
    return first, until, terms


def _new_rows(sources: Sequence[Segment], passages: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return for each row of the segments its row among `passages`; -1 for a removed one."""
    return [
        np.where(source.alive, np.searchsorted(passages, source.passages), -1) for source in sources
    ]


def _merge(
    runs: Sequence[Iterable[Posting]], new_rows: Sequence[NDArray[np.int64]]
) -> Iterator[Posting]:
    """Merge the postings of several segments, and give them their new rows."""
    rising = heapq.merge(*map(_renumber, runs, new_rows), key=itemgetter(0))
    for term, same in groupby(rising, key=itemgetter(0)):
        parts = [(rows, counts) for _, rows, counts in same]
        rows, counts = parts[0]
        if len(parts) > 1:
            rows = np.concatenate([rows for rows, _ in parts])
            counts = np.concatenate([counts for _, counts in parts])
        if (rows < 0).any():
            rows, counts = rows[rows >= 0], counts[rows >= 0]
        if len(parts) > 1:
            order = np.argsort(rows)
            rows, counts = rows[order], counts[order]
        if len(rows):
            yield term, rows.astype(np.uint32), counts


def _renumber(
    run: Iterable[Posting], new_rows: NDArray[np.int64]
) -> Iterator[tuple[str, NDArray[np.int64], NDArray[np.uint8]]]:
    for term, rows, counts in run:
        yield term, new_rows[rows], counts


def _blob(numbers: NDArray[np.generic], kind: np.dtype[np.generic]) -> bytes:
    return numbers.astype(kind, copy=False).tobytes()
