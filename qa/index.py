"""The index on disk, for reading; `qa.indexing` writes it.

A folder with one SQLite database and one vector file:

    inquote.sqlite         the manifest, the documents' texts, the passages' spans and words
    vectors-<generation>   the passages' vectors, in the store's own format

The manifest names the generation that is current. A writer puts the next generation's vectors
beside it and makes them current by the database commit, so that at every moment the folder
holds one whole index. An open `Index` goes on reading the state that it opened, whatever a
writer does meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from embeddings import Encoder, StoreError, VectorStore, open_store
from qa import lexical
from qa.documents import Document, Span
from qa.errors import (
    IndexDamaged,
    IndexMismatch,
    IndexMissing,
    LoadError,
    SettingsError,
    StoredIndexError,
)
from qa.passages import Chunking, Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DATABASE = "inquote.sqlite"
FORMAT = 3
APPLICATION_ID = 0x494E5154  # "INQT", in the database's header

SCHEMA = f"""
CREATE TABLE manifest (json TEXT NOT NULL);
CREATE TABLE documents (
    number INTEGER PRIMARY KEY,
    id     TEXT NOT NULL UNIQUE,
    title  TEXT NOT NULL,
    source TEXT,
    sha256 TEXT NOT NULL,
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
{lexical.TABLE}"""

_DOCUMENTS_KEPT = 8
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
    """What an index was made with, and which vectors are current.

    `digest` tells the model's files; `vectors_bytes` and `vectors_sha256` the vector file's.
    """

    model: str
    digest: str
    dim: int
    chunking: Chunking
    store: str = "faiss"
    metric: str = "cosine"
    generation: int = 0
    vectors_bytes: int = 0
    vectors_sha256: str = ""

    def to_json(self) -> str:
        """Give the manifest as it is stored."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, stored: str) -> Self:
        """Read a stored manifest."""
        fields = json.loads(stored)
        return cls(**fields | {"chunking": Chunking(**fields["chunking"])})

    def vector_file(self, folder: Path) -> Path:
        """Give the path of the current vectors."""
        return folder / f"vectors-{self.generation}"

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


Found = tuple[int, float]
"""A passage's number, and its score."""


class Index:
    """An index open for reading; it may be used from several threads."""

    def __init__(
        self, folder: Path, connection: sqlite3.Connection, manifest: Manifest, store: VectorStore
    ) -> None:
        self.folder = folder
        self.manifest = manifest
        self._connection = connection
        self._store = store
        self._lock = Lock()
        self._document = lru_cache(maxsize=_DOCUMENTS_KEPT)(self._read_document)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open an index.

        Raises:
            IndexMissing: the folder holds none.
            IndexMismatch: it is of another format.
            IndexDamaged: it is not whole.
        """
        if not is_index(folder):
            raise IndexMissing(
                f"{folder} is not an inquote index: there is no {DATABASE} in it", folder=folder
            )
        with damage_named(folder):
            connection = connect(folder)
            try:
                manifest, store = _open_current(connection, folder)
                return cls(folder, connection, manifest, store)
            except BaseException:
                connection.close()
                raise

    def check_encoder(self, encoder: Encoder) -> None:
        """Refuse an encoder that did not make these vectors."""
        self.manifest.check_encoder(encoder, self.folder)

    def check_chunking(self, chunking: Chunking | None) -> None:
        """Refuse another chunking than the one that made these passages; None is any."""
        self.manifest.check_chunking(chunking, self.folder)

    def search(
        self,
        vectors: NDArray[np.float32],
        top_k: int,
        among: NDArray[np.int64] | None = None,
    ) -> list[list[Found]]:
        """Find the passages nearest to each query vector by cosine, best first.

        With `among`, only passages with these numbers are looked at.
        """
        scores, numbers = self._store.search(vectors, top_k, among)
        return [
            list(zip(row_numbers.tolist(), row_scores.tolist(), strict=True))
            for row_numbers, row_scores in zip(numbers, scores, strict=True)
        ]

    def search_words(
        self, query: str, top_k: int, among: NDArray[np.int64] | None = None
    ) -> list[Found]:
        """Find the passages that hold the query's words, best first by BM25 (always above 0).

        With `among`, only passages with these numbers are looked at; their scores are as ever.
        """
        only = None if among is None else among.tolist()
        with self._lock, damage_named(self.folder):
            return lexical.search(self._connection, query, top_k, passages=len(self), among=only)

    def cosines(self, vector: NDArray[np.float32], numbers: Sequence[int]) -> list[float]:
        """Give the cosine of some passages, by number, with a query vector of shape (dim,)."""
        import numpy as np

        with damage_named(self.folder):
            scores: list[float] = self._store.scores(vector, np.array(numbers, np.int64)).tolist()
            return scores

    def passages(self, numbers: Sequence[int]) -> list[Passage]:
        """Read passages by number, in the order asked for."""
        return [self._read_passage(number) for number in numbers]

    def document(self, document_id: str) -> Document:
        """Read a document by its id; a `KeyError` if it is not in the index."""
        return self._document(document_id)

    def document_ids(self) -> list[str]:
        """Give the ids of all documents, in the order in which they were indexed."""
        return [row[0] for row in self._rows("SELECT id FROM documents ORDER BY number")]

    def numbers_of(self, document_ids: Sequence[str]) -> NDArray[np.int64]:
        """Give the numbers of the passages of some documents, in order."""
        import numpy as np

        rows = self._rows(
            "SELECT passages.number FROM passages JOIN documents "
            "ON documents.number = passages.document "
            "WHERE id IN (SELECT value FROM json_each(?)) ORDER BY passages.number",
            json.dumps(document_ids),
        )
        return np.array([number for (number,) in rows], np.int64)

    def passages_of(self, document_id: str) -> Iterator[Passage]:
        """Read every passage of a document, first to last."""
        rows = self._rows(
            "SELECT passages.number FROM passages JOIN documents "
            "ON documents.number = passages.document WHERE id = ? ORDER BY passages.number",
            document_id,
        )
        yield from self.passages([number for (number,) in rows])

    def __len__(self) -> int:
        """Count the passages."""
        return len(self._store)

    def close(self) -> None:
        """Let go of files and memory."""
        self._store.close()
        self._connection.close()

    def _rows(self, sql: str, *values: object) -> list[Any]:
        with self._lock, damage_named(self.folder):
            return self._connection.execute(sql, values).fetchall()

    def _read_passage(self, number: int) -> Passage:
        rows = self._rows(
            "SELECT id, sentences, context FROM passages JOIN documents "
            "ON documents.number = passages.document WHERE passages.number = ?",
            number,
        )
        if not rows:
            raise IndexDamaged(
                f"the index in {self.folder} is damaged (no passage {number} to its vector): "
                "delete that folder and index again",
                folder=self.folder,
            )
        document_id, sentences, context = rows[0]
        document = self._document(document_id)
        with damage_named(self.folder):
            return stored_passage(document, sentences, context)

    def _read_document(self, document_id: str) -> Document:
        rows = self._rows(
            "SELECT text, title, source, pages, sha256 FROM documents WHERE id = ?", document_id
        )
        if not rows:
            raise KeyError(document_id)
        text, title, source, pages, sha256 = rows[0]
        try:
            document = Document(document_id, text, title, source, stored_pages(pages))
        except (LoadError, TypeError, ValueError):
            document = None
        if document is None or document.sha256 != sha256:
            raise IndexDamaged(
                f"the index in {self.folder} is damaged (the text of {document_id!r} is not "
                "the text that was indexed): delete that folder and index again",
                folder=self.folder,
            )
        return document


def stored_pages(pages: str) -> tuple[int, ...]:
    """Make a document's pages of the column that keeps them; a `ValueError` if it is damaged."""
    starts = json.loads(pages)
    if not isinstance(starts, list) or not all(isinstance(start, int) for start in starts):
        raise ValueError(f"{pages[:50]} is no list of pages")
    return tuple(starts)


def stored_passage(document: Document, sentences: str, context: str) -> Passage:
    """Make a passage of its document and the columns that keep it."""
    return Passage.of(document, tuple(Span(*span) for span in json.loads(sentences)), context)


def _open_current(connection: sqlite3.Connection, folder: Path) -> tuple[Manifest, VectorStore]:
    """Take a snapshot of the database and load its vectors.

    The snapshot is the read transaction, which stays open. A writer may commit, and sweep the
    vectors of this snapshot away, before they are loaded; then a new snapshot is taken.
    """
    for _ in range(_OPEN_ATTEMPTS):
        connection.execute("BEGIN")
        check_format(connection, folder)
        (stored,) = connection.execute("SELECT json FROM manifest").fetchone()
        manifest = Manifest.from_json(stored)
        vectors = manifest.vector_file(folder)
        try:
            return manifest, load_vectors(manifest, vectors)
        except (OSError, StoreError):
            if vectors.exists():
                raise
        connection.execute("ROLLBACK")
    raise StoreError(f"the vector file {vectors.name} is missing")


def load_vectors(manifest: Manifest, path: Path) -> VectorStore:
    """Load the current vectors; a `StoreError` if the file is not the one that was written."""
    size = path.stat().st_size
    if size != manifest.vectors_bytes:
        raise StoreError(
            f"the vector file {path.name} has {size:,} bytes and had {manifest.vectors_bytes:,}"
        )
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != manifest.vectors_sha256:
            raise StoreError(f"the vector file {path.name} is not the one that was written")
    return open_store(manifest.store, dim=manifest.dim, path=path)
