"""Reading a file that somebody else may have named: only a regular one, and only so much."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from qa.errors import LoadError

_OPEN = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # to open a pipe waits for nobody
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)


def read_regular(path: Path, limit: int, *, follow: bool = True) -> bytes:
    """Read a whole file; what is looked at and what is read is one and the same open file.

    Args:
        path: the file.
        limit: the most bytes that it may have.
        follow: whether the path may be a link.

    Raises:
        LoadError: it is no regular file, is larger, or cannot be read.
    """
    try:
        # A device is not even opened; what is opened is looked at again, as it may be another.
        _check(path, path.stat(follow_symlinks=follow))
        handle = os.open(path, _OPEN | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
        with open(handle, "rb") as file:  # noqa: PTH123 - a path would be opened a second time
            _check(path, os.fstat(handle))
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:  # a name with a NUL character is a ValueError
        reason = error.strerror if isinstance(error, OSError) else error
        raise _refused(path, f"cannot be read: {reason}") from error
    if len(data) > limit:
        raise _refused(path, f"is too large: the most is {limit:,} bytes")
    return data


def _check(path: Path, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise _refused(path, "is a link: name the file itself")
    if not stat.S_ISREG(status.st_mode):
        raise _refused(path, "is not a regular file: save it as one")


def _refused(path: Path, reason: str) -> LoadError:
    return LoadError(f"{path} {reason}", source=str(path))
