"""New vectors that are too many for memory, in a file without a name until they are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.plain_files import create_unnamed
from embeddings.stores._vectors import Ids, Scores, Vectors, best_of, checked, nearest, search_each
from embeddings.stores.file_store import FileStore
from embeddings.stores.vector_files import read_rows

_SEARCHED_AT_ONCE = 65_536


class SpilledStore(FileStore):
    """A store that vectors are appended to, in rising order of id; a search reads all of them.

    Its file is in `folder`, and goes when it is closed or the process ends, however it ends.
    """

    def __init__(self, folder: Path, dim: int) -> None:
        self._spill = _SpillFile(folder, dim)
        super().__init__(self._spill)

    def takes(self, ids: Ids) -> bool:
        """Return whether these ids come behind all that are here."""
        known = self._spill.ids
        return not len(known) or not len(ids) or int(ids.min()) > int(known[-1])

    def append(self, ids: Ids, vectors: Vectors) -> None:
        """Append vectors that the store `takes`, in any order."""
        order = np.argsort(ids)
        self._spill.append(ids[order], vectors[order])
        self._alive = np.append(self._alive, np.ones(len(ids), np.bool_))

    def search(self, vectors: Vectors, top_k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Score every vector, or with `among` every one of these ids, for every query."""
        rows = np.flatnonzero(self._chosen(among))
        pieces = np.split(rows, range(_SEARCHED_AT_ONCE, len(rows), _SEARCHED_AT_ONCE))
        found = [self._search(checked(vectors, self.dim), top_k, some) for some in pieces]
        return best_of(found, top_k)

    def _search(self, queries: Vectors, top_k: int, rows: NDArray[np.int64]) -> tuple[Scores, Ids]:
        ids, vectors = self._spill.ids[rows], self._spill.read(rows)
        top_k = min(top_k, len(rows))
        return search_each(queries, top_k, lambda query: nearest(query, ids, vectors, top_k))


class _SpillFile:
    def __init__(self, folder: Path, dim: int) -> None:
        self.dim = dim
        self.ids: Ids = np.empty(0, np.int64)
        self._file = create_unnamed(folder)

    def append(self, ids: Ids, vectors: Vectors) -> None:
        self._file.seek(0, 2)
        self._file.write(np.ascontiguousarray(vectors, np.float32).data)
        self.ids = np.append(self.ids, ids)

    def read(self, rows: NDArray[np.int64]) -> Vectors:
        vectors = np.empty((len(rows), self.dim), np.float32)
        if not read_rows(self._file, 0, rows, vectors):
            raise OSError("the vectors in a temporary file are gone")
        return vectors

    def close(self) -> None:
        self._file.close()

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()
