"""Reading input files: regular ones only, within a limit, or refused in one sentence."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from qa.errors import LoadError
from qa.text.printable import printable_name

_TRIES = 3  # of reading a file that changes while it is read
_OPEN = sum(
    getattr(os, name, 0) for name in ("O_RDONLY", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY")
)  # without waiting: to open a pipe would wait for somebody to write into it


def refused(path: Path, reason: str) -> LoadError:
    """Return the error that a file cannot be read; `reason` continues after the file's path."""
    return LoadError(f"{printable_name(path)} {reason}", source=str(path))


def read_regular(path: Path, limit: int, *, follow: bool = True) -> bytes:
    """Read a whole file; the checks and the reading are of one and the same open file.

    Args:
        path: the file.
        limit: the most bytes that it may have.
        follow: whether the path may be a link, or lead through one.

    Raises:
        LoadError: it is no regular file, is larger, cannot be read, or changes while it is read.
    """
    try:
        # A device is not even opened; the open file is checked again, as it may be another.
        _check(path, path.stat(follow_symlinks=follow), limit)
        if not follow and os.path.realpath(path) != str(path):
            raise refused(path, "leads through a link: name the file itself")
        handle = os.open(path, _OPEN | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
        with open(handle, "rb") as file:  # noqa: PTH123 - a path would be opened a second time
            for _ in range(_TRIES):
                before = os.fstat(handle)
                _check(path, before, limit)
                file.seek(0)
                data = file.read(limit + 1)
                if _state(os.fstat(handle)) == _state(before) and len(data) <= limit:
                    return data
    except (OSError, ValueError) as error:  # a name with a NUL character is a ValueError
        reason = error.strerror if isinstance(error, OSError) else error
        raise refused(path, f"cannot be read: {reason}") from error
    raise refused(path, "is being written: read it again once that is done")


def _check(path: Path, status: os.stat_result, limit: int) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise refused(path, "is a link: name the file itself")
    if not stat.S_ISREG(status.st_mode):
        raise refused(path, "is not a file that can be read: it is a folder, a pipe or a device")
    if status.st_size > limit:
        size = f"{status.st_size:,} bytes"
        raise refused(path, f"has {size}; the most is {limit:,}: split it into several files")


def _state(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns
