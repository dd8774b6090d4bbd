"""Vectors of a text's tokens, and what every encoder does to vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Tokens:
    """A text's tokens, each as the model understands it among the others.

    Two are equal if they are the same, so that what is made of them can be remembered.

    Attributes:
        vectors: float32, of shape (tokens, dim), each of length 1.
        spans: int64, of shape (tokens, 2): where each stands in the text, `[start, end)`, in
            order.
    """

    vectors: NDArray[np.float32]
    spans: NDArray[np.int64]


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale vectors, of shape (texts, dim), to length 1."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return scaled
