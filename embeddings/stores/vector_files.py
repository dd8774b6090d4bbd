"""Files of vectors, which are written once.

In this machine's byte order:

    header     magic, dimension, number of vectors and of lists, and a CRC-32 of these and of the
               next two parts
    ids        int64
    checks     uint32: the CRC-32 of each vector, begun with its id
    vectors    float32, in the order of the ids
    lists      optional: inverted lists of compressed vectors (`Lists`), and a CRC-32 of them

The sizes of all parts follow from the header, and a file of another size is refused: no number in
a file makes its reader take more memory than the file has bytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import StoreError
from embeddings.plain_files import create_plain, open_plain
from embeddings.stores._vectors import Ids, Vectors

Rows = Callable[[NDArray[np.int64]], Vectors]
"""Returns vectors by row."""

_MAGIC = b"INQTVEC1"
_HEADER = struct.Struct("<8sqqqI")  # magic, dim, vectors, lists, CRC-32
_CRC = struct.Struct("<I")
_ROWS_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True)
class Lists:
    """Inverted lists: vectors with one byte for a number, in lists of near ones.

    Attributes:
        centres: float32, (lists, dim).
        ranges: float32, (2, dim): the least of each number, and how far it goes.
        sizes: int64, (lists,).
        rows: int64, (vectors,), list by list.
        codes: uint8, (vectors, dim), list by list.
    """

    centres: Vectors
    ranges: Vectors
    sizes: NDArray[np.int64]
    rows: NDArray[np.int64]
    codes: NDArray[np.uint8]

    def parts(self) -> Iterator[NDArray[np.generic]]:
        """Yield the arrays, in the order of the file."""
        yield from (self.centres, self.ranges, self.sizes, self.rows, self.codes)

    def is_sound(self) -> bool:
        """Return whether every vector is in one list, and all numbers are finite."""
        numbers = np.isfinite(self.centres).all() and np.isfinite(self.ranges).all()
        count = len(self.rows)
        if not numbers or (self.sizes < 0).any() or int(self.sizes.sum()) != count:
            return False
        if count and not 0 <= int(self.rows.min()) <= int(self.rows.max()) < count:
            return False
        return bool((np.bincount(self.rows, minlength=count) == 1).all())


class VectorFile:
    """An open file of vectors; everything that is read is checked against its CRC-32.

    It may be used from several threads, also after its name is removed.

    Args:
        path: the file.
        dim: the dimension that it must have.
        most: the most vectors that it may have. A sparse file may claim more than the disk holds.

    Raises:
        StoreError: it cannot be read, is damaged, or is not such a file.
    """

    def __init__(self, path: Path, dim: int, most: int | None = None) -> None:
        self._path = path
        self.dim, self.count, self.lists_count = dim, 0, 0
        self._reading = Lock()
        try:
            self._file = open_plain(path)
        except OSError as error:
            raise StoreError(f"the vector file {path} cannot be read: {error.strerror}") from error
        try:
            self._read_head(dim, most)
        except BaseException:
            self._file.close()
            raise

    def _read_head(self, dim: int, most: int | None) -> None:
        size = self._file.seek(0, 2)
        self._file.seek(0)
        header = self._file.read(_HEADER.size)
        if len(header) < _HEADER.size or not header.startswith(_MAGIC):
            raise self.unreadable("it is of an unknown kind")
        _, stored_dim, self.count, self.lists_count, crc = _HEADER.unpack(header)
        if stored_dim != dim:
            raise StoreError(f"the vector file {self._path} is not of dimension {dim}")
        self._at = _HEADER.size + 12 * self.count
        self._lists_at = self._at + 4 * dim * self.count
        if min(self.count, self.lists_count) < 0 or size != self._lists_at + self._lists_bytes():
            raise self.unreadable("it is not whole")
        if most is not None and self.count > most:
            raise self.unreadable(f"it has {self.count:,} vectors, and there are {most:,} passages")
        table = self._file.read(12 * self.count)
        if zlib.crc32(table, zlib.crc32(header[: -_CRC.size])) != crc:
            raise self.unreadable("it is damaged")
        self.ids = np.frombuffer(table, np.int64, self.count)
        self._checks = np.frombuffer(table, np.uint32, self.count, 8 * self.count)

    def _lists_bytes(self) -> int:
        if self.lists_count == 0:
            return 0
        of_lists = 4 * self.dim * (self.lists_count + 2) + 8 * self.lists_count
        return of_lists + (8 + self.dim) * self.count + _CRC.size

    def read(self, rows: NDArray[np.int64]) -> Vectors:
        """Return vectors by row; consecutive rows are read at once."""
        vectors = np.empty((len(rows), self.dim), dtype=np.float32)
        with self._reading:
            if not read_rows(self._file, self._at, rows, vectors):
                raise self.unreadable("it is cut short")
        checks = _checks(self.ids[rows], vectors)
        if not np.array_equal(checks, self._checks[rows]) or not np.isfinite(vectors).all():
            raise self.unreadable("a vector in it is damaged")
        return vectors

    def lists(self) -> Lists:
        """Read the lists."""
        dim, lists = self.dim, self.lists_count
        stored = Lists(
            np.empty((lists, dim), np.float32),
            np.empty((2, dim), np.float32),
            np.empty(lists, np.int64),
            np.empty(self.count, np.int64),
            np.empty((self.count, dim), np.uint8),
        )
        crc = 0
        with self._reading:
            self._file.seek(self._lists_at)
            for part in stored.parts():
                into = part.reshape(-1).view(np.uint8).data
                if self._file.readinto(into) < len(into):
                    raise self.unreadable("it is cut short")
                crc = zlib.crc32(into, crc)
            whole = self._file.read(_CRC.size) == _CRC.pack(crc)
        if not whole or not stored.is_sound():
            raise self.unreadable("its lists are damaged")
        return stored

    def unreadable(self, reason: str) -> StoreError:
        """Return the error that the file cannot be read."""
        return StoreError(f"the vector file {self._path} cannot be read: {reason}")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()


class Listing(Protocol):
    """Sorts vectors into lists."""

    number: int

    def add(self, vectors: Vectors) -> None:
        """Add the next vectors."""

    def parts(self) -> Iterator[NDArray[np.generic]]:
        """Yield the arrays of their `Lists`, in the order of the file, or pieces of them."""


def write_vectors(path: Path, ids: Ids, dim: int, rows: Rows, lists: Listing | None = None) -> None:
    """Write vectors to a new file, in one pass over them; a `FileExistsError` if it exists."""
    checks = np.empty(len(ids), np.uint32)
    with create_plain(path) as file:
        file.seek(_HEADER.size + 12 * len(ids))
        for start in range(0, len(ids), _ROWS_AT_ONCE):
            some = np.arange(start, min(start + _ROWS_AT_ONCE, len(ids)))
            vectors = np.ascontiguousarray(rows(some), np.float32)
            checks[some] = _checks(ids[some], vectors)
            file.write(vectors.data)
            if lists is not None:
                lists.add(vectors)
        if lists is not None:
            _write_lists(file, lists)
        header = _HEADER.pack(_MAGIC, dim, len(ids), 0 if lists is None else lists.number, 0)
        table = ids.astype(np.int64).tobytes() + checks.tobytes()
        crc = zlib.crc32(table, zlib.crc32(header[: -_CRC.size]))
        file.seek(0)
        file.write(header[: -_CRC.size] + _CRC.pack(crc) + table)


def _write_lists(file: BufferedIOBase, lists: Listing) -> None:
    crc = 0
    for part in lists.parts():
        stored = np.ascontiguousarray(part).reshape(-1).view(np.uint8).data
        crc = zlib.crc32(stored, crc)
        file.write(stored)
    file.write(_CRC.pack(crc))


def read_rows(file: BufferedIOBase, at: int, rows: NDArray[np.int64], into: Vectors) -> bool:
    """Read vectors by row, where the first is `at`; return whether all of them are there.

    Consecutive rows are read at once.
    """
    if not len(rows):
        return True
    size, whole = into.strides[0], into.data.cast("B")
    starts = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
    places = (at + size * rows[starts]).tolist()
    borders = (size * np.append(starts, len(rows))).tolist()
    for place, (start, end) in zip(places, pairwise(borders), strict=True):
        file.seek(place)
        if file.readinto(whole[start:end]) < end - start:
            return False
    return True


def _checks(ids: Ids, vectors: Vectors) -> NDArray[np.uint32]:
    if not len(ids):
        return np.empty(0, np.uint32)
    size, whole, crc = vectors.strides[0], vectors.data.cast("B"), zlib.crc32
    starts = range(0, len(whole), size)
    begun = (ids & 0xFFFFFFFF).tolist()
    return np.array(
        [crc(whole[at : at + size], seed) for at, seed in zip(starts, begun, strict=True)],
        np.uint32,
    )
