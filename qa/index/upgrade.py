"""Upgrading an index of an earlier format, as a part of the update that commits it.

Format 6 has no blocks: headings, lists and tables. Its tables are given those of this format here.
`writer` then cuts every document again, from its file where that is named, else from the text in
the index, and encodes no text again that the index has a vector of.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path, PurePath

from qa.documents import Document
from qa.index.faults import faults_named
from qa.index.rows import (
    ONE_DOCUMENT,
    Listed,
    NotWhole,
    checked,
    document_of,
    enter,
    listed,
    listed_row,
    structure_of,
    together,
)
from qa.index.storage import (
    FORMAT,
    SCHEMA,
    check_format,
    connect_to_read,
    finished,
    read_manifest,
    write_manifest,
)
from qa.loaders import LOADERS
from qa.loaders.formats import MARKDOWN, document_of_text, load_text

_NO_BLOCKS = "[]"
_COLUMNS = "number, passages, id, title, source, sha256, stamp, pages"


def model_of(folder: Path) -> str:
    """Return the name of the model that made an index, which may be of an earlier format.

    Raises:
        IndexMissing: the index was never finished.
        StoredIndexError: it cannot be read.
    """
    with faults_named(folder), closing(connect_to_read(folder)) as connection:
        check_format(connection, folder, "disk", older=True)
        return finished(read_manifest(connection), folder).model


def needs_upgrade(folder: Path) -> bool:
    """Return whether an index has an earlier format; a `StoredIndexError` if it cannot be read."""
    with faults_named(folder), closing(connect_to_read(folder)) as connection:
        return check_format(connection, folder, "disk", older=True) != FORMAT


def upgrade(connection: sqlite3.Connection, folder: Path) -> int | None:
    """Give an index the tables of this format; return its earlier format, or None if it has none.

    Raises:
        NotWhole: the earlier index is damaged.
    """
    version = check_format(connection, folder, older=True)
    if version == FORMAT:
        return None
    manifest = read_manifest(connection)
    documents, check = listed_before(connection)
    if check != manifest.documents_check:
        raise NotWhole("its documents are not those that were written")
    for table in ("documents", "texts"):
        connection.execute(f"ALTER TABLE {table} RENAME TO earlier_{table}")
    for statement in SCHEMA[1:3]:
        connection.execute(statement)
    for document_id, entry in documents.items():
        enter(connection, document_id, entry)
    connection.execute(
        "INSERT INTO texts SELECT document, text, ? FROM earlier_texts", (_NO_BLOCKS,)
    )
    for table in ("documents", "texts"):
        connection.execute(f"DROP TABLE earlier_{table}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    write_manifest(connection, replace(manifest, documents_check=listed(connection)[1]))
    return version


def listed_before(connection: sqlite3.Connection) -> tuple[dict[str, Listed], str]:
    """Read all documents of the earlier format by id, in order, and the checksum of all together.

    They have no stamp, so that their files are read again as soon as they are named.
    """
    rows = connection.execute(
        f"SELECT {_COLUMNS}, checksum FROM documents ORDER BY number"  # noqa: S608
    ).fetchall()
    documents = {}
    for row in rows:
        columns = checked(row, f"document {row[2]!r}")
        id_, entry = listed_row((*columns, structure_of(_NO_BLOCKS)))
        documents[id_] = replace(entry, stamp=None)
    return documents, together(row[-1] for row in rows)


def stored_documents(
    connection: sqlite3.Connection, but: Container[str]
) -> Iterator[tuple[Document, bool]]:
    """Read the documents that are in the index, and whether all of each is known from its text.

    That is so of plain text, Markdown and texts made in Python; of other files, the blocks are not.
    """
    for document_id in [*listed(connection)[0]]:
        if document_id not in but:
            row = connection.execute(ONE_DOCUMENT, (document_id,)).fetchone()
            document, _ = document_of(row, document_id)
            suffix = PurePath(document_id).suffix.lower()
            if document.source is None:
                yield document, True
            elif LOADERS.get(suffix) is load_text:
                is_markdown = suffix in MARKDOWN
                yield (
                    document_of_text(
                        document.text, document_id, markdown=is_markdown, source=document.source
                    ),
                    True,
                )
            else:
                yield document, False
