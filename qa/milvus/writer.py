"""Writing an index on Milvus: a document is visible whole, or as it was before.

Each version of a document is entered first, then its passages and text are written, and then the
document's head points to it, in one row. Writers need no lock: of two that write the same
document, the last one's head stays. What a writer leaves when it is stopped, and what was
replaced, is found by its entry, and deleted once no question can be reading it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embeddings import Encoder
from qa.documents import Document
from qa.errors import IndexNotWritten
from qa.index.changes import Changes
from qa.index.rows import Listed, entry_of, read_metadata, searched
from qa.index.wanted import Wanted, check_same_source, encodings_of, files_wanted, to_remove
from qa.loaders import File, Unreadable, find_all
from qa.milvus.address import MilvusAddress
from qa.milvus.client import Connection
from qa.milvus.rows import head_row, part_rows, passage_row, read_heads, read_manifest
from qa.milvus.schema import (
    GENERATION,
    KEY_OF_GENERATION,
    PART,
    VERSION,
    WRITTEN,
    create,
    key_of,
    version_row,
)
from qa.passages import Chunking, Passage, cut
from qa.progress import Bar, Progress
from qa.text.printable import printable_name
from qa.token_bound import TokenBound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PASSAGES_AT_ONCE, _CHARACTERS_AT_ONCE = 256, 4_000_000
_KEPT_SECONDS = 300  # after which what is not visible is deleted: longer than a question takes
_SECONDS_BETWEEN_NEWS = 2.0
_DELETED_AT_ONCE = 100  # versions
_VERSIONS = 2**46  # that there may be, by number


@dataclass(slots=True, eq=False)
class _Version:
    """A version of a document that is being written.

    Attributes:
        document: the document.
        stamp: of its file.
        first: the number of its first passage.
        count: its passages so far.
        entered: when that it is being written was last said.
    """

    document: Document
    stamp: str | None
    first: int
    count: int = 0
    entered: float = 0.0


@dataclass(slots=True)
class _Batch:
    """Passages to be encoded at once, with their numbers, and the versions that end with them."""

    passages: list[tuple[_Version, int, Passage]] = field(default_factory=list)
    ended: list[_Version] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether it is time to write it."""
        characters = sum(len(version.document.text) for version in self.ended)
        return len(self.passages) >= _PASSAGES_AT_ONCE or characters >= _CHARACTERS_AT_ONCE


def update_milvus(
    where: str,
    documents: Iterable[Document | File],
    *,
    encoder: Encoder,
    chunking: Chunking | None = None,
    remove: Iterable[str] = (),
    only_these: bool = False,
    progress: Progress | None = None,
    unreadable: Unreadable | None = None,
) -> Changes:
    """Add documents to an index on Milvus, replace those that changed; make it if need be.

    Documents become visible one by one, each whole. Any number of processes may write at once. If
    it is stopped, what is visible stays, and the next update goes on from there. The arguments are
    those of `qa.index.update_index`.

    Raises:
        SettingsError: an argument is of a wrong type, or the address cannot be.
        IndexMismatch: the index was made with another model or chunking.
        IndexDamaged: it is damaged.
        IndexUnreachable: the engine does not answer, or refuses.
        IndexNotWritten: another process may have deleted what this one was writing.
        LoadError: as in `qa.index.update_index`.
    """
    with closing(MilvusWriter(where, encoder, chunking)) as writer:
        writer.update(
            documents,
            remove=remove,
            only_these=only_these,
            progress=progress,
            unreadable=unreadable,
        )
        writer.clean()
        return writer.changes


