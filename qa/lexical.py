"""Words to the passages that hold them: SQLite's full-text index FTS5, scored by BM25.

It lives in the index's own database, so what a reader sees, a crash leaves and a delete takes
away is the database's doing. `docs/lexical.md` compares it with other engines.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from qa.terms import telling_words

if TYPE_CHECKING:
    from qa.passages import Passage

# Without content: the texts are in `documents` already. Porter's stemmer is for English. A word
# in the first column takes the least room, and so that is the text.
TABLE = """
CREATE VIRTUAL TABLE words USING fts5 (
    text, context, content = '', tokenize = 'porter unicode61 remove_diacritics 2'
);
"""

BOUND = 50_000
"""How many passages a search scores, or not many more; how it was set: docs/lexical.md."""

# The plus keeps SQLite from searching once for each number that is looked among.
_AMONG = "+rowid IN (SELECT value FROM json_each(?))"
_SEARCH = "SELECT rowid, -rank / ? FROM words WHERE words MATCH ? {} ORDER BY rank, rowid LIMIT ?"
_COUNT = "SELECT count(*) FROM words WHERE words MATCH ? {}"

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


def search(
    connection: sqlite3.Connection,
    query: str,
    top_k: int,
    *,
    passages: int,
    among: Sequence[int] | None = None,
    bound: int = BOUND,
) -> list[tuple[int, float]]:
    """Find the passages with any of a query's words, best first, and their BM25 (above 0).

    Words that every text has, and those that merely ask, are left out. Where there are more
    `passages` than the bound, the query's commonest words find none, and add to the scores of
    those that its rarer ones find.

    With `among`, no passages but those with these numbers are found, counted or scored. How
    rare a word is, and how long a text is beside others, is still told by all that are there.
    """
    words = telling_words(query)
    if not words:
        return []
    only = None if among is None else json.dumps(among)
    looked_at = passages if among is None else len(among)
    rare = words if looked_at <= bound else rarest(connection, words, top_k, bound, only)
    common = [word for word in words if word not in rare]
    expression, times = _any_of(rare), 1
    if common:
        # The second bracket holds wherever the first does, and is there for its scores. They are
        # added to those of the first, and so each word has to stand in the expression twice.
        expression, times = f"({expression}) AND ({_any_of([*rare, *common, *common])})", 2
    return _execute(connection, _SEARCH, [times, expression], only, [top_k]).fetchall()


def rarest(
    connection: sqlite3.Connection,
    words: Sequence[str],
    enough: int,
    bound: int,
    only: str | None = None,
) -> list[str]:
    """Take words, the rarest first, until they find enough, and on as long as not too many.

    A passage counts once for each of its words. `only`, a JSON list of numbers, says which count.
    """
    counts = {
        word: int(_execute(connection, _COUNT, [_any_of([word])], only).fetchone()[0])
        for word in words
    }
    taken: list[str] = []
    found = 0
    for word in sorted(words, key=counts.__getitem__):
        if found >= enough and found + counts[word] > bound:
            break
        taken.append(word)
        found += counts[word]
    return taken


def _execute(
    connection: sqlite3.Connection,
    sql: str,
    before: Sequence[object],
    only: str | None,
    after: Sequence[object] = (),
) -> sqlite3.Cursor:
    """Execute a statement with a place for the condition that looks among some numbers only."""
    if only is None:
        return connection.execute(sql.format(""), (*before, *after))
    return connection.execute(sql.format(f"AND {_AMONG}"), (*before, only, *after))


def _any_of(words: Iterable[str]) -> str:
    """Write the FTS5 expression for passages with any of the words; none is read as syntax."""
    return " OR ".join(f'"{word}"' for word in words)


def _rows(passages: Iterable[Numbered]) -> Iterable[tuple[int, str, str]]:
    return ((number, passage.context, passage.text) for number, passage in passages)
