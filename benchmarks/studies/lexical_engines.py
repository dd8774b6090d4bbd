"""Lexical engines behind one face: our own, SQLite FTS5, bm25s and tantivy.

Each keeps its passages, numbered from 0, in a folder of its own, and is asked with the words of
a question, which it stems as it stems the passages.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import bm25s
import snowballstemmer
import tantivy

import qa
from benchmarks.lexical_corpus import Passage
from qa.documents import Span
from qa.index.bm25 import BM25Index
from qa.index.inverted_index import SegmentBuilder
from qa.index.storage import SCHEMA

WORD = r"\w+"
HEAP = 256_000_000  # bytes that tantivy may hold before it writes a segment


class Searching(Protocol):
    """Finds the passages that share words with a question."""

    name: str

    def search(self, words: Sequence[str], top_k: int) -> list[int]:
        """Return the passages that fit best, best first."""
        ...


class Engine(Searching, Protocol):
    """Has an index of its own."""

    def build(self, folder: Path, passages: Iterable[Passage]) -> None:
        """Index passages from nothing, and make them durable."""
        ...


@runtime_checkable
class Changing(Protocol):
    """An engine whose index can be changed; durably, and seen by the next search."""

    def add(self, number: int, passage: Passage) -> None:
        """Index one more passage."""
        ...

    def delete(self, number: int, passage: Passage) -> None:
        """Take a passage out."""
        ...


class Fts5:
    """SQLite's own full-text index, without a copy of the text.

    Args:
        name: what the tables call it.
        columns: what there is a column for; a title without one shares the text's.
        stemmed: whether words are stemmed, by Porter's first algorithm.
        options: further options of the table.
        rank: how matches are ranked.
    """

    def __init__(
        self,
        name: str = "FTS5",
        *,
        columns: str = "text, title",
        stemmed: bool = True,
        options: str = "",
        rank: str = "bm25()",
    ) -> None:
        self.name = name
        self._joined = "title" not in columns
        cells, marks = ("text", "?") if self._joined else ("title, text", "?, ?")
        tokenize = "porter " * stemmed + "unicode61 remove_diacritics 2"
        self._create = (
            f"CREATE VIRTUAL TABLE words USING "
            f"fts5({columns}, content='', tokenize='{tokenize}'{options})"
        )
        self._insert = f"INSERT INTO words(rowid, {cells}) VALUES (?, {marks})"  # noqa: S608  # the names are ours
        self._remove = f"INSERT INTO words(words, rowid, {cells}) VALUES ('delete', ?, {marks})"  # noqa: S608
        self._rank = rank
        self.database = sqlite3.connect(":memory:")

    def build(self, folder: Path, passages: Iterable[Passage]) -> None:
        """Fill a new database in one transaction."""
        self.database.close()
        self.database = sqlite3.connect(folder / "index.sqlite", isolation_level=None)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute(self._create)
        self.database.execute("INSERT INTO words(words, rank) VALUES ('rank', ?)", (self._rank,))
        rows = ((number, *self._cells(passage)) for number, passage in enumerate(passages))
        self.database.execute("BEGIN")
        self.database.executemany(self._insert, rows)
        self.database.execute("COMMIT")
        self.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def search(self, words: Sequence[str], top_k: int) -> list[int]:
        """Ask for any of the words; of two passages that fit alike, the earlier is first.

        To sort by `rowid` as well is quicker than not to: by `rank` alone, FTS5 sorts all that
        match and SQLite takes the first, and by both, SQLite keeps no more than it has to give.
        """
        query = " OR ".join(f'"{word}"' for word in words)
        sql = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank, rowid LIMIT ?"
        return [number for (number,) in self.database.execute(sql, (query, top_k))]

    def add(self, number: int, passage: Passage) -> None:
        """Index one more passage, in a transaction of its own."""
        self.database.execute(self._insert, (number, *self._cells(passage)))

    def delete(self, number: int, passage: Passage) -> None:
        """Take a passage out; FTS5 keeps no text, and so is told the words again."""
        self.database.execute(self._remove, (number, *self._cells(passage)))

    def _cells(self, passage: Passage) -> Passage | tuple[str]:
        return (joined(passage),) if self._joined else passage


class Ours:
    """The tables of an inquote index that are about words; stop words are not in them."""

    name = "inquote"

    def build(self, folder: Path, passages: Iterable[Passage]) -> None:
        """Write all passages in one transaction."""
        self._database = sqlite3.connect(folder / "inquote.sqlite", isolation_level=None)
        self._database.executescript(f"PRAGMA journal_mode = WAL; {SCHEMA}")
        self._last = -1
        self._change(add=passages)
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def search(self, words: Sequence[str], top_k: int) -> list[int]:
        """Ask for any of the words."""
        return [number for number, _ in self._words.search(" ".join(words), top_k)]

    def add(self, number: int, passage: Passage) -> None:
        """Index one more passage, in a transaction of its own, under the next number."""
        self._change(add=[passage])

    def delete(self, number: int, passage: Passage) -> None:
        """Take a passage out by its number."""
        self._change(remove=[number])

    def _change(self, *, add: Iterable[Passage] = (), remove: Iterable[int] = ()) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        builder = SegmentBuilder(self._database)
        builder.remove(remove)
        for title, text in add:
            self._last += 1
            whole = (Span(0, len(text)),)
            builder.add(self._last, qa.Passage("", 0, len(text), text, whole, title))
        builder.write()
        self._database.execute("COMMIT")
        self._words = BM25Index(self._database)


class Bm25s:
    """Scores worked out beforehand, for each word and passage, in NumPy arrays.

    An index cannot be changed: what `add` and `delete` of the others do, this one does by
    building anew.

    Args:
        name: what the tables call it.
        stemmed: whether words are stemmed, by Snowball's English stemmer.
        k1: how much a word's being there again adds; the others have 1.2, and bm25s 1.5.
    """

    def __init__(self, name: str = "bm25s", *, stemmed: bool = True, k1: float = 1.5) -> None:
        self.name = name
        stemmer = snowballstemmer.stemmer("english")
        self._stem = stemmer.stemWords if stemmed else list
        self._k1 = k1
        self._index = bm25s.BM25(k1=k1)

    def build(self, folder: Path, passages: Iterable[Passage]) -> None:
        """Tokenise and index all passages, in memory, and write the arrays down."""
        tokens = bm25s.tokenize(
            [joined(passage) for passage in passages],
            stopwords=[],
            token_pattern=WORD,
            stemmer=self._stem,
            show_progress=False,
        )
        self._index = bm25s.BM25(k1=self._k1)
        self._index.index(tokens, show_progress=False)
        self._index.save(str(folder), show_progress=False)

    def search(self, words: Sequence[str], top_k: int) -> list[int]:
        """Add up the scores of every passage; those without any of the words have 0."""
        numbers, scores = self._index.retrieve(
            [self._stem(list(words))], k=top_k, show_progress=False
        )
        return [int(number) for number in numbers[0][scores[0] > 0]]


class Tantivy:
    """A search engine in Rust; its index holds how often a word occurs, and not where.

    Args:
        name: what the tables call it.
        stemmed: whether words are stemmed, by Snowball's English stemmer.
    """

    def __init__(self, name: str = "tantivy", *, stemmed: bool = True) -> None:
        self.name = name
        schema = tantivy.SchemaBuilder()
        schema.add_integer_field("number", indexed=True, fast=True)
        tokenizer = "en_stem" if stemmed else "default"
        schema.add_text_field("text", tokenizer_name=tokenizer, index_option="freq")
        self._schema = schema.build()
        analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        analyzer = analyzer.filter(tantivy.Filter.lowercase())
        if stemmed:
            analyzer = analyzer.filter(tantivy.Filter.stemmer("english"))
        self._analyzer = analyzer.build()

    def build(self, folder: Path, passages: Iterable[Passage]) -> None:
        """Write with one thread, and let the segments be merged as the engine likes."""
        self._index = tantivy.Index(self._schema, path=str(folder))
        writer = self._index.writer(heap_size=HEAP, num_threads=1)
        for number, passage in enumerate(passages):
            writer.add_document(_document(number, passage))
        writer.commit()
        writer.wait_merging_threads()
        self._writer = self._index.writer(heap_size=HEAP, num_threads=1)
        self._index.reload()

    def search(self, words: Sequence[str], top_k: int) -> list[int]:
        """Ask for any of the words; passages that cannot be among the best are not scored."""
        stems = self._analyzer.analyze(" ".join(words))
        query = tantivy.Query.boolean_query([(tantivy.Occur.Should, self._has(s)) for s in stems])
        searcher = self._index.searcher()
        addresses = [address for _, address in searcher.search(query, top_k, count=False).hits]
        numbers = searcher.fast_field_values("number", addresses)
        return [int(number) for number in numbers if number is not None]

    def add(self, number: int, passage: Passage) -> None:
        """Index one more passage, in a commit of its own."""
        self._writer.add_document(_document(number, passage))
        self._commit()

    def delete(self, number: int, passage: Passage) -> None:
        """Take a passage out by its number."""
        self._writer.delete_documents_by_term("number", number)
        self._commit()

    def _commit(self) -> None:
        self._writer.commit()
        self._index.reload()

    def _has(self, stem: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, "text", stem, index_option="freq")


def joined(passage: Passage) -> str:
    """Return a passage as one text."""
    title, text = passage
    return f"{title}\n{text}" if title else text


def _document(number: int, passage: Passage) -> tantivy.Document:
    document = tantivy.Document()
    document.add_integer("number", number)
    document.add_text("text", joined(passage))
    return document
