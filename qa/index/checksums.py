"""Checksums of what an index keeps: they tell damage, and not who wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BYTES = 8


class NotWhole(ValueError):
    """What was read is not what was written; the message says which."""


def checksum(*columns: object) -> bytes:
    """Return the checksum of a row, its types included."""
    return blake2b(repr(columns).encode("utf-8", "surrogatepass"), digest_size=_BYTES).digest()


def checksum_of(blob: bytes | NDArray[Any]) -> bytes:
    """Return the checksum of bytes, or of an array's."""
    return blake2b(bytes(blob), digest_size=_BYTES).digest()


def checked(row: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    """Return a row without its last column, which must be its checksum.

    Raises:
        NotWhole: it is not.
    """
    if checksum(*row[:-1]) != row[-1]:
        raise NotWhole(f"{what} is not as it was written")
    return row[:-1]


def together(checksums: Iterable[bytes]) -> str:
    """Return one checksum of several, in this order."""
    return blake2b(b"".join(checksums), digest_size=_BYTES).hexdigest()


NOTHING = together([])
"""The checksum of no rows."""
