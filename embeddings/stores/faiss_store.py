"""The default store: FAISS, flat inner product."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Self

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.errors import StoreError
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
from embeddings.stores.vector_files import VectorFile, write_vectors

# FAISS sums in float32 and orders ties arbitrarily. So a few more candidates than asked for are
# taken from it, until the last one cannot belong to the best, and all are scored again exactly.
_SPARE = 16
_ROUNDING = 1e-4


class FaissStore:
    """A `VectorStore` over `IndexFlatIP`; finds what the exact store finds."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(dim))

    @classmethod
    def load(cls, path: Path, dim: int, most: int | None = None) -> Self:
        """Read a file that `save` wrote, of `most` vectors at most."""
        store = cls(dim)
        with closing(VectorFile(path, dim, most)) as file:
            store.add(file.ids, file.read(np.arange(file.count)))
        return store

    @property
    def ids(self) -> Ids:
        """The ids of all vectors."""
        return np.array(faiss.vector_to_array(self._index.id_map), dtype=np.int64)

    def has(self, ids: Ids) -> NDArray[np.bool_]:
        """Return for each id whether it is in the store."""
        return np.isin(ids, self.ids)

    def vectors(self, ids: Ids) -> Vectors:
        """Return vectors by id, in the order asked for; a `StoreError` if one is not there."""
        try:
            vectors: Vectors = self._index.reconstruct_batch(np.ascontiguousarray(ids, np.int64))
        except RuntimeError:
            raise StoreError("an id that is asked for is not in the store") from None
        return vectors

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors, of shape (ids, dim)."""
        ids, vectors = checked_new(ids, vectors, self.dim, self.ids)
        self._index.add_with_ids(vectors, ids)

    def remove(self, ids: Ids) -> int:
        """Remove the vectors of these ids."""
        selector = faiss.IDSelectorBatch(np.ascontiguousarray(ids, dtype=np.int64))
        return int(self._index.remove_ids(selector))

    def search(self, vectors: Vectors, top_k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Search with FAISS, then score its candidates exactly."""
        vectors = checked(vectors, self.dim)
        count, only = len(self), None
        if among is not None:
            chosen = np.intersect1d(self.ids, among)
            count, selector = len(chosen), faiss.IDSelectorBatch(chosen)
            only = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # made by SWIG
        top_k = min(top_k, count)
        return search_each(vectors, top_k, lambda q: self._search_one(q, top_k, count, only))

    def _search_one(
        self, query: Vectors, top_k: int, count: int, only: faiss.SearchParameters | None
    ) -> tuple[Scores, Ids]:
        """Find the best of the vectors that `only` allows, of which there are `count`."""
        taken = top_k + _SPARE
        # One query is one thread's work; to wake the others is slower, the more so when all are
        # busy. The setting is the calling thread's own.
        faiss.omp_set_num_threads(1)
        while True:
            taken = min(taken, count)
            rough, candidates = self._index.search(query[None, :], taken, params=only)
            vectors = self._index.reconstruct_batch(candidates[0])
            scores, ids = nearest(query, candidates[0], vectors, top_k)
            if taken == count or rough[0, -1] < scores[-1] - _ROUNDING:
                return scores, ids
            taken *= 2

    def scores(self, vector: Vectors, ids: Ids) -> Scores:
        """Score vectors by id."""
        return inner_products(checked(vector[None, :], self.dim), self.vectors(ids))

    def save(self, path: Path) -> None:
        """Write the vectors to a new file (`embeddings.stores.vector_files`)."""
        ids = self.ids
        write_vectors(path, ids, self.dim, lambda rows: self.vectors(ids[rows]))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def close(self) -> None:
        """Release the memory."""
        self._index.reset()
