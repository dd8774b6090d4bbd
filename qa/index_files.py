"""The files of an index: `qa.index` reads them, and `qa.indexing` writes them.

A folder with one SQLite database and one vector file, or a few where there are many vectors:

    inquote.sqlite         the manifest, the documents' texts, the passages' spans and words
    vectors-<generation>   passages' vectors (`embeddings.stores.segments`), written once

The manifest names the files that are current. A writer puts the next generation's vectors
beside them and makes them current by the database commit, so that at every moment the folder
holds one whole index. An open `Index` goes on reading the state that it opened, whatever a
writer does meanwhile.

Small vector files are read and held against their digest when they are opened; large ones are
held against their size, and read where they are needed. `check_whole` holds all that there is
against its digest.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from embeddings import Encoder, StoreError
from embeddings.stores import Segment
from qa.errors import (
    IndexDamaged,
    IndexMismatch,
    IndexMissing,
    SettingsError,
    StoredIndexError,
)
from qa.passages import Chunking

if TYPE_CHECKING:
    from embeddings.stores.segments import Segments

DATABASE = "inquote.sqlite"
FORMAT = 5
APPLICATION_ID = 0x494E5154  # "INQT", in the database's header

SCHEMA = """
CREATE TABLE manifest (json TEXT NOT NULL);
CREATE TABLE documents (
    number INTEGER PRIMARY KEY,
    id     TEXT NOT NULL UNIQUE,
    title  TEXT NOT NULL,
    source TEXT,
    sha256 TEXT NOT NULL,
    stamp  TEXT,                                  -- of its file: `qa.loaders.File`
    pages  TEXT NOT NULL,                         -- JSON: [start, ...]
    text   TEXT NOT NULL
);
CREATE TABLE passages (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,  -- also the vector's id; never used again
    document  INTEGER NOT NULL REFERENCES documents,
    sentences TEXT NOT NULL,                      -- JSON: [[start, end], ...]
    context   TEXT NOT NULL
);
CREATE INDEX passages_by_document ON passages (document);
CREATE TABLE dead (                               -- removed passages that are in a vector file
    number INTEGER PRIMARY KEY
);
CREATE TABLE word_segments (                      -- of passages: `qa.postings`
    number   INTEGER PRIMARY KEY,
    passages BLOB NOT NULL,                       -- int64: the passage of each row, rising
    lengths  BLOB NOT NULL                        -- uint32: how many words each has
);
CREATE TABLE postings (
    segment INTEGER NOT NULL REFERENCES word_segments,
    term    TEXT NOT NULL,
    rows    BLOB NOT NULL,                        -- uint32: the passages that hold it, rising
    counts  BLOB NOT NULL,                        -- uint8: how often each does, up to 255
    PRIMARY KEY (segment, term)
) WITHOUT ROWID;
CREATE TABLE tokens (                             -- of passages, for late interaction
    passage INTEGER PRIMARY KEY,
    text    BLOB NOT NULL,                        -- the SHA-256 of what was encoded
    vectors BLOB NOT NULL                         -- `embeddings.tokens.packed`
);
CREATE INDEX tokens_by_text ON tokens (text);
CREATE TABLE dead_words (                         -- removed passages that are in a segment
    passage INTEGER PRIMARY KEY
);
"""

_READ_WHOLE = 64 * 2**20  # bytes; larger vector files are not read when they are opened
_OPEN_ATTEMPTS = 5
_SECONDS_TO_WAIT = 10.0  # for another process
_DAMAGE = (
    sqlite3.DatabaseError,
    StoreError,
    SettingsError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index was made with, and which vectors are current; `digest` tells the model.

    `token_vectors` is how many passages' tokens it keeps at most.
    """

    model: str
    digest: str
    dim: int
    chunking: Chunking
    metric: str = "cosine"
    token_vectors: int = 5_000
    generation: int = 0
    segments: tuple[Segment, ...] = ()

    def to_json(self) -> str:
        """Give the manifest as it is stored."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, stored: str) -> Self:
        """Read a stored manifest."""
        fields = json.loads(stored)
        segments = tuple(Segment(**segment) for segment in fields["segments"])
        chunking = Chunking(**fields["chunking"])
        return cls(**fields | {"chunking": chunking, "segments": segments})

    @property
    def store(self) -> str:
        """The kinds of stores that find its vectors."""
        return ", ".join(sorted({segment.kind for segment in self.segments}))

    def check_encoder(self, encoder: Encoder, folder: Path) -> None:
        """Refuse an encoder that did not make these vectors."""
        if (self.digest, self.dim) != (encoder.digest, encoder.dim):
            raise IndexMismatch(
                f"the index in {folder} was made with model {self.model} "
                f"(digest {self.digest[:12]}) and is opened with {encoder.model} "
                f"(digest {encoder.digest[:12]}): open it with its own model, or index again "
                "into a new folder",
                folder=folder,
            )

    def check_chunking(self, chunking: Chunking | None, folder: Path) -> None:
        """Refuse another chunking than the one that made these passages; None is any."""
        if chunking is not None and chunking != self.chunking:
            raise IndexMismatch(
                f"the index in {folder} was cut with {self.chunking} and is opened with "
                f"{chunking}: leave the chunking out, or index again into a new folder",
                folder=folder,
            )


def is_index(folder: Path) -> bool:
    """Tell whether a folder holds an index."""
    try:
        return (folder / DATABASE).is_file()
    except OSError:  # a name that is too long for a path
        return False


@contextmanager
def damage_named(folder: Path) -> Iterator[None]:
    """Turn what SQLite, JSON and the stores say of broken files into `IndexDamaged`."""
    try:
        yield
    except _DAMAGE as error:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise StoredIndexError(
                f"the index in {folder} is in use by another process: try again in a moment",
                folder=folder,
            ) from error
        raise IndexDamaged(
            f"the index in {folder} is damaged ({error}): delete that folder and index again",
            folder=folder,
        ) from error


def connect(folder: Path) -> sqlite3.Connection:
    """Connect to an index's database, in autocommit mode; read-only where the folder is."""
    path = (folder / DATABASE).resolve()
    log = path.with_name(f"{DATABASE}-wal")
    fixed = not os.access(folder, os.W_OK) and not log.exists()
    return sqlite3.connect(
        path.as_uri() + ("?mode=ro&immutable=1" if fixed else ""),
        uri=True,
        timeout=_SECONDS_TO_WAIT,
        isolation_level=None,
        check_same_thread=False,
    )


