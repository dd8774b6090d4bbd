"""What every store does alike: check what comes in, score exactly, order ties."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import StoreError

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]
Scores = NDArray[np.float32]


def checked(vectors: Vectors, dim: int) -> Vectors:
    """Check that vectors are finite and of shape (n, dim); gives them as contiguous float32."""
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        raise StoreError(f"vectors have the shape {vectors.shape}, this store takes (n, {dim})")
    if not np.isfinite(vectors).all():
        raise StoreError("a vector holds a number that is not finite")
    return vectors


def checked_new(ids: Ids, vectors: Vectors, dim: int, taken: Ids) -> tuple[Ids, Vectors]:
    """Check that vectors can be added under these ids."""
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
    exact = (vectors.astype(np.float64) * query.astype(np.float64)).sum(axis=1)
    scores: Scores = exact.astype(np.float32)
    return scores


def nearest(query: Vectors, ids: Ids, vectors: Vectors, top_k: int) -> tuple[Scores, Ids]:
    """Score candidates exactly and give the best `top_k`, equal scores in order of id."""
    scores = inner_products(query, vectors)
    best = np.lexsort((ids, -scores))[:top_k]
    return scores[best], ids[best]


def best_of(
    found: Sequence[tuple[list[Scores] | Scores, list[Ids] | Ids]], queries: int, top_k: int
) -> tuple[Scores, Ids]:
    """Put together what several searches found for the same queries, which share no id.

    Each found scores and ids, a row for each query. Gives the best `top_k` of each query, equal
    scores in order of id: both (queries, top_k), where `top_k` is no more than were found.
    """
    scores, ids = np.empty((queries, top_k), np.float32), np.empty((queries, top_k), np.int64)
    for query in range(queries):
        theirs = np.concatenate([found_ids[query] for _, found_ids in found])
        scored = np.concatenate([found_scores[query] for found_scores, _ in found])
        best = np.lexsort((theirs, -scored))[:top_k]
        scores[query], ids[query] = scored[best], theirs[best]
    return scores, ids
