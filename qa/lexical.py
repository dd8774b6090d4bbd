"""Words to the passages that hold them: SQLite's full-text index FTS5, scored by BM25.

It lives in the index's own database, so what a reader sees, a crash leaves and a delete takes
away is the database's doing. `docs/lexical.md` compares it with other engines.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING

from qa.terms import telling_words

if TYPE_CHECKING:
    from qa.passages import Passage

# Without content: the texts are in `documents` already. Porter's stemmer is for English.
TABLE = """
CREATE VIRTUAL TABLE words USING fts5 (
    context, text, content = '', tokenize = 'porter unicode61 remove_diacritics 2'
);
"""

SEARCH = "SELECT rowid, -rank FROM words WHERE words MATCH ? ORDER BY rank, rowid LIMIT ?"

Numbered = tuple[int, "Passage"]


def add(connection: sqlite3.Connection, passages: Iterable[Numbered]) -> None:
    """Enter numbered passages."""
    connection.executemany(
        "INSERT INTO words (rowid, context, text) VALUES (?, ?, ?)", _rows(passages)
    )


def remove(connection: sqlite3.Connection, passages: Iterable[Numbered]) -> None:
    """Take passages out; they must be just as they were entered."""
    connection.executemany(
        "INSERT INTO words (words, rowid, context, text) VALUES ('delete', ?, ?, ?)",
        _rows(passages),
    )


def matching(query: str) -> str:
    """Give the FTS5 expression for passages with any of a query's words; "" if it has none.

    Words that every text has, and those that merely ask, are left out.
    """
    return " OR ".join(f'"{word}"' for word in telling_words(query))


def _rows(passages: Iterable[Numbered]) -> Iterable[tuple[int, str, str]]:
    return ((number, passage.context, passage.text) for number, passage in passages)
