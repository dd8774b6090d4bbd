"""Vectors in several files, which never change, so that each update writes little.

A segment is a file of vectors. An update writes at most one new segment, merged from the new
vectors and the small segments. A large segment stays, with tombstones for what was removed from
it, until there are enough new vectors to make merging it worthwhile. So a segment is merged a few
times while an index grows, and there are never many.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from embeddings.errors import StoreError
from embeddings.stores import Segment
from embeddings.stores._vectors import (
    Ids,
    Scores,
    Vectors,
    best_of,
    checked,
    checked_new,
    inner_products,
)
from embeddings.stores.faiss_store import FaissStore
from embeddings.stores.ivf_store import IvfStore, write
from embeddings.stores.spilled_store import SpilledStore

FLAT_MOST = 20_000
"""The most vectors of a segment without lists, by benchmarks/studies/scale_kinds.py."""

_SMALL = 1_000  # vectors: a segment of no more is merged at every change,
_MERGED = 4  # and a larger one if it has at most so many times as many vectors as are new

Store = FaissStore | IvfStore | SpilledStore


class _Part:
    """A segment, its store, and its tombstones: ids whose vectors are in the file, but removed."""

    def __init__(self, segment: Segment, store: FaissStore | IvfStore) -> None:
        self.segment = segment
        self.store = store
        self.deleted: list[int] = []

    def remove(self, ids: Ids) -> int:
        present = ids[self.store.has(ids)]
        self.deleted += present.tolist()
        return self.store.remove(present)


class Segments:
    """A `VectorStore` of several segments; new vectors stand in memory until `write`.

    With the `folder` of the segments, many new ones stand in a file there, which has no name.
    """

    def __init__(self, dim: int, folder: Path | None = None) -> None:
        self.dim = dim
        self._folder = folder
        self._parts: list[_Part] = []
        self._fresh = FaissStore(dim)
        self._spilled: SpilledStore | None = None

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
            deleted: the tombstones: ids whose vectors are in a file, but removed.
            most: how many vectors a file may have; None is any number.

        Raises:
            StoreError: a file is missing, damaged, of another dimension, or has more vectors.
        """
        store = cls(dim, folder)
        for segment in segments:
            kind = IvfStore if segment.kind == "ivf" else FaissStore
            store._parts.append(_Part(segment, kind.load(folder / segment.name, dim, most)))
        for part in store._parts:
            part.remove(np.array(deleted, dtype=np.int64))
        return store

    @property
    def ids(self) -> Ids:
        """The ids of all vectors."""
        return np.concatenate([store.ids for store in self._stores()])

    @property
    def deleted(self) -> list[int]:
        """The tombstones, in order: ids whose vectors are in the files, but removed."""
        return sorted(id_ for part in self._parts for id_ in part.deleted)

    def vectors(self, ids: Ids) -> Vectors:
        """Return vectors by id, in the order asked for; a `StoreError` if one is not there."""
        ids = np.asarray(ids, dtype=np.int64)
        vectors = np.empty((len(ids), self.dim), dtype=np.float32)
        left = np.ones(len(ids), dtype=np.bool_)
        for store in self._stores():
            theirs = left & store.has(ids)
            vectors[theirs] = store.vectors(ids[theirs])
            left &= ~theirs
        if left.any():
            raise StoreError("an id that is asked for is not in the store")
        return vectors

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors, of shape (ids, dim)."""
        ids = np.asarray(ids, dtype=np.int64)
        taken = [ids[store.has(ids)] for store in self._stores()]
        self._fresh.add(*checked_new(ids, vectors, self.dim, np.concatenate([ids[:0], *taken])))
        if self._folder and len(self._fresh) > FLAT_MOST:
            self._spill(self._folder)

    def _spill(self, folder: Path) -> None:
        """Move new vectors from memory to the file, if they come behind those in it."""
        fresh = self._fresh
        self._spilled = self._spilled or SpilledStore(folder, self.dim)
        if self._spilled.takes(fresh.ids):
            self._spilled.append(fresh.ids, fresh.vectors(fresh.ids))
            self._fresh = FaissStore(self.dim)

    def remove(self, ids: Ids) -> int:
        """Remove the vectors of these ids."""
        ids = np.unique(np.asarray(ids, dtype=np.int64))
        removed = sum(store.remove(ids) for store in self._new())
        return removed + sum(part.remove(ids) for part in self._parts)

    def search(self, vectors: Vectors, top_k: int, among: Ids | None = None) -> tuple[Scores, Ids]:
        """Search every segment, and merge the results."""
        return best_of([store.search(vectors, top_k, among) for store in self._stores()], top_k)

    def scores(self, vector: Vectors, ids: Ids) -> Scores:
        """Score vectors by id."""
        return inner_products(checked(vector[None, :], self.dim), self.vectors(ids))

    def save(self, path: Path) -> None:
        """Write all vectors to one new file, with inverted lists."""
        write(path, self.dim, self._stores())

    def write(self, folder: Path, name: str, precisions: Iterable[str] = ()) -> list[Segment]:
        """Write new and merged vectors to one new file, and return all segments from then on.

        The new segment is the last, without a digest; without vectors to write, there is none.
        Afterwards, only `deleted` may be used: the tombstones of the segments that stay.

        Args:
            folder: where to.
            name: of the file.
            precisions: those that the new vectors were encoded in.
        """
        merged = self._to_merge()
        stores = [*(part.store for part in merged), *self._new()]
        self._parts = [part for part in self._parts if part not in merged]
        kept = [part.segment for part in self._parts]
        count = sum(map(len, stores))
        if kept and not count:
            return kept
        encoded_in = {*precisions, *(one for part in merged for one in part.segment.precisions)}
        segment = Segment(name, "faiss", precisions=tuple(sorted(encoded_in)))
        if count > FLAT_MOST:
            write(folder / name, self.dim, stores)
            return [*kept, replace(segment, kind="ivf")]
        whole = FaissStore(self.dim)
        for store in stores:
            whole.add(store.ids, store.vectors(store.ids))
        whole.save(folder / name)
        return [*kept, segment]

    def _to_merge(self) -> list[_Part]:
        """Choose the segments to merge: the small ones, and those of which half is deleted."""
        merged, count = [], sum(map(len, self._new()))
        for part in sorted(self._parts, key=lambda part: len(part.store)):
            size = len(part.store)
            is_small = size <= max(min(_SMALL, FLAT_MOST), _MERGED * count)
            if is_small or len(part.deleted) > size:
                merged.append(part)
                count += size
        return merged

    def __len__(self) -> int:
        return sum(map(len, self._stores()))

    def close(self) -> None:
        """Release memory and files."""
        for store in self._stores():
            store.close()

    def _stores(self) -> list[Store]:
        return [*(part.store for part in self._parts), *self._new()]

    def _new(self) -> list[Store]:
        """Return the stores of new vectors."""
        return [self._fresh, self._spilled] if self._spilled is not None else [self._fresh]
