"""What all stores share: checks of their input, exact scores, the order of ties."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import StoreError

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]
Scores = NDArray[np.float32]

_ROWS_AT_ONCE = 65_536


def checked(vectors: Vectors, dim: int) -> Vectors:
    """Return vectors as contiguous float32; a `StoreError` if not finite and of shape (n, dim)."""
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        raise StoreError(f"vectors have the shape {vectors.shape}, this store takes (n, {dim})")
    if not np.isfinite(vectors).all():
        raise StoreError("a vector holds a number that is not finite")
    return vectors


def checked_new(ids: Ids, vectors: Vectors, dim: int, taken: Ids) -> tuple[Ids, Vectors]:
    """Return ids and vectors; a `StoreError` if they cannot be added beside the ids `taken`."""
    vectors = checked(vectors, dim)
    ids = np.ascontiguousarray(ids, dtype=np.int64)
    if ids.shape != (len(vectors),):
        raise StoreError(f"{len(vectors)} vectors came with ids of the shape {ids.shape}")
    clash = ids[np.isin(ids, taken)]
    if clash.size or len(np.unique(ids)) != len(ids):
        example = f"such as {clash[0]}" if clash.size else "twice in one call"
        raise StoreError(f"ids are in the store already, {example}")
    return ids, vectors


def inner_products(query: Vectors, vectors: Vectors) -> Scores:
    """Score vectors exactly.

    Each score is summed in float64 over one row alone, so that it does not depend on which
    other rows are there, and copies of one vector always score the same.
    """
    scores, exact = np.empty(len(vectors), np.float32), query.astype(np.float64)
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        scores[rows] = (vectors[rows].astype(np.float64) * exact).sum(axis=1)
    return scores


def nearest(query: Vectors, ids: Ids, vectors: Vectors, top_k: int) -> tuple[Scores, Ids]:
    """Score candidates exactly, and return the best `top_k`, equal scores in order of id."""
    scores = inner_products(query, vectors)
    best = np.lexsort((ids, -scores))[:top_k]
    return scores[best], ids[best]


def search_each(
    queries: Vectors, top_k: int, search_one: Callable[[Vectors], tuple[Scores, Ids]]
) -> tuple[Scores, Ids]:
    """Return the scores and ids that `search_one` finds for each query: both (queries, top_k)."""
    scores = np.empty((len(queries), top_k), np.float32)
    ids = np.empty((len(queries), top_k), np.int64)
    for row, query in enumerate(queries if top_k else queries[:0]):
        scores[row], ids[row] = search_one(query)
    return scores, ids


def best_of(results: Sequence[tuple[Scores, Ids]], top_k: int) -> tuple[Scores, Ids]:
    """Merge the results of several searches for the same queries, which share no id.

    Returns the best `top_k` of each query, equal scores in order of id: both (queries, top_k).
    """
    scores = np.concatenate([scores for scores, _ in results], axis=1)
    ids = np.concatenate([ids for _, ids in results], axis=1)
    best = np.lexsort((ids, -scores), axis=1)[:, :top_k]
    return np.take_along_axis(scores, best, axis=1), np.take_along_axis(ids, best, axis=1)
