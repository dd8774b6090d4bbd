"""Vectors that are encoded and not yet in the index, in a file that its manifest names.

A stopped run leaves the file, and the next run takes vectors from it instead of encoding again.
The run that commits the vectors to the index removes the file.

    header     32 bytes that identify the model
    records    the SHA-256 of a text as it was encoded, its vector (float32), and a CRC-32 of both

A record that a crash left incomplete is overwritten.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import BufferedIOBase
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from embeddings import Encoder, Tokens
from embeddings.plain_files import create_plain, is_taken, open_plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DIGEST = hashlib.sha256().digest_size
_CRC = 4


class Encoded:
    """Encodes passages, but takes vectors of a stopped run from the file.

    `count` is the number of passages encoded. Several threads may encode at once.
    """

    def __init__(self, path: Path, encoder: Encoder) -> None:
        self.count = 0
        self._path = path
        self._encoder = encoder
        self._header = hashlib.sha256(f"{encoder.digest}/{encoder.dim}".encode()).digest()
        self._size = _DIGEST + 4 * encoder.dim + _CRC
        self._lock = RLock()  # of the file, and of all that is known of it
        self._file: BufferedIOBase | None = None
        self._places: dict[bytes, int] = {}

    def __contains__(self, text: str) -> bool:
        with self._lock:
            return digest_of(text) in self._stored

    @property
    def _stored(self) -> dict[bytes, int]:
        """The place in the file of each text's vector, by the text's digest."""
        if self._file is None:
            self._file = self._opened()
            for place, record in self._records(self._file):
                self._places[record[:_DIGEST]] = place
            self._file.truncate(self._file.tell())
        return self._places

    def encode(
        self, texts: Sequence[str], *, with_tokens: bool = False
    ) -> tuple[NDArray[np.float32], dict[int, Tokens]]:
        """Return the vectors of texts, of shape (texts, dim), and the tokens of those encoded now.

        The tokens are by index of the text; without `with_tokens` there are none.
        """
        import numpy as np

        vectors = np.empty((len(texts), self._encoder.dim), np.float32)
        digests = [digest_of(text) for text in texts]
        with self._lock:
            new = [n for n, digest in enumerate(digests) if digest not in self._stored]
            for n in set(range(len(texts))).difference(new):
                vectors[n] = self._read(self._stored[digests[n]])
        tokens: list[Tokens] = []
        if new:
            new_texts = [texts[n] for n in new]
            if with_tokens:
                vectors[new], tokens = self._encoder.encode_with_tokens(new_texts)
            else:
                vectors[new] = self._encoder.encode_passages(new_texts)
            with self._lock:
                self._store([digests[n] for n in new], vectors[new])
        return vectors, dict(zip(new, tokens, strict=False))

    def forget(self) -> None:
        """Remove the file: its vectors are in the index."""
        self.close()
        with suppress(OSError):  # the index is written; the next run uses the file again
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file, and leave it for the next run unless it is empty."""
        if self._file is not None:
            with suppress(OSError):  # a full disk, which was reported already
                self._file.close()
            self._file = None
            if not self._places:
                self._path.unlink(missing_ok=True)

    def _opened(self) -> BufferedIOBase:
        """Open the file after its header; a file of another model is emptied."""
        exists = is_taken(self._path)
        file = open_plain(self._path, change=True) if exists else create_plain(self._path)
        if file.read(_DIGEST) != self._header:
            file.seek(0)
            file.truncate()
            file.write(self._header)
        return file

    def _records(self, file: BufferedIOBase) -> Iterator[tuple[int, bytes]]:
        """Yield the complete records from here, each with its place, and stop after the last."""
        while True:
            place = file.tell()
            record = file.read(self._size)
            crc = int.from_bytes(record[-_CRC:], "little")
            if len(record) < self._size or zlib.crc32(record[:-_CRC]) != crc:
                file.seek(place)
                return
            yield place, record

    def _read(self, place: int) -> NDArray[np.float32]:
        import numpy as np

        assert self._file is not None  # noqa: S101 - `_stored` opened it
        self._file.seek(place + _DIGEST)
        return np.frombuffer(self._file.read(4 * self._encoder.dim), np.float32)

    def _store(self, digests: list[bytes], vectors: NDArray[np.float32]) -> None:
        assert self._file is not None  # noqa: S101 - `_stored` opened it
        self.count += len(digests)
        place = self._file.seek(0, 2)
        for digest, vector in zip(digests, vectors, strict=True):
            body = digest + vector.tobytes()
            self._file.write(body + zlib.crc32(body).to_bytes(_CRC, "little"))
            self._places[digest] = place
            place += self._size
        self._file.flush()


def digest_of(text: str) -> bytes:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).digest()
