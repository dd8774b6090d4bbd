"""Keeping an index up to date while files change."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from embeddings import Encoder
from qa.documents import Document
from qa.errors import LoadError, QAError
from qa.index.changes import Changes
from qa.indexes import Place, sources_of, update
from qa.loaders import (
    File,
    Unreadable,
    find,
    find_all,
    find_below,
    is_read,
    place_of,
    place_of_rows,
)

_QUIET_MS = 400  # without changes, before the index is updated,
_LONGEST_MS = 5_000  # but no later than so long after the first change
_FIRST_MS = 1_000
_MOST_FAILURES = 5  # of watching, in a row


def watch(
    paths: Sequence[Path],
    where: Place,
    encoder: Encoder,
    report: Callable[[QAError], None],
    *,
    encoding: str | None = None,
    reported: Iterable[QAError] = (),
) -> Iterator[Changes]:
    """Update an index whenever files change, and yield what changed, until `KeyboardInterrupt`.

    Documents of deleted files are removed. Those of unreadable files stay as they are, until the
    files change again.

    Args:
        paths: files and folders that are in the index.
        where: the index's folder, or its address on Milvus.
        encoder: the one that made the index.
        report: called for each error, once for as long as it lasts.
        encoding: as in `qa.loaders.find_all`.
        reported: errors that are known already.
    """
    watched = {path if path.is_dir() else path.parent for path in map(_absolute, paths)}
    known = {str(error) for error in reported}
    for _ in _moments(watched):
        errors: list[QAError] = []
        changes = Changes()
        try:
            changes = catch_up(paths, where, encoder, errors.append, encoding)
        except QAError as error:
            errors.append(error)
        for one in errors:
            if str(one) not in known:
                report(one)
        known = {str(one) for one in errors}
        if changes.any:
            yield changes


def _moments(watched: set[Path]) -> Iterator[None]:
    """Yield whenever something may have changed; a `LoadError` if files cannot be watched.

    The library stops at a name that is not valid Unicode, and is started again. The update then
    reports that name.
    """
    from watchfiles import watch as changes_of

    failures = 0
    while True:
        first = True  # files may have changed before they were watched
        try:
            for changes in changes_of(
                *watched,
                watch_filter=lambda _, path: is_read(Path(path)),
                debounce=_LONGEST_MS,
                step=_QUIET_MS,
                rust_timeout=_FIRST_MS,
                yield_on_timeout=True,
                ignore_permission_denied=True,
            ):
                failures = 0
                if changes or first:
                    yield
                first = False
            return
        except (RuntimeError, OSError) as error:
            failures += 1
            if failures == _MOST_FAILURES:
                raise LoadError(f"files cannot be watched: {error}", source="") from error


def catch_up(
    paths: Sequence[Path],
    where: Place,
    encoder: Encoder,
    unreadable: Unreadable,
    encoding: str | None = None,
) -> Changes:
    """Update an index from files and folders, and remove the documents of deleted files.

    `unreadable` is called for each file or folder that cannot be opened; its documents stay as
    they are.
    """
    hidden: list[LoadError] = []

    def hide(error: LoadError) -> None:
        hidden.append(error)
        unreadable(error)

    found = [file for path in paths for file in _files(path.expanduser(), hide)]
    files = find_all(found, encoding=encoding)
    deleted = deleted_below(paths, sources_of(where), files, hidden)
    return update(where, files, encoder=encoder, remove=deleted, unreadable=unreadable)


def _files(path: Path, unreadable: Unreadable) -> list[File]:
    """Find the files now; a folder may be empty, and a file deleted."""
    with suppress(OSError):  # which `find` reports
        if path.is_dir():
            return find_below(path, unreadable)
        if not path.exists():
            return []
    return find(path)


def deleted_below(
    paths: Iterable[str | os.PathLike[str]],
    indexed: Mapping[str, str | None],
    found: Collection[Document | File],
    hidden: Iterable[LoadError],
) -> list[str]:
    """Return the ids of the documents whose files below these paths do not exist any more.

    Args:
        paths: files and folders, by paths or addresses. Of a pattern, only the rows that are gone
            from files that it still matches are deleted.
        indexed: where each document of the index came from, by id.
        found: what is there.
        hidden: errors of files and folders that could not be opened.
    """
    named = {*map(place_of, paths)}
    rows_of = {place for place in map(place_of_rows, found) if place}
    closed = {place_of(error.source) for error in hidden}
    present = {one.source for one in found} | closed
    below = _beginnings(named, os.sep, "/") + _beginnings(rows_of, "#")
    hidden_below = _beginnings(closed, os.sep, "/", "#")
    return [
        id_
        for id_, source in indexed.items()
        if source
        and source not in present
        and (source in named or source.startswith(below))
        and not source.startswith(hidden_below)
    ]


def _beginnings(places: Iterable[str], *separators: str) -> tuple[str, ...]:
    """Return what the sources of all documents in these folders or files begin with."""
    return tuple(place.rstrip(each) + each for place in places for each in separators)


def _absolute(path: Path) -> Path:
    return path.expanduser().resolve()
