"""Writing the index: a change is committed whole or not at all, and only new text is encoded."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings import Encoder, Tokens
from embeddings.tokens import packed
from qa.arguments import check_kind, check_parts, check_several
from qa.documents import Document
from qa.index.changes import Changes
from qa.index.faults import faults_named
from qa.index.manifest import Manifest
from qa.index.resume_cache import Encoded, digest_of
from qa.index.rows import (
    NotWhole,
    enter,
    enter_passage,
    entry_of,
    listed,
    listed_as,
    read_metadata,
    searched,
    stored_blocks,
)
from qa.index.storage import load_vectors
from qa.index.transaction import commit, manifest_for, transaction
from qa.index.upgrade import stored_documents
from qa.index.wanted import (
    Wanted,
    check_same_source,
    encodings_of,
    files_wanted,
    known_files,
    to_remove,
)
from qa.loaders import File, Unreadable, find_all
from qa.passages import Chunking, Passage, cut
from qa.progress import Bar, Progress
from qa.token_bound import TokenBound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embeddings.stores.segments import Segments

_ENCODED_AT_ONCE = 128  # small, to show progress and to lose little when stopped
_STORED_AT_ONCE = 4_096

_log = logging.getLogger("inquote")


def update_index(
    folder: str | os.PathLike[str],
    documents: Iterable[Document | File],
    *,
    encoder: Encoder,
    chunking: Chunking | None = None,
    remove: Iterable[str] = (),
    only_these: bool = False,
    token_vectors: int | None = None,
    progress: Progress | None = None,
    unreadable: Unreadable | None = None,
) -> Changes:
    """Add documents to an index, replace those that changed, and make the index if need be.

    A progress bar shows on a terminal when the work takes longer than a second. If it is stopped,
    the next update does not encode the same passages again. An index of an earlier format is
    upgraded.

    Args:
        folder: the index's folder.
        documents: to be in the index afterwards. Unchanged texts are not encoded again, and
            unchanged files not even read.
        encoder: the one that made the index, unless it is new. It encodes in a thread, while
            this one may have it count tokens.
        chunking: that of the index, unless it is new; None takes it from the index.
        remove: ids of documents to remove.
        only_these: remove all other documents, too.
        token_vectors: the most passages whose tokens are stored, at about 31 kB each; those of
            others are encoded when they are first retrieved. None keeps the setting of the
            index; in a new one it is 5,000.
        progress: called with the number of passages encoded so far, and of all to encode, which
            are cut first; not called if there are none. It may raise to stop, and the index is
            then unchanged.
        unreadable: called for each file that cannot be read, which then stays in the index as it
            was; None raises at the first such file.

    Raises:
        SettingsError: an argument is of a wrong type.
        IndexMismatch: the index was made with another model or chunking.
        IndexDamaged: the index is damaged.
        IndexNotWritten: the disk is full, the folder cannot be written, or another process is
            writing; the index is unchanged.
        LoadError: a file cannot be read; a document to remove is not in the index; or a new
            document would replace another one of the same name.
    """
    check_kind("the folder", folder, str | os.PathLike, "the path of a folder")
    folder = Path(folder)
    check_several("documents", documents, '[Document("id", "text")]')
    check_several("remove", remove, '["id"]')
    check_parts(encoder=encoder)
    wanted = files_wanted(partial(known_files, folder), find_all(documents), unreadable)
    with transaction(folder) as connection:
        manifest, upgraded_from = manifest_for(connection, folder, encoder, chunking, token_vectors)
        with closing(Encoded(folder / manifest.resume_file, encoder)) as encoded:
            writer = _Writer(connection, folder, manifest, encoder, encoded)
            writer.changes.encodings = encodings_of(wanted)
            writer.remove(to_remove(lambda: listed(connection)[0], wanted, remove, only_these))
            readable = [one for one in wanted if not one.unreadable]
            if upgraded_from is not None:
                readable += writer.stored({one.id for one in readable}, upgraded_from)
            writer.put(readable, replacing=only_these, progress=progress)
            changed = writer.has_new_vectors or manifest.generation == 0
            manifest = replace(manifest, last_passage=writer.last_passage)
            store = writer.store() if changed else None
            commit(connection, folder, manifest, store, writer.precisions)
            encoded.forget()
    done = writer.changes
    _log.info(
        "indexed into %s: %d added, %d updated, %d removed, %d unchanged; %d passages encoded",
        folder,
        *map(len, (done.added, done.updated, done.removed, done.unchanged)),
        done.encoded,
    )
    if done.upgraded_from is not None:
        _log.info("%s", done.upgrade)
    return done


Numbered = tuple[int, Passage]


class _Writer:
    """Puts documents, passages and vectors into an open transaction and a store in memory."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        folder: Path,
        manifest: Manifest,
        encoder: Encoder,
        encoded: Encoded,
    ) -> None:
        from qa.index.inverted_index import SegmentBuilder
        from qa.index.reuse import Leaving

        self.changes = Changes()
        self.precisions: set[str] = set()
        self._connection = connection
        self._folder = folder
        self._manifest = manifest
        self._store: Segments | None = None
        self._encoder = encoder
        self._encoded = encoded
        self._chunking = manifest.chunking
        self._bound = TokenBound(encoder)
        self._words = SegmentBuilder(connection)
        self._leaving = Leaving(connection, self.store)
        (stored,) = connection.execute("SELECT count(*) FROM tokens").fetchone()
        self._tokens_left = manifest.token_vectors - stored
        self.last_passage = manifest.last_passage
        self._pending: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []

    @property
    def has_new_vectors(self) -> bool:
        """Whether vectors were added or removed."""
        return self._store is not None

    def store(self) -> Segments:
        if self._store is None:
            with faults_named(self._folder):
                self._store = load_vectors(self._manifest, self._connection, self._folder)
        return self._store

    def remove(self, document_ids: list[str]) -> None:
        for document_id in document_ids:
            self._forget(document_id)
        self.changes.removed += document_ids

    def stored(self, but: Container[str], upgraded_from: int) -> list[Wanted]:
        """Return the documents that an index of an earlier format has, to be cut again."""
        self.changes.upgraded_from = upgraded_from
        with faults_named(self._folder):
            documents = [*stored_documents(self._connection, but)]
        self.changes.without_blocks = [
            one.id for one, is_all_known in documents if not is_all_known
        ]
        return [Wanted(one) for one, _ in documents]

    def put(
        self, wanted: list[Wanted], *, replacing: bool, progress: Progress | None = None
    ) -> None:
        """Add each document that is new, and replace each whose text or title changed."""
        changed = [one for one in wanted if not self._holds(one, replacing=replacing)]
        if changed:  # else a bar is not worth its import
            self._put(changed, progress)
        self._leaving.forget()
        self._store_pending()
        self._words.write()

    def _put(self, changed: list[Wanted], progress: Progress | None) -> None:
        from embeddings.pool import in_threads

        passages, total = self._passages(changed), 0
        if progress is not None and (all_passages := list(passages)):
            passages, total = iter(all_passages), len(all_passages)
            progress(0, total)
        characters = sum(one.characters for one in changed)
        with Bar(characters) as bar, in_threads(self._encoder) as threads:
            done = 0
            for batch in self._encoded_in(threads, passages):
                for passage, at_once in batch:
                    bar.advance(passage.document_id, passage.end, at_once=at_once)
                bar.show()
                done += len(batch)
                if progress is not None:
                    progress(done, total)

    def _encoded_in(
        self, threads: Executor, passages: Iterator[Numbered]
    ) -> Iterator[list[tuple[Passage, bool]]]:
        """Encode passages in batches, each in a thread while the next ones are cut.

        Yields the batches that are done; with each passage, whether it had its vector already.
        """
        from embeddings.pool import at_once

        running: deque[Callable[[], list[tuple[Passage, bool]]]] = deque()
        while batch := list(islice(passages, _ENCODED_AT_ONCE)):
            if len(running) == at_once(self._encoder):
                yield running.popleft()()
            running.append(self._encode(batch, threads))
        yield from (finish() for finish in running)

    def _holds(self, wanted: Wanted, *, replacing: bool) -> bool:
        """Return whether the index has the text already; an earlier text of that id is removed."""
        known = listed_as(self._connection, wanted.id)
        if known is None:
            self.changes.added.append(wanted.id)
            return False
        if wanted.is_unchanged(known.source, known.stamp):
            self.changes.unchanged.append(wanted.id)
            return True
        document = wanted.document
        new = entry_of(document, wanted.stamp, known.passages)
        if self.changes.upgraded_from is None and searched(known) == searched(new):
            if new != known:
                enter(self._connection, document.id, new)
            is_same = document.metadata == read_metadata(known)
            (self.changes.unchanged if is_same else self.changes.updated).append(document.id)
            return True
        if not replacing:
            check_same_source(document, known.source)
        self._forget(document.id, may_come_again=True)
        is_same_text = (known.sha256, known.title) == (new.sha256, new.title)
        is_updated = self.changes.upgraded_from is None or not is_same_text
        (self.changes.updated if is_updated else self.changes.unchanged).append(document.id)
        return False

    def _passages(self, documents: list[Wanted]) -> Iterator[Numbered]:
        """Insert documents and their passages, and yield the passages with their numbers."""
        execute = self._connection.execute
        for one in documents:
            document, first = one.document, self.last_passage + 1
            for passage in cut(document, self._chunking, self._encoder, self._bound):
                self.last_passage += 1
                enter_passage(self._connection, self.last_passage, passage)
                self._words.add(self.last_passage, passage)
                yield self.last_passage, passage
            passages = range(first, self.last_passage + 1)
            enter(self._connection, document.id, entry_of(document, one.stamp, passages))
            # As bytes, since SQLite would have a text keep a copy of itself in UTF-8.
            text = first, document.text.encode(), stored_blocks(document)
            execute("INSERT INTO texts VALUES (?, CAST(? AS TEXT), ?)", text)

    def _encode(
        self, batch: list[Numbered], threads: Executor
    ) -> Callable[[], list[tuple[Passage, bool]]]:
        """Start to encode a batch in a thread, and return what waits for it and stores it."""
        import numpy as np

        numbered = [(number, passage.text_in_context) for number, passage in batch]
        is_known = [text in self._leaving or text in self._encoded for _, text in numbered]
        kept = [(number, text) for number, text in numbered if text in self._leaving]
        new = [(number, text) for number, text in numbered if text not in self._leaving]
        old_vectors, moved = self._leaving.come_again(kept, self._tokens_left)
        self._tokens_left -= moved
        texts = [text for _, text in new]
        with_tokens = self._tokens_left > 0
        if precision := getattr(self._encoder, "precision", ""):
            self.precisions.add(precision)
        future = threads.submit(self._encoded.encode, texts, with_tokens=with_tokens)

        def finish() -> list[tuple[Passage, bool]]:
            vectors, tokens = future.result()
            self._store_tokens([(*new[n], tokens[n]) for n in tokens])
            ids = np.array([number for number, _ in kept + new], np.int64)
            self._pending.append((ids, np.concatenate([old_vectors, vectors])))
            self.changes.passages += len(batch)
            self.changes.encoded, self.changes.kept = self._encoded.count, self._leaving.count
            if len(self._pending) * _ENCODED_AT_ONCE >= _STORED_AT_ONCE:
                self._store_pending()
            return [(p, known) for (_, p), known in zip(batch, is_known, strict=True)]

        return finish

    def _store_tokens(self, passages: list[tuple[int, str, Tokens]]) -> None:
        stored = passages[: self._tokens_left]
        self._tokens_left -= len(stored)
        for number, text, tokens in stored:
            row = number, digest_of(text), packed(tokens, digest_of(text))
            self._connection.execute("INSERT INTO tokens VALUES (?, ?, ?)", row)

    def _store_pending(self) -> None:
        import numpy as np

        if self._pending:
            ids, vectors = zip(*self._pending, strict=True)
            self.store().add(np.concatenate(ids), np.concatenate(vectors))
            self._pending.clear()

    def _forget(self, document_id: str, *, may_come_again: bool = False) -> None:
        known = listed_as(self._connection, document_id)
        if known is None:
            raise NotWhole(f"the document {document_id!r} is missing")
        passages = known.passages
        execute = self._connection.execute
        of_document = passages.start, passages.stop
        query = "SELECT count(*) FROM passages WHERE number >= ? AND number < ?"
        if execute(query, of_document).fetchone() != (len(passages),):
            raise NotWhole(f"passages of {document_id!r} are missing")
        self._words.remove(passages)
        with faults_named(self._folder):
            self._tokens_left += self._leaving.add(
                passages, document_id if may_come_again else None
            )
        execute("DELETE FROM passages WHERE number >= ? AND number < ?", of_document)
        execute("DELETE FROM texts WHERE document = ?", (passages.start,))
        execute("DELETE FROM documents WHERE number = ?", (passages.start,))
