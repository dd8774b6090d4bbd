"""The collections of an index on Milvus.

`NAME_passages` has a row for each passage. `NAME_documents` has the manifest, which is written
last when an index is made; the generation, which changes with every change; the head of each
document, which says which version is visible; each version, also one that is being written, or
was replaced; and the parts of each version's text.

A version has a range of passage numbers of its own, which starts at a random multiple of
`VERSION`. All of it is written before the head points to it, in one row: a reader sees a document
whole, or not at all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from embeddings import Encoder
from qa.errors import IndexMismatch, SettingsError
from qa.index.manifest import MadeWith
from qa.index.rows import NotWhole
from qa.milvus.client import SECONDS, Connection, Row
from qa.passages import Chunking

FORMAT = 2
VERSION = 2**16
"""Passage numbers that a version takes; a longer document takes several times as many."""

LONGEST = 60_000
"""Bytes of a text in a row; Milvus takes 65,535."""

HEAD, WRITTEN, PART, GENERATION, MANIFEST = range(5)
"""The kinds of rows."""

KEY_OF_GENERATION, KEY_OF_MANIFEST = "generation", "manifest"
_SEARCH_WORDS = {"bm25_k1": 1.2, "bm25_b": 0.75}  # as in `qa.index.bm25`
_INDEXES = {
    "HNSW": {"M": 32, "efConstruction": 256},
    "IVF_FLAT": {"nlist": 1_024},
    "DISKANN": {},
    "FLAT": {},
}


_FIELDS = {
    "model": str,
    "digest": str,
    "dim": int,
    "chunking": dict,
    "kind": str,
    "has_words": bool,
}
"""The types of what a manifest has."""


def search_depth(kind: str, hits: int) -> dict[str, int]:
    """Return how far a vector index is searched for so many hits; recall is in docs/scale.md."""
    return {
        "HNSW": {"ef": max(128, 2 * hits)},
        "IVF_FLAT": {"nprobe": 64},
        "DISKANN": {"search_list": max(128, 2 * hits)},
    }.get(kind, {})


def key_of(document_id: str) -> str:
    """Return the key of a document's head."""
    return f"head-{hashlib.sha256(document_id.encode('utf-8', 'surrogatepass')).hexdigest()[:48]}"


def version_row(kind: int, key: str, numbers: range, time: int, body: str = "") -> Row:
    """Return a row of `NAME_documents`."""
    columns = {"key": key, "kind": kind, "first": numbers.start, "count": len(numbers)}
    return columns | {"time": time, "body": body, "unused": [0.0, 0.0]}


@dataclass(frozen=True, slots=True)
class MilvusManifest(MadeWith):
    """What an index on Milvus was made with.

    Attributes:
        kind: of the engine's vector index.
        has_words: whether the engine searches words, by BM25.
        precisions: that passages were encoded in, where their encoder tells.
    """

    kind: str
    has_words: bool
    precisions: tuple[str, ...] = field(default=(), compare=False)

    def with_precisions(self, precisions: Iterable[str]) -> MilvusManifest:
        """Return it with the precisions of the passages that are there."""
        return replace(self, precisions=tuple(sorted(precisions)))

    @property
    def store(self) -> str:
        """The kind of its vector index."""
        return f"milvus {self.kind}"

    def to_json(self) -> str:
        """Return the manifest as it is stored."""
        stored = {
            "inquote": FORMAT,
            "model": self.model,
            "digest": self.digest,
            "dim": self.dim,
            "chunking": self.chunking.to_dict(),
            "kind": self.kind,
            "has_words": self.has_words,
        }
        return json.dumps(stored)

    @classmethod
    def from_json(cls, stored: object, where: Connection) -> Self:
        """Read a stored manifest.

        Raises:
            IndexMismatch: the collection is not inquote's, or of another version of it.
            NotWhole: it has an impossible value.
        """
        try:
            fields = json.loads(str(stored))
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict) or "inquote" not in fields:
            raise IndexMismatch(
                f"{where.address} is a collection of something else: take another name",
                folder=str(where.address),
            )
        if fields.pop("inquote") != FORMAT:
            raise IndexMismatch(
                f"the index on {where.address} is of another version of inquote: index again into "
                "a new one",
                folder=str(where.address),
            )
        types = {name: type(value) for name, value in fields.items()}
        if types != _FIELDS:
            raise NotWhole("its manifest is not what it can be")
        try:
            return cls(**fields | {"chunking": Chunking(**fields["chunking"])})
        except (TypeError, SettingsError) as error:
            raise NotWhole("its manifest has no chunking that can be") from error


