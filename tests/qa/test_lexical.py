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
    return lexical.search(connection, query, 10, passages=10)


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
    def test_a_query_without_telling_words_finds_nothing(
        self, words: sqlite3.Connection, query: str
    ) -> None:
        lexical.add(words, numbered("What is it about? Who was he?"))
        assert search(words, query) == []

    @given(st.text(max_size=60), st.integers(0, 1))
    def test_no_query_is_taken_for_an_expression(self, query: str, bound: int) -> None:
        connection = sqlite3.connect(":memory:")
        connection.execute(lexical.TABLE)
        lexical.search(connection, query, 1, passages=1, bound=bound)
        connection.close()


class TestCommonWordsAmongManyPassages:
    """Of these passages, 1 holds "plum", 2 hold "fig", 4 "red", and 5 "oat"."""

    TEXTS = (
        "A red plum.",
        "A fig, and a red oat.",
        "A fig may stand in a long row of other trees.",
        "A red oat.",
        "A red and a red oat.",
        "Oats.",
        "An oat or two.",
        *["Hay."] * 9,
    )

    @pytest.fixture(autouse=True)
    def _entered(self, words: sqlite3.Connection) -> None:
        lexical.add(words, numbered(*self.TEXTS))

    @staticmethod
    def bounded(connection: sqlite3.Connection, query: str, top_k: int, bound: int) -> Found:
        return lexical.search(connection, query, top_k, passages=16, bound=bound)

    def test_find_nothing_by_themselves(self, words: sqlite3.Connection) -> None:
        assert [number for number, _ in search(words, "red oat fig")] == [2, 4, 5, 6, 1, 3, 7]
        found = self.bounded(words, "red oat fig", top_k=2, bound=5)
        assert [number for number, _ in found] == [2, 3]

    def test_count_in_the_scores_as_they_did(self, words: sqlite3.Connection) -> None:
        among_all = dict(search(words, "oat red plum fig"))
        found = self.bounded(words, "oat red plum fig", top_k=3, bound=3)
        assert dict(found) == pytest.approx({n: among_all[n] for n in (1, 2, 3)})

    @pytest.mark.parametrize("query", ["hops plum red", "red oat", "oat"])
    def test_find_where_the_rarer_ones_find_too_few(
        self, words: sqlite3.Connection, query: str
    ) -> None:
        found = self.bounded(words, query, top_k=5, bound=0)
        assert dict(found) == pytest.approx(dict(search(words, query)[:5]))

    def test_find_as_long_as_the_bound_allows(self, words: sqlite3.Connection) -> None:
        everything = search(words, "red oat plum fig")
        assert [number for number, _ in everything] == [1, 2, 4, 5, 6, 3, 7]
        within = self.bounded(words, "red oat plum fig", top_k=5, bound=12)
        beyond = self.bounded(words, "red oat plum fig", top_k=5, bound=11)
        assert dict(within) == pytest.approx(dict(everything[:5]))
        assert [number for number, _ in beyond] == [1, 2, 4, 5, 3]

    def test_find_as_ever_among_no_more_passages_than_the_bound(
        self, words: sqlite3.Connection
    ) -> None:
        everything = search(words, "red oat plum fig")
        found = lexical.search(words, "red oat plum fig", 5, passages=11, bound=11)
        assert found == everything[:5]


class TestAmongSomePassages:
    TEXTS = TestCommonWordsAmongManyPassages.TEXTS

    @pytest.fixture(autouse=True)
    def _entered(self, words: sqlite3.Connection) -> None:
        lexical.add(words, numbered(*self.TEXTS))

    @pytest.mark.parametrize("among", [[5], [6, 2, 4], [7, 8, 9], [99], []])
    def test_those_are_found_with_the_scores_that_they_have_among_all(
        self, words: sqlite3.Connection, among: list[int]
    ) -> None:
        everything = search(words, "red oat plum fig")
        found = lexical.search(words, "red oat plum fig", 10, passages=16, among=among)
        assert found == [(number, score) for number, score in everything if number in among]

    def test_the_best_of_them_are_found_however_many_others_are_better(
        self, words: sqlite3.Connection
    ) -> None:
        found = lexical.search(words, "red oat plum fig", 1, passages=16, among=[7, 6])
        assert [number for number, _ in found] == [6]

    def test_common_words_are_those_that_are_common_among_them(
        self, words: sqlite3.Connection
    ) -> None:
        assert lexical.rarest(words, ["oat", "red"], 1, 1) == ["red"]
        assert lexical.rarest(words, ["oat", "red"], 1, 1, only="[1, 5, 4]") == ["oat"]


def test_what_was_taken_out_leaves_no_trace_in_the_scores(words: sqlite3.Connection) -> None:
    kept = numbered("A red pear.", "A red plum, and a fig.", "A blue plum.")
    lexical.add(words, kept)
    before = search(words, "red plum")
    extra = [(number + 10, p) for number, p in numbered("Red red plum.", "Plums, plums.")]
    lexical.add(words, extra)
    assert search(words, "red plum") != before
    lexical.remove(words, extra)
    assert search(words, "red plum") == before
