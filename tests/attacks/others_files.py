"""Index into folders that hold others' files and links, called like an index's: none changes."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.errors import QAError
from qa.index import Index, update_index
from qa.index.storage import DATABASE
from tests.attacks import Outcome
from tests.fakes import FakeEncoder, corpus

SMALL = 12
FULL = 600

_NAMES = (
    "notes.txt", ".hidden", "encoded", "encoded-mine", "encoded-0123456789abcdef", "vectors",
    "vectors-1", "vectors-77", "vectors-mine.npy", "vectors-2024.csv", f"{DATABASE}.bak",
    "vectors-1-0123456789abcdef", "vectors-2-0123456789abcdef", "indexes", f"{DATABASE}-mine",
)  # fmt: skip
_OF_SQLITE = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal")


class _Stopped(FakeEncoder):
    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise KeyboardInterrupt


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Put some there before, some after; index, change, stop, open; then look at all of them."""
    survivors: list[str] = []
    for n in range(tries):
        place = folder / str(n)
        index, outside = place / "index", place / "outside"
        for made in (index, outside):
            made.mkdir(parents=True)
        (outside / "target").write_bytes(rng.randbytes(200))
        early = rng.random() < 0.5
        if early:
            _put(index, outside, rng)
        before = _seen(place, index)
        _use(index, rng)
        if not early:
            _swap_for_links(index, outside, rng)
            _put(index, outside, rng)
            before = _seen(place, index)
        elif _is_made(index):
            survivors.append(f"{n}: an index was made among {sorted(before)}")
        for _ in range(2):
            _use(index, rng)
        if changed := [
            name for name, was in before.items() if _seen(place, index).get(name) != was
        ]:
            survivors.append(f"{n}: {changed} changed")
    return Outcome(tries, tuple(survivors))


def _is_made(index: Path) -> bool:
    with suppress(QAError):
        Index.open(index).close()
        return True
    return False


def _put(index: Path, outside: Path, rng: random.Random) -> None:
    """Put files, links and folders of others into a folder."""
    for name in rng.sample([*_NAMES, *_OF_SQLITE], rng.randint(1, 4)):
        path = index / name
        if os.path.lexists(path):
            continue
        kind = rng.choice(["file", "file", "link", "hard link", "link to nowhere", "folder"])
        if kind == "file":
            path.write_bytes(rng.randbytes(rng.choice([1, 300])))
        elif kind == "folder":
            path.mkdir()
            (path / "theirs").write_text("theirs")
        elif kind == "hard link":
            path.hardlink_to(outside / "target")
        else:
            path.symlink_to(outside / ("target" if kind == "link" else "nowhere"))


def _swap_for_links(index: Path, outside: Path, rng: random.Random) -> None:
    """Put a link in the place of one of the index's own files, or of one that it will write."""
    own = sorted(path.name for path in index.iterdir())
    with suppress(QAError):
        opened = Index.open(index)
        own += [opened.manifest.next_file, opened.manifest.resume_file]
        opened.close()
    if own and rng.random() < 0.5:
        path = index / rng.choice(own)
        if os.path.lexists(path):
            path.rename(outside / f"moved {path.name}")
        path.symlink_to(outside / rng.choice(["target", "nowhere"]))


def _use(index: Path, rng: random.Random) -> None:
    documents = corpus(rng.choice(["a", "ab", "bc"]), edition=rng.choice("xyz"), parts=4)
    with suppress(QAError):
        update_index(index, documents, encoder=FakeEncoder())
    with suppress(QAError, KeyboardInterrupt):
        update_index(index, corpus("d", edition=rng.choice("uvw"), parts=3), encoder=_Stopped())
    with suppress(QAError):
        Index.open(index).close()


def _seen(place: Path, index: Path) -> dict[str, object]:
    """Return what is not the index's: each file's bytes, and where each link leads."""
    own: set[str] = set()
    with suppress(QAError):
        opened = Index.open(index)
        manifest = opened.manifest
        opened.close()
        names = [*(segment.name for segment in manifest.segments), *manifest.left_files]
        own = {*names, manifest.next_file, manifest.resume_file, DATABASE}
    return {
        str(path.relative_to(place)): path.readlink() if path.is_symlink() else path.read_bytes()
        for path in place.rglob("*")
        if (path.is_symlink() or path.is_file()) and (path.parent != index or path.name not in own)
    }
