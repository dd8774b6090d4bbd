"""Rows of an index on Milvus, as documents and passages; all are checked as they are read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from qa.documents import Document
from qa.errors import LoadError
from qa.index.rows import (
    Listed,
    NotWhole,
    blocks_of,
    checksum,
    pages_of,
    passage_of,
    read_metadata,
    stored_blocks,
    structure_of,
)
from qa.milvus.address import MilvusAddress
from qa.milvus.client import AT_ONCE, SECONDS, STRONG, Connection, Row
from qa.milvus.schema import (
    HEAD,
    KEY_OF_GENERATION,
    KEY_OF_MANIFEST,
    LONGEST,
    PART,
    VERSION,
    MilvusManifest,
    key_of,
    version_row,
)
from qa.passages import Passage
from qa.text.analysis import indexed_term, indexed_words
from qa.text.printable import printable_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FIELDS = {"id", "title", "source", "sha256", "stamp", "structure", "metadata", "precision"}
READ_OF_HEADS = ("first", "count", "time", "body")
READ_OF_PASSAGES = ("number", "sentences", "context", "checksum")


def head_row(document_id: str, entry: Listed, precision: str, time: int) -> Row:
    """Return the head of a document: its visible version, and all of it but its text.

    Raises:
        LoadError: it has more metadata than fit.
    """
    fields = {
        "id": document_id,
        "title": entry.title,
        "source": entry.source,
        "sha256": entry.sha256,
        "stamp": entry.stamp,
        "structure": entry.structure,
        "metadata": entry.metadata,
        "precision": precision,
    }
    body = json.dumps(fields)
    if len(body) > LONGEST:
        raise LoadError(
            f"the title, the name and the metadata of {printable_name(document_id)} are longer "
            f"than the {LONGEST:,} characters that an index on Milvus takes",
            source=entry.source or document_id,
        )
    return version_row(HEAD, key_of(document_id), entry.passages, time, body)


def head_of(row: Row) -> tuple[str, Listed, str]:
    """Read the head of a document: its id, its entry, and the precision of its vectors."""
    fields, first, count = _json(row["body"]), row["first"], row["count"]
    if fields.keys() != _FIELDS or not all(
        isinstance(value, str) or (value is None and name in ("source", "stamp"))
        for name, value in fields.items()
    ):
        raise NotWhole("the head of a document is not what it can be")
    document_id, precision = fields.pop("id"), fields.pop("precision")
    if type(first) is not int or type(count) is not int or first < VERSION or count < 1:
        raise NotWhole(f"the passages of {document_id!r} are not what they can be")
    return document_id, Listed(range(first, first + count), pages="", **fields), precision


def part_rows(document: Document, first: int) -> list[Row]:
    """Return the text of a version, its pages and its blocks, in parts that a row takes.

    The count of a part is its place among them.
    """
    stored = {"text": document.text, "pages": document.pages, "blocks": stored_blocks(document)}
    text = json.dumps(stored)  # of ASCII alone, so that a character is a byte
    parts = [text[start : start + LONGEST] for start in range(0, len(text), LONGEST)]
    return [
        version_row(PART, f"part-{first}-{number}", range(first, first + number), 0, part)
        for number, part in enumerate(parts)
    ]


def document_of(document_id: str, entry: Listed, parts: list[Row]) -> Document:
    """Put a document together of the parts of its text; `NotWhole` if it is another text."""
    ordered = sorted(parts, key=lambda row: int(row["count"]))
    try:
        fields = _json("".join(row["body"] for row in ordered))
        blocks = fields["blocks"]
        document = Document(
            document_id,
            fields["text"],
            entry.title,
            entry.source,
            pages_of(json.dumps(fields["pages"])),
            blocks_of(blocks),
            metadata=read_metadata(entry),
        )
    except (LoadError, TypeError, ValueError, LookupError):
        document = None
    if document is None or (document.sha256, structure_of(blocks)) != (
        entry.sha256,
        entry.structure,
    ):
        raise NotWhole(f"the text of {document_id!r} is not the text that was indexed")
    return document


def passage_row(
    number: int,
    version: int,
    passage: Passage,
    vector: NDArray[np.float32],
    metadata: Mapping[str, object],
    manifest: MilvusManifest,
) -> Row:
    """Return the row of a passage.

    `version` is the first number of its version; `document`, `text`, `start`, `end` and
    `metadata` are for other programs.
    """
    stored = number, json.dumps(passage.sentences), passage.context
    row: Row = {
        "number": number,
        "version": version,
        "vector": vector.tolist(),
        "document": _cut(passage.document_id),
        "start": passage.start,
        "end": passage.end,
        "text": _cut(passage.text_in_context),
        "sentences": stored[1],
        "context": passage.context,
        "checksum": checksum(*stored).hex(),
        "metadata": dict(metadata),
    }
    if manifest.has_words:
        # Stop words, which no query has, count for the length of the passage.
        words = indexed_words(passage.text_in_context)
        row["words"] = _cut(" ".join(indexed_term(word) or word for word in words))
    return row


def passage_in(row: Row, document: Document) -> Passage:
    """Read the row of a passage."""
    columns: tuple[Any, ...] = tuple(row[name] for name in READ_OF_PASSAGES[:-1])
    return passage_of((*columns, bytes.fromhex(row["checksum"])), row["number"], document)


def manifest_at(where: str) -> MilvusManifest | None:
    """Return the manifest of the index at an address, if there is one.

    Errors are those of `MilvusIndex.open`.
    """
    address = MilvusAddress.parsed(where)
    if not address.may_be_there:
        return None
    connection = Connection(address)
    try:
        with connection.faults_named():
            return read_manifest(connection)
    finally:
        connection.close()


def read_manifest(connection: Connection) -> MilvusManifest | None:
    """Read the manifest, if there is an index; an `IndexMismatch` if it is of another version."""
    has = partial(connection.client.has_collection, timeout=SECONDS)
    if not all(map(has, connection.collections)) or not connection.load():
        return None
    chosen = f'key == "{KEY_OF_MANIFEST}"'
    rows = connection.query(connection.documents, chosen, ["body"], STRONG)
    return MilvusManifest.from_json(rows[0]["body"], connection) if rows else None


def read_generation(connection: Connection, consistency: str) -> int:
    """Return what changes whenever the index does; 0 is a new one."""
    chosen = f'key == "{KEY_OF_GENERATION}"'
    rows = connection.query(connection.documents, chosen, ["first"], consistency)
    return int(rows[0]["first"]) if rows else 0


def read_heads(connection: Connection) -> tuple[dict[str, Listed], set[str]]:
    """Read the entries of all documents by id, in order, and the precisions of their vectors."""
    rows = [*connection.every(connection.documents, f"kind == {HEAD}", READ_OF_HEADS)]
    heads = [head_of(row) for row in sorted(rows, key=lambda row: (row["time"], row["first"]))]
    entries = {id_: entry for id_, entry, _ in heads}
    return entries, {precision for _, _, precision in heads if precision}


def read_parts(connection: Connection, entry: Listed, consistency: str) -> list[Row]:
    """Read the parts of a document's text."""
    parts: list[Row] = []
    while True:
        start = len(parts)
        chosen = (
            f"kind == {PART} and first == {entry.passages.start} and count >= {start} "
            f"and count < {start + AT_ONCE}"
        )
        some = connection.query(connection.documents, chosen, ("count", "body"), consistency)
        parts += some
        if len(some) < AT_ONCE:
            return parts


def _json(text: str) -> dict[str, Any]:
    try:
        fields = json.loads(text)
    except RecursionError:
        fields = None
    if not isinstance(fields, dict):
        raise NotWhole("a row is not in JSON")
    return fields


def _cut(text: str) -> str:
    """Return as much of a text as a row takes."""
    return text.encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore")
