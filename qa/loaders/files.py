"""What can be read as a document, and is not read yet."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol, Self

from qa.documents import Document
from qa.loaders.kinds import LOADERS
from qa.loaders.sidecar import read_sidecar, sidecar_stamp
from qa.metadata import told_by_file
from qa.regular_files import refused

_SECONDS_TO_SETTLE = 2.0  # the coarsest clock of a file system in use


class Content(Protocol):
    """Where the text of a document is; another process can be sent it, and read it there.

    Attributes:
        source: where it came from, as the document has it.
        stamp: shows whether it has changed since it was last read; None if that is not known.
    """

    @property
    def source(self) -> str: ...  # noqa: D102

    @property
    def stamp(self) -> str | None: ...  # noqa: D102

    def read(self, document_id: str, encoding: str | None) -> Document:
        """Return the document; raise a `LoadError` if it cannot be read."""


@dataclass(frozen=True, slots=True)
class File:
    """A file, an object in a store, or a row of many, that can be read as a document.

    Attributes:
        id: the document's.
        content: where its text is.
        encoding: that of its text, if it is not UTF-8 and does not tell its own; None detects it.
    """

    id: str
    content: Content = field(repr=False)
    encoding: str | None = None

    @classmethod
    def at(cls, path: Path, document_id: str) -> Self:
        """Describe a file, without reading it; a `LoadError` if that is not possible."""
        return cls(document_id, OnDisk.at(path))

    @property
    def source(self) -> str:
        """Where it is: an absolute path, or an address without credentials."""
        return self.content.source

    @property
    def stamp(self) -> str | None:
        """What shows whether it has changed since it was last read; None if that is not known."""
        stamp = self.content.stamp
        return f"{stamp} {self.encoding}" if stamp and self.encoding else stamp

    def load(self) -> Document:
        """Read the document; a `LoadError` if it, or its metadata, is not what its name says."""
        return self.content.read(self.id, self.encoding)

    def decoded_by(self, encoding: str) -> File:
        """Return the file with another encoding, of which its stamp tells."""
        return replace(self, encoding=encoding)


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file on a disk.

    Attributes:
        path: where it is, as it was named.
        source: its absolute path.
        stamp: its size, when it was changed, the version of inquote, and the same of the file
            with its metadata. None if one changed only now: it may change again within the same
            tick of the file system's clock.
    """

    path: Path
    source: str
    stamp: str | None

    @classmethod
    def at(cls, path: Path) -> Self:
        """Describe a file, without reading it; a `LoadError` if that is not possible."""
        try:
            status, source = path.stat(), str(path.resolve())
        except OSError as error:
            raise refused(path, f"cannot be read: {error.strerror}") from error
        beside, changed = sidecar_stamp(path)
        stamp = f"{status.st_size} {status.st_mtime_ns} {inquote_version()} {beside}"
        settled = max(status.st_mtime, changed) < time.time() - _SECONDS_TO_SETTLE
        return cls(path, source, stamp if settled else None)

    def read(self, document_id: str, encoding: str | None) -> Document:
        """Return the document."""
        return read_path(self.path, document_id, encoding)

    def fetched(self, folder: Path) -> Path:
        """Return where the file is."""
        return self.path


def read_path(path: Path, document_id: str, encoding: str | None) -> Document:
    """Read a file with its metadata; a `LoadError` if one is not what its name says."""
    loader = LOADERS[path.suffix.lower()]
    given = told_by_file(read_sidecar(path))
    if encoding is None:
        document = loader(path, document_id)
    else:
        document = loader(path, document_id, encoding=encoding)
    return document.with_metadata(given) if given else document


@lru_cache(maxsize=1)
def inquote_version() -> str:
    """Return the version of inquote, which may read a file differently than another."""
    try:
        return version("inquote")
    except PackageNotFoundError:  # run from its folder, without being installed
        return ""
