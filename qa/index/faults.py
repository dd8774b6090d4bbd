"""Errors about an index, in a sentence: damage, or a passing fault such as a full disk."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embeddings import StoreError
from embeddings.plain_files import NotPlain
from qa.errors import IndexDamaged, IndexNotWritten, SettingsError, StoredIndexError

_NO_PERMISSION = "there is no permission for it: look at who may read and write that folder"
_READ_ONLY = "it is read-only: look at who may write that folder"
_FULL = "the disk is full: make room, and try again"
_NO_MEMORY = "the memory is full: close other programs, and try again"
_TOO_MANY_OPEN = "too many files are open: close other programs, and try again"
_FAILS = (
    "the disk could not be read or written: it may be full, failing, or limited for you; look at "
    "it, and try again"
)
_IN_USE = "another process is writing it; wait until that is done"
_NOT_OPENED = (
    "its database cannot be opened: look at who may read and write that folder, whether the disk "
    "is full, and whether too many files are open"
)

_OF_THE_SYSTEM = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: "a file would be larger than is allowed: allow more, and try again",
    errno.EACCES: _NO_PERMISSION,
    errno.EPERM: _NO_PERMISSION,
    errno.EROFS: _READ_ONLY,
    errno.EMFILE: _TOO_MANY_OPEN,
    errno.ENFILE: _TOO_MANY_OPEN,
    errno.ENOMEM: _NO_MEMORY,
    errno.EIO: _FAILS,
    errno.ENOTDIR: "a part of its path is a file: name another folder",
}
_OF_SQLITE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _FAILS,
    sqlite3.SQLITE_PERM: _NO_PERMISSION,
    sqlite3.SQLITE_AUTH: _NO_PERMISSION,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _NOT_OPENED,
    sqlite3.SQLITE_NOMEM: _NO_MEMORY,
    sqlite3.SQLITE_BUSY: _IN_USE,
    sqlite3.SQLITE_LOCKED: _IN_USE,
    sqlite3.SQLITE_PROTOCOL: _IN_USE,
    sqlite3.SQLITE_INTERRUPT: "it was interrupted: try again",
}
_DAMAGE = (StoreError, SettingsError, ValueError, TypeError, LookupError, RecursionError)
_PASSING = (sqlite3.Error, OSError, MemoryError)


@contextmanager
def faults_named(folder: Path) -> Iterator[None]:
    """Turn errors of SQLite, the system, our checks and the stores on reading into a sentence."""
    try:
        yield
    except (*_DAMAGE, *_PASSING) as error:
        reason = passing(error)
        if reason is None:
            raise damaged(folder, error) from error
        raise StoredIndexError(
            f"the index in {folder} could not be read: {reason}", folder=folder
        ) from error


def not_written(folder: Path, reason: str) -> IndexNotWritten:
    """Return the error that an index could not be changed."""
    return IndexNotWritten(
        f"the index in {folder} could not be written and was not changed: {reason}",
        folder=folder,
    )


def damaged(folder: Path | str, why: object) -> IndexDamaged:
    """Return the error that an index is damaged."""
    return IndexDamaged(
        f"the index in {folder} is damaged ({why}): index again into a new folder", folder=folder
    )


def is_closed(folder: Path | str) -> StoredIndexError:
    """Return the error that an index is used after it was closed."""
    return StoredIndexError(f"the index in {folder} is closed: open it again", folder=folder)


def passing(error: BaseException) -> str | None:
    """Return the reason of a passing fault; None if the error shows damage."""
    if isinstance(error, StoreError) and isinstance(error.__cause__, OSError):
        error = error.__cause__
    if isinstance(error, MemoryError):
        return _NO_MEMORY
    if isinstance(error, NotPlain):
        return f"{error.filename} is a link, or no plain file: name another folder for the index"
    if isinstance(error, FileNotFoundError):  # a file that the index names
        return None
    if isinstance(error, OSError):
        return _OF_THE_SYSTEM.get(error.errno or 0, error.strerror or str(error))
    if isinstance(error, sqlite3.ProgrammingError):
        return "it is closed: open it again"
    if isinstance(error, sqlite3.Error):  # any other code is about what the database holds
        return _OF_SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    return None
