"""Documents from files: a loader for each kind, by the file's suffix.

A loader is a function that reads the file at a path as the document of an id. What it returns is
the same each time, and all offsets are into that text.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol, Self

from qa.documents import Document
from qa.errors import LoadError
from qa.loaders.folders import files_below
from qa.loaders.parsed import load_docx, load_html, load_pdf
from qa.loaders.parsing import LIMITS, Limits
from qa.loaders.text import load_text
from qa.regular_files import refused
from qa.text.printable import printable_name


class Loader(Protocol):
    """Reads the file at a path as the document of an id, within limits."""

    def __call__(self, path: Path, document_id: str, limits: Limits = LIMITS) -> Document:
        """Return the document; raise a `LoadError` if the file cannot be read as one."""


LOADERS: dict[str, Loader] = {
    ".txt": load_text,
    ".text": load_text,
    ".md": load_text,
    ".markdown": load_text,
    ".html": load_html,
    ".htm": load_html,
    ".xhtml": load_html,
    ".pdf": load_pdf,
    ".docx": load_docx,
}
"""Loaders by file suffix, in lower case. Markdown is read as the text it is written in."""

EXTRACTED = frozenset(suffix for suffix, loader in LOADERS.items() if loader is not load_text)
"""Suffixes of files whose text a library extracts; another version of it may do so otherwise."""

_SECONDS_TO_SETTLE = 2.0  # the coarsest clock of a file system in use


@dataclass(frozen=True, slots=True)
class File:
    """A file that can be read as a document.

    Attributes:
        id: the document's.
        path: where the file is.
        source: its absolute path, as the document has it.
        stamp: what tells that the file is as it was when it was last read: its size, when it was
            changed, and the version that reads it. None where that would not tell, since it was
            changed only now and might be changed again at what its clock takes for the same time.
    """

    id: str
    path: Path = field(repr=False)
    source: str
    stamp: str | None = field(repr=False)

    @classmethod
    def at(cls, path: Path, document_id: str) -> Self:
        """Look at a file, without reading it; a `LoadError` if it cannot be looked at."""
        try:
            status, source = path.stat(), str(path.resolve())
        except OSError as error:
            raise refused(path, f"cannot be read: {error.strerror}") from error
        stamp = f"{status.st_size} {status.st_mtime_ns} {_version()}"
        settled = status.st_mtime < time.time() - _SECONDS_TO_SETTLE
        return cls(document_id, path, source, stamp if settled else None)

    def load(self) -> Document:
        """Read the document; a `LoadError` if it is not what its suffix says."""
        return LOADERS[self.path.suffix.lower()](self.path, self.id)


def load(path: str | os.PathLike[str]) -> list[Document]:
    """Read a file, or every readable file below a folder, in order of id.

    Hidden files and files of other kinds in a folder are skipped.

    Raises:
        LoadError: nothing is there, or a file cannot be read as the text that it should be.
    """
    return [file.load() for file in find(path)]


def find(path: str | os.PathLike[str]) -> list[File]:
    """Find what `load` reads, without reading it.

    Raises:
        LoadError: nothing is there, or it has a suffix that cannot be read.
    """
    try:
        path = Path(path).expanduser()
        is_folder, is_file, is_there = path.is_dir(), path.is_file(), path.exists()
    except (OSError, RuntimeError) as error:  # a name that is too long; a ~user who is not there
        reason = getattr(error, "strerror", None) or error
        raise refused(Path(path), f"cannot be read: {reason}") from error
    if is_folder:
        return _some(path, find_below(path))
    if not is_file:
        if is_there:
            raise refused(path, "is not a file: it is a pipe, a device or a socket")
        raise LoadError(f"there is no file or folder {printable_name(path)}", source=str(path))
    if not is_read(Path(path.name)):
        raise refused(
            path, f"has a suffix that cannot be read; supported: {', '.join(sorted(LOADERS))}"
        )
    return [File.at(path, path.name)]


def find_below(folder: Path, unreadable: Callable[[LoadError], None] | None = None) -> list[File]:
    """Find what is read of a folder, which may be nothing.

    With `unreadable`, it is told of what is in the folder and cannot be looked at.

    Raises:
        LoadError: something in it, or the folder, cannot be looked at.
    """
    found = []
    for relative in files_below(folder, is_read, unreadable):
        try:
            found.append(File.at(folder / relative, relative.as_posix()))
        except LoadError as error:
            if unreadable is None:
                raise
            unreadable(error)
    return found


def _some(folder: Path, found: list[File]) -> list[File]:
    if not found:
        raise refused(
            folder, f"holds no file that is read; those end in {', '.join(sorted(LOADERS))}"
        )
    return found


def is_read(relative: Path) -> bool:
    """Return whether a file can be read, by its suffix."""
    return relative.suffix.lower() in LOADERS


def load_all(sources: Iterable[str | os.PathLike[str] | Document]) -> list[Document]:
    """Read several files and folders, and take documents as they are.

    Raises:
        LoadError: as `load`; or two documents have one id.
    """
    return [loaded(found) for found in find_all(sources)]


def find_all(
    sources: Iterable[str | os.PathLike[str] | Document | File],
) -> list[Document | File]:
    """Find what is in several files and folders, and take documents as they are.

    Raises:
        LoadError: as `find`; or two documents have one id.
    """
    every: dict[str, Document | File] = {}
    for source in sources:
        for found in [source] if isinstance(source, Document | File) else find(source):
            twin = every.setdefault(found.id, found)
            if twin is not found and not _same(twin, found):
                raise LoadError(
                    f"two documents are called {found.id!r} ({printable_name(twin.source)} and "
                    f"{printable_name(found.source)}): name the folder that holds both instead",
                    source=found.source or found.id,
                )
    return list(every.values())


def loaded(found: Document | File) -> Document:
    """Return a document, read if it is not yet."""
    return found.load() if isinstance(found, File) else found


def _same(one: Document | File, other: Document | File) -> bool:
    if one.source != other.source:
        return False
    both_files = isinstance(one, File) and isinstance(other, File)
    return both_files or loaded(one).sha256 == loaded(other).sha256


@lru_cache(maxsize=1)
def _version() -> str:
    try:
        return version("inquote")
    except PackageNotFoundError:  # run from its folder, without being installed
        return ""
