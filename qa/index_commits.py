"""One change of an index: all of it or nothing, and never two at once."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings import Encoder
from embeddings.stores import Segment
from qa.errors import IndexNotWritten
from qa.index_files import (
    APPLICATION_ID,
    FORMAT,
    SCHEMA,
    Manifest,
    check_files,
    check_format,
    connect,
    damage_named,
)
from qa.passages import Chunking

if TYPE_CHECKING:
    from embeddings.stores.segments import Segments


@contextmanager
def transaction(folder: Path) -> Iterator[sqlite3.Connection]:
    """Hold the one write transaction of an index; whatever goes wrong, nothing is changed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        connection = connect(folder)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
        finally:
            connection.close()
    except OSError as error:
        raise _not_written(folder, error.strerror or str(error)) from error
    except sqlite3.OperationalError as error:
        raise _not_written(folder, str(error)) from error
    except sqlite3.DatabaseError as error:
        with damage_named(folder):
            raise error


def _not_written(folder: Path, reason: str) -> IndexNotWritten:
    if "locked" in reason:
        reason = "another process is writing it; wait until that is done"
    return IndexNotWritten(
        f"the index in {folder} could not be written, and is as it was: {reason}", folder=folder
    )


def manifest_for(
    connection: sqlite3.Connection,
    folder: Path,
    encoder: Encoder,
    chunking: Chunking | None,
    token_vectors: int | None,
) -> Manifest:
    """Read the manifest and hold it against what is asked for; in a new index, write it."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables == 0:
        _create(
            connection, Manifest(encoder.model, encoder.digest, encoder.dim, chunking or Chunking())
        )
    with damage_named(folder):
        check_format(connection, folder)
        manifest = Manifest.from_json(connection.execute("SELECT json FROM manifest").fetchone()[0])
        check_files(manifest, folder)
    manifest.check_encoder(encoder, folder)
    manifest.check_chunking(chunking, folder)
    if token_vectors is not None and token_vectors != manifest.token_vectors:
        manifest = replace(manifest, token_vectors=token_vectors)
        connection.execute("UPDATE manifest SET json = ?", (manifest.to_json(),))
    return manifest


def _create(connection: sqlite3.Connection, manifest: Manifest) -> None:
    for statement in SCHEMA.split(";\n"):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute("INSERT INTO manifest VALUES (?)", (manifest.to_json(),))


def commit(connection: sqlite3.Connection, folder: Path, old: Manifest, store: Segments) -> None:
    """Write the next generation of vectors, make it current, and sweep the others away."""
    generation = old.generation + 1
    path = folder / f"vectors-{generation}"
    try:
        segments = [
            _flushed(path, segment) if segment.name == path.name else segment
            for segment in store.write(folder, path.name)
        ]
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    connection.execute("DELETE FROM dead")
    connection.executemany("INSERT INTO dead VALUES (?)", ((number,) for number in store.dead))
    new = replace(old, generation=generation, segments=tuple(segments))
    connection.execute("UPDATE manifest SET json = ?", (new.to_json(),))
    connection.execute("COMMIT")
    current = {segment.name for segment in segments}
    for other in folder.glob("vectors-*"):
        if other.name not in current:
            with suppress(OSError):  # a reader may hold it open; the next writer sweeps it
                other.unlink()


def _flushed(path: Path, segment: Segment) -> Segment:
    """Describe a file that was written, once its bytes and its name are on the disk."""
    digest = _flushed_digest(path)
    return replace(segment, bytes=path.stat().st_size, sha256=digest)


def _flushed_digest(path: Path) -> str:
    """Give a file's SHA-256, once its bytes and its name are on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return digest
