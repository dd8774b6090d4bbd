"""Files that untrusted data names: no link is followed, and nothing is overwritten."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedIOBase
from pathlib import Path
from typing import cast

_CAREFUL = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
_READ_AND_WRITE = 0o666


class NotPlain(OSError):
    """Something with the name of a file is a link, or not a file."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EINVAL, "it is a link, or no plain file", str(path))


def is_taken(path: Path) -> bool:
    """Return whether anything has this name, a broken link included."""
    return os.path.lexists(path)


def check_plain(path: Path) -> None:
    """Raise `NotPlain` if something of this name is no plain file."""
    if is_taken(path) and not stat.S_ISREG(path.lstat().st_mode):
        raise NotPlain(path)


def open_plain(path: Path, *, change: bool = False) -> BufferedIOBase:
    """Open a file to read it, or to `change` it.

    Raises:
        NotPlain: it is a link, a pipe, a folder, or another special file.
        OSError: it cannot be opened.
    """
    check_plain(path)
    handle = os.open(path, _CAREFUL | (os.O_RDWR if change else os.O_RDONLY))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NotPlain(path)
    return os.fdopen(handle, "r+b") if change else os.fdopen(handle, "rb")


def create_plain(path: Path) -> BufferedIOBase:
    """Create a file to write and read, with the permissions of its folder.

    Raises:
        OSError: it cannot be created; `FileExistsError` if anything has that name.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _CAREFUL
    handle = os.open(path, flags, 0o600)
    try:
        if hasattr(os, "fchmod"):
            os.fchmod(handle, path.parent.stat().st_mode & _READ_AND_WRITE)
        return os.fdopen(handle, "w+b")
    except BaseException:
        os.close(handle)
        raise


def create_unnamed(folder: Path) -> BufferedIOBase:
    """Create a file without a name, which is gone when it is closed or the process ends."""
    from tempfile import TemporaryFile

    return cast(BufferedIOBase, TemporaryFile(dir=folder))
