"""The store for many vectors: FAISS inverted lists find candidates, the vectors score them.

One file, in this machine's byte order:

    header     what it is, its dimension, how many vectors, and the bytes of the lists
    ids        int64, in rising order
    vectors    float32, in order of id; only what is scored is read
    lists      a FAISS index of one byte for a number, by row; read into memory

The file is never changed. What is added since stands in memory, and what is removed is marked.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.errors import StoreError
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

if TYPE_CHECKING:
    from embeddings.stores import VectorStore

Mask = NDArray[np.bool_]

_MAGIC = b"INQTIVF1"
_HEADER = struct.Struct("<8sqqq")  # magic, dim, vectors, bytes of the lists
_ROWS_AT_ONCE = 16_384

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
        self._file: _Rows | None = None
        self._alive: Mask = np.empty(0, dtype=np.bool_)
        self._removed = 0
        self._lists: faiss.IndexIVFScalarQuantizer | None = None
        self._reading = Lock()
        self._fresh = FaissStore(dim)

    @classmethod
    def load(cls, path: Path, dim: int) -> Self:
        """Open a file that `save` wrote; its lists are read by the first search."""
        store = cls(dim)
        try:
            with path.open("rb") as file:
                count = _read_header(file, path, dim)
                store._ids = np.fromfile(file, np.int64, count)
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from error
        if (np.diff(store._ids) <= 0).any():
            raise StoreError(f"the vector file {path} cannot be read: it is damaged")
        store._file = _Rows(path, count, dim)
        store._alive = np.ones(count, dtype=np.bool_)
        return store

    @property
    def ids(self) -> Ids:
        """The ids of all vectors."""
        return np.concatenate([self._ids[self._alive], self._fresh.ids])

    def has(self, ids: Ids) -> Mask:
        """Tell of each id whether it is there."""
        there: Mask = self._rows(ids)[1] | self._fresh.has(ids)
        return there

    def vectors(self, ids: Ids) -> Vectors:
        """Give vectors by id, in the order asked for; a `StoreError` if one is not there."""
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
            if len(rows) < wanted:
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
        """Give the row of each id, and whether it is there at all."""
        ids = np.asarray(ids, dtype=np.int64)
        if not len(self._ids):
            return np.zeros(len(ids), np.int64), np.zeros(len(ids), np.bool_)
        rows = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        return rows, (self._ids[rows] == ids) & self._alive[rows]

    def _opened(self) -> faiss.IndexIVFScalarQuantizer:
        with self._reading:
            if self._lists is None:
                assert self._file is not None  # noqa: S101 - rows come from a file
                self._lists = self._file.lists()
            return self._lists

    def _read(self, rows: NDArray[np.int64]) -> Vectors:
        if self._file is None:
            return np.empty((0, self.dim), dtype=np.float32)
        return self._file.read(rows)


class _Rows:
    """The vectors of a file, by row. They are read, as mapped ones would fill the memory."""

    def __init__(self, path: Path, count: int, dim: int) -> None:
        self._path = path
        self._count = count
        self._dim = dim
        self._at = _HEADER.size + 8 * count
        self._bytes = 4 * dim
        self._file = path.open("rb", buffering=0)
        self._reading = Lock()

    def read(self, rows: NDArray[np.int64]) -> Vectors:
        """Read vectors; rows that follow each other are read at once."""
        vectors = np.empty((len(rows), self._dim), dtype=np.float32)
        if not len(rows):
            return vectors
        starts = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
        places = (self._at + self._bytes * rows[starts]).tolist()
        borders = (self._bytes * np.append(starts, len(rows))).tolist()
        into = vectors.data.cast("B")
        with self._reading:
            for place, (start, end) in zip(places, pairwise(borders), strict=True):
                self._file.seek(place)
                if self._file.readinto(into[start:end]) < end - start:
                    raise StoreError(f"the vector file {self._path} is cut short")
        return vectors

    def lists(self) -> faiss.IndexIVFScalarQuantizer:
        """Read the lists of these rows, from the file that is open: its name may be gone."""
        try:
            with self._reading:
                self._file.seek(self._at + self._bytes * self._count)
                reader = faiss.PyCallbackIOReader(self._file.read)  # type: ignore[attr-defined]
                lists = faiss.read_index(reader)
        except (OSError, RuntimeError) as error:
            raise _unreadable(self._path, error) from error
        if not isinstance(lists, faiss.IndexIVFScalarQuantizer) or lists.ntotal != self._count:
            raise StoreError(f"the vector file {self._path} cannot be read: its lists are damaged")
        return lists

    def close(self) -> None:
        self._file.close()

    def __del__(self) -> None:
        self._file.close()


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

    with path.open("wb") as file:
        file.write(_HEADER.pack(_MAGIC, dim, len(ids), 0))
        file.write(ids.tobytes())
        size = _write_vectors(file, dim, len(ids), rows) if len(ids) else 0
        file.seek(0)
        file.write(_HEADER.pack(_MAGIC, dim, len(ids), size))


def _write_vectors(
    file: BinaryIO, dim: int, count: int, rows: Callable[[NDArray[np.int64]], Vectors]
) -> int:
    """Write vectors and their lists, in one pass over them; gives the bytes of the lists."""
    lists = _trained(dim, count, rows)
    for start in range(0, count, _ROWS_AT_ONCE):
        vectors = rows(np.arange(start, min(start + _ROWS_AT_ONCE, count)))
        file.write(vectors.tobytes())
        lists.add(vectors)
    before = file.tell()
    # Through a Python file: FAISS's own one merely prints it when the last bytes do not fit.
    faiss.write_index(lists, faiss.PyCallbackIOWriter(file.write))  # type: ignore[attr-defined]
    return file.tell() - before


def _trained(
    dim: int, count: int, rows: Callable[[NDArray[np.int64]], Vectors]
) -> faiss.IndexIVFScalarQuantizer:
    """Learn lists from some of the vectors, the same ones each time."""
    wanted = min(int(_LISTS_PER_ROOT * count**0.5), count // _LEAST_IN_A_LIST)
    number = max(wanted, 1)
    learnt_from = min(count, max(number * _LEARNT_FROM, _LEAST_LEARNT_FROM))
    lists = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dim), dim, number, _CODE, faiss.METRIC_INNER_PRODUCT
    )
    lists.by_residual = False
    lists.cp.niter = _ROUNDS
    lists.cp.min_points_per_centroid = 1  # no warning
    lists.train(rows(np.linspace(0, count - 1, learnt_from).astype(np.int64)))
    return lists


def _read_header(file: BinaryIO, path: Path, dim: int) -> int:
    """Check a file against its header and give how many vectors it has."""
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size or not header.startswith(_MAGIC):
        raise StoreError(f"the vector file {path} cannot be read: it is of no kind known here")
    _, found, count, lists = _HEADER.unpack(header)
    if found != dim:
        raise StoreError(f"the vector file {path} is not of dimension {dim}")
    if path.stat().st_size != _HEADER.size + count * (8 + 4 * dim) + lists:
        raise StoreError(f"the vector file {path} cannot be read: it is not whole")
    return int(count)


def _unreadable(path: Path, error: Exception) -> StoreError:
    return StoreError(f"the vector file {path} cannot be read: {error}")


def _rounding(lists: faiss.IndexIVFScalarQuantizer) -> float:
    """Say how far off the score of a list may be, for a query of length 1."""
    steps = faiss.vector_to_array(lists.sq.trained)[lists.d :] / 255
    return _SIGMAS * float(np.sqrt((steps**2).mean() / 12)) + _SUMMED
