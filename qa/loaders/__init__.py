"""Documents from files: a loader for each kind, by the file's suffix.

A loader is a function that reads the file at a path as the document of an id. What it returns is
the same each time, and all offsets are into that text.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol, Self

from qa.arguments import check_kind
from qa.documents import Document
from qa.errors import LoadError, SettingsError
from qa.loaders.folders import files_below
from qa.loaders.formats import (
    load_code,
    load_csv,
    load_docx,
    load_eml,
    load_epub,
    load_html,
    load_pdf,
    load_pptx,
    load_text,
    load_xlsx,
)
from qa.loaders.parsers.encodings import DETECTED, codec_of
from qa.loaders.parsing import LIMITS, Limits
from qa.loaders.sidecar import SUFFIX, read_sidecar, sidecar_stamp
from qa.metadata import told_by_file
from qa.regular_files import refused
from qa.text.printable import printable_name

__all__ = [
    "EXTRACTED",
    "KINDS",
    "LOADERS",
    "File",
    "Limits",
    "Loader",
    "Unreadable",
    "check_encoding",
    "find",
    "find_all",
    "find_below",
    "is_read",
    "is_supported",
    "load",
    "load_all",
    "loaded",
]


class Loader(Protocol):
    """Reads the file at a path as the document of an id, within limits."""

    def __call__(
        self,
        path: Path,
        document_id: str,
        limits: Limits = LIMITS,
        *,
        encoding: str | None = None,
    ) -> Document:
        """Return the document; raise a `LoadError` if the file cannot be read as one.

        `encoding` is that of text that is not UTF-8 and does not tell its own; None detects it.
        """


SCRIPTS = frozenset({".cjs", ".js", ".mjs"})
"""Suffixes of scripts, which are skipped in a folder with web pages: they belong to those."""

CODE = SCRIPTS | frozenset(
    ".bash .c .cc .cpp .cs .go .h .hpp .java .jsx .kt .lua .php .pl .ps1 .py .pyi .r .rb .rs "
    ".scala .sh .sql .swift .ts .tsx".split()
)
"""Suffixes of source code."""

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
    ".pptx": load_pptx,
    ".xlsx": load_xlsx,
    ".csv": load_csv,
    ".tsv": load_csv,
    ".epub": load_epub,
    ".eml": load_eml,
    **dict.fromkeys(CODE, load_code),
}
"""Loaders by file suffix, in lower case. Markdown is read as the text it is written in."""

KINDS = f"{', '.join(sorted(LOADERS.keys() - CODE))}, and source code such as .py"
"""The suffixes that are read, for a message."""

EXTRACTED = frozenset(s for s, loader in LOADERS.items() if loader not in (load_text, load_code))
"""Suffixes of files whose text is extracted, which another version may do differently."""

Unreadable = Callable[[LoadError], None]
"""Called for each file that cannot be read."""

_SECONDS_TO_SETTLE = 2.0  # the coarsest clock of a file system in use


@dataclass(frozen=True, slots=True)
class File:
    """A file that can be read as a document.

    Attributes:
        id: the document's.
        path: where the file is.
        source: its absolute path, as the document has it.
        stamp: shows whether the file has changed since it was last read: its size, when it was
            changed, the version of inquote, and the same of the file with its metadata. None if
            one changed only now: it may change again within the same tick of the file system's
            clock.
        encoding: that of its text, if it is not UTF-8 and does not tell its own; None detects it.
    """

    id: str
    path: Path = field(repr=False)
    source: str
    stamp: str | None = field(repr=False)
    encoding: str | None = None

    @classmethod
    def at(cls, path: Path, document_id: str) -> Self:
        """Describe a file, without reading it; a `LoadError` if that is not possible."""
        try:
            status, source = path.stat(), str(path.resolve())
        except OSError as error:
            raise refused(path, f"cannot be read: {error.strerror}") from error
        beside, changed = sidecar_stamp(path)
        stamp = f"{status.st_size} {status.st_mtime_ns} {_version()} {beside}"
        settled = max(status.st_mtime, changed) < time.time() - _SECONDS_TO_SETTLE
        return cls(document_id, path, source, stamp if settled else None)

    def load(self) -> Document:
        """Read the document; a `LoadError` if it, or its metadata, is not what its suffix says."""
        loader = LOADERS[self.path.suffix.lower()]
        given = told_by_file(read_sidecar(self.path))
        if self.encoding is None:
            document = loader(self.path, self.id)
        else:
            document = loader(self.path, self.id, encoding=self.encoding)
        return document.with_metadata(given) if given else document

    def decoded_by(self, encoding: str) -> File:
        """Return the file with another encoding, of which its stamp tells."""
        stamp = self.stamp and f"{self.stamp} {encoding}"
        return replace(self, stamp=stamp, encoding=encoding)


def load(path: str | os.PathLike[str]) -> list[Document]:
    """Read a file, or every readable file below a folder, in order of id.

    Hidden files and unsupported files in a folder are skipped.

    Raises:
        LoadError: there is no such file or folder, or a file cannot be read.
    """
    return [file.load() for file in find(path)]


def find(path: str | os.PathLike[str], unreadable: Unreadable | None = None) -> list[File]:
    """Find the files that `load` reads, without reading them.

    `unreadable` is called for each file or folder below a folder that cannot be opened.

    Raises:
        LoadError: none is named, there is no such file or folder, or none with a supported suffix.
    """
    if not os.fspath(path):
        raise LoadError("no document is named: name a file or a folder", source="")
    try:
        path = Path(path).expanduser()
        is_folder, is_file, exists = path.is_dir(), path.is_file(), path.exists()
    except (OSError, RuntimeError) as error:  # a name that is too long; a ~user who is not there
        reason = getattr(error, "strerror", None) or error
        raise refused(Path(path), f"cannot be read: {reason}") from error
    if is_folder:
        if files := find_below(path, unreadable):
            return files
        raise refused(path, f"holds no file that is read; those end in {KINDS}")
    if not exists:
        raise LoadError(f"there is no file or folder {printable_name(path)}", source=str(path))
    if not is_file:
        raise refused(path, "is not a file: it is a pipe, a device or a socket")
    if not is_supported(Path(path.name)):
        raise refused(path, f"has a suffix that cannot be read; supported: {KINDS}")
    return [File.at(path, path.name)]


def find_below(folder: Path, unreadable: Unreadable | None = None) -> list[File]:
    """Find the supported files below a folder; there may be none.

    Scripts are left out where there are web pages. `unreadable` is called for each file or folder
    below that cannot be opened.

    Raises:
        LoadError: the folder, or without `unreadable` anything in it, cannot be opened.
    """
    found, files = files_below(folder, is_supported, unreadable), []
    has_pages = any(LOADERS[relative.suffix.lower()] is load_html for relative in found)
    for relative in found:
        if has_pages and relative.suffix.lower() in SCRIPTS:
            continue
        try:
            files.append(File.at(folder / relative, relative.as_posix()))
        except LoadError as error:
            if unreadable is None:
                raise
            unreadable(error)
    return files


def is_supported(path: Path) -> bool:
    """Return whether there is a loader for a file's suffix."""
    return path.suffix.lower() in LOADERS


