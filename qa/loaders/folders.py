"""The files below a folder: none outside of it, and none left out without a word."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from qa.errors import LoadError
from qa.regular_files import refused
from qa.text.printable import printable_name

_LOCK = "~$"  # begins the name of Word's lock file beside an open document
_LINK, _FOLDER, _FILE, _SPECIAL = "link", "folder", "file", "special"
_log = logging.getLogger(__name__)


def files_below(
    folder: Path,
    is_wanted: Callable[[Path], bool],
    unreadable: Callable[[LoadError], None] | None = None,
) -> list[Path]:
    """Return the wanted files below a folder, relative to it and in order.

    Hidden files, links to folders and special files are skipped. Broken links, and links out of
    the folder, are skipped with a warning in the log. `unreadable` is called for each folder
    below that cannot be read.

    Raises:
        LoadError: the folder, or without `unreadable` any folder below, cannot be read.
    """
    files, left, root = [], [Path()], os.path.realpath(folder)
    while left:
        below = left.pop()
        try:
            entries = _entries(folder / below)
        except LoadError as error:
            if unreadable is None or below == Path():
                raise
            unreadable(error)
            continue
        for name, kind in entries:
            relative = below / name
            if kind == _FOLDER:
                left.append(relative)
            if (kind == _FILE and is_wanted(relative)) or (
                kind == _LINK and _leads_to_file(folder, relative, root, is_wanted)
            ):
                files.append(relative)
    return sorted(files)


def _entries(folder: Path) -> list[tuple[str, str]]:
    """Return the names in a folder that are not hidden, and the kind of each."""
    try:
        with os.scandir(folder) as entries:
            return [(e.name, _kind(e)) for e in entries if not e.name.startswith((".", _LOCK))]
    except OSError as error:
        raise refused(
            folder, f"cannot be looked into: {error.strerror}; open it to yourself, or move it away"
        ) from error


def _kind(entry: os.DirEntry[str]) -> str:
    is_junction = getattr(entry, "is_junction", bool)  # of Windows, from Python 3.12 on
    if entry.is_symlink() or is_junction():
        return _LINK
    return _FOLDER if entry.is_dir() else _FILE if entry.is_file() else _SPECIAL


def _leads_to_file(
    folder: Path, relative: Path, root: str, is_wanted: Callable[[Path], bool]
) -> bool:
    link = folder / relative
    target = os.path.realpath(link)
    if os.path.isdir(target) or is_wanted(relative):  # noqa: PTH112
        if not os.path.exists(target):  # noqa: PTH110
            _log.warning("%s is skipped: it leads nowhere", printable_name(link))
        elif not Path(target).is_relative_to(root):
            _log.warning(
                "%s is skipped: it leads out of %s",
                printable_name(link),
                printable_name(folder),
            )
        else:
            return os.path.isfile(target)  # noqa: PTH113
    return False
