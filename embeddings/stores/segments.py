"""Vectors in several files: what is written is never changed, so that a change writes little.

A segment is a file that a store saved. A change writes at most one new one, which takes in what
is new and the small segments that are there; large ones stay, with marks at what was removed
from them, until as much is new as makes it worth while to take them in. So a segment is taken in
a few times while an index grows, and there are never many.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from embeddings.stores import Segment
from embeddings.stores._vectors import Ids, Scores, Vectors, best_of, checked, inner_products
from embeddings.stores.faiss_store import FaissStore
from embeddings.stores.ivf_store import IvfStore, write

FLAT_MOST = 20_000
"""The most vectors that are searched one and all, by benchmarks/studies/scale_kinds.py."""

_TAKEN_IN = 4  # a segment is, if it has no more than so many times what is new

Store = FaissStore | IvfStore


class _Part:
    """A segment, its store, and the ids whose vectors are in the file and count no more."""

    def __init__(self, segment: Segment, store: Store) -> None:
        self.segment = segment
        self.store = store
        self.deleted: list[int] = []

    def remove(self, ids: Ids) -> int:
        there = ids[self.store.has(ids)]
        self.deleted += there.tolist()
        return self.store.remove(there)


class Segments:
    """A `VectorStore` of several segments, with what is added since in memory.

    It is saved by `write`, as segments.
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._parts: list[_Part] = []
        self._fresh = FaissStore(dim)

    @classmethod
    def load(
        cls,
        folder: Path,
        segments: Iterable[Segment],
        dim: int,
        deleted: Sequence[int] = (),
        most: int | None = None,
    ) -> Segments:
        """Open segments.

        Args:
            folder: where their files are.
            segments: what is known of each.
            dim: numbers in a vector.
            deleted: the ids whose vectors are in a file and count no more.
            most: how many vectors a file may have; None is any number.

        Raises:
            StoreError: a file is missing, damaged, of another dimension, or has more vectors.
        """
        store, gone = cls(dim), np.array(deleted, dtype=np.int64)
        for segment in segments:
            kind = IvfStore if segment.kind == "ivf" else FaissStore
            store._parts.append(_Part(segment, kind.load(folder / segment.name, dim, most)))
        for part in store._parts:
            part.remove(gone)
        return store

    @property
    def ids(self) -> Ids:
        """The ids of all vectors."""
        return np.concatenate([store.ids for store in self._stores()])

    @property
    def deleted(self) -> list[int]:
        """The ids whose vectors are in the segments' files and count no more, in order."""
        return sorted(id_ for part in self._parts for id_ in part.deleted)

    def vectors(self, ids: Ids) -> Vectors:
        """Return vectors by id, in the order asked for; a `StoreError` if one is not there."""
        ids = np.asarray(ids, dtype=np.int64)
        found = np.empty((len(ids), self.dim), dtype=np.float32)
        left = np.ones(len(ids), dtype=np.bool_)
        for part in self._parts:
            theirs = left & part.store.has(ids)
            found[theirs] = part.store.vectors(ids[theirs])
            left &= ~theirs
        found[left] = self._fresh.vectors(ids[left])
        return found

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors, of shape (ids, dim), in memory; the ids must be new to the segments."""
        self._fresh.add(ids, vectors)

    def remove(self, ids: Ids) -> int:
        """Remove the vectors of these ids."""
        ids = np.asarray(ids, dtype=np.int64)
        return self._fresh.remove(ids) + sum(part.remove(ids) for part in self._parts)

    def search(self, vectors: Vectors, top_k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Search every segment, and put together what they found."""
        found = [store.search(vectors, top_k, among) for store in self._stores()]
        most = sum(ids.shape[1] for _, ids in found)
        return best_of(found, len(vectors), min(top_k, most))

    def scores(self, vector: Vectors, ids: Ids) -> Scores:
        """Score vectors by id."""
        return inner_products(checked(vector[None, :], self.dim), self.vectors(ids))

    def write(self, folder: Path, name: str) -> list[Segment]:
        """Write what is to be written to one new file, and give the segments that are then.

        The new one is the last, without a digest; where there is nothing to write, there is none.
        The store is not used after, but for `deleted`, which is then of the segments that are kept.
        """
        taken = self._taken_in()
        stores = [self._fresh, *(part.store for part in taken)]
        self._parts = [part for part in self._parts if part not in taken]
        kept = [part.segment for part in self._parts]
        count = sum(map(len, stores))
        if kept and not count:
            return kept
        if count > FLAT_MOST:
            write(folder / name, self.dim, stores)
            return [*kept, Segment(name, "ivf")]
        whole = FaissStore(self.dim)
        for store in stores[1:] + stores[:1]:
            whole.add(store.ids, store.vectors(store.ids))
        whole.save(folder / name)
        return [*kept, Segment(name, "faiss")]

    def _taken_in(self) -> list[_Part]:
        """Choose the segments that the new one takes in: the small, and those half deleted."""
        taken, count = [], len(self._fresh)
        for part in sorted(self._parts, key=lambda part: len(part.store)):
            size = len(part.store)
            if size <= max(FLAT_MOST, _TAKEN_IN * count) or len(part.deleted) > size:
                taken.append(part)
                count += size
        return taken

    def __len__(self) -> int:
        return sum(map(len, self._stores()))

    def close(self) -> None:
        """Let go of memory and files."""
        for store in self._stores():
            store.close()

    def _stores(self) -> list[Store]:
        return [*(part.store for part in self._parts), self._fresh]
