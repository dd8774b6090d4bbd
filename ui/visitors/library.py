"""The folder in which visitors' documents stay when the server stops."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from qa.errors import SettingsError

_LOCK = "in-use"
_LOCK_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
_HAS_LOCKS = os.name == "posix"  # that end with the process


@dataclass(frozen=True, slots=True)
class Library:
    """Where visitors' documents are kept, and for how many days after their last use."""

    folder: Path
    days: float


def library_name(title: str, model: str) -> str:
    """Return the name of the folder for a page, by its title and the digest of its model."""
    readable = "".join(c if c.isalnum() else "-" for c in title)[:80]
    return f"{readable}-{hashlib.sha256(f'{title}/{model}'.encode()).hexdigest()[:12]}"


@contextmanager
def kept_library(folder: Path, days: float) -> Iterator[Library | None]:
    """Open a library that no other user can read; None if another server has it.

    Raises:
        SettingsError: the folder cannot be made, or belongs to another user.
    """
    try:
        lock = _prepared(folder)
    except OSError as error:
        raise SettingsError(
            f"visitors' documents cannot be kept in {folder} ({error.strerror}): name another "
            "folder in INQUOTE_CACHE, or keep none with --keep-days 0"
        ) from error
    try:
        yield Library(folder, days) if _is_locked(lock) else None
    finally:
        os.close(lock)


def _prepared(folder: Path) -> int:
    """Make the folder, and open the file in it that is locked."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat(follow_symlinks=False)
    if not stat.S_ISDIR(status.st_mode) or (_HAS_LOCKS and status.st_uid != os.getuid()):
        raise PermissionError(0, "it is a link, or another user's")
    folder.chmod(0o700)
    return os.open(folder / _LOCK, _LOCK_FLAGS, 0o600)


def _is_locked(lock: int) -> bool:
    """Lock a file until it is closed, or the process ends; return whether it could be."""
    if not _HAS_LOCKS:
        return True
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
