"""Vectors that are encoded and not yet in the index, kept in a file that its manifest names.

A run that is stopped leaves the file, and the next one takes from it what it would encode again.
The file ends with the run that brings its vectors into the index.

    header     32 bytes that tell the model
    records    the SHA-256 of a text as it was encoded, its vector (float32), and a CRC-32 of both

What a crash leaves of the record that was being written is skipped, and written over.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings import Encoder, Tokens
from embeddings.plain_files import create_plain, is_taken, open_plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DIGEST = hashlib.sha256().digest_size
_CRC = 4


class Encoded:
    """Encodes passages, and takes from the file what a stopped run encoded.

    `count` says how many passages were encoded.
    """

    def __init__(self, path: Path, encoder: Encoder) -> None:
        self.count = 0
        self._path = path
        self._encoder = encoder
        self._header = hashlib.sha256(f"{encoder.digest}/{encoder.dim}".encode()).digest()
        self._size = _DIGEST + 4 * encoder.dim + _CRC
        self._file: BufferedIOBase | None = None
        self._places: dict[bytes, int] = {}

    def __contains__(self, text: str) -> bool:
        return digest_of(text) in self._found

    @property
    def _found(self) -> dict[bytes, int]:
        """Where in the file the vector of a text is, by the text's digest."""
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

        The tokens are by the text's place; without `with_tokens` there are none.
        """
        import numpy as np

        vectors = np.empty((len(texts), self._encoder.dim), np.float32)
        digests = [digest_of(text) for text in texts]
        new = [n for n, digest in enumerate(digests) if digest not in self._found]
        for n in set(range(len(texts))).difference(new):
            vectors[n] = self._read(self._found[digests[n]])
        tokens: list[Tokens] = []
        if new:
            of_new = [texts[n] for n in new]
            if with_tokens:
                vectors[new], tokens = self._encoder.encode_with_tokens(of_new)
            else:
                vectors[new] = self._encoder.encode_passages(of_new)
            self._keep([digests[n] for n in new], vectors[new])
        return vectors, dict(zip(new, tokens, strict=False))

    def forget(self) -> None:
        """Remove the file: its vectors are in the index."""
        self.close()
        with suppress(OSError):  # the index is written; the next run takes the file up
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file, and leave it for the next run if there is anything in it."""
        if self._file is not None:
            with suppress(OSError):  # a full disk, which was told of already
                self._file.close()
            self._file = None
            if not self._places:
                self._path.unlink(missing_ok=True)

    def _opened(self) -> BufferedIOBase:
        """Open the file behind its header; one of another model is begun anew."""
        there = is_taken(self._path)
        file = open_plain(self._path, change=True) if there else create_plain(self._path)
        if file.read(_DIGEST) != self._header:
            file.seek(0)
            file.truncate()
            file.write(self._header)
        return file

    def _records(self, file: BufferedIOBase) -> Iterator[tuple[int, bytes]]:
        """Read the whole records from here, and stop behind the last, each with its place."""
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

        assert self._file is not None  # noqa: S101 - it was opened to find the place
        self._file.seek(place + _DIGEST)
        return np.frombuffer(self._file.read(4 * self._encoder.dim), np.float32)

    def _keep(self, digests: list[bytes], vectors: NDArray[np.float32]) -> None:
        assert self._file is not None  # noqa: S101 - it was opened to see what is in it
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
