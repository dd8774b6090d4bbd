"""Writing the index on disk: all of a change or none of it, and only what changed is encoded."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Self

from embeddings import Encoder
from embeddings.stores import Segment
from qa import lexical
from qa.documents import Document
from qa.errors import IndexNotWritten, LoadError
from qa.index import stored_passage
from qa.index_files import (
    APPLICATION_ID,
    FORMAT,
    SCHEMA,
    Manifest,
    check_files,
    check_format,
    connect,
    damage_named,
    load_vectors,
)
from qa.lexical import Numbered
from qa.loaders import load_all
from qa.passages import Chunking, cut
from qa.progress import Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embeddings.stores.segments import Segments

_ENCODED_AT_ONCE = 64  # small, so that how far it is shows; larger ones are no faster
_STORED_AT_ONCE = 4_096
_SECONDS_BEFORE_PROGRESS = 1.0


@dataclass(slots=True)
class Changes:
    """What an update did: ids of documents, and how many passages were encoded."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    encoded: int = 0

    @property
    def any(self) -> bool:
        """Whether the index is another one than before."""
        return bool(self.added or self.updated or self.removed)

    def to_dict(self) -> dict[str, object]:
        """Give the changes as plain data."""
        return asdict(self)


def update_index(
    folder: Path,
    documents: Iterable[Document],
    *,
    encoder: Encoder,
    chunking: Chunking | None = None,
    remove: Iterable[str] = (),
    only_these: bool = False,
    progress: Progress | None = None,
) -> Changes:
    """Add documents to an index, replace those that changed, and make the index if need be.

    A progress bar shows on a terminal when the work takes longer than a second.

    Args:
        folder: the index's folder.
        documents: to be in the index afterwards; one whose text is there already costs nothing.
        encoder: must be the one that made the index, if there is one.
        chunking: must be that of the index, if there is one; None takes it from there.
        remove: ids of documents to take out.
        only_these: take out every other document too.
        progress: told how many passages are encoded, of those to be encoded; if there are none,
            it is not called. It may raise to stop, and the index is then as it was. To know how
            many there are, all are cut before the first is encoded.

    Raises:
        IndexMismatch: the index was made with another model or chunking.
        IndexDamaged: the index is not whole.
        IndexNotWritten: the disk is full, the folder cannot be written, or another process is
            writing; the index is as it was.
        LoadError: a document to be removed is not there, or a new one would replace another
            that merely has the same name.
    """
    documents = load_all(documents)
    with _transaction(folder) as connection:
        manifest = _manifest(connection, folder, encoder, chunking)
        writer = _Writer(connection, folder, manifest, encoder)
        writer.remove(_to_remove(connection, documents, remove, only_these))
        writer.put(documents, replacing=only_these, progress=progress)
        if writer.changes.any or manifest.generation == 0:
            _commit(connection, folder, manifest, writer.store())
        else:
            connection.execute("COMMIT")  # a source, or where pages start, may be another
        return writer.changes


