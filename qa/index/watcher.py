"""Keeping an index up to date while files change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from embeddings import Encoder
from qa.errors import QAError
from qa.index.reader import Index
from qa.index.writer import Changes, Unreadable, update_index
from qa.loaders import File, find, find_below, is_read

_QUIET_MS = 400  # how long nothing may change before the index is brought up to date
_FIRST_MS = 1_000
_LONGEST_MS = 5_000  # but no later than so long after the first change


def watch(
    paths: Sequence[Path], folder: Path, encoder: Encoder, told: Callable[[QAError], None]
) -> Iterator[Changes]:
    """Bring an index up to date whenever files change, and give what changed.

    It goes on until it is interrupted, which comes through as `KeyboardInterrupt`.
    Files that are gone are taken out of the index. An error is told, and what it is of stays in
    the index as it was, until it changes again.

    Args:
        paths: files and folders that are in the index.
        folder: the index's.
        encoder: the one that made it.
        told: told what is wrong.
    """
    from watchfiles import watch as changes_of

    def matters(_: object, path: str) -> bool:
        return is_read(Path(path))

    watched = {path if path.is_dir() else path.parent for path in map(_absolute, paths)}
    first = True  # files may have changed before they were watched
    for seen in changes_of(
        *watched,
        watch_filter=matters,
        debounce=_LONGEST_MS,
        step=_QUIET_MS,
        rust_timeout=_FIRST_MS,
        yield_on_timeout=True,
    ):
        if not seen and not first:
            continue
        first = False
        try:
            changes = catch_up(paths, folder, encoder, told)
        except QAError as error:
            told(error)
        else:
            if changes.any:
                yield changes


def catch_up(
    paths: Sequence[Path], folder: Path, encoder: Encoder, unreadable: Unreadable
) -> Changes:
    """Bring an index up to date with files and folders; those that are gone are taken out."""
    files = [file for path in paths for file in _found(path.expanduser())]
    gone = _gone(paths, folder, {file.source for file in files})
    return update_index(folder, files, encoder=encoder, remove=gone, unreadable=unreadable)


def _found(path: Path) -> list[File]:
    """Find what there is; a folder may be empty for now, and a file may be gone."""
    with suppress(OSError):  # which `find` tells of
        if path.is_dir():
            return find_below(path)
        if not path.exists():
            return []
    return find(path)


def _gone(paths: Sequence[Path], folder: Path, there: set[str]) -> list[str]:
    """Return the ids of the documents that came these, and are there no more."""
    roots = [_absolute(path) for path in paths]
    index = Index.open(folder)
    try:
        sources = index.sources()
    finally:
        index.close()
    return [
        id_
        for id_, source in sources.items()
        if source and source not in there and _is_below(Path(source), roots)
    ]


def _is_below(path: Path, roots: Sequence[Path]) -> bool:
    return any(path == root or root in path.parents for root in roots)


def _absolute(path: Path) -> Path:
    return path.expanduser().resolve()
