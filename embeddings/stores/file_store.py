"""What stores in a file share: vectors in rising order of id, read when they are asked for.

The file never loses a vector: removed ones are marked in memory.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import StoreError
from embeddings.stores._vectors import Ids, Vectors

Mask = NDArray[np.bool_]


class RowsFile(Protocol):
    """A file of vectors, in rising order of their ids."""

    dim: int
    ids: Ids

    def read(self, rows: NDArray[np.int64]) -> Vectors:
        """Return vectors by row."""

    def close(self) -> None:
        """Close the file."""


class FileStore:
    """The vectors of a file by id."""

    def __init__(self, file: RowsFile) -> None:
        self.dim = file.dim
        self._file = file
        self._alive: Mask = np.ones(len(file.ids), dtype=np.bool_)

    @property
    def ids(self) -> Ids:
        """The ids of all vectors."""
        return self._file.ids[self._alive]

    def has(self, ids: Ids) -> Mask:
        """Return for each id whether it is in the store."""
        return self._rows(ids)[1]

    def vectors(self, ids: Ids) -> Vectors:
        """Return vectors by id, in the order asked for; a `StoreError` if one is not there."""
        rows, present = self._rows(ids)
        if not present.all():
            raise StoreError("an id that is asked for is not in the store")
        return self._file.read(rows)

    def remove(self, ids: Ids) -> int:
        """Remove the vectors of these ids: from now on, no search reads them."""
        rows, present = self._rows(ids)
        removed = np.unique(rows[present])
        self._alive[removed] = False
        return len(removed)

    def __len__(self) -> int:
        return int(np.count_nonzero(self._alive))

    def close(self) -> None:
        """Release the memory and the file."""
        self._file.close()

    def _rows(self, ids: Ids) -> tuple[NDArray[np.int64], Mask]:
        """Return the row of each id, and whether the id is in the store at all."""
        ids, known = np.asarray(ids, dtype=np.int64), self._file.ids
        if not len(known):
            return np.zeros(len(ids), np.int64), np.zeros(len(ids), np.bool_)
        rows = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        return rows, (known[rows] == ids) & self._alive[rows]

    def _chosen(self, among: Ids | None) -> Mask:
        """Return a mask of the rows to search."""
        if among is None:
            return self._alive
        rows, present = self._rows(among)
        chosen = np.zeros(len(self._alive), dtype=np.bool_)
        chosen[rows[present]] = True
        return chosen