class _Writer:
    """Puts documents, passages and vectors into an open transaction and a store in memory."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        folder: Path,
        manifest: Manifest,
        encoder: Encoder,
    ) -> None:
        self.changes = Changes()
        self._connection = connection
        self._folder = folder
        self._manifest = manifest
        self._store: Segments | None = None
        self._encoder = encoder
        self._chunking = manifest.chunking
        self._pending: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []

    def store(self) -> Segments:
        """Give the vectors, which are opened when they are first wanted."""
        if self._store is None:
            with damage_named(self._folder):
                self._store = load_vectors(self._manifest, self._connection, self._folder)
        return self._store

    def remove(self, document_ids: list[str]) -> None:
        for document_id in document_ids:
            self._forget(document_id)
        self.changes.removed += document_ids

    def put(
        self, documents: list[Document], *, replacing: bool, progress: Progress | None = None
    ) -> None:
        """Add each document that is new, and replace each whose text or title changed."""
        changed = [d for d in documents if not self._holds(d, replacing=replacing)]
        with _Bar(changed) as bar:
            for batch in self._batches(changed, progress):
                self._encode(batch)
                bar.advance(batch)
        self._store_pending()

    def _batches(
        self, documents: list[Document], progress: Progress | None
    ) -> Iterator[list[Numbered]]:
        """Enter documents, and give their passages in batches to be encoded."""
        passages = self._passages(documents)
        if progress is None:
            while batch := list(islice(passages, _ENCODED_AT_ONCE)):
                yield batch
        elif entered := list(passages):
            progress(0, len(entered))
            for start in range(0, len(entered), _ENCODED_AT_ONCE):
                batch = entered[start : start + _ENCODED_AT_ONCE]
                yield batch
                progress(start + len(batch), len(entered))

    def _holds(self, document: Document, *, replacing: bool) -> bool:
        """Tell whether the text is there already; if another is there by that name, drop it."""
        row = self._connection.execute(
            "SELECT sha256, title, source, pages FROM documents WHERE id = ?", (document.id,)
        ).fetchone()
        if row is None:
            self.changes.added.append(document.id)
            return False
        sha256, title, source, pages = row
        if (sha256, title) == (document.sha256, document.title):
            if (source, pages) != (document.source, json.dumps(document.pages)):
                self._connection.execute(
                    "UPDATE documents SET source = ?, pages = ? WHERE id = ?",
                    (document.source, json.dumps(document.pages), document.id),
                )
            self.changes.unchanged.append(document.id)
            return True
        if not replacing:
            _check_same_source(document, source)
        self._forget(document.id)
        self.changes.updated.append(document.id)
        return False

    def _passages(self, documents: list[Document]) -> Iterator[Numbered]:
        """Enter documents and their passages into the database, and give them numbered."""
        for document in documents:
            number = self._connection.execute(
                "INSERT INTO documents (id, title, source, sha256, pages, text) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    document.id,
                    document.title,
                    document.source,
                    document.sha256,
                    json.dumps(document.pages),
                    document.text,
                ),
            ).lastrowid
            for passage in cut(document, self._chunking, self._encoder):
                row = self._connection.execute(
                    "INSERT INTO passages (document, sentences, context) VALUES (?, ?, ?)",
                    (number, json.dumps(passage.sentences), passage.context),
                )
                numbered = row.lastrowid or 0, passage
                lexical.add(self._connection, [numbered])
                yield numbered

    def _encode(self, batch: list[Numbered]) -> None:
        import numpy as np

        ids = np.array([number for number, _ in batch], dtype=np.int64)
        vectors = self._encoder.encode_passages([p.text_in_context for _, p in batch])
        self._pending.append((ids, vectors))
        self.changes.encoded += len(batch)
        if len(self._pending) * _ENCODED_AT_ONCE >= _STORED_AT_ONCE:
            self._store_pending()

    def _store_pending(self) -> None:
        import numpy as np

        if self._pending:
            ids, vectors = zip(*self._pending, strict=True)
            self.store().add(np.concatenate(ids), np.concatenate(vectors))
            self._pending.clear()

    def _forget(self, document_id: str) -> None:
        import numpy as np

        execute = self._connection.execute
        number, text = execute(
            "SELECT number, text FROM documents WHERE id = ?", (document_id,)
        ).fetchone()
        rows = execute(
            "DELETE FROM passages WHERE document = ? RETURNING number, sentences, context",
            (number,),
        ).fetchall()
        document = Document(document_id, text)
        lexical.remove(self._connection, [(n, stored_passage(document, *row)) for n, *row in rows])
        self.store().remove(np.array([row[0] for row in rows], dtype=np.int64))
        execute("DELETE FROM documents WHERE number = ?", (number,))


def _check_same_source(document: Document, source: str | None) -> None:
    """Refuse to replace a document by another that merely has its name."""
    if source and document.source and source != document.source and Path(source).exists():
        raise LoadError(
            f"the index has a document {document.id!r} from {source}, and {document.source} "
            "would take its name: remove that one first, or index the folder that holds both",
            source=document.source,
        )


def _to_remove(
    connection: sqlite3.Connection,
    documents: list[Document],
    remove: Iterable[str],
    only_these: bool,
) -> list[str]:
    there = [row[0] for row in connection.execute("SELECT id FROM documents ORDER BY number")]
    named = set(remove)
    if missing := sorted(named.difference(there)):
        raise LoadError(
            f"the index has no document {missing[0]!r}; it has: {', '.join(there[:10]) or 'none'}",
            source=missing[0],
        )
    kept = {document.id for document in documents}
    return [id_ for id_ in there if id_ in named or (only_these and id_ not in kept)]


class _Bar:
    """A bar over the characters of some documents, shown when the work takes a while."""

    def __init__(self, documents: list[Document]) -> None:
        from tqdm.auto import tqdm

        self._bar = tqdm(
            total=sum(len(document.text) for document in documents),
            desc="indexing",
            unit=" characters",
            unit_scale=True,
            delay=_SECONDS_BEFORE_PROGRESS,
            disable=None,  # shown on a terminal or in a notebook only
        )
        self._last = ("", 0)

    def __enter__(self) -> Self:
        return self

    def advance(self, batch: list[Numbered]) -> None:
        """Count what these passages add to the ones before."""
        for _, passage in batch:
            document_id, end = self._last
            seen = end if document_id == passage.document_id else 0
            self._bar.update(max(passage.end - seen, 0))
            self._last = (passage.document_id, passage.end)

    def __exit__(self, *_: object) -> None:
        self._bar.close()


@contextmanager
def _transaction(folder: Path) -> Iterator[sqlite3.Connection]:
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


def _manifest(
    connection: sqlite3.Connection, folder: Path, encoder: Encoder, chunking: Chunking | None
) -> Manifest:
    """Read the manifest and hold it against what is asked for; in a new index, write it."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables == 0:
        return _create(connection, encoder, chunking or Chunking())
    with damage_named(folder):
        check_format(connection, folder)
        manifest = Manifest.from_json(connection.execute("SELECT json FROM manifest").fetchone()[0])
        check_files(manifest, folder)
    manifest.check_encoder(encoder, folder)
    manifest.check_chunking(chunking, folder)
    return manifest


def _create(connection: sqlite3.Connection, encoder: Encoder, chunking: Chunking) -> Manifest:
    manifest = Manifest(encoder.model, encoder.digest, encoder.dim, chunking)
    for statement in SCHEMA.split(";\n"):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute("INSERT INTO manifest VALUES (?)", (manifest.to_json(),))
    return manifest


def _commit(connection: sqlite3.Connection, folder: Path, old: Manifest, store: Segments) -> None:
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
