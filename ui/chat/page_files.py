"""The PDF files whose pages are shown: those that the server was told to read, and kept ones.

Nothing that an index or a client says names a file here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from qa import Document
from qa.errors import LoadError
from qa.loaders import File
from qa.loaders.formats import MAX_BYTES
from qa.regular_files import read_regular
from ui.visitors import limits

SUFFIX = ".pdf"


@dataclass(frozen=True, slots=True)
class PageFile:
    """A PDF file, as it was when its text was read: its path, size and time of change."""

    path: Path
    state: tuple[int, int]

    @classmethod
    def at(cls, path: Path) -> PageFile:
        """Describe a file as it is now; an `OSError` if it is not there."""
        return cls(path, _state(path))

    def read(self, name: str) -> bytes:
        """Return its bytes; `name` is what the reader calls it.

        Raises:
            LoadError: it is gone, or has changed since its text was read.
        """
        try:
            same = _state(self.path) == self.state
        except OSError:
            same = False
        if not same:
            raise LoadError(
                f"the pages of {name} cannot be shown, as its file has changed since it was read: "
                "its text is as it was then",
                source=name,
            )
        return read_regular(self.path, MAX_BYTES["pdf"])


class CorpusFiles:
    """The PDF files of a corpus that its owner named; made before their texts are read."""

    def __init__(self, files: Iterable[File | Document] = ()) -> None:
        self._files: dict[tuple[str, str], PageFile] = {}
        for file in files:
            if isinstance(file, File) and file.source.lower().endswith(SUFFIX):
                with suppress(OSError):
                    self._files[file.id, file.source] = PageFile.at(Path(file.source))

    def of(self, document: Document) -> PageFile | None:
        """Return the file that a document was read from; None if it is not known."""
        return self._files.get((document.id, document.source or ""))


class KeptFiles:
    """The PDF files of one visitor's documents, as far as there is room.

    Args:
        folder: a private folder for them, which is made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, document_id: str, path: Path) -> None:
        """Keep an uploaded file, if it is a PDF and there is room for it."""
        size = path.stat().st_size
        if path.suffix.lower() != SUFFIX or size + self._size() > limits.MAX_PDF_BYTES:
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        kept = self._path(document_id)
        try:
            os.link(path, kept)
        except OSError:  # a file system without links
            shutil.copyfile(path, kept)

    def of(self, document_id: str) -> PageFile | None:
        """Return the file of a document; None if none is kept."""
        with suppress(OSError):
            return PageFile.at(self._path(document_id))
        return None

    def drop(self, document_id: str) -> None:
        """Remove the file of a document, if one is kept."""
        self._path(document_id).unlink(missing_ok=True)

    def _path(self, document_id: str) -> Path:
        digest = hashlib.sha256(document_id.encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / f"{digest[:32]}{SUFFIX}"

    def _size(self) -> int:
        return sum(path.stat().st_size for path in self._folder.glob(f"*{SUFFIX}"))


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
