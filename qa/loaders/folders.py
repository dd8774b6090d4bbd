"""What is below a folder: nothing outside of it, and nothing in it left out in silence."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from qa.loaders.files import refused, shown

_LOCK = "~$"  # starts the name of the file that Word puts beside one that is open
_log = logging.getLogger(__name__)


def files_below(folder: Path, is_wanted: Callable[[Path], bool]) -> list[Path]:
    """Return the wanted files below a folder, relative to it and in order.

    Passed over are what is hidden, what is no regular file, and links to folders. A link that
    leads nowhere, or out of the folder, is passed over too, and that is logged as a warning.

    Raises:
        LoadError: a folder cannot be looked into.
    """
    found, left, root = [], [Path()], os.path.realpath(folder)
    while left:
        below = left.pop()
        for entry in _entries(folder / below):
            relative = below / entry.name
            if entry.name.startswith((".", _LOCK)):
                continue
            if entry.is_symlink():
                if _leads_to_file(folder, relative, root, is_wanted):
                    found.append(relative)
            elif entry.is_dir():
                left.append(relative)
            elif is_wanted(relative) and entry.is_file():
                found.append(relative)
    return sorted(found)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError as error:
        raise refused(
            folder, f"cannot be looked into: {error.strerror}; open it to yourself, or move it away"
        ) from error


def _leads_to_file(
    folder: Path, relative: Path, root: str, is_wanted: Callable[[Path], bool]
) -> bool:
    """Tell whether a link leads to a file below `root`."""
    link = folder / relative
    target = os.path.realpath(link)
    if os.path.isdir(target) or is_wanted(relative):  # noqa: PTH112
        if not os.path.exists(target):  # noqa: PTH110
            _log.warning("%s is passed over: it leads nowhere", shown(link))
        elif os.path.commonpath([root, target]) != root:
            _log.warning("%s is passed over: it leads out of %s", shown(link), shown(folder))
        else:
            return os.path.isfile(target)  # noqa: PTH113
    return False