class MilvusWriter:
    """Writes versions of documents, and has the heads point to them.

    Args:
        where: the address of the index, which is made if need be.
        encoder: the one that made the index, unless it is new.
        chunking: that of the index, unless it is new; None takes it from the index.

    `changes` tells what was done so far. Errors are those of `update_milvus`.
    """

    def __init__(self, where: str, encoder: Encoder, chunking: Chunking | None = None) -> None:
        self.changes = Changes()
        self._connection = connection = Connection(MilvusAddress.parsed(where))
        self._encoder = encoder
        self._bound = TokenBound(encoder)
        self._told = time.monotonic()
        self._news = False
        try:
            with connection.faults_named():
                manifest = read_manifest(connection)
                if manifest is None:
                    manifest = create(connection, encoder, chunking or Chunking())
                self.rows, _ = read_heads(connection)
            manifest.check_encoder(encoder, where)
            manifest.check_chunking(chunking, where)
            self._manifest = manifest
        except BaseException:
            connection.close()
            raise

    def update(
        self,
        documents: Iterable[Document | File],
        *,
        remove: Iterable[str] = (),
        only_these: bool = False,
        progress: Progress | None = None,
        unreadable: Unreadable | None = None,
    ) -> None:
        """Write what is new or changed, and remove what is to be."""
        wanted = files_wanted(self.known_files, find_all(documents), unreadable)
        self.changes.encodings |= encodings_of(wanted)
        with self._connection.faults_named():
            self._remove(to_remove(lambda: self.rows, wanted, remove, only_these))
            readable = [one for one in wanted if not one.unreadable]
            new = [one for one in readable if not self._holds(one, replacing=only_these)]
            self._put(new, progress)
            self._tell()

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def known_files(self) -> dict[str, tuple[str | None, str | None]]:
        """Return the source and the stamp of each document."""
        return {id_: (one.source, one.stamp) for id_, one in self.rows.items()}

    def _remove(self, document_ids: list[str]) -> None:
        """Take documents out: no question finds them from now on."""
        self._enter(self.rows[id_].passages for id_ in document_ids)
        for id_ in document_ids:
            self._connection.delete(self._connection.documents, f'key == "{key_of(id_)}"')
        self.changes.removed += document_ids
        self._changed(bool(document_ids))

    def _holds(self, wanted: Wanted, *, replacing: bool) -> bool:
        """Return whether the text is there already, and bring its head up to date.

        Raises:
            LoadError: another document has its name.
        """
        known = self.rows.get(wanted.id)
        if known is None:
            self.changes.added.append(wanted.id)
            return False
        if wanted.is_unchanged(known.source, known.stamp):
            self.changes.unchanged.append(wanted.id)
            return True
        document = wanted.document
        if not replacing:
            check_same_source(document, known.source)
        new = entry_of(document, wanted.stamp, known.passages)
        is_same = searched(known) == searched(new) and document.metadata == read_metadata(known)
        (self.changes.unchanged if is_same else self.changes.updated).append(document.id)
        if is_same:
            self._show([(document.id, new)])
        return is_same

    def _put(self, changed: list[Wanted], progress: Progress | None) -> None:
        """Write documents, each visible once all of it is there."""
        total = 0
        if progress is not None and changed:
            total = sum(1 for one in changed for _ in self._cut(one.document))
            progress(0, total)
        characters = sum(one.characters for one in changed)
        running: tuple[_Batch, Future[NDArray[np.float32]]] | None = None
        with Bar(characters) as bar, ThreadPoolExecutor(1, thread_name_prefix="index") as thread:
            batches = self._batches(changed)
            while (batch := next(batches, None)) is not None or running is not None:
                before, running = running, None
                if batch is not None:
                    texts = [passage.text_in_context for _, _, passage in batch.passages]
                    running = batch, thread.submit(self._encoder.encode_passages, texts)
                if before is not None:
                    self._write(before[0], before[1].result())
                    for version, _, passage in before[0].passages:
                        bar.advance(version.document.id, passage.end)
                    bar.show()
                    if progress is not None:
                        progress(self.changes.passages, total)

    def _cut(self, document: Document) -> Iterator[Passage]:
        return cut(document, self._manifest.chunking, self._encoder, self._bound)

    def _batches(self, changed: Iterable[Wanted]) -> Iterator[_Batch]:
        """Cut documents, and yield their passages in batches."""
        batch = _Batch()
        for one in changed:
            document = one.document
            version = _Version(document, one.stamp, self._unused(len(document.text)))
            for passage in self._cut(document):
                batch.passages.append((version, version.first + version.count, passage))
                version.count += 1
                if batch.is_full:
                    yield batch
                    batch = _Batch()
            batch.ended.append(version)
            if batch.is_full:
                yield batch
                batch = _Batch()
        if batch.ended:
            yield batch

    def _unused(self, most: int) -> int:
        """Return the first of so many numbers that no passage has."""
        while True:
            first = VERSION * (1 + secrets.randbelow(_VERSIONS - 1 - most // VERSION))
            chosen = f"kind == {WRITTEN} and first == {first}"
            if not self._connection.query(self._connection.documents, chosen, ["first"]):
                return first

    def _write(self, batch: _Batch, vectors: NDArray[np.float32]) -> None:
        """Write the passages of a batch, and show the documents that end with it."""
        versions = dict.fromkeys([*(version for version, _, _ in batch.passages), *batch.ended])
        for version in versions:
            if version.entered and time.monotonic() - version.entered > _KEPT_SECONDS / 2:
                raise IndexNotWritten(
                    f"{printable_name(version.document.id)} took so long to be written that "
                    "another process may have deleted the begun part: try again",
                    folder=str(self._connection.address),
                )
            version.entered = time.monotonic()
        self._enter(range(v.first, v.first + len(v.document.text)) for v in versions)
        rows = [
            passage_row(
                number, version.first, passage, vector, version.document.metadata, self._manifest
            )
            for (version, number, passage), vector in zip(batch.passages, vectors, strict=True)
        ]
        self._connection.upsert(self._connection.passages, rows)
        self.changes.passages += len(rows)
        self.changes.encoded += len(rows)
        for version in batch.ended:
            parts = part_rows(version.document, version.first)
            self._connection.upsert(self._connection.documents, parts)
        self._show(
            (
                one.document.id,
                entry_of(one.document, one.stamp, range(one.first, one.first + one.count)),
            )
            for one in batch.ended
        )

    def _enter(self, versions: Iterable[range]) -> None:
        """Say of versions that they are written, or were replaced, now."""
        now = int(time.time())
        rows = [
            version_row(WRITTEN, f"version-{numbers.start}", numbers, now) for numbers in versions
        ]
        self._connection.upsert(self._connection.documents, rows)

    def _show(self, entries: Iterable[tuple[str, Listed]]) -> None:
        """Have the heads of documents point to their new versions."""
        new = dict(entries)
        before = [self.rows[id_].passages for id_ in new if id_ in self.rows]
        self._enter(old for old in before if old not in [one.passages for one in new.values()])
        precision = str(getattr(self._encoder, "precision", ""))
        heads = [head_row(id_, one, precision, time.time_ns()) for id_, one in new.items()]
        self._connection.upsert(self._connection.documents, heads)
        self.rows |= new
        self._changed(bool(new))

    def _changed(self, changed: bool) -> None:
        """Take note of a change, and tell the readers, unless they were told just before."""
        self._news |= changed
        if time.monotonic() - self._told >= _SECONDS_BETWEEN_NEWS:
            self._tell()

    def _tell(self) -> None:
        """Tell the readers of what was changed since they were told last."""
        if self._news:
            number = 1 + secrets.randbelow(2**62)
            row = version_row(GENERATION, KEY_OF_GENERATION, range(number, number + 1), 0)
            self._connection.upsert(self._connection.documents, [row])
            self._news, self._told = False, time.monotonic()

    def clean(self) -> None:
        """Delete the versions that no head points to, once no question can be reading them."""
        connection, before = self._connection, int(time.time()) - _KEPT_SECONDS
        chosen = f"kind == {WRITTEN} and time < {before}"
        with connection.faults_named():
            written = [*connection.every(connection.documents, chosen, ["first"])]
            visible = {one.passages.start for one in read_heads(connection)[0].values()}
            dead = sorted({row["first"] for row in written}.difference(visible))
            for start in range(0, len(dead), _DELETED_AT_ONCE):
                some = dead[start : start + _DELETED_AT_ONCE]
                keys = ", ".join(f'"version-{first}"' for first in some)
                connection.delete(connection.passages, f"version in {some}")
                connection.delete(connection.documents, f"kind == {PART} and first in {some}")
                connection.delete(connection.documents, f"key in [{keys}]")
