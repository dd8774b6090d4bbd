"""The PDF files whose pages are shown: those that the server was told to read, and kept ones.

Nothing that an index or a client says names a file here.
"""

from __future__ import annotations

import os
import shutil
import threading
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
            if isinstance(file, File) and file.path.suffix.lower() == SUFFIX:
                with suppress(OSError):
                    self._files[file.id, file.source] = PageFile.at(Path(file.source))

    def of(self, document: Document) -> PageFile | None:
        """Return the file that a document was read from; None if it is not known."""
        return self._files.get((document.id, document.source or ""))


class KeptFiles:
    """The PDF files of one visitor's documents, within limits of their own.

    Args:
        folder: a private folder for them, which is made when it is needed.
    """

    _all_bytes = 0  # of all visitors
    _lock = threading.Lock()

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, PageFile] = {}
        self._made = 0

    def keep(self, document_id: str, path: Path) -> None:
        """Keep a copy of an uploaded file, if it is a PDF and there is room for it."""
        self.drop(document_id)  # left from when adding it failed
        size = path.stat().st_size
        if path.suffix.lower() != SUFFIX or not self._take(size):
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._made += 1
        kept = self._folder / f"{self._made}{SUFFIX}"
        try:
            os.link(path, kept)
        except OSError:  # a file system without links
            shutil.copyfile(path, kept)
        self._files[document_id] = PageFile.at(kept)

    def of(self, document_id: str) -> PageFile | None:
        """Return the file of a document; None if none is kept."""
        return self._files.get(document_id)

    def drop(self, document_id: str) -> None:
        """Remove the file of a document, if one is kept."""
        if file := self._files.pop(document_id, None):
            file.path.unlink(missing_ok=True)
            self._give_back(file.state[0])

    def close(self) -> None:
        """Remove all files."""
        for document_id in list(self._files):
            self.drop(document_id)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _take(self, size: int) -> bool:
        own = size + sum(file.state[0] for file in self._files.values())
        with self._lock:
            if own > limits.MAX_KEPT_BYTES or (
                KeptFiles._all_bytes + size > limits.MAX_ALL_KEPT_BYTES
            ):
                return False
            KeptFiles._all_bytes += size
            return True

    def _give_back(self, size: int) -> None:
        with self._lock:
            KeptFiles._all_bytes -= size


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
