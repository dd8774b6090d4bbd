"""Keeping an index up to date while files change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from embeddings import Encoder
from qa.errors import LoadError, QAError
from qa.index.reader import Index
from qa.index.writer import Changes, Unreadable, update_index
from qa.loaders import File, find, find_below, is_supported

_QUIET_MS = 400  # how long nothing may change before the index is brought up to date
_FIRST_MS = 1_000
_MOST_FAILURES = 5  # of watching, in a row
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
    watched = {path if path.is_dir() else path.parent for path in map(_absolute, paths)}
    for _ in _moments(watched):
        try:
            changes = catch_up(paths, folder, encoder, told)
        except QAError as error:
            told(error)
        else:
            if changes.any:
                yield changes


def _moments(watched: set[Path]) -> Iterator[None]:
    """Yield whenever something may have changed.

    The library stops at a name that is not valid Unicode, and is begun again. Whoever then looks
    at the files says what is wrong with that name.

    Raises:
        LoadError: files cannot be watched.
    """
    from watchfiles import watch as changes_of

    def matters(_: object, path: str) -> bool:
        return is_supported(Path(path))

    failures = 0
    while True:
        first = True  # files may have changed before they were watched
        try:
            for seen in changes_of(
                *watched,
                watch_filter=matters,
                debounce=_LONGEST_MS,
                step=_QUIET_MS,
                rust_timeout=_FIRST_MS,
                yield_on_timeout=True,
                ignore_permission_denied=True,
            ):
                failures = 0
                if seen or first:
                    yield
                first = False
            return
        except (RuntimeError, OSError) as error:
            failures += 1
            if failures == _MOST_FAILURES:
                raise LoadError(f"files cannot be watched: {error}", source="") from error


def catch_up(
    paths: Sequence[Path], folder: Path, encoder: Encoder, unreadable: Unreadable
) -> Changes:
    """Bring an index up to date with files and folders; those that are gone are taken out.

    What cannot be looked at below a folder is told, and stays in the index as it was.
    """
    hidden: list[Path] = []

    def told(error: LoadError) -> None:
        hidden.append(_absolute(Path(error.source)))
        unreadable(error)

    files = [file for path in paths for file in _found(path.expanduser(), told)]
    gone = _gone(paths, folder, {file.source for file in files}, hidden)
    return update_index(folder, files, encoder=encoder, remove=gone, unreadable=unreadable)


def _found(path: Path, unreadable: Unreadable) -> list[File]:
    """Find what there is; a folder may be empty for now, and a file may be gone."""
    with suppress(OSError):  # which `find` tells of
        if path.is_dir():
            return find_below(path, unreadable)
        if not path.exists():
            return []
    return find(path)


def _gone(
    paths: Sequence[Path], folder: Path, there: set[str], hidden: Sequence[Path]
) -> list[str]:
    """Return the ids of the documents that came from these paths, and are there no more."""
    roots = [_absolute(path) for path in paths]
    index = Index.open(folder)
    try:
        sources = index.sources()
    finally:
        index.close()
    return [
        id_
        for id_, source in sources.items()
        if source
        and source not in there
        and _is_below(Path(source), roots)
        and not _is_below(Path(source), hidden)
    ]


def _is_below(path: Path, roots: Sequence[Path]) -> bool:
    return any(path == root or root in path.parents for root in roots)


def _absolute(path: Path) -> Path:
    return path.expanduser().resolve()
