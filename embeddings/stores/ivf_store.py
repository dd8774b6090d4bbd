"""The store for many vectors: FAISS inverted lists find candidates, the vectors score them.

Its file (`embeddings.stores.vector_files`) has the vectors in rising order of id, of which only
what is scored is read, and lists of one byte for a number, which are read into memory. The file is
never changed: what is added since stands in memory, and what is removed is marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.stores._vectors import (
    Ids,
    Scores,
    Vectors,
    best_of,
    checked,
    checked_new,
    inner_products,
    nearest,
)
from embeddings.stores.faiss_store import FaissStore
from embeddings.stores.vector_files import Lists, Rows, VectorFile, write_vectors

if TYPE_CHECKING:
    from embeddings.stores import VectorStore

Mask = NDArray[np.bool_]

# How these were set: benchmarks/studies/README.md.
_LISTS_PER_ROOT = 2  # lists for n vectors: so many times the root of n,
_LEAST_IN_A_LIST = 400  # if that leaves so many vectors to each
_LEARNT_FROM = 48  # vectors for each list
_ROUNDS = 10
_PROBED = 48  # lists that a search reads
_SPARE = 16
_SIGMAS = 6.0  # of what one byte for a number does to a score
_SUMMED = 1e-4  # what sums in float32 do to it
_LEAST_LEARNT_FROM = 16_384
_CODE = faiss.ScalarQuantizer.QT_8bit


class IvfStore:
    """A `VectorStore` whose searches read a share of the vectors; scores are exact."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._ids: Ids = np.empty(0, dtype=np.int64)
        self._file: VectorFile | None = None
        self._alive: Mask = np.empty(0, dtype=np.bool_)
        self._removed = 0
        self._lists: faiss.IndexIVFScalarQuantizer | None = None
        self._reading = Lock()
        self._fresh = FaissStore(dim)

    @classmethod
    def load(cls, path: Path, dim: int, most: int | None = None) -> Self:
        """Open a file of `most` vectors at most; the first search reads its lists."""
        store, file = cls(dim), VectorFile(path, dim, most)
        store._file, store._ids = file, file.ids
        if (np.diff(file.ids) <= 0).any() or (file.count and not file.lists_count):
            raise file.unreadable("it has no lists")
        store._alive = np.ones(file.count, dtype=np.bool_)
        return store

    @property
    def ids(self) -> Ids:
        """The ids of all vectors."""
        return np.concatenate([self._ids[self._alive], self._fresh.ids])

    def has(self, ids: Ids) -> Mask:
        """Return for each id whether it is there."""
        there: Mask = self._rows(ids)[1] | self._fresh.has(ids)
        return there

    def vectors(self, ids: Ids) -> Vectors:
        """Return vectors by id, in the order asked for; a `StoreError` if one is not there."""
        rows, there = self._rows(ids)
        found = np.empty((len(ids), self.dim), dtype=np.float32)
        found[there] = self._read(rows[there])
        if not there.all():
            found[~there] = self._fresh.vectors(np.asarray(ids)[~there])
        return found

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors, of shape (ids, dim), in memory."""
        ids, vectors = checked_new(ids, vectors, self.dim, self.ids)
        self._fresh.add(ids, vectors)

    def remove(self, ids: Ids) -> int:
        """Remove the vectors of these ids: from now on, no search reads them."""
        rows, there = self._rows(ids)
        gone = np.unique(rows[there])
        self._alive[gone] = False
        self._removed += len(gone)
        return len(gone) + self._fresh.remove(ids)

    def search(self, vectors: Vectors, top_k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Search the nearest lists, score what they give exactly, and join what was added."""
        vectors = checked(vectors, self.dim)
        chosen = self._alive
        if among is not None:
            rows, there = self._rows(among)
            chosen = np.zeros(len(self._ids), dtype=np.bool_)
            chosen[rows[there]] = True
        found = [self._search_one(query, top_k, chosen) for query in vectors]
        mapped = [scores for scores, _ in found], [self._ids[rows] for _, rows in found]
        fresh = self._fresh.search(vectors, top_k, among)
        most = min(int(np.count_nonzero(chosen)), top_k) + fresh[0].shape[1]
        return best_of([mapped, fresh], len(vectors), min(top_k, most))

    def _search_one(self, query: Vectors, top_k: int, alive: Mask) -> tuple[Scores, Ids]:
        """Find the best of the rows that may be found, best first."""
        there = int(np.count_nonzero(alive))
        wanted = min(top_k, there)
        if wanted == 0:
            return np.empty(0, np.float32), np.empty(0, np.int64)
        lists = self._opened()
        only = None
        if there < len(alive):
            only = faiss.IDSelectorBitmap(np.packbits(alive, bitorder="little"))  # type: ignore[call-arg,arg-type]
        margin = _rounding(lists) * float(np.linalg.norm(query))
        probed, taken = min(_PROBED, lists.nlist), min(wanted + _SPARE, there)
        while True:
            parameters = faiss.SearchParametersIVF(sel=only, nprobe=probed)  # type: ignore[call-arg]
            rough, rows = lists.search(query[None, :], taken, params=parameters)
            rows = np.sort(rows[0, rows[0] >= 0])
            if len(rows) < wanted and probed < lists.nlist:
                probed = min(probed * 4, lists.nlist)
                continue
            scores, rows_found = nearest(query, rows, self._read(rows), wanted)
            if len(rows) < taken or taken == there or rough[0, -1] < scores[-1] - margin:
                return scores, rows_found
            taken = min(taken * 2, there)

    def scores(self, vector: Vectors, ids: Ids) -> Scores:
        """Score vectors by id."""
        return inner_products(checked(vector[None, :], self.dim), self.vectors(ids))

    def save(self, path: Path) -> None:
        """Write the vectors that are there to a new file."""
        write(path, self.dim, [self])

    def __len__(self) -> int:
        return len(self._ids) - self._removed + len(self._fresh)

    def close(self) -> None:
        """Let go of memory and the file."""
        if self._file is not None:
            self._file.close()
        self.__init__(self.dim)  # type: ignore[misc]

    def _rows(self, ids: Ids) -> tuple[NDArray[np.int64], Mask]:
        """Return the row of each id, and whether it is there at all."""
        ids = np.asarray(ids, dtype=np.int64)
        if not len(self._ids):
            return np.zeros(len(ids), np.int64), np.zeros(len(ids), np.bool_)
        rows = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        return rows, (self._ids[rows] == ids) & self._alive[rows]

    def _opened(self) -> faiss.IndexIVFScalarQuantizer:
        with self._reading:
            if self._lists is None:
                assert self._file is not None  # noqa: S101 - rows come from a file
                self._lists = _searched(self._file.lists(), self.dim)
            return self._lists

    def _read(self, rows: NDArray[np.int64]) -> Vectors:
        if self._file is None:
            return np.empty((0, self.dim), dtype=np.float32)
        return self._file.read(rows)


