"""Documents from files, object stores, and files of many documents.

A loader is a function that reads the file at a path as the document of an id, by the file's
suffix. What it returns is the same each time, and all offsets are into that text.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

from qa.arguments import check_kind
from qa.documents import Document
from qa.errors import LoadError, SettingsError
from qa.loaders.files import File, OnDisk
from qa.loaders.folders import files_below
from qa.loaders.kinds import (
    EXTRACTED,
    KINDS,
    LOADERS,
    RECORDS,
    Loader,
    holds_records,
    is_read,
    is_supported,
    read_in_folder,
)
from qa.loaders.parsers.encodings import DETECTED, codec_of
from qa.loaders.parsing import Limits
from qa.loaders.records import Row, rows_of
from qa.loaders.remote import is_url, listed, path_of, shown
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
    "is_url",
    "load",
    "load_all",
    "loaded",
    "place_of",
    "place_of_rows",
]


_NAMED = f"{KINDS}; and for many documents in one file {', '.join(RECORDS)}"

Unreadable = Callable[[LoadError], None]
"""Called for each file that cannot be read."""


def load(path: str | os.PathLike[str]) -> list[Document]:
    """Read a file, or every readable file below a folder, in order of id.

    Hidden files and unsupported files in a folder are skipped. A path may be an address, such as
    `s3://bucket/folder`.

    Raises:
        LoadError: there is no such file or folder, or a file cannot be read.
    """
    return [file.load() for file in find(path)]


def find(path: str | os.PathLike[str], unreadable: Unreadable | None = None) -> list[File]:
    """Find the files that `load` reads, without reading them.

    Only what the user names may be passed: an address is asked over the network. `unreadable` is
    called for each file or folder below a folder that cannot be opened, and for each line of a
    file of many documents that is none.

    Raises:
        LoadError: none is named, there is no such file or folder, or none with a supported suffix.
    """
    if not os.fspath(path):
        raise LoadError("no document is named: name a file or a folder", source="")
    if not is_url(path):
        return _find_on_disk(Path(path), unreadable)
    local = path_of(str(path))
    return (
        _find_remote(str(path), unreadable) if local is None else _find_on_disk(local, unreadable)
    )


def _find_on_disk(path: Path, unreadable: Unreadable | None) -> list[File]:
    try:
        path = path.expanduser()
        is_folder, is_file, exists = path.is_dir(), path.is_file(), path.exists()
    except (OSError, RuntimeError) as error:  # a name that is too long; a ~user who is not there
        reason = getattr(error, "strerror", None) or error
        raise refused(path, f"cannot be read: {reason}") from error
    if is_folder:
        if files := find_below(path, unreadable):
            return files
        raise refused(path, f"holds no file that is read; those end in {KINDS}")
    if not exists:
        raise LoadError(f"there is no file or folder {printable_name(path)}", source=str(path))
    if not is_file:
        raise refused(path, "is not a file: it is a pipe, a device or a socket")
    if holds_records(path):
        return rows_of(OnDisk.at(path), unreadable)
    if not is_supported(path):
        raise refused(path, f"has a suffix that cannot be read; supported: {_NAMED}")
    return [File.at(path, path.name)]


def find_below(folder: Path, unreadable: Unreadable | None = None) -> list[File]:
    """Find the supported files below a folder; there may be none.

    Scripts are left out where there are web pages. `unreadable` is called for each file or folder
    below that cannot be opened.

    Raises:
        LoadError: the folder, or without `unreadable` anything in it, cannot be opened.
    """
    found, files = files_below(folder, is_supported, unreadable), []
    wanted = read_in_folder(found)
    for relative in found:
        if relative not in wanted:
            continue
        try:
            files.append(File.at(folder / relative, relative.as_posix()))
        except LoadError as error:
            if unreadable is None:
                raise
            unreadable(error)
    return files


def _find_remote(url: str, unreadable: Unreadable | None) -> list[File]:
    """Find the files at an address; of those that a pattern matches, others are skipped."""
    listing, files = listed(url), []
    in_folder = read_in_folder(PurePosixPath(id_) for id_, _ in listing.files)
    for id_, remote in listing.files:
        name = PurePosixPath(id_)
        try:
            if name in in_folder or (listing.is_file and is_supported(name)):
                files.append(File(id_, remote))
            elif holds_records(name) and not listing.is_folder:
                files += rows_of(remote, unreadable)
        except LoadError as error:
            if unreadable is None or listing.is_file:
                raise
            unreadable(error)
    if not files:
        name_shown = shown(url)
        what = "matches no file that is read; those end in"
        if listing.is_file:
            what = "has a suffix that cannot be read; supported:"
        if listing.is_folder:
            what = "holds no file that is read; those end in"
        kinds = KINDS if listing.is_folder else _NAMED
        raise LoadError(f"{printable_name(name_shown)} {what} {kinds}", source=name_shown)
    return files


def place_of(named: str | os.PathLike[str]) -> str:
    """Return what the sources of all documents of a file, folder or address begin with."""
    path = path_of(str(named)) if is_url(named) else Path(named)
    return shown(str(named)).rstrip("/") if path is None else str(path.expanduser().resolve())


def place_of_rows(one: Document | File) -> str | None:
    """Return the source of the file whose row a document is; None if it is no row."""
    content = one.content if isinstance(one, File) else None
    return content.records.file.source if isinstance(content, Row) else None


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
