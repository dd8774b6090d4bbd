"""A cache between runs, for a faster start; it may be lost at any time."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

_SETTLED = 2_000_000_000  # nanoseconds, of the coarsest clock of a file system

Stamp = tuple[int, int, int]
"""Shows that a file changed, without reading it: its size, and two times of change."""


def cache_folder() -> Path:
    """Return the user's cache folder; INQUOTE_CACHE names another."""
    from platformdirs import user_cache_path

    named = os.environ.get("INQUOTE_CACHE")
    return Path(named).expanduser() if named else user_cache_path("inquote")


def stamp(path: Path) -> Stamp:
    """Return a file's stamp; an `OSError` if it does not exist."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def are_settled(stamps: Iterable[Stamp]) -> bool:
    """Return whether another change to any of the files would give it another stamp.

    A file that changes twice within one tick of the file system's clock has one stamp for both.
    """
    latest = max((max(changed, made) for _, changed, made in stamps), default=0)
    return latest < time.time_ns() - _SETTLED


def recall(path: Path) -> Any:
    """Read cached data; None if there is none that can be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def keep(path: Path, data: object) -> None:
    """Cache plain data, whole or, where it cannot be written, not at all."""
    with suppress(OSError):
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(data, file)
            Path(beside).replace(path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