def write(path: Path, dim: int, stores: Sequence[VectorStore]) -> None:
    """Write all vectors of some stores, which share no id, as one file of `IvfStore`."""
    ids = np.concatenate([np.empty(0, np.int64), *(store.ids for store in stores)])
    owners = np.repeat(np.arange(len(stores)), [len(store) for store in stores])
    order = np.argsort(ids, kind="stable")
    ids, owners = ids[order], owners[order]

    def rows(chosen: NDArray[np.int64]) -> Vectors:
        vectors = np.empty((len(chosen), dim), dtype=np.float32)
        for n in np.unique(owners[chosen]).tolist():
            theirs = owners[chosen] == n
            vectors[theirs] = stores[n].vectors(ids[chosen[theirs]])
        return vectors

    write_vectors(path, ids, dim, rows, _Listing(dim, len(ids), rows) if len(ids) else None)


class _Listing:
    """Puts vectors into lists that are learnt from some of them."""

    def __init__(self, dim: int, count: int, rows: Rows) -> None:
        self._index = _trained(dim, count, rows)
        self.number = self._index.nlist

    def add(self, vectors: Vectors) -> None:
        self._index.add(vectors)

    def finished(self) -> Lists:
        index, lists = self._index, _inverted(self._index)
        sizes = [lists.list_size(n) for n in range(self.number)]
        rows, codes = np.empty(index.ntotal, np.int64), np.empty((index.ntotal, index.d), np.uint8)
        end = 0
        for n, size in enumerate(sizes):
            start, end = end, end + size
            rows[start:end] = faiss.rev_swig_ptr(lists.get_ids(n), size)
            codes[start:end].reshape(-1)[:] = faiss.rev_swig_ptr(lists.get_codes(n), size * index.d)
        centres = index.quantizer.reconstruct_n(0, self.number)
        ranges = faiss.vector_to_array(index.sq.trained).reshape(2, index.d)
        return Lists(centres, ranges, np.array(sizes, np.int64), rows, codes)


def _searched(found: Lists, dim: int) -> faiss.IndexIVFScalarQuantizer:
    """Make the FAISS index of lists."""
    index = _empty(dim, len(found.sizes))
    index.quantizer.add(found.centres)
    faiss.copy_array_to_vector(found.ranges.reshape(-1), index.sq.trained)
    index.is_trained = True
    lists, end = _inverted(index), 0
    for n, size in enumerate(found.sizes.tolist()):
        start, end = end, end + size
        rows, codes = found.rows[start:end], found.codes[start:end]
        lists.add_entries(n, size, faiss.swig_ptr(rows), faiss.swig_ptr(codes))
    index.ntotal = len(found.rows)
    return index


def _inverted(index: faiss.IndexIVFScalarQuantizer) -> faiss.InvertedLists:
    assert index.invlists is not None  # noqa: S101 - every index of this kind has them
    return index.invlists


def _empty(dim: int, number: int) -> faiss.IndexIVFScalarQuantizer:
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dim), dim, number, _CODE, faiss.METRIC_INNER_PRODUCT
    )
    index.by_residual = False
    return index


def _trained(dim: int, count: int, rows: Rows) -> faiss.IndexIVFScalarQuantizer:
    """Learn lists from some of the vectors, the same ones each time."""
    wanted = min(int(_LISTS_PER_ROOT * count**0.5), count // _LEAST_IN_A_LIST)
    number = max(wanted, 1)
    learnt_from = min(count, max(number * _LEARNT_FROM, _LEAST_LEARNT_FROM))
    lists = _empty(dim, number)
    lists.cp.niter = _ROUNDS
    lists.cp.min_points_per_centroid = 1  # no warning
    lists.train(rows(np.linspace(0, count - 1, learnt_from).astype(np.int64)))
    return lists


def _rounding(lists: faiss.IndexIVFScalarQuantizer) -> float:
    """Return how far off the score of a list may be, for a query of length 1."""
    steps = faiss.vector_to_array(lists.sq.trained)[lists.d :] / 255
    return _SIGMAS * float(np.sqrt((steps**2).mean() / 12)) + _SUMMED
