"""The reference store: NumPy, every vector scored exactly for every query."""

from __future__ import annotations

from pathlib import Path
from typing import Self
from zipfile import BadZipFile

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
)

_ROWS_AT_ONCE = 65_536
_UNREADABLE = (  # what NumPy and zipfile say of files that are not what they should be
    OSError,
    ValueError,
    KeyError,
    EOFError,
    TypeError,
    RuntimeError,
    BadZipFile,
    StoreError,
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
        except _UNREADABLE as error:
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
        """Score every vector, or every one that is `among` some, for every query."""
        if among is not None:
            return self._only(among).search(vectors, top_k)
        found = [self._search_one(query, top_k) for query in checked(vectors, self.dim)]
        shape = (len(found), min(top_k, len(self)))
        scores = np.array([scores for scores, _ in found], dtype=np.float32).reshape(shape)
        return scores, np.array([ids for _, ids in found], dtype=np.int64).reshape(shape)

    def _search_one(self, query: Vectors, top_k: int) -> tuple[Scores, Ids]:
        scores, ids = np.empty(0, dtype=np.float32), np.empty(0, dtype=np.int64)
        for start in range(0, len(self), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            more = nearest(query, self._ids[rows], self._vectors[rows], top_k)
            scores, ids = np.concatenate([scores, more[0]]), np.concatenate([ids, more[1]])
            best = np.lexsort((ids, -scores))[:top_k]
            scores, ids = scores[best], ids[best]
        return scores, ids

    def _only(self, ids: Ids) -> ExactStore:
        """Return a store that holds these ids alone."""
        store, chosen = ExactStore(self.dim), np.isin(self._ids, ids)
        store._ids, store._vectors = self._ids[chosen], self._vectors[chosen]
        return store

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
        """Let go of the vectors."""
        self._ids, self._vectors = self._ids[:0], self._vectors[:0]
