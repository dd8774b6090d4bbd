"""The files of an index: `reader` reads them, and `writer` writes them.

A folder with one SQLite database and one vector file, or a few where there are many vectors:

    inquote.sqlite                  the manifest, the documents' texts, the passages and words
    vectors-<generation>-<random>   passages' vectors (`embeddings.stores.segments`), written once
    encoded-<random>                what a stopped writer encoded (`resume_cache`)

The manifest names the current files, and the one that the next writer writes, so that no other
file is ever overwritten or removed. The database commit makes a new file current: the folder
always holds one whole index. An open `Index` reads a snapshot, whatever a writer does meanwhile.

Every row has a checksum, and the manifest has one of the rows that may not go missing. An index of
at most `HELD` passages is read into memory when it is opened, except its tokens, and checked; a
larger one is checked row by row as it is read. No link is followed.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings import StoreError
from embeddings.plain_files import check_plain, is_taken, open_plain
from embeddings.stores import Segment
from qa.errors import IndexMismatch, IndexMissing, StoredIndexError
from qa.index.manifest import Manifest
from qa.index.rows import NotWhole, checked, checksum, checksum_of

if TYPE_CHECKING:
    from embeddings.stores.segments import Segments

DATABASE = "inquote.sqlite"
LOGS = (f"{DATABASE}-wal", f"{DATABASE}-shm")
"""SQLite's files beside an open database."""

FORMAT = 7
APPLICATION_ID = 0x494E5154  # "INQT", in the database's header
HELD = 25_000
"""The most passages of an index that is read into memory, about 40 MB."""

# `docs/formats.md` says what is in each column.
SCHEMA = (
    "CREATE TABLE manifest (json TEXT NOT NULL, checksum BLOB NOT NULL)",
    "CREATE TABLE documents (number INTEGER PRIMARY KEY, passages INTEGER NOT NULL, "
    "id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, source TEXT, sha256 TEXT NOT NULL, "
    "stamp TEXT, pages TEXT NOT NULL, structure TEXT NOT NULL, checksum BLOB NOT NULL)",
    "CREATE TABLE texts (document INTEGER PRIMARY KEY, text TEXT NOT NULL, blocks TEXT NOT NULL)",
    "CREATE TABLE passages (number INTEGER PRIMARY KEY, sentences TEXT NOT NULL, "
    "context TEXT NOT NULL, checksum BLOB NOT NULL)",
    "CREATE TABLE dead (number INTEGER PRIMARY KEY)",
    "CREATE TABLE word_segments (number INTEGER PRIMARY KEY, checksum BLOB NOT NULL, "
    "passages BLOB NOT NULL, lengths BLOB NOT NULL)",
    "CREATE TABLE postings (segment INTEGER NOT NULL, first TEXT NOT NULL, until TEXT, "
    "terms BLOB NOT NULL, checksum BLOB NOT NULL, PRIMARY KEY (segment, first)) WITHOUT ROWID",
    "CREATE TABLE dead_words (passage INTEGER PRIMARY KEY)",
    "CREATE TABLE tokens (passage INTEGER PRIMARY KEY, text BLOB NOT NULL, vectors BLOB NOT NULL)",
    "CREATE INDEX tokens_by_text ON tokens (text)",
)
_ON_DISK = {"manifest", "tokens"}
SCHEMAS = {
    6: (
        SCHEMA[0],
        "CREATE TABLE documents (number INTEGER PRIMARY KEY, passages INTEGER NOT NULL, "
        "id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, source TEXT, sha256 TEXT NOT NULL, "
        "stamp TEXT, pages TEXT NOT NULL, checksum BLOB NOT NULL)",
        "CREATE TABLE texts (document INTEGER PRIMARY KEY, text TEXT NOT NULL)",
        *SCHEMA[3:],
    ),
    FORMAT: SCHEMA,
}
"""The tables of each format that can be upgraded (`qa.index.upgrade`), and of this one."""

