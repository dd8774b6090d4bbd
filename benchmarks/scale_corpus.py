"""Vectors for measuring at scale: any number made up out of real ones, near each other alike.

A made-up vector lies between a real passage's and one of that one's nearest, at a place drawn at
random, and is moved by a share of the difference of two real vectors drawn at random. So it is
spread in the directions, and to the degree, that real vectors are; it has neighbours as they
have; and it is of length 1. The same ones are made each time.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

NEIGHBOURS = 20  # of a real vector, that it is mixed with
MOVED = 0.35  # by this share of a difference
AT_ONCE = 20_000


def made_up(real: Vectors, count: int, seed: int = 0) -> Iterator[Vectors]:
    """Make `count` vectors out of real ones, of shape (n, dim), some thousands at a time."""
    random = np.random.default_rng(seed)
    near = _neighbours(real)
    for start in range(0, count, AT_ONCE):
        size = min(AT_ONCE, count - start)
        one, here, there = random.integers(len(real), size=(3, size))
        other = near[one, random.integers(NEIGHBOURS, size=size)]
        share = random.random((size, 1), np.float32)
        mixed = share * real[one] + (1 - share) * real[other]
        mixed += np.float32(MOVED) * (real[here] - real[there])
        yield mixed / np.linalg.norm(mixed, axis=1, keepdims=True)


def _neighbours(real: Vectors) -> NDArray[np.int64]:
    """Return the places of each vector's nearest others."""
    rows = []
    for start in range(0, len(real), 1_000):
        scores = real[start : start + 1_000] @ real.T
        scores[np.arange(len(scores)), np.arange(start, start + len(scores))] = -2
        rows.append(np.argpartition(-scores, NEIGHBOURS, axis=1)[:, :NEIGHBOURS])
    return np.concatenate(rows)
