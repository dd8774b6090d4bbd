"""Rows of an index's database, as documents and passages, and the checksums of rows.

A checksum detects damage; it does not show who wrote the row.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from qa.documents import Block, Document, Span
from qa.errors import LoadError
from qa.metadata import Metadata
from qa.passages import Passage

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLUMNS = "number, passages, id, title, source, sha256, stamp, pages, structure, checksum"
ONE_DOCUMENT = (
    f"SELECT {_COLUMNS}, text, blocks FROM documents "  # noqa: S608 - constants
    "LEFT JOIN texts ON document = number WHERE id = ?"
)
"""Selects what `document_of` reads."""


class NotWhole(ValueError):
    """What was read is not what was written; the message names it."""


def checksum(*columns: object) -> bytes:
    """Return the checksum of a row, its types included."""
    return checksum_of(repr(columns).encode("utf-8", "surrogatepass"))


def checksum_of(blob: bytes | NDArray[Any]) -> bytes:
    """Return the checksum of bytes, or of an array's bytes."""
    return blake2b(bytes(blob), digest_size=8).digest()


def checked(row: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    """Return a row without its last column, which must be its checksum.

    Raises:
        NotWhole: it is not.
    """
    if checksum(*row[:-1]) != row[-1]:
        raise NotWhole(f"{what} is not as it was written")
    return row[:-1]


def together(checksums: Iterable[bytes]) -> str:
    """Return one checksum of several, in this order."""
    return checksum_of(b"".join(checksums)).hex()


NOTHING = together([])
"""The checksum of no rows."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The row of a document: all but its text.

    Attributes:
        passages: the numbers of its passages; the first is also the document's.
        title: of the document.
        source: where the document came from.
        sha256: of its text.
        stamp: of its file (`qa.loaders.File`).
        pages: where its pages start, as stored.
        structure: the checksum of its blocks, as stored.
        metadata: in JSON; "" if it has none. It is stored behind the stamp, so that versions
            that know of none read the row as well.
    """

    passages: range
    title: str
    source: str | None
    sha256: str
    stamp: str | None
    pages: str
    structure: str
    metadata: str = ""


def searched(entry: Listed) -> tuple[str, str, str]:
    """Return what passages are made of."""
    return entry.sha256, entry.title, entry.structure


def listed(connection: sqlite3.Connection) -> tuple[dict[str, Listed], str]:
    """Read all documents by id, in order, and the checksum of all together."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM documents ORDER BY number").fetchall()  # noqa: S608
    by_id = dict(_listed(row) for row in rows)
    if any(one.passages.stop > other.passages.start for one, other in pairwise(by_id.values())):
        raise NotWhole("its documents share passages")
    return by_id, together(row[-1] for row in rows)


def listed_as(connection: sqlite3.Connection, document_id: str) -> Listed | None:
    """Read the row of one document; None if it is not in the index."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM documents WHERE id = ?",  # noqa: S608
        (document_id,),
    ).fetchone()
    return None if row is None else _listed(row)[1]


def _listed(row: tuple[Any, ...]) -> tuple[str, Listed]:
    return listed_row(checked(row, f"document {row[2]!r}"))


def listed_row(columns: tuple[Any, ...]) -> tuple[str, Listed]:
    """Read the row of a document without its checksum; return its id, and the rest."""
    number, passages, id_, *rest = columns
    types = [type(column) for column in (number, passages, id_)]
    are_texts = all(text is None or isinstance(text, str) for text in rest)
    if types != [int, int, str] or passages < 1 or not are_texts:
        raise NotWhole(f"the document {id_!r} is not what it can be")
    entry = Listed(range(number, number + passages), *rest)
    stamp, _, metadata = (entry.stamp or "").partition("\n")
    return id_, replace(entry, stamp=stamp or None, metadata=metadata)