_IMMUTABLE = "mode=ro&immutable=1"
_NO_ROOM = (
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_IOERR_SHMOPEN,
    sqlite3.SQLITE_IOERR_SHMMAP,
    sqlite3.SQLITE_FULL,
)
_OPEN_ATTEMPTS = 5
_SECONDS_TO_WAIT = 10.0  # for another process


def is_index(folder: Path) -> bool:
    """Return whether a folder holds an index, or anything with the name of its database."""
    try:
        return is_taken(folder / DATABASE)
    except (OSError, ValueError):  # a name that is too long, or not possible, for a path
        return False


def connect(folder: Path) -> sqlite3.Connection:
    """Connect to an index's database to change it, in autocommit mode."""
    return _connected(_address(folder))


def connect_to_read(folder: Path) -> sqlite3.Connection:
    """Connect to an empty database in memory, with an index's database attached as `disk`."""
    address = _address(folder)
    connection = _connected("file::memory:")
    try:
        try:
            connection.execute("ATTACH ? AS disk", (address,))
        except sqlite3.OperationalError as error:
            log = folder / LOGS[0]
            if error.sqlite_errorcode not in _NO_ROOM or (is_taken(log) and log.lstat().st_size):
                raise
            # A full disk has no room for SQLite's shared memory, and nobody can write there.
            connection.execute("ATTACH ? AS disk", (f"{address}?{_IMMUTABLE}",))
        return connection
    except BaseException:
        connection.close()
        raise


def _address(folder: Path) -> str:
    """Return the URI of the database, immutable in a read-only folder; refuse links."""
    for name in (DATABASE, *LOGS):
        check_plain(folder / name)
    if is_taken(stray := folder / f"{DATABASE}-journal"):
        raise StoredIndexError(
            f"{stray} belongs to no index, and could change one: remove it, or name another folder",
            folder=folder,
        )
    immutable = not os.access(folder, os.W_OK) and not (folder / LOGS[0]).exists()
    return (folder / DATABASE).absolute().as_uri() + (f"?{_IMMUTABLE}" if immutable else "")


