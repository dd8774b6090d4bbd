"""A file of many vectors: FAISS inverted lists find candidates, the vectors score them.

The file (`embeddings.stores.vector_files`) has the vectors in rising order of id, of which only
those that are scored are read, and lists with one byte for a number, which are read into memory.
The file never changes: removed vectors are marked in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.stores._vectors import Ids, Scores, Vectors, checked, nearest, search_each
from embeddings.stores.file_store import FileStore, Mask
from embeddings.stores.vector_files import Lists, Rows, VectorFile, write_vectors

if TYPE_CHECKING:
    from embeddings.stores.faiss_store import FaissStore

# How these were set: benchmarks/studies/README.md.
_LISTS_PER_ROOT = 2  # lists for n vectors: so many times the root of n,
_LEAST_IN_A_LIST = 400  # if that leaves so many vectors to each
_TRAINED_ON = 48  # vectors for each list
_ROUNDS = 10
_PROBED = 48  # lists that a search reads
_SPARE = 16
_SIGMAS = 6.0  # of the error in a score from one byte for a number
_SUMMED = 1e-4  # the error from sums in float32
_LEAST_TRAINED_ON = 16_384
_CODES_AT_ONCE = 65_536
_CODE = faiss.ScalarQuantizer.QT_8bit


class IvfStore(FileStore):
    """A file of vectors, of which a search reads a share; scores are exact."""

    def __init__(self, file: VectorFile) -> None:
        super().__init__(file)
        self._vectors = file
        self._lists: faiss.IndexIVFScalarQuantizer | None = None
        self._reading = Lock()

    @classmethod
    def load(cls, path: Path, dim: int, most: int | None = None) -> Self:
        """Open a file of `most` vectors at most; the first search reads its lists."""
        file = VectorFile(path, dim, most)
        if (np.diff(file.ids) <= 0).any() or (file.count and not file.lists_count):
            file.close()
            raise file.unreadable("it has no lists")
        return cls(file)

    def search(self, vectors: Vectors, top_k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Search the nearest lists, and score the candidates in them exactly."""
        chosen = self._chosen(among)
        top_k = min(top_k, int(np.count_nonzero(chosen)))
        return search_each(
            checked(vectors, self.dim), top_k, lambda q: self._search_one(q, top_k, chosen)
        )

    def _search_one(self, query: Vectors, top_k: int, chosen: Mask) -> tuple[Scores, Ids]:
        """Find the best of the chosen rows; there are `top_k` or more."""
        count = int(np.count_nonzero(chosen))
        lists = self._opened()
        only = None
        if count < len(chosen):
            only = faiss.IDSelectorBitmap(np.packbits(chosen, bitorder="little"))  # type: ignore[call-arg,arg-type]  # SWIG's
        margin = _rounding(lists) * float(np.linalg.norm(query))
        probed, taken = min(_PROBED, lists.nlist), min(top_k + _SPARE, count)
        while True:
            parameters = faiss.SearchParametersIVF(sel=only, nprobe=probed)  # type: ignore[call-arg]  # SWIG's
            rough, rows = lists.search(query[None, :], taken, params=parameters)
            rows = np.sort(rows[0, rows[0] >= 0])
            if len(rows) < top_k and probed < lists.nlist:
                probed = min(probed * 4, lists.nlist)
                continue
            scores, ids = nearest(query, self._file.ids[rows], self._file.read(rows), top_k)
            if len(rows) < taken or taken == count or rough[0, -1] < scores[-1] - margin:
                return scores, ids
            taken = min(taken * 2, count)

    def close(self) -> None:
        """Release the memory and the file."""
        super().close()
        self._lists = None

    def _opened(self) -> faiss.IndexIVFScalarQuantizer:
        with self._reading:
            if self._lists is None:
                self._lists = _index_of(self._vectors.lists(), self.dim)
            return self._lists


def write(path: Path, dim: int, stores: Sequence[FaissStore | FileStore]) -> None:
    """Write all vectors of some stores, which share no id, to one file for `IvfStore`."""
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
    """Sorts vectors into lists that are trained on some of them."""

    def __init__(self, dim: int, count: int, rows: Rows) -> None:
        self._index = _trained(dim, count, rows)
        self.number = self._index.nlist
        self._nearest = np.empty(count, np.int64)
        self._codes = np.empty((count, dim), np.uint8)
        self._added = 0

    def add(self, vectors: Vectors) -> None:
        some = slice(self._added, self._added + len(vectors))
        self._nearest[some] = self._index.quantizer.assign(vectors, 1)[:, 0]
        self._codes[some] = self._index.sq.compute_codes(vectors)
        self._added = some.stop

    def parts(self) -> Iterator[NDArray[np.generic]]:
        rows = np.argsort(self._nearest, kind="stable")
        yield self._index.quantizer.reconstruct_n(0, self.number)
        yield faiss.vector_to_array(self._index.sq.trained)
        yield np.bincount(self._nearest, minlength=self.number)
        yield rows
        for start in range(0, len(rows), _CODES_AT_ONCE):
            yield self._codes[rows[start : start + _CODES_AT_ONCE]]


def _index_of(stored: Lists, dim: int) -> faiss.IndexIVFScalarQuantizer:
    index = _empty(dim, len(stored.sizes))
    index.quantizer.add(stored.centres)
    faiss.copy_array_to_vector(stored.ranges.reshape(-1), index.sq.trained)
    index.is_trained = True
    lists, end = _inverted(index), 0
    for n, size in enumerate(stored.sizes.tolist()):
        start, end = end, end + size
        rows, codes = stored.rows[start:end], stored.codes[start:end]
        lists.add_entries(n, size, faiss.swig_ptr(rows), faiss.swig_ptr(codes))
    index.ntotal = len(stored.rows)
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
    """Train lists on some of the vectors, the same ones each time."""
    number = max(min(int(_LISTS_PER_ROOT * count**0.5), count // _LEAST_IN_A_LIST), 1)
    trained_on = min(count, max(number * _TRAINED_ON, _LEAST_TRAINED_ON))
    lists = _empty(dim, number)
    lists.cp.niter = _ROUNDS
    lists.cp.min_points_per_centroid = 1  # no warning
    lists.train(rows(np.linspace(0, count - 1, trained_on).astype(np.int64)))
    return lists


def _rounding(lists: faiss.IndexIVFScalarQuantizer) -> float:
    """Return the error that a score by the lists may have, for a query of length 1."""
    steps = faiss.vector_to_array(lists.sq.trained)[lists.d :] / 255
    return _SIGMAS * float(np.sqrt((steps**2).mean() / 12)) + _SUMMED
