"""Reading the index; `writer` writes it, and `storage` describes its files."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from embeddings import Encoder, Tokens
from embeddings.tokens import packed, unpacked
from qa.documents import Document
from qa.errors import IndexMissing
from qa.filters import EVERYTHING, Filter
from qa.index.catalogue import Catalogue
from qa.index.faults import faults_named, is_closed
from qa.index.manifest import Manifest
from qa.index.resume_cache import digest_of
from qa.index.rows import (
    ONE_DOCUMENT,
    Listed,
    NotWhole,
    checked,
    document_of,
    listed,
    passage_of,
)
from qa.index.storage import (
    DATABASE,
    check_file,
    check_format,
    connect_to_read,
    is_index,
    open_current,
    read_manifest,
)
from qa.passages import Chunking, Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embeddings.stores.segments import Segments
    from qa.index.bm25 import BM25Index
    from qa.index.custom_store import CustomStore
    from qa.index.protocol import Hit

_DOCUMENTS_CACHED = 8


class Index:
    """An index open for reading; it may be used from several threads.

    With a filter in `chosen`, it is as if it held only the documents that match it. Words are
    still weighed by how rare they are in all of it.
    """

    is_shared = False

    def __init__(
        self,
        folder: Path,
        connection: sqlite3.Connection,
        manifest: Manifest,
        store: Segments,
        chosen: Filter = EVERYTHING,
    ) -> None:
        self.folder = folder
        self.chosen = chosen
        self.manifest = manifest
        self._connection = connection
        self._store = store
        self._custom: CustomStore | None = None
        self._lock = Lock()
        self._closed = False
        self._document = lru_cache(maxsize=_DOCUMENTS_CACHED)(self._read_document)

    @classmethod
    def open(cls, folder: str | os.PathLike[str], chosen: Filter = EVERYTHING) -> Self:
        """Open an index; one that is small enough for memory is checked whole.

        Args:
            folder: where it is.
            chosen: which documents to search.

        Raises:
            SettingsError: no document matches.
            IndexMissing: the folder holds no index, or one that was never finished.
            IndexMismatch: it has another format.
            IndexDamaged: it is damaged.
            StoredIndexError: it cannot be read: there is no permission, or no memory, or the disk
                is full; or one of its files is a link.
        """
        folder = _folder_of(folder)
        with faults_named(folder):
            connection = connect_to_read(folder)
            try:
                manifest, store, in_memory = open_current(connection, folder)
                index = cls(folder, connection, manifest, store, chosen)
                if in_memory:
                    index._check_rows()
            except BaseException:
                connection.close()
                raise
        try:
            _ = chosen and index._documents
        except BaseException:
            index.close()
            raise
        return index

    def reopened(self) -> Self:
        """Open the index as it is now."""
        return type(self).open(self.folder, self.chosen)

    def is_current(self) -> bool:
        """Return whether nothing was changed in the index since it was opened.

        Raises:
            StoredIndexError: the index cannot be read any more.
        """
        folder = _folder_of(self.folder)
        with faults_named(folder), closing(connect_to_read(folder)) as connection:
            check_format(connection, folder, "disk")
            return read_manifest(connection) == self.manifest

    def search_in(self, store: CustomStore) -> None:
        """Have the vectors searched by a store that was handed in, once it has them all."""
        import numpy as np

        with self._in_use():
            self._numbers = np.sort(self._store.ids)
        store.follow(self._store)
        self._custom = store

    def check_encoder(self, encoder: Encoder) -> None:
        """Refuse an encoder that did not make these vectors."""
        self.manifest.check_encoder(encoder, self.folder)

    def check_chunking(self, chunking: Chunking | None) -> None:
        """Refuse a chunking that did not make these passages; None is any."""
        self.manifest.check_chunking(chunking, self.folder)

    def search(
        self,
        vectors: NDArray[np.float32],
        top_k: int,
        among: NDArray[np.int64] | None = None,
    ) -> list[list[Hit]]:
        """Find the passages nearest to each query vector by cosine, best first.

        With `among`, only passages with these numbers are searched.
        """
        among = self._among(among)
        with self._in_use():
            if self._custom is None:
                return _hits(*self._store.search(vectors, top_k, among))
        # What a store that was handed in raises is no damage of the index. It may have followed
        # the index already where a question is still asked of this snapshot.
        found = _hits(*self._custom.search(vectors, top_k, among))
        return [[hit for hit in hits if self._has(hit[0])] for hits in found]

    def _has(self, number: int) -> bool:
        place = self._numbers.searchsorted(number)
        return bool(place < len(self._numbers) and self._numbers[place] == number)

    def search_words(
        self, query: str, top_k: int, among: NDArray[np.int64] | None = None
    ) -> list[Hit]:
        """Find the passages that contain the query's words, best first by BM25 (always above 0).

        With `among`, only passages with these numbers are searched; their scores do not change.
        """
        with self._in_use():
            return self._words.search(query, top_k, self._among(among))

    def terms(self, prefix: str) -> dict[str, int]:
        """Return the stems of words that start with a prefix, and how many passages hold each."""
        with self._in_use():
            return self._words.terms(prefix)

    def passages_with(self, term: str, most: int) -> list[Passage]:
        """Read the first passages that hold the stem of a word."""
        with self._in_use():
            numbers = self._words.holding(term, most)
            passages = [self._read_passage(number) for number in numbers]
            return [each for each in passages if self._matches(each.document_id)]

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        if self._closed:
            raise is_closed(self.folder)
        with faults_named(self.folder):
            yield

    @cached_property
    def _words(self) -> BM25Index:
        from qa.index.bm25 import BM25Index
        from qa.index.inverted_index import words_check

        with self._lock:
            check = words_check(self._connection)
        if check != self.manifest.words_check:
            raise NotWhole("its words are not those that were written")
        return BM25Index(self._connection, lambda: self._lock)

    @cached_property
    def _listed(self) -> dict[str, Listed]:
        """The row of every document, by id, in order."""
        with self._lock:
            rows, check = listed(self._connection)
        if check != self.manifest.documents_check:
            raise NotWhole("its documents are not those that were written")
        if sum(len(each.passages) for each in rows.values()) != len(self._store):
            raise NotWhole("its documents are not those of its vectors")
        return rows

    @cached_property
    def _documents(self) -> Catalogue:
        """The documents that are chosen."""
        with faults_named(self.folder):
            every = Catalogue(self._listed)
            if not self.chosen:
                return every
            _ = every.metadata
        return every.chosen_by(self.chosen)

    def matching(self, chosen: Filter) -> list[str]:
        """Return the ids of the documents that match another filter, too.

        Raises:
            SettingsError: none does.
        """
        with self._in_use():
            documents = self._documents
            _ = documents.metadata
        return documents.matching(chosen)

    def _matches(self, document_id: str) -> bool:
        return not self.chosen or document_id in self._documents.rows

    def _among(self, numbers: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
        return self._documents.numbers if numbers is None and self.chosen else numbers

    def cosines(self, vector: NDArray[np.float32], numbers: Sequence[int]) -> list[float]:
        """Return the cosine of some passages, by number, with a query vector of shape (dim,)."""
        import numpy as np

        with self._in_use():
            scores: list[float] = self._store.scores(vector, np.array(numbers, np.int64)).tolist()
            return scores

    def vectors(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of some passages, by number, a row each."""
        with self._in_use():
            return self._store.vectors(numbers)

    def passage_tokens(self, texts: Sequence[str], encoder: Encoder) -> list[Tokens]:
        """Return the tokens of passages, by their text in context: stored ones, or encoded now.

        Both are rounded alike, so that no answer depends on which are stored.
        """
        with self._in_use():
            stored = {text: self._stored_tokens(text) for text in texts}
        missing = [text for text, tokens in stored.items() if tokens is None]
        encoded = encoder.passage_tokens(missing) if missing else []
        rounded = (unpacked(packed(tokens), encoder.dim) for tokens in encoded)
        known = stored | dict(zip(missing, rounded, strict=True))
        return [tokens for text in texts if (tokens := known[text]) is not None]

    def _stored_tokens(self, text: str) -> Tokens | None:
        digest = digest_of(text)
        rows = self._rows("SELECT vectors FROM tokens WHERE text = ? LIMIT 1", digest)
        if not rows:
            return None
        tokens = unpacked(rows[0][0], self.manifest.dim, digest)
        if (tokens.spans > len(text)).any():
            raise NotWhole("the tokens of a text are not within it")
        return tokens

    def passages(self, numbers: Sequence[int]) -> list[Passage]:
        """Read passages by number, in the order asked for."""
        with self._in_use():
            return [self._read_passage(number) for number in numbers]

    def document(self, document_id: str) -> Document:
        """Read a document by its id; a `KeyError` if it is not in the index."""
        with self._in_use():
            entry = self._document(document_id) if self._matches(document_id) else None
        if entry is None:
            raise KeyError(document_id)
        return entry[0]

    def document_ids(self) -> list[str]:
        """Return the ids of all documents, in the order in which they were indexed."""
        with self._in_use():
            return [*self._documents.rows]

    def sources(self) -> dict[str, str | None]:
        """Return where each document came from, by id."""
        with self._in_use():
            return {id_: listed.source for id_, listed in self._documents.rows.items()}

    def numbers_of(self, document_ids: Sequence[str]) -> NDArray[np.int64]:
        """Return the numbers of the passages of some documents, in order."""
        with self._in_use():
            return self._documents.numbers_of({*document_ids})

    def passages_of(self, document_id: str) -> Iterator[Passage]:
        """Read every passage of a document, first to last."""
        with self._in_use():
            entry = self._document(document_id)
        yield from self.passages(entry[1] if entry else ())

    def check_whole(self) -> None:
        """Read everything, and check it against its checksums; slow for a large index.

        Raises:
            IndexDamaged: a row, a vector file or the database is not what was written.
        """
        with self._in_use():
            for segment in self.manifest.segments:
                check_file(segment, self.folder, wholly=True)
            (result,) = self._rows("PRAGMA disk.integrity_check(1)")[0]
            if result != "ok":
                raise NotWhole(result)
            self._check_rows()
            for text, vectors in self._rows("SELECT text, vectors FROM tokens"):
                unpacked(vectors, self.manifest.dim, text)

    def _check_rows(self) -> None:
        """Read all rows but the tokens, and check that they agree."""
        for id_ in self._listed:
            self._read_document(id_)
        rows = self._rows("SELECT number, sentences, context, checksum FROM passages ORDER BY 1")
        for row in rows:
            checked(row, f"passage {row[0]}")
        numbers = [row[0] for row in rows]
        every = [n for each in self._listed.values() for n in each.passages]
        if numbers != every or self._words.passages().tolist() != every:
            raise NotWhole("its passages, or its words, are not those of its documents")
        if sorted(self._store.ids.tolist()) != every:
            raise NotWhole("its vectors are not those of its passages")
        self._words.check()

    def __len__(self) -> int:
        return len(self._documents.numbers) if self.chosen else len(self._store)

    def close(self) -> None:
        """Release files and memory."""
        self._closed = True
        self._store.close()
        self._connection.close()

    def _rows(self, sql: str, *values: object) -> list[Any]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def _read_passage(self, number: int) -> Passage:
        rows = self._rows(
            "SELECT number, sentences, context, checksum FROM passages WHERE number = ?", number
        )
        owners = self._rows(
            "SELECT id FROM documents WHERE number <= ? ORDER BY number DESC LIMIT 1", number
        )
        entry = self._document(owners[0][0]) if owners else None
        if not rows or entry is None or number not in entry[1]:
            raise NotWhole(f"there is no passage {number} to its vector")
        return passage_of(rows[0], number, entry[0])

    def _read_document(self, document_id: str) -> tuple[Document, range] | None:
        """Read a document, and the numbers of its passages; None if it is not in the index."""
        rows = self._rows(ONE_DOCUMENT, document_id)
        if rows:
            return document_of(rows[0], document_id)
        if document_id in self._listed:
            raise NotWhole(f"the document {document_id!r} is missing")
        return None


def _folder_of(folder: str | os.PathLike[str]) -> Path:
    """Return the path of an index; an `IndexMissing` if there is none."""
    folder = Path(folder)
    if not is_index(folder):
        raise IndexMissing(
            f"{folder} is not an inquote index: there is no {DATABASE} in it", folder=folder
        )
    return folder


def _hits(scores: NDArray[np.float32], numbers: NDArray[np.int64]) -> list[list[Hit]]:
    return [
        list(zip(row_numbers.tolist(), row_scores.tolist(), strict=True))
        for row_numbers, row_scores in zip(numbers, scores, strict=True)
    ]
