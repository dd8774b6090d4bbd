"""The index on disk, for reading; `qa.indexing` writes it, and `qa.index_files` says what it is."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from embeddings import Encoder, Tokens
from embeddings.tokens import packed, unpacked
from qa.documents import Document, Span
from qa.encoded import digest_of
from qa.errors import IndexDamaged, IndexMissing, LoadError
from qa.index_files import (
    DATABASE,
    Manifest,
    check_file,
    connect,
    damage_named,
    is_index,
    open_current,
)
from qa.passages import Chunking, Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embeddings.stores.segments import Segments
    from qa.lexical import Words

_DOCUMENTS_KEPT = 8

Found = tuple[int, float]
"""A passage's number, and its score."""


class Index:
    """An index open for reading; it may be used from several threads."""

    def __init__(
        self, folder: Path, connection: sqlite3.Connection, manifest: Manifest, store: Segments
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
                manifest, store = open_current(connection, folder)
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
        with damage_named(self.folder):
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
        with damage_named(self.folder):
            return self._words.search(query, top_k, among)

    @cached_property
    def _words(self) -> Words:
        from qa.lexical import Words

        return Words(self._connection, lambda: self._lock)

    def cosines(self, vector: NDArray[np.float32], numbers: Sequence[int]) -> list[float]:
        """Give the cosine of some passages, by number, with a query vector of shape (dim,)."""
        import numpy as np

        with damage_named(self.folder):
            scores: list[float] = self._store.scores(vector, np.array(numbers, np.int64)).tolist()
            return scores

    def passage_tokens(self, texts: Sequence[str], encoder: Encoder) -> list[Tokens]:
        """Give the tokens of passages, by their text in context: those kept, and those encoded.

        Both are rounded alike, so that no answer depends on which they are.
        """
        with damage_named(self.folder):
            found = {text: self._kept_tokens(text) for text in texts}
        missing = [text for text, tokens in found.items() if tokens is None]
        encoded = encoder.passage_tokens(missing) if missing else []
        rounded = (unpacked(packed(tokens), encoder.dim) for tokens in encoded)
        known = found | dict(zip(missing, rounded, strict=True))
        return [tokens for text in texts if (tokens := known[text]) is not None]

    def _kept_tokens(self, text: str) -> Tokens | None:
        rows = self._rows("SELECT vectors FROM tokens WHERE text = ? LIMIT 1", digest_of(text))
        return unpacked(rows[0][0], self.manifest.dim) if rows else None

    def passages(self, numbers: Sequence[int]) -> list[Passage]:
        """Read passages by number, in the order asked for."""
        return [self._read_passage(number) for number in numbers]

    def document(self, document_id: str) -> Document:
        """Read a document by its id; a `KeyError` if it is not in the index."""
        return self._document(document_id)

    def document_ids(self) -> list[str]:
        """Give the ids of all documents, in the order in which they were indexed."""
        return [row[0] for row in self._rows("SELECT id FROM documents ORDER BY number")]

    def sources(self) -> dict[str, str | None]:
        """Give where each document came from, by id."""
        return dict(self._rows("SELECT id, source FROM documents ORDER BY number"))

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

    def check_whole(self) -> None:
        """Read everything, and hold it against its digests; takes long where there is much.

        Raises:
            IndexDamaged: a text, a vector file or the database is not what was written.
        """
        for segment in self.manifest.segments:
            with damage_named(self.folder):
                check_file(segment, self.folder, wholly=True)
        with damage_named(self.folder):
            (found,) = self._rows("PRAGMA quick_check(1)")[0]
            if found != "ok":
                raise ValueError(found)
            numbers = [n for (n,) in self._rows("SELECT number FROM passages ORDER BY number")]
            if self._words.passages().tolist() != numbers:
                raise ValueError("its words are not those of its passages")
        for document_id in self.document_ids():
            self._read_document(document_id)

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