def create(connection: Connection, encoder: Encoder, chunking: Chunking) -> MilvusManifest:
    """Make an index, or go on with one that was begun, and return its manifest.

    Where the engine does not search words, it is made without.
    """
    kind = connection.address.kind
    has_words = _has_words(connection)
    manifest = MilvusManifest(encoder.model, encoder.digest, encoder.dim, chunking, kind, has_words)
    _create_passages(connection, manifest)
    _create_documents(connection)
    row = version_row(MANIFEST, KEY_OF_MANIFEST, range(1), 0, manifest.to_json())
    connection.upsert(connection.documents, [row])
    return manifest


def _has_words(connection: Connection) -> bool:
    """Return whether the engine has BM25: Milvus since 2.5, and Milvus Lite."""
    version = str(connection.client.get_server_version())
    if "milvus_lite" in version:
        return True
    numbers = [int(part) for part in version.lstrip("v").split("-")[0].split(".")[:2]]
    return numbers >= [2, 5]


def _create_documents(connection: Connection) -> None:
    from pymilvus import DataType

    client = connection.client
    schema = client.create_schema(auto_id=False)
    schema.add_field("key", DataType.VARCHAR, max_length=64, is_primary=True)
    schema.add_field("kind", DataType.INT8)
    schema.add_field("first", DataType.INT64)
    schema.add_field("count", DataType.INT64)
    schema.add_field("time", DataType.INT64)
    schema.add_field("body", DataType.VARCHAR, max_length=65_535)
    schema.add_field("unused", DataType.FLOAT_VECTOR, dim=2)  # no collection is without a vector
    indexes = client.prepare_index_params()
    indexes.add_index("unused", index_type="FLAT", metric_type="L2")
    _create(connection, connection.documents, schema, indexes)


def _create_passages(connection: Connection, manifest: MilvusManifest) -> None:
    from pymilvus import DataType, Function, FunctionType

    client = connection.client
    schema = client.create_schema(auto_id=False)
    schema.add_field("number", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=manifest.dim)
    for name in ("document", "text", "sentences", "context"):
        schema.add_field(name, DataType.VARCHAR, max_length=65_535)
    for name in ("version", "start", "end"):
        schema.add_field(name, DataType.INT64)
    schema.add_field("checksum", DataType.VARCHAR, max_length=16)
    schema.add_field("metadata", DataType.JSON)
    indexes = client.prepare_index_params()
    built: dict[str, Any] = {"index_type": manifest.kind, "metric_type": "IP"}
    indexes.add_index("vector", **built, params=_INDEXES[manifest.kind])
    if manifest.has_words:
        schema.add_field(
            "words",
            DataType.VARCHAR,
            max_length=65_535,
            enable_analyzer=True,
            analyzer_params={"tokenizer": "standard"},  # of stems, with a space between two
        )
        schema.add_field("bm25", DataType.SPARSE_FLOAT_VECTOR)
        names = {"input_field_names": ["words"], "output_field_names": ["bm25"]}
        schema.add_function(Function("bm25", FunctionType.BM25, **names))
        searched = {"index_type": "SPARSE_INVERTED_INDEX", "metric_type": "BM25"}
        indexes.add_index("bm25", **searched, params=_SEARCH_WORDS)
    _create(connection, connection.passages, schema, indexes)


def _create(connection: Connection, name: str, schema: Any, indexes: Any) -> None:
    """Make a collection, or go on where this was stopped."""
    client = connection.client
    if not client.has_collection(name, timeout=SECONDS):
        client.create_collection(name, schema=schema, timeout=SECONDS)
    there = client.list_indexes(name, timeout=SECONDS)
    indexes[:] = [index for index in indexes if index.field_name not in there]
    if indexes:
        client.create_index(name, indexes, timeout=SECONDS)
    client.load_collection(name, timeout=SECONDS)
