"""Files on their way in: read within a limit, and refused in one sentence."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from qa.errors import LoadError
from qa.terminal import printable_name

_TRIES = 3  # of reading a file that changes while it is read


def refused(path: Path, reason: str) -> LoadError:
    """Return the error that a file cannot be read; `reason` goes on after the file's path."""
    return LoadError(f"{printable_name(path)} {reason}", source=str(path))


def read_file(path: Path, limit: int) -> bytes:
    """Read a whole file.

    Raises:
        LoadError: it cannot be read, is no regular file, has more than `limit` bytes, or does
            not stay the same while it is read.
    """
    try:
        # Without waiting, or a pipe that took the file's place would be waited for.
        with open(path, "rb", opener=_without_waiting) as file:
            for _ in range(_TRIES):
                before = os.fstat(file.fileno())
                _check(before, path, limit)
                file.seek(0)
                data = file.read(limit + 1)
                if _state(os.fstat(file.fileno())) == _state(before) and len(data) <= limit:
                    return data
    except OSError as error:
        raise refused(path, f"cannot be read: {error.strerror}") from error
    raise refused(path, "is being written: read it again once that is done")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check(status: os.stat_result, path: Path, limit: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise refused(path, "is no file that can be read: it is a folder, a pipe or a device")
    if status.st_size > limit:
        raise refused(
            path,
            f"has {status.st_size:,} bytes; the most is {limit:,}: split it into several files",
        )


def _state(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns
