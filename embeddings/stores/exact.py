"""The reference store: NumPy, every vector scored exactly for every query."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np

from embeddings.errors import StoreError
from embeddings.plain_files import create_plain, open_plain
from embeddings.stores._vectors import (
    Ids,
    Scores,
    Vectors,
    checked,
    checked_new,
    inner_products,
    nearest,
    search_each,
)


class ExactStore:
    """A `VectorStore` that is boring on purpose; the fast ones are compared with it."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._ids: Ids = np.empty(0, dtype=np.int64)
        self._vectors: Vectors = np.empty((0, dim), dtype=np.float32)

    @classmethod
    def load(cls, path: Path, dim: int) -> Self:
        """Read a file that `save` wrote."""
        store = cls(dim)
        try:
            with open_plain(path) as file, np.load(file, allow_pickle=False) as saved:
                ids, vectors = saved["ids"], saved["vectors"]
            store.add(ids, vectors)
        except Exception as error:  # NumPy's and zipfile's errors share no base class
            raise StoreError(f"the vector file {path} cannot be read: {error}") from error
        return store

    @property
    def ids(self) -> Ids:
        """The ids of all vectors."""
        return self._ids.copy()

    def vectors(self, ids: Ids) -> Vectors:
        """Return vectors by id, in the order asked for; a `StoreError` if one is not there."""
        rows = {id_: row for row, id_ in enumerate(self._ids.tolist())}
        try:
            return self._vectors[[rows[id_] for id_ in ids.tolist()]]
        except KeyError as error:
            raise StoreError(f"there is no vector {error} in the store") from None

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors, of shape (ids, dim)."""
        ids, vectors = checked_new(ids, vectors, self.dim, self._ids)
        self._ids = np.concatenate([self._ids, ids])
        self._vectors = np.concatenate([self._vectors, vectors])

    def remove(self, ids: Ids) -> int:
        """Remove the vectors of these ids."""
        keep = ~np.isin(self._ids, ids)
        removed = len(self._ids) - int(keep.sum())
        self._ids, self._vectors = self._ids[keep], self._vectors[keep]
        return removed

    def search(self, vectors: Vectors, top_k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Score every vector, or with `among` every one of these ids, for every query."""
        rows = slice(None) if among is None else np.isin(self._ids, among)
        ids, candidates = self._ids[rows], self._vectors[rows]
        top_k = min(top_k, len(ids))
        return search_each(
            checked(vectors, self.dim), top_k, lambda q: nearest(q, ids, candidates, top_k)
        )

    def scores(self, vector: Vectors, ids: Ids) -> Scores:
        """Score vectors by id."""
        return inner_products(checked(vector[None, :], self.dim), self.vectors(ids))

    def save(self, path: Path) -> None:
        """Write a new `.npz` file, under the very name given."""
        with create_plain(path) as file:
            np.savez(file, ids=self._ids, vectors=self._vectors)

    def __len__(self) -> int:
        return len(self._ids)

    def close(self) -> None:
        """Release the memory."""
        self._ids, self._vectors = self._ids[:0], self._vectors[:0]
