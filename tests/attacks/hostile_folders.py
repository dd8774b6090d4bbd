"""folders with hostile names, links, loops, pipes and depths: read whole, or one sentence

What is in the folder is read, in order, and nothing outside of it; what cannot be looked into is
an error and is not left out.
"""

from __future__ import annotations

import logging
import os
import random
import shutil
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

from qa.errors import LoadError
from qa.loaders import load
from tests.attacks import Outcome

SMALL, FULL = 25, 1_000
_SECRET = "sesame"
_NAMES = [
    "a",
    "b c",
    "x\ny",
    "\x1b[2J",
    "\u202etxt",
    "好",
    "é",
    "-rf",
    "'; --",
    "\udcff",
    ".hid",
    "~$l",
]
_SLOWEST = 5  # seconds


class Folder:
    """A folder that is made hostile, and what must be read of it."""

    def __init__(self, path: Path, rng: random.Random) -> None:
        self.path, self.rng = path, rng
        self.read: set[str] = set()
        self.must_fail = False
        self.closed: set[Path] = set()
        self._folders = [path]

    def file(self) -> None:
        """Add a file that is to be read, unless its name or its folder's forbids it."""
        path = self._place(".txt")
        path.write_text("text")
        relative = path.relative_to(self.path)
        if self._is_seen(path):
            self.read.add(relative.as_posix())
            self.must_fail |= not _is_text(relative)

    def folder(self) -> None:
        """Add a folder, or many in one another."""
        path = self._place("")
        for _ in range(self.rng.choice([1, 1, 1, 400])):
            with suppress(OSError):  # a path that is too long
                path.mkdir(exist_ok=True)
                self._folders.append(path)
            path = path / "f"

    def link(self) -> None:
        """Add a link: out, up, to itself, to nothing, to a device."""
        path = self._place(self.rng.choice([".txt", ".html", ""]))
        outside = self.path.parent / "outside"
        targets = [outside, outside / "secret.txt", path, self.path, Path("/dev/zero"), Path("/")]
        path.symlink_to(self.rng.choice([*targets, Path("gone")]))

    def special(self) -> None:
        """Add a pipe or a socket."""
        path = self._place(".txt")
        if self.rng.random() < 0.5:
            os.mkfifo(path)
            return
        with socket.socket(socket.AF_UNIX) as bound, suppress(OSError):  # a path that is too long
            bound.bind(str(path))

    def close(self) -> None:
        """Take away the right to look into a folder."""
        path = self.rng.choice(self._folders)
        self.closed.add(path)
        self.must_fail |= self._is_seen(path)

    def _place(self, suffix: str) -> Path:
        while True:
            name = f"{self.rng.choice(_NAMES)}{self.rng.randrange(10**6)}{suffix}"
            path = self.rng.choice(self._folders) / name
            if len(os.fsencode(path)) < 3_000 and not os.path.lexists(path):
                return path

    def _is_seen(self, path: Path) -> bool:
        parts = path.relative_to(self.path).parts
        return not any(part.startswith((".", "~$")) for part in parts)


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Load hostile folders; survivors raise otherwise, or read too little or too much."""
    (folder / "outside").mkdir()
    (folder / "outside" / "secret.txt").write_text(_SECRET)
    logging.getLogger("qa.loaders").setLevel(logging.ERROR)  # what is skipped is said
    survivors = []
    for number in range(tries):
        path = folder / str(number)
        path.mkdir()
        hostile = Folder(path, rng)
        hostile.file()
        for _ in range(rng.randrange(1, 12)):
            rng.choice(_DEEDS)(hostile)
        if fault := fault_of(hostile):
            survivors.append(f"folder {number}: {fault}")
        shutil.rmtree(path, ignore_errors=True)
    logging.getLogger("qa.loaders").setLevel(logging.NOTSET)
    return Outcome(tries, tuple(survivors))


_DEEDS: list[Callable[[Folder], None]] = [
    Folder.file,
    Folder.file,
    Folder.folder,
    Folder.link,
    Folder.link,
    Folder.special,
    Folder.close,
]


def fault_of(hostile: Folder) -> str | None:
    """Return what is wrong with how a folder is read; None if nothing is."""
    scandir, started = os.scandir, time.monotonic()

    def guarded(path: Path) -> object:  # tests may run as root, whom no permission stops
        if Path(path) in hostile.closed:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    try:
        with patch.object(os, "scandir", guarded):
            documents = load(hostile.path)
    except LoadError as error:
        nothing = not hostile.read
        return None if (hostile.must_fail or nothing) and _is_one_line(error) else f"error: {error}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    if any(_SECRET in document.text for document in documents):
        return "a file outside of the folder was read"
    missing = hostile.read - {document.id for document in documents}
    if hostile.must_fail or missing:
        return f"left out in silence: {missing or hostile.closed}"
    seconds = time.monotonic() - started
    return f"took {seconds:.0f} seconds" if seconds > _SLOWEST else None


def _is_one_line(error: LoadError) -> bool:
    return all(c.isprintable() for c in str(error))


def _is_text(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True