def is_read(path: Path) -> bool:
    """Return whether a file is a document or the metadata of one, by its name."""
    return is_supported(Path(path.name.removesuffix(SUFFIX)))


def load_all(
    sources: Iterable[str | os.PathLike[str] | Document],
    unreadable: Unreadable | None = None,
    encoding: str | None = None,
) -> list[Document]:
    """Read several files and folders; documents are returned as they are.

    `unreadable` is called for each file or folder that cannot be read; None raises. `encoding` is
    as in `find_all`.

    Raises:
        LoadError: as `load`; or two documents have one id.
        SettingsError: the encoding is not known.
    """
    documents = []
    for one in find_all(sources, unreadable, encoding):
        try:
            documents.append(loaded(one))
        except LoadError as error:
            if unreadable is None:
                raise
            unreadable(error)
    return documents


def find_all(
    sources: Iterable[str | os.PathLike[str] | Document | File],
    unreadable: Unreadable | None = None,
    encoding: str | None = None,
) -> list[Document | File]:
    """Find the files in several files and folders; documents are returned as they are.

    Args:
        sources: files, folders and documents.
        unreadable: as in `find`.
        encoding: that of text files that are not UTF-8 and do not tell their own; None detects it.

    Raises:
        LoadError: as `find`; or two documents have one id.
        SettingsError: the encoding is not known.
    """
    check_encoding(encoding)
    by_id: dict[str, Document | File] = {}
    for source in sources:
        check_kind(
            "a document", source, str | os.PathLike | Document | File, "a path or a Document"
        )
        for found in _found(source, unreadable):
            one = found.decoded_by(encoding) if encoding and isinstance(found, File) else found
            twin = by_id.setdefault(one.id, one)
            if twin is not one and not _same(twin, one):
                raise LoadError(
                    f"two documents are called {one.id!r} ({printable_name(twin.source)} and "
                    f"{printable_name(one.source)}): name the folder that holds both instead",
                    source=one.source or one.id,
                )
    return list(by_id.values())


def _found(
    source: str | os.PathLike[str] | Document | File, unreadable: Unreadable | None
) -> Sequence[Document | File]:
    return [source] if isinstance(source, Document | File) else find(source, unreadable)


def check_encoding(name: str | None) -> None:
    """Refuse the name of an encoding that is not known; None is any."""
    check_kind("encoding", name, str | None, f'a name, such as "{min(DETECTED)}"')
    if name is not None and codec_of(name) is None:
        raise SettingsError(
            f"there is no encoding {name!r}: name one such as {', '.join(DETECTED)}"
        )


def loaded(one: Document | File) -> Document:
    """Return a document; a file is read."""
    return one.load() if isinstance(one, File) else one


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