def _connected(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        address,
        uri=True,
        timeout=_SECONDS_TO_WAIT,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def check_format(
    connection: sqlite3.Connection, folder: Path, schema: str = "main", *, older: bool = False
) -> int:
    """Return the format of an index; refuse another than this version's, and what is no index.

    With `older`, formats that can be upgraded are accepted, too.
    """
    (application,) = connection.execute(f"PRAGMA {schema}.application_id").fetchone()
    (version,) = connection.execute(f"PRAGMA {schema}.user_version").fetchone()
    if application != APPLICATION_ID:
        raise IndexMissing(
            f"{folder} holds no finished inquote index: index into it again, or into a new folder "
            f"where {DATABASE} is not inquote's",
            folder=folder,
        )
    if version not in SCHEMAS or (version != FORMAT and not older):
        raise IndexMismatch(
            f"the index in {folder} has format {version} and this version reads format {FORMAT}: "
            f"{_way_out(version, folder)}",
            folder=folder,
        )
    query = f"SELECT sql FROM {schema}.sqlite_schema WHERE sql IS NOT NULL ORDER BY sql"  # noqa: S608
    if [sql for (sql,) in connection.execute(query)] != sorted(SCHEMAS[version]):
        raise NotWhole("its tables are not those of an index")
    return int(version)


def _way_out(version: int, folder: Path) -> str:
    if version in SCHEMAS:
        return f"upgrade it with inquote index --index {shlex.quote(str(folder))}"
    if version > FORMAT:
        return "update inquote, or index again into a new folder"
    return "index again into a new folder"


def read_manifest(connection: sqlite3.Connection) -> Manifest:
    """Read the manifest; `NotWhole` if it is damaged."""
    rows = connection.execute("SELECT json, checksum FROM manifest").fetchall()
    if len(rows) != 1:
        raise NotWhole("it has no manifest, or several")
    return Manifest.from_json(*checked(rows[0], "its manifest"))


def finished(manifest: Manifest, folder: Path) -> Manifest:
    """Return the manifest; an `IndexMissing` if its index was never finished."""
    if manifest.generation == 0:
        raise IndexMissing(
            f"the index in {folder} was never finished: index into it again", folder=folder
        )
    return manifest


def write_manifest(connection: sqlite3.Connection, manifest: Manifest) -> None:
    """Replace the manifest."""
    stored = manifest.to_json()
    connection.execute("DELETE FROM manifest")
    connection.execute("INSERT INTO manifest VALUES (?, ?)", (stored, checksum(stored)))


def open_current(connection: sqlite3.Connection, folder: Path) -> tuple[Manifest, Segments, bool]:
    """Take a snapshot of the database, load its vectors, and return whether it is all in memory.

    Otherwise the read transaction, which stays open, is the snapshot. A writer may commit, and
    remove the vectors of this snapshot, before they are loaded; then a new snapshot is taken.
    """
    for _ in range(_OPEN_ATTEMPTS):
        connection.execute("BEGIN")
        check_format(connection, folder, "disk")
        manifest = finished(read_manifest(connection), folder)
        try:
            vectors = load_vectors(manifest, connection, folder)
            return manifest, vectors, _copy_to_memory(connection, len(vectors))
        except (OSError, StoreError):
            names = (segment.name for segment in manifest.segments)
            missing = next((name for name in names if not is_taken(folder / name)), None)
            if missing is None:
                raise
        connection.execute("ROLLBACK")
    raise NotWhole(f"the vector file {missing} is missing")


def _copy_to_memory(connection: sqlite3.Connection, count: int) -> bool:
    """Copy all rows but the tokens to memory if they are few, and end the transaction."""
    if count > HELD:
        return False
    for statement in SCHEMA:
        kind, name = statement.split()[1:3]
        if kind == "TABLE" and name not in _ON_DISK:
            connection.execute(statement)
            # The condition makes SQLite read the rows, rather than copy pages.
            connection.execute(f"INSERT INTO main.{name} SELECT * FROM disk.{name} WHERE true")  # noqa: S608
    connection.execute("COMMIT")
    return True


def load_vectors(manifest: Manifest, connection: sqlite3.Connection, folder: Path) -> Segments:
    """Load the current vectors, before any of their passages is removed from the database.

    Raises:
        StoreError: a file is not the one that was written.
        NotWhole: the tombstones are not those that were written.
    """
    import numpy as np

    from embeddings.stores.segments import Segments

    check_files(manifest, folder)
    rows = connection.execute("SELECT number FROM dead ORDER BY number").fetchall()
    deleted = np.array(rows, np.int64).reshape(-1)
    if checksum_of(deleted).hex() != manifest.dead_check:
        raise NotWhole("its list of removed passages is not as it was written")
    (rows,) = connection.execute("SELECT count(*) FROM passages").fetchone()
    most = rows + len(deleted)
    return Segments.load(folder, manifest.segments, manifest.dim, deleted.tolist(), most)


def check_files(manifest: Manifest, folder: Path) -> None:
    """Check the sizes of the current vector files, and the digests of those read whole."""
    for segment in manifest.segments:
        check_file(segment, folder, wholly=segment.kind == "faiss")


def check_file(segment: Segment, folder: Path, *, wholly: bool) -> None:
    """Check the size of a vector file, and `wholly` its digest, too."""
    with open_plain(folder / segment.name) as file:
        size = os.fstat(file.fileno()).st_size
        if size != segment.bytes:
            raise StoreError(
                f"the vector file {segment.name} has {size:,} bytes and had {segment.bytes:,}"
            )
        if wholly and hashlib.file_digest(file, "sha256").hexdigest() != segment.sha256:
            raise StoreError(f"the vector file {segment.name} is not the one that was written")
