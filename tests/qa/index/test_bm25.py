from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.documents import Document, Span
from qa.index import Index, inverted_index, update_index
from qa.index.bm25 import BM25Index
from qa.index.inverted_index import SegmentBuilder
from qa.index.storage import SCHEMA
from qa.passages import Passage
from qa.text.analysis import indexed_term, indexed_words, query_terms
from tests.fakes import FakeEncoder

Hits = list[tuple[int, float]]

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


def opened() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    for statement in SCHEMA:
        connection.execute(statement)
    return connection


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    found = opened()
    yield found
    found.close()


def change(
    connection: sqlite3.Connection,
    add: Sequence[str] = (),
    *,
    first: int = 1,
    remove: Sequence[int] = (),
    context: str = "",
) -> None:
    """Change what is there, in one change."""
    builder = SegmentBuilder(connection)
    builder.remove(remove)
    for number, text in enumerate(add, first):
        whole = (Span(0, len(text)),)
        builder.add(number, Passage("d", 0, len(text), text, whole, context))
    builder.write()


def search(connection: sqlite3.Connection, query: str, top_k: int = 10) -> Hits:
    return BM25Index(connection).search(query, top_k)


def numbers(found: Hits) -> list[int]:
    return [number for number, _ in found]


def by_hand(texts: dict[int, str], query: str) -> dict[int, float]:
    """Score by the formula of BM25, text by text."""
    words = {number: indexed_words(text) for number, text in texts.items()}
    counted = {n: (Counter(map(indexed_term, some)), len(some)) for n, some in words.items()}
    mean = sum(length for _, length in counted.values()) / max(len(texts), 1)
    scores = {}
    for number, (counts, length) in counted.items():
        score = 0.0
        for term, times in query_terms(query).items():
            holding = sum(term in others for others, _ in counted.values())
            idf = math.log1p((len(texts) - holding + 0.5) / (holding + 0.5))
            taken_off = 1.2 * (0.25 + 0.75 * length / max(mean, 1))
            often = counts[term] * 2.2 / (counts[term] + taken_off)
            score += times * idf * often
        if score:
            scores[number] = score
    return scores


class TestWhatIsFound:
    def test_the_rarer_word_counts_more(self, connection: sqlite3.Connection) -> None:
        change(connection, ["A red pear.", "A red fig.", "A blue plum.", "Hay.", "Oats.", "Rye."])
        found = search(connection, "red plum")
        assert numbers(found) == [3, 1, 2]
        assert all(score > 0 for _, score in found)

    def test_other_forms_and_accents_of_a_word_are_found(
        self, connection: sqlite3.Connection
    ) -> None:
        change(connection, ["They proposed a café.", "Nothing of the kind.", "Straße"])
        assert numbers(search(connection, "Who was PROPOSING it?")) == [1]
        assert numbers(search(connection, "cafe")) == [1]
        assert numbers(search(connection, "cafe\u0301")) == [1]
        assert numbers(search(connection, "STRASSE")) == [3]

    def test_part_of_a_name_in_code_is_found(self, connection: sqlite3.Connection) -> None:
        change(connection, ["Call open_store first.", "A door."])
        assert numbers(search(connection, "store")) == [1]
        assert numbers(search(connection, "open_store")) == [1]

    def test_what_a_passage_stands_under_is_found_too(self, connection: sqlite3.Connection) -> None:
        change(connection, ["It is red."], context="Plums")
        assert numbers(search(connection, "plum")) == [1]

    def test_alike_passages_stand_in_order_of_number(self, connection: sqlite3.Connection) -> None:
        change(connection, ["Same here."] * 3)
        assert numbers(search(connection, "same")) == [1, 2, 3]
        assert numbers(search(connection, "same", top_k=2)) == [1, 2]

    @pytest.mark.parametrize("query", ["What is it about?", "¿?", "", "Who was he?", "_"])
    def test_a_query_without_content_words_finds_nothing(
        self, connection: sqlite3.Connection, query: str
    ) -> None:
        change(connection, ["What is it about? Who was he?"])
        assert search(connection, query) == []

    def test_nothing_is_found_where_nothing_is(self, connection: sqlite3.Connection) -> None:
        assert search(connection, "plum") == []
        change(connection)
        assert search(connection, "plum") == []

    def test_a_word_that_is_there_very_often_counts_as_255_times(
        self, connection: sqlite3.Connection
    ) -> None:
        change(connection, ["plum " * 300, "plum " * 255 + "hay " * 45, *["Hay."] * 5])
        (first, one), (second, other) = search(connection, "plum")
        assert (first, second) == (1, 2)
        assert one == other

    @given(st.text(max_size=60))
    def test_any_text_can_be_asked_for(self, query: str) -> None:
        connection = opened()
        change(connection, [query])
        assert bool(search(connection, query)) == bool(query_terms(query))
        connection.close()


WORDS = st.sampled_from(["red", "oat", "plum", "fig", "hay", "rye", "the", "row"])
TEXT = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)
CHANGES = st.lists(
    st.tuples(st.lists(TEXT, max_size=6), st.lists(st.integers(1, 20), max_size=4)), max_size=5
)