def check_format(connection: sqlite3.Connection, folder: Path) -> None:
    """Refuse a database that is not an index, or of another format than this version's."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise IndexMissing(
            f"{folder} holds no finished inquote index: index into it again", folder=folder
        )
    if found != FORMAT:
        raise IndexMismatch(
            f"the index in {folder} has format {found} and this version reads format {FORMAT}: "
            "index again into a new folder",
            folder=folder,
        )


def open_current(connection: sqlite3.Connection, folder: Path) -> tuple[Manifest, Segments]:
    """Take a snapshot of the database and load its vectors.

    The snapshot is the read transaction, which stays open. A writer may commit, and sweep the
    vectors of this snapshot away, before they are loaded; then a new snapshot is taken.
    """
    for _ in range(_OPEN_ATTEMPTS):
        connection.execute("BEGIN")
        check_format(connection, folder)
        (stored,) = connection.execute("SELECT json FROM manifest").fetchone()
        manifest = Manifest.from_json(stored)
        try:
            return manifest, load_vectors(manifest, connection, folder)
        except (OSError, StoreError):
            if not (missing := _missing(manifest, folder)):
                raise
        connection.execute("ROLLBACK")
    raise StoreError(f"the vector file {missing} is missing")


def _missing(manifest: Manifest, folder: Path) -> str:
    """Name a vector file that is not there; empty if all are."""
    names = (segment.name for segment in manifest.segments)
    return next((name for name in names if not (folder / name).exists()), "")


def load_vectors(manifest: Manifest, connection: sqlite3.Connection, folder: Path) -> Segments:
    """Load the current vectors; a `StoreError` if a file is not the one that was written."""
    from embeddings.stores.segments import Segments

    check_files(manifest, folder)
    dead = [number for (number,) in connection.execute("SELECT number FROM dead")]
    return Segments.load(folder, manifest.segments, manifest.dim, dead)


def check_files(manifest: Manifest, folder: Path) -> None:
    """Hold the current vector files against their sizes, and small ones against their digests."""
    for segment in manifest.segments:
        check_file(segment, folder, wholly=segment.bytes <= _READ_WHOLE)


def check_file(segment: Segment, folder: Path, *, wholly: bool) -> None:
    """Hold a vector file against its size, and `wholly` against its digest too."""
    path = folder / segment.name
    size = path.stat().st_size
    if size != segment.bytes:
        raise StoreError(
            f"the vector file {path.name} has {size:,} bytes and had {segment.bytes:,}"
        )
    if wholly:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != segment.sha256:
                raise StoreError(f"the vector file {path.name} is not the one that was written")
