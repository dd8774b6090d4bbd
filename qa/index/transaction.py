"""One change of an index, in a transaction: all or nothing, and never two at once."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings import Encoder
from embeddings.plain_files import create_plain, is_taken, open_plain
from qa.errors import IndexNotWritten
from qa.index.faults import damaged, faults_named, not_written, passing
from qa.index.manifest import Manifest
from qa.index.rows import NotWhole, checksum_of, together
from qa.index.storage import (
    APPLICATION_ID,
    DATABASE,
    FORMAT,
    LOGS,
    SCHEMA,
    check_files,
    check_format,
    connect,
    read_manifest,
    write_manifest,
)
from qa.index.upgrade import upgrade
from qa.passages import Chunking

if TYPE_CHECKING:
    from embeddings.stores.segments import Segments

_ITS_OWN = {DATABASE, *LOGS}
_FOLDER_MODE = 0o700  # an index holds the text of documents that others may not be allowed to read
_BEGINNING = b"SQLite format 3\0"
_BEGUN = 4_096  # bytes of an empty database, at most
_LOG_KEPT = 4 * 2**20  # bytes of SQLite's log that stay on the disk while there are readers


@contextmanager
def transaction(folder: Path) -> Iterator[sqlite3.Connection]:
    """Hold the one write transaction of an index; on any error, nothing changes."""
    try:
        _take(folder)
        connection = connect(folder)
        try:
            _prepare(connection, folder)
            connection.execute("BEGIN IMMEDIATE")
            yield connection
        finally:
            connection.close()
    except NotWhole as error:
        raise damaged(folder, error) from error
    except (OSError, sqlite3.Error) as error:
        reason = passing(error)
        if reason is None:
            raise damaged(folder, error) from error
        raise not_written(folder, reason) from error


def _take(folder: Path) -> None:
    """Make the folder, and an empty database in it, unless they exist; refuse other files."""
    try:
        folder.mkdir(_FOLDER_MODE, parents=True, exist_ok=True)
    except FileExistsError:
        raise not_written(folder, "it is a file: name a folder") from None
    except FileNotFoundError as error:
        raise not_written(folder, "no folder can be made there: name another") from error
    others = {path.name for path in folder.iterdir()}
    if DATABASE not in others:
        _refuse(folder, others)
        with suppress(FileExistsError):  # another process was faster
            create_plain(folder / DATABASE).close()
    else:
        _check_database(folder / DATABASE)


def _refuse(folder: Path, others: set[str]) -> None:
    if others:
        raise IndexNotWritten(
            f"{folder} holds {min(others)!r} and no index: name an empty folder, or a new one, "
            "for the index",
            folder=folder,
        )


def _check_database(path: Path) -> None:
    """Refuse a file that SQLite would take for an empty database, and overwrite."""
    with open_plain(path) as file:
        status, start = os.fstat(file.fileno()), file.read(len(_BEGINNING))
    shared = status.st_nlink > 1 and status.st_size <= _BEGUN
    if shared or (start and start != _BEGINNING):
        raise NotWhole(f"{path.name} is no database of its own")


def _prepare(connection: sqlite3.Connection, folder: Path) -> None:
    """Refuse a database that is no index; switch an empty one, or an index, to WAL mode."""
    if not _is_blank(connection):
        check_format(connection, folder, older=True)
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode != "wal":
        connection.execute("PRAGMA journal_mode = MEMORY")  # which leaves no file behind
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_KEPT}")


def _is_blank(connection: sqlite3.Connection) -> bool:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return bool(application == 0 and pages <= 1 and tables == 0)


def manifest_for(
    connection: sqlite3.Connection,
    folder: Path,
    encoder: Encoder,
    chunking: Chunking | None,
    token_vectors: int | None,
) -> tuple[Manifest, int | None]:
    """Read the manifest and check it against the options; in a new index, write it.

    A new one is committed at once, so that it always says which files are the index's. An index
    of an earlier format gets the tables of this one; its format is returned, too.
    """
    if _is_blank(connection):
        _refuse(folder, {path.name for path in folder.iterdir()} - _ITS_OWN)
        _create(connection, Manifest.new(encoder, chunking or Chunking()))
        connection.execute("COMMIT")
        connection.execute("BEGIN IMMEDIATE")
    with faults_named(folder):
        upgraded_from = upgrade(connection, folder)
        manifest = read_manifest(connection)
        check_files(manifest, folder)
        if _checks(connection) != (manifest.documents_check, manifest.words_check):
            raise NotWhole("its documents, or its words, are not those that were written")
    if manifest.generation == 0:  # it is still empty, whatever it was begun with
        begun = Manifest.new(encoder, chunking or Chunking())
        manifest = replace(begun, next_file=manifest.next_file, resume_file=manifest.resume_file)
    manifest.check_encoder(encoder, folder)
    manifest.check_chunking(chunking, folder)
    if token_vectors is not None:
        manifest = replace(manifest, token_vectors=token_vectors)
    return manifest, upgraded_from


def _create(connection: sqlite3.Connection, manifest: Manifest) -> None:
    for statement in SCHEMA:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    write_manifest(connection, manifest)


def _checks(connection: sqlite3.Connection) -> tuple[str, str]:
    """Return the checksums of all documents' rows, and of the words' segments."""
    from qa.index.inverted_index import words_check

    rows = connection.execute("SELECT checksum FROM documents ORDER BY number")
    return together(check for (check,) in rows), words_check(connection)


def commit(
    connection: sqlite3.Connection,
    folder: Path,
    old: Manifest,
    store: Segments | None,
    precisions: Iterable[str],
) -> None:
    """Write the next generation of vectors, if there is one, and commit.

    The new vectors were encoded in these precisions.
    """
    documents, words = _checks(connection)
    new = replace(old, documents_check=documents, words_check=words)
    if store is not None:
        new = _with_vectors(connection, folder, new, store, precisions)
    write_manifest(connection, new)
    connection.execute("COMMIT")
    for name in new.left_files:
        with suppress(OSError):  # a reader may hold it open; the next writer removes it
            (folder / name).unlink(missing_ok=True)


def _with_vectors(
    connection: sqlite3.Connection,
    folder: Path,
    old: Manifest,
    store: Segments,
    precisions: Iterable[str],
) -> Manifest:
    import numpy as np

    path = folder / old.next_file
    path.unlink(missing_ok=True)  # of a writer that was stopped
    try:
        segments = tuple(
            replace(segment, bytes=path.stat().st_size, sha256=_flushed_digest(path))
            if segment.name == path.name
            else segment
            for segment in store.write(folder, path.name, precisions)
        )
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    deleted = np.array(store.deleted, np.int64)
    connection.execute("DELETE FROM dead")
    connection.executemany("INSERT INTO dead VALUES (?)", ((n,) for n in deleted.tolist()))
    current = {segment.name for segment in segments}
    before = [*old.left_files, *(segment.name for segment in old.segments)]
    left = (name for name in before if name not in current and is_taken(folder / name))
    following = old.following(segments, tuple(left))
    return replace(following, dead_check=checksum_of(deleted).hex())


def _flushed_digest(path: Path) -> str:
    """Return a file's SHA-256, once its bytes and its name are synced to the disk."""
    with open_plain(path) as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return digest