def enter(connection: sqlite3.Connection, document_id: str, entry: Listed) -> None:
    """Write the row of a document, in place of its old one."""
    row = (
        entry.passages.start,
        len(entry.passages),
        document_id,
        entry.title,
        entry.source,
        entry.sha256,
        f"{entry.stamp or ''}\n{entry.metadata}" if entry.metadata else entry.stamp,
        entry.pages,
        entry.structure,
    )
    connection.execute(
        "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*row, checksum(*row)),
    )


def document_of(row: tuple[Any, ...], document_id: str) -> tuple[Document, range]:
    """Make a document of its row, and return it with the numbers of its passages."""
    *columns, text, blocks = row
    id_, entry = _listed(tuple(columns))
    try:
        pages, structure, metadata = pages_of(entry.pages), blocks_of(blocks), read_metadata(entry)
        document = Document(
            id_, text, entry.title, entry.source, pages, structure, metadata=metadata
        )
    except (LoadError, TypeError, ValueError):
        document = None
    stored = id_, entry.sha256, entry.structure
    if document is None or stored != (document_id, document.sha256, structure_of(blocks)):
        raise NotWhole(f"the text of {document_id!r} is not the text that was indexed")
    return document, entry.passages


def pages_of(stored: str) -> tuple[int, ...]:
    """Read where pages start; a `ValueError` if it is no list of numbers."""
    starts = json.loads(stored)
    if not isinstance(starts, list) or not all(isinstance(start, int) for start in starts):
        raise ValueError(f"{stored[:50]} is not a list of pages")
    return tuple(starts)


def stored_metadata(document: Document) -> str:
    """Return a document's metadata as they are stored; "" if it has none."""
    return json.dumps(dict(document.metadata), ensure_ascii=False) if document.metadata else ""


def entry_of(document: Document, stamp: str | None, passages: range) -> Listed:
    """Return the row of a document."""
    return Listed(
        passages,
        document.title,
        document.source,
        document.sha256,
        stamp,
        json.dumps(document.pages),
        structure_of(stored_blocks(document)),
        stored_metadata(document),
    )


def read_metadata(entry: Listed) -> Metadata:
    """Read the metadata of a document; a `ValueError` if they have no names."""
    metadata = json.loads(entry.metadata or "{}")
    if not isinstance(metadata, dict):
        raise ValueError("metadata have names")
    return Metadata(metadata)


def stored_blocks(document: Document) -> str:
    """Return a document's blocks as they are stored."""
    return json.dumps(document.blocks, ensure_ascii=False, separators=(",", ":"))


def structure_of(blocks: str) -> str:
    """Return the checksum of blocks that are stored."""
    return checksum_of(blocks.encode("utf-8", "surrogatepass")).hex()


def blocks_of(stored: str) -> tuple[Block, ...]:
    """Read blocks; a `ValueError` or a `TypeError` if they are none."""
    if not isinstance(stored, str):
        raise TypeError("blocks are stored as text")
    blocks = tuple(Block(*block) for block in json.loads(stored))
    if not all(list(map(type, block)) == [int, int, str, int] for block in blocks):
        raise ValueError(f"{stored[:50]} is not a list of blocks")
    return blocks


def enter_passage(connection: sqlite3.Connection, number: int, passage: Passage) -> None:
    """Write a passage."""
    row = number, json.dumps(passage.sentences), passage.context
    connection.execute("INSERT INTO passages VALUES (?, ?, ?, ?)", (*row, checksum(*row)))


def passage_of(row: tuple[Any, ...], number: int, document: Document) -> Passage:
    """Make a passage of its row and its document."""
    stored_number, sentences, context = checked(row, f"passage {number}")
    spans = [Span(*span) for span in json.loads(sentences)]
    borders = [0, *(place for span in spans for place in span), len(document.text)]
    if stored_number != number or not spans or any(a > b for a, b in pairwise(borders)):
        raise NotWhole(f"passage {number} is not of its document")
    return Passage.of(document, tuple(spans), context)
