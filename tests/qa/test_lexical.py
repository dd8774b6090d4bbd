from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa import lexical
from qa.documents import Document
from qa.passages import Chunking, Passage, cut
from tests.fakes import FakeEncoder

Found = list[tuple[int, float]]


def numbered(*texts: str) -> list[tuple[int, Passage]]:
    passages = [
        passage for text in texts for passage in cut(Document("d", text), Chunking(), FakeEncoder())
    ]
    return list(enumerate(passages, 1))


@pytest.fixture
def words() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute(lexical.TABLE)
    yield connection
    connection.close()


def search(connection: sqlite3.Connection, query: str) -> Found:
    return connection.execute(lexical.SEARCH, (lexical.matching(query), 10)).fetchall()


class TestWhatIsFound:
    def test_the_rarer_word_counts_more(self, words: sqlite3.Connection) -> None:
        texts = "A red pear.", "A red fig.", "A blue plum.", "Hay.", "Oats.", "Rye."
        lexical.add(words, numbered(*texts))
        assert [number for number, _ in search(words, "red plum")] == [3, 1, 2]
        assert all(score > 0 for _, score in search(words, "red plum"))

    def test_other_forms_and_accents_of_a_word_are_found(self, words: sqlite3.Connection) -> None:
        lexical.add(words, numbered("They proposed a café.", "Nothing of the kind."))
        assert [number for number, _ in search(words, "Who was PROPOSING it?")] == [1]
        assert [number for number, _ in search(words, "cafe")] == [1]

    def test_alike_passages_stand_in_order_of_number(self, words: sqlite3.Connection) -> None:
        lexical.add(words, reversed(numbered("Same here.", "Same here.", "Same here.")))
        assert [number for number, _ in search(words, "same")] == [1, 2, 3]

    @pytest.mark.parametrize("query", ["What is it about?", "¿?", "", "Who was he?"])
    def test_a_query_without_telling_words_matches_nothing(self, query: str) -> None:
        assert lexical.matching(query) == ""

    @given(st.text(max_size=60))
    def test_no_query_is_taken_for_an_expression(self, query: str) -> None:
        connection = sqlite3.connect(":memory:")
        connection.execute(lexical.TABLE)
        if expression := lexical.matching(query):
            connection.execute(lexical.SEARCH, (expression, 10)).fetchall()
        connection.close()


def test_what_was_taken_out_leaves_no_trace_in_the_scores(words: sqlite3.Connection) -> None:
    kept = numbered("A red pear.", "A red plum, and a fig.", "A blue plum.")
    lexical.add(words, kept)
    before = search(words, "red plum")
    extra = [(number + 10, p) for number, p in numbered("Red red plum.", "Plums, plums.")]
    lexical.add(words, extra)
    assert search(words, "red plum") != before
    lexical.remove(words, extra)
    assert search(words, "red plum") == before
