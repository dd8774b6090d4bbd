"""An index on Milvus that is open for reading."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Self

from embeddings import Encoder, Tokens
from embeddings.tokens import packed, unpacked
from qa.documents import Document
from qa.errors import IndexMissing, SettingsError
from qa.filters import EVERYTHING, Filter
from qa.index.catalogue import Catalogue
from qa.index.faults import is_closed
from qa.index.rows import Listed, NotWhole
from qa.milvus.address import MilvusAddress
from qa.milvus.client import AT_ONCE, BOUNDED, SECONDS, STRONG, Connection, Row
from qa.milvus.rows import (
    READ_OF_PASSAGES,
    document_of,
    passage_in,
    read_generation,
    read_heads,
    read_manifest,
    read_parts,
)
from qa.milvus.schema import MilvusManifest, search_depth
from qa.milvus.versions import Versions
from qa.passages import Chunking, Passage
from qa.text.analysis import query_terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from qa.index.custom_store import CustomStore
    from qa.index.protocol import Hit

_MOST_HITS = 16_384  # that Milvus returns
_FEW = 1_000  # passages, which are compared one by one
_VERSIONS_AT_ONCE = 10_000  # in an expression
_MANY = 0.2  # of the documents: so many are found by looking through the hits among all
_DOCUMENTS_KEPT = 64
_SECONDS_BETWEEN_LOOKS = 1.0
_SEARCHED_DEEPER = 4  # times, where hits are of versions that were replaced


class MilvusIndex:
    """A snapshot of which documents there are, over an index that others may change.

    Each document is checked against its digest before it is used. It may be used from several
    threads, and has the methods of `qa.index.Index`.

    Args:
        connection: to the engine; it is closed with the index.
        manifest: the index's.
        rows: the entry of each visible document, by id, in order.
        generation: of these rows.
        chosen: which documents to search.
    """

    is_shared = True

    def __init__(
        self,
        connection: Connection,
        manifest: MilvusManifest,
        rows: dict[str, Listed],
        generation: int,
        chosen: Filter = EVERYTHING,
    ) -> None:
        self.folder = str(connection.address)
        self.chosen = chosen
        self.manifest = manifest
        self._connection = connection
        self._every = Catalogue(rows)
        self._versions = Versions(rows)
        self._documents = self._every.chosen_by(chosen) if chosen else self._every
        self._generation = generation
        self._read: dict[str, Document] = {}
        self._looked = time.monotonic()
        self._closed = False

    @classmethod
    def open(cls, where: str, chosen: Filter = EVERYTHING) -> Self:
        """Open an index by its address.

        Raises:
            SettingsError: the address cannot be, no document matches, or pymilvus is missing.
            IndexMissing: there is no index of this name.
            IndexMismatch: it is of another version, or a collection of something else.
            IndexDamaged: it is damaged.
            IndexUnreachable: the engine does not answer, or refuses the token.
        """
        address = MilvusAddress.parsed(where)
        missing = IndexMissing(
            f"there is no index on {where}: make it with  inquote index PATH --index {where}",
            folder=where,
        )
        if not address.may_be_there:
            raise missing
        connection = Connection(address)
        try:
            with connection.faults_named():
                if (manifest := read_manifest(connection)) is None:
                    raise missing
                generation = read_generation(connection, STRONG)
                rows, precisions = read_heads(connection)
                manifest = manifest.with_precisions(precisions)
                # From now on, searches see the passages of these documents.
                connection.query(connection.passages, "number == 0", ["number"], STRONG)
            return cls(connection, manifest, rows, generation, chosen)
        except BaseException:
            connection.close()
            raise

    def reopened(self) -> Self:
        """Open the index as it is now."""
        return type(self).open(self.folder, self.chosen)

    def is_current(self) -> bool:
        """Return whether nothing was changed since it was opened, but for the last seconds.

        It looks once a second at most.
        """
        now = time.monotonic()
        if now - self._looked < _SECONDS_BETWEEN_LOOKS:
            return True
        self._looked = now
        with self._in_use():
            return read_generation(self._connection, BOUNDED) == self._generation

    def search_in(self, _: CustomStore) -> None:
        """Refuse a store that was handed in: Milvus searches the vectors."""
        raise SettingsError("an index on Milvus searches its vectors itself: leave out store")

    def check_encoder(self, encoder: Encoder) -> None:
        """Refuse an encoder that did not make these vectors."""
        self.manifest.check_encoder(encoder, self.folder)

    def check_chunking(self, chunking: Chunking | None) -> None:
        """Refuse a chunking that did not make these passages; None is any."""
        self.manifest.check_chunking(chunking, self.folder)

    def matching(self, chosen: Filter) -> list[str]:
        """Return the ids of the documents that match another filter, too."""
        return self._documents.matching(chosen)

    def search(
        self,
        vectors: NDArray[np.float32],
        top_k: int,
        among: NDArray[np.int64] | None = None,
    ) -> list[list[Hit]]:
        """Find the passages nearest to each query vector by cosine, best first.

        With `among`, only passages with these numbers are searched; few of them one by one, as
        the engine may miss them.
        """
        few = self._documents.numbers if among is None and self.chosen else among
        if few is not None and len(few) <= _FEW:
            return self._compared(vectors, top_k, few)
        return [self._search("vector", vector.tolist(), top_k, among) for vector in vectors]

    def _compared(
        self, vectors: NDArray[np.float32], top_k: int, numbers: NDArray[np.int64]
    ) -> list[list[Hit]]:
        """Return the passages nearest to each query vector by comparing it with each of some."""
        scores = (vectors @ self.vectors(numbers).T).tolist()
        hits = (zip(numbers.tolist(), of_one, strict=True) for of_one in scores)
        return [sorted(each, key=_best_first)[:top_k] for each in hits]

    def search_words(
        self, query: str, top_k: int, among: NDArray[np.int64] | None = None
    ) -> list[Hit]:
        """Find the passages that contain the query's words, best first by BM25 (above 0).

        An engine without BM25 finds none.
        """
        terms = query_terms(query)
        if not terms or not self.manifest.has_words:
            return []
        words = " ".join(term for term, times in terms.items() for _ in range(times))
        return self._search("bm25", words, top_k, among)

    def _search(
        self, field: str, query: object, top_k: int, among: NDArray[np.int64] | None
    ) -> list[Hit]:
        """Search one field; hits of versions that are not visible are left out."""
        with self._in_use():
            if among is not None:
                found = self._hits_in(self._versions.versions_of(among), field, query, top_k)
            elif self.chosen:
                found = self._hits_in(self._chosen_versions, field, query, top_k)
            else:
                found = self._hits(field, query, top_k)
        return sorted(found.items(), key=_best_first)[:top_k]

    def _hits_in(
        self, versions: frozenset[int], field: str, query: object, top_k: int
    ) -> dict[int, float]:
        """Search some versions, which the engine is told of; many, after all were searched."""
        found: dict[int, float] = {}
        if len(versions) > max(_VERSIONS_AT_ONCE, _MANY * len(self._versions)):
            found = self._hits(field, query, top_k, versions=versions)
            if len(found) >= top_k:
                return found
        ordered = sorted(versions)
        for start in range(0, len(ordered), _VERSIONS_AT_ONCE):
            some = f"version in {ordered[start : start + _VERSIONS_AT_ONCE]}"
            found |= self._hits(field, query, top_k, some)
        return found

    def _hits(
        self,
        field: str,
        query: object,
        top_k: int,
        chosen: str = "",
        versions: frozenset[int] | None = None,
    ) -> dict[int, float]:
        """Search deeper until there are enough hits that are visible, and of these versions."""
        limit = min(top_k, _MOST_HITS)
        is_dense = field == "vector"
        while True:
            depth = search_depth(self.manifest.kind, limit) if is_dense else {}
            (hits,) = self._connection.client.search(
                self._connection.passages,
                [query],
                filter=chosen,
                limit=limit,
                anns_field=field,
                output_fields=["number"],
                search_params={"metric_type": "IP" if is_dense else "BM25", "params": depth},
                consistency_level=BOUNDED,
                timeout=SECONDS,
            )
            scores = {int(hit["number"]): float(hit["distance"]) for hit in hits}
            if not is_dense:  # Milvus Lite has the BM25 of a passage below 0
                scores = {number: abs(score) for number, score in scores.items()}
            found = {
                number: score
                for number, score in scores.items()
                if (version := self._versions.version_of(number)) is not None
                and (versions is None or version in versions)
            }
            if len(found) >= top_k or len(hits) < limit or limit == _MOST_HITS:
                return found
            limit = min(limit * _SEARCHED_DEEPER, _MOST_HITS)

    @cached_property
    def _chosen_versions(self) -> frozenset[int]:
        """The versions of the documents that are searched."""
        return frozenset(one.passages.start for one in self._documents.rows.values())

    def terms(self, prefix: str) -> dict[str, int]:
        """Return the stem itself, and how many passages hold it: 2 for two or more.

        Milvus has no list of words, so that a typing mistake is read as common words alone.
        """
        holding = self._holding(prefix, 2)
        return {prefix: len(holding)} if holding else {}

    def passages_with(self, term: str, most: int) -> list[Passage]:
        """Read some passages that hold the stem of a word."""
        return self.passages(self._holding(term, most))

    def _holding(self, term: str, most: int) -> list[int]:
        """Return the numbers of some passages that hold a stem."""
        is_one = self.manifest.has_words and term.isalnum()
        return [number for number, _ in self._search("bm25", term, most, None)] if is_one else []

    def cosines(self, vector: NDArray[np.float32], numbers: Sequence[int]) -> list[float]:
        """Return the cosine of some passages, by number, with a query vector of shape (dim,)."""
        import numpy as np

        scores: list[float] = (self.vectors(np.array(numbers, np.int64)) @ vector).tolist()
        return scores

    def vectors(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of some passages, by number, a row each."""
        import numpy as np

        with self._in_use():
            rows = self._rows_of(numbers.tolist(), ("number", "vector"))
            found = [rows[number]["vector"] for number in numbers.tolist()]
        return np.array(found, np.float32).reshape(len(found), self.manifest.dim)

    def passage_tokens(self, texts: Sequence[str], encoder: Encoder) -> list[Tokens]:
        """Return the tokens of passages, encoded now, and rounded as stored ones are."""
        encoded = encoder.passage_tokens(list(texts))
        return [unpacked(packed(tokens), encoder.dim) for tokens in encoded]

    def passages(self, numbers: Sequence[int]) -> list[Passage]:
        """Read passages by number, in the order asked for."""
        with self._in_use():
            rows = self._rows_of(numbers, READ_OF_PASSAGES)
            ids = {number: self._versions.id_of(number) for number in numbers}
            documents = self._documents_of({id_ for id_ in ids.values() if id_ is not None})
            found = []
            for number in numbers:
                if (id_ := ids[number]) is None:
                    raise NotWhole(f"passage {number} is of no document")
                found.append(passage_in(rows[number], documents[id_]))
            return found

    def _rows_of(self, numbers: Sequence[int], fields: Sequence[str]) -> dict[int, Row]:
        """Read the rows of passages by number, once more where the last seconds are missing."""
        wanted = list(dict.fromkeys(int(number) for number in numbers))
        found: dict[int, Row] = {}
        for consistency in (BOUNDED, STRONG):
            missing = [number for number in wanted if number not in found]
            for start in range(0, len(missing), AT_ONCE):
                chosen = f"number in {missing[start : start + AT_ONCE]}"
                rows = self._connection.query(
                    self._connection.passages, chosen, fields, consistency
                )
                found |= {int(row["number"]): row for row in rows}
        if missing := [number for number in wanted if number not in found]:
            raise NotWhole(
                f"passage {missing[0]} of {self._versions.id_of(missing[0])!r} is missing"
            )
        return found

    def document(self, document_id: str) -> Document:
        """Read a document by its id; a `KeyError` if it is not in the index."""
        if document_id not in self._documents.rows:
            raise KeyError(document_id)
        with self._in_use():
            return self._documents_of({document_id})[document_id]

    def _documents_of(self, ids: set[str]) -> dict[str, Document]:
        """Read documents that are not known yet, and check them."""
        known = self._read  # another thread may set it anew
        found = {id_: known[id_] for id_ in ids if id_ in known}
        for id_ in ids.difference(found):
            found[id_] = self._read_document(id_)
        kept = [*known.items()][-_DOCUMENTS_KEPT:] if len(known) > 2 * _DOCUMENTS_KEPT else known
        self._read = dict(kept) | found
        return found

    def _read_document(self, document_id: str) -> Document:
        entry = self._every.rows[document_id]
        try:
            return document_of(document_id, entry, read_parts(self._connection, entry, BOUNDED))
        except NotWhole:  # it may be of the last seconds
            return document_of(document_id, entry, read_parts(self._connection, entry, STRONG))

    def document_ids(self) -> list[str]:
        """Return the ids of all documents, in the order in which they were indexed."""
        return [*self._documents.rows]

    def sources(self) -> dict[str, str | None]:
        """Return where each document came from, by id."""
        return {id_: one.source for id_, one in self._documents.rows.items()}

    def numbers_of(self, document_ids: Sequence[str]) -> NDArray[np.int64]:
        """Return the numbers of the passages of some documents, in order."""
        return self._documents.numbers_of({*document_ids})

    def passages_of(self, document_id: str) -> Iterator[Passage]:
        """Read every passage of a document, first to last."""
        numbers = self._documents.rows[document_id].passages
        for start in range(numbers.start, numbers.stop, AT_ONCE):
            yield from self.passages(range(start, min(start + AT_ONCE, numbers.stop)))

    def check_whole(self) -> None:
        """Read every visible document and passage, and check them.

        Raises:
            IndexDamaged: one is missing, or not what was written.
        """
        for document_id in self.document_ids():
            for _ in self.passages_of(document_id):
                pass

    def __len__(self) -> int:
        return sum(len(one.passages) for one in self._documents.rows.values())

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        if self._closed:
            raise is_closed(self.folder)
        with self._connection.faults_named():
            try:
                yield
            except (ValueError, TypeError, LookupError) as error:
                raise NotWhole(str(error)) from error

    def close(self) -> None:
        """Let go of the connection."""
        self._closed = True
        self._connection.close()


def _best_first(hit: Hit) -> tuple[float, int]:
    return -hit[1], hit[0]
