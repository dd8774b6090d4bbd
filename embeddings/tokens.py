"""Token vectors, packing them, and scaling vectors to length 1."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_CRC, _SPAN, _SCALE = 4, 8, 4  # bytes: before all tokens, and of a token beside its vector
_STEPS = 127


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Tokens:
    """The contextual vectors of a text's tokens; compared by identity, so results can be cached.

    Attributes:
        vectors: float32, of shape (tokens, dim), each of length 1.
        spans: int64, of shape (tokens, 2): the span of each token in the text, in order.
    """

    vectors: NDArray[np.float32]
    spans: NDArray[np.int64]


def packed(tokens: Tokens, of: bytes = b"") -> bytes:
    """Pack tokens with one byte for a number, scaled by the largest number of the token.

    The bytes are a CRC-32, the spans (uint32), the scales (float32) and the numbers (int8),
    little-endian. The CRC-32 is of `of`, which identifies the text, and of the rest.
    """
    import numpy as np

    largest = np.abs(tokens.vectors).max(axis=1, initial=np.finfo(np.float32).tiny)
    numbers = np.rint(tokens.vectors * (_STEPS / largest)[:, None])
    kinds = (tokens.spans, "<u4"), (largest / _STEPS, "<f4"), (numbers, "i1")
    body = b"".join(part.astype(kind).tobytes() for part, kind in kinds)
    return zlib.crc32(body, zlib.crc32(of)).to_bytes(_CRC, "little") + body


def unpacked(stored: bytes, dim: int, of: bytes = b"") -> Tokens:
    """Unpack tokens, their vectors of length 1; a `ValueError` if damaged, or not of `of`."""
    import numpy as np

    body = memoryview(stored)[_CRC:]
    count, left = divmod(len(body), _SPAN + _SCALE + dim)
    crc = zlib.crc32(body, zlib.crc32(of))
    if left or crc.to_bytes(_CRC, "little") != stored[:_CRC]:
        raise ValueError(f"{len(stored)} bytes are not those of tokens of dimension {dim}")
    spans = np.frombuffer(body, "<u4", 2 * count).reshape(count, 2)
    scales = np.frombuffer(body, "<f4", count, _SPAN * count)
    numbers = np.frombuffer(body, "i1", count * dim, (_SPAN + _SCALE) * count)
    vectors = numbers.reshape(count, dim).astype(np.float32) * scales[:, None]
    if not np.isfinite(vectors).all():
        raise ValueError("tokens have numbers that are not finite")
    return Tokens(unit(vectors), spans.astype(np.int64))


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale vectors, of shape (texts, dim), to length 1."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return scaled
