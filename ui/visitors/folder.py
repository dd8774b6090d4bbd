"""The private folder in which a running server keeps what visitors bring."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ui.visitors.background import regularly

_PREFIX = "inquote-visitors-"
_LOCK = "in-use"
_GRADIOS_PLACE = "GRADIO_TEMP_DIR"
_SWEPT_EVERY = 3_600  # seconds
_HAS_LOCKS = os.name == "posix"  # that tell whether a server still runs


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a folder that no other user can read, and delete it when the block ends.

    Folders of killed servers are deleted at the start and every hour. Gradio uses the folder too,
    if it is imported inside the block.
    """
    sweep()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        with _in_use(folder), _gradio_in(folder), regularly(sweep, _SWEPT_EVERY):
            yield folder


def sweep() -> None:
    """Delete the folders of this user's servers that no longer run; follow no link."""
    if not _HAS_LOCKS:
        return
    with os.scandir(tempfile.gettempdir()) as entries:
        found = [entry for entry in entries if entry.name.startswith(_PREFIX)]
    for entry in found:
        with suppress(OSError):  # another sweep was quicker
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid():
                _remove_if_left(Path(entry.path))


@contextmanager
def _in_use(folder: Path) -> Iterator[None]:
    """Lock a file in a folder; the system releases the lock when the process ends.

    The file gets its name after it is locked, so that no sweep finds it unlocked.
    """
    if not _HAS_LOCKS:
        yield
        return
    import fcntl

    beginning = folder / f"{_LOCK}.new"
    with beginning.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        beginning.rename(folder / _LOCK)
        yield


@contextmanager
def _gradio_in(folder: Path) -> Iterator[None]:
    before = os.environ.get(_GRADIOS_PLACE)
    os.environ[_GRADIOS_PLACE] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[_GRADIOS_PLACE]
        else:
            os.environ[_GRADIOS_PLACE] = before


def _remove_if_left(folder: Path) -> None:
    import fcntl

    descriptor = os.open(folder / _LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails where a server holds it
        shutil.rmtree(folder)
    finally:
        os.close(descriptor)