class TestScores:
    @given(changes=CHANGES, query=TEXT, top_k=st.integers(1, 8), small=st.integers(0, 3))
    def test_are_those_of_the_formula_whatever_was_added_and_removed(
        self, changes: list[tuple[list[str], list[int]]], query: str, top_k: int, small: int
    ) -> None:
        connection = opened()
        texts: dict[int, str] = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(inverted_index, "_SMALL", small)
            patch.setattr(inverted_index, "_MERGED", 1)
            patch.setattr(inverted_index, "_LARGE", 4)
            first = 1
            for new, old in changes:
                gone = [number for number in old if number in texts]
                change(connection, new, first=first, remove=gone)
                for number in gone:
                    texts.pop(number, None)
                texts |= dict(enumerate(new, first))
                first += len(new)
        expected = sorted(by_hand(texts, query).items(), key=lambda one: (-one[1], one[0]))
        found = search(connection, query, top_k)
        assert [score for _, score in found] == pytest.approx(
            [score for _, score in expected[:top_k]]
        )
        assert dict(found) == pytest.approx({n: dict(expected)[n] for n, _ in found})
        assert BM25Index(connection).passages().tolist() == sorted(texts)
        connection.close()

    def test_do_not_depend_on_the_steps_in_which_passages_came(self) -> None:
        found = []
        for step in (1, 3, len(TEXTS)):
            connection = opened()
            for start in range(0, len(TEXTS), step):
                change(connection, TEXTS[start : start + step], first=start + 1)
            found.append(search(connection, "red oat plum fig"))
            connection.close()
        assert found[0] == found[1] == found[2]
        assert len(found[0]) == 7

    def test_what_was_taken_out_leaves_no_trace(self, connection: sqlite3.Connection) -> None:
        change(connection, ["A red pear.", "A red plum, and a fig.", "A blue plum."])
        before = search(connection, "red plum")
        change(connection, ["Red red plum.", "Plums, plums."], first=11)
        assert search(connection, "red plum") != before
        change(connection, remove=[11, 12])
        assert search(connection, "red plum") == before


class TestSegments:
    @pytest.fixture(autouse=True)
    def _small_ones(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(inverted_index, "_SMALL", 2)

    def sizes(self, connection: sqlite3.Connection) -> list[int]:
        return sorted(len(segment.passages) for segment in inverted_index.segments(connection))

    def test_a_large_one_stays_and_small_ones_are_taken_in(
        self, connection: sqlite3.Connection
    ) -> None:
        change(connection, ["Hay."] * 20)
        change(connection, ["Rye."], first=21)
        assert self.sizes(connection) == [1, 20]
        change(connection, ["Rye."], first=22)
        assert self.sizes(connection) == [2, 20]
        change(connection, ["Rye."] * 4, first=23)
        assert self.sizes(connection) == [26]

    def test_what_is_written_at_once_is_bounded_and_stays(
        self, connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(inverted_index, "_LARGE", 8)
        change(connection, ["Hay."] * 23)
        assert self.sizes(connection) == [7, 8, 8]
        change(connection, ["Hay."] * 4, first=24)
        assert self.sizes(connection) == [8, 8, 11]
        assert len(search(connection, "hay", top_k=30)) == 27

    def test_one_that_is_half_gone_is_written_anew(self, connection: sqlite3.Connection) -> None:
        change(connection, ["Hay."] * 20)
        change(connection, remove=range(1, 11))
        assert self.sizes(connection) == [20]
        change(connection, remove=[11])
        assert self.sizes(connection) == [9]
        assert connection.execute("SELECT count(*) FROM dead_words").fetchone() == (0,)
        change(connection, remove=range(12, 21))
        assert self.sizes(connection) == []
        assert connection.execute("SELECT count(*) FROM postings").fetchone() == (0,)

    def test_a_change_of_nothing_writes_nothing(self, connection: sqlite3.Connection) -> None:
        change(connection, ["Hay."])
        before = connection.total_changes
        change(connection)
        assert connection.total_changes == before

    def test_a_damaged_one_is_a_value_error(self, connection: sqlite3.Connection) -> None:
        change(connection, ["Hay."])
        connection.execute("UPDATE word_segments SET lengths = ?", (b"",))
        with pytest.raises(ValueError, match="not as they were written"):
            search(connection, "hay")


class TestAmongSomePassages:
    @pytest.mark.parametrize("among", [[5], [6, 2, 4], [7, 8, 9], [99], []])
    def test_those_are_found_with_the_scores_that_they_have_among_all(
        self, connection: sqlite3.Connection, among: list[int]
    ) -> None:
        change(connection, TEXTS)
        everything = search(connection, "red oat plum fig")
        found = BM25Index(connection).search("red oat plum fig", 10, np.array(among, np.int64))
        assert found == [(number, score) for number, score in everything if number in among]

    def test_the_best_of_them_are_found_however_many_others_are_better(
        self, connection: sqlite3.Connection
    ) -> None:
        change(connection, TEXTS)
        found = BM25Index(connection).search("red oat plum fig", 1, np.array([7, 6]))
        assert numbers(found) == [6]


def test_terms_are_listed_by_how_they_start(tmp_path: Path) -> None:
    texts = ["Libraries lend.", "A library and a lender.", "The museum."]
    documents = [Document(f"{n}", text) for n, text in enumerate(texts)]
    update_index(tmp_path / "index", documents, encoder=FakeEncoder())
    with closing(Index.open(tmp_path / "index")) as index:
        assert index.terms("l") == {"lend": 1, "lender": 1, "librari": 2}
        assert index.terms("museum") == {"museum": 1}
        assert index.terms("x") == {}
        assert [p.document_id for p in index.passages_with("librari", 9)] == ["0", "1"]
        assert index.passages_with("deposit", 9) == []
