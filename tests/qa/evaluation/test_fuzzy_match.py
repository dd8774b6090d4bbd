from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa import Document
from qa.documents import Span
from qa.evaluation.fuzzy_match import lower, nearest, occurrences
from tests.fakes import PATHOLOGICAL, documents_of_any_kind

TEXTS = [
    "Tickets cost five euros. The initiative was proposed by President Xi in 2013, and in private.",
    "The museum, which is old, opens at nine. It is shut on Mondays, and in the cold of winter.",
    "天地玄黄。宇宙洪荒，日月盈昃。辰宿列张。",
]
CORPUS = [Document(str(number), text) for number, text in enumerate(TEXTS)]


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("was proposed by President Xi", "was proposed by President Xi"),
        ("Was Proposed, by PRESIDENT xi.", "was proposed by President Xi"),
        ("proposed by Xi in 2013", "proposed by President Xi in 2013"),
        ("proposed by President Xi in 2014", "proposed by President Xi in 2013"),
        ("The museum opens at nine.", "The museum, which is old, opens at nine."),
        ("it was shut on Monday", "It is shut on Mondays"),
        ("shut in the winter", "in the cold of winter"),
        ("at", "at"),
        ("euro", "euros"),
        ("intiative", "initiative"),
        ("宇宙洪慌，日月盈昃", "宇宙洪荒，日月盈昃"),
    ],
)
def test_the_stretch_most_like_the_words_is_found(quote: str, found: str) -> None:
    place = nearest(quote, CORPUS)
    assert place is not None
    assert TEXTS[int(place.document_id)][place.start : place.end] == found


@pytest.mark.parametrize("quote", ["", "…!", "zebra quagga okapi", "quokkative"])
def test_where_nothing_is_like_it_nothing_is_found(quote: str) -> None:
    assert nearest(quote, CORPUS) is None


def test_without_documents_nothing_is_found() -> None:
    assert nearest("tickets", []) is None


def test_of_like_documents_the_first_is_taken() -> None:
    text = "six. five euros"
    place = nearest("five euro", [Document("a", text), Document("b", text), *CORPUS])
    assert place == ("a", 5, 15)


def test_a_word_that_stands_apart_is_left_out() -> None:
    text = "The zebra is so old by now. Cats are not let in."
    place = nearest("zebra: cats are not let in", [Document("a", text)])
    assert place == ("a", 28, 47)


def test_no_word_is_cut() -> None:
    text = "z" * 12 + "abcdefgh museum"
    assert nearest("abcdefgz museum", [Document("a", text)]) == ("a", 0, 27)


def test_a_long_quote_is_looked_for_by_its_beginning() -> None:
    text = "So it goes. " + "Thus it began, and nobody knew why. " * 20 + "The end."
    quote = "Thus it began and nobody knew why " * 12 + "zebra " * 200_000
    place = nearest(quote, [Document("a", text)])
    assert place is not None
    assert text[place.start : place.end].startswith("Thus it began, and nobody knew why")


@pytest.mark.parametrize("kind", PATHOLOGICAL)
def test_texts_that_are_hard_to_cut_are_gone_through(kind: str) -> None:
    document = Document("a", PATHOLOGICAL[kind])
    for quote in (PATHOLOGICAL[kind], "a b go on. 好", "aaa"):
        place = nearest(quote, [document])
        assert place is None or 0 <= place.start < place.end <= len(document.text)


@given(documents_of_any_kind(), st.data())
def test_it_is_always_a_span_of_the_text(text: str, data: st.DataObject) -> None:
    if not text.strip():
        return
    start = data.draw(st.integers(0, len(text) - 1))
    quote = text[start : start + data.draw(st.integers(1, 60))] + data.draw(st.text(max_size=5))
    place = nearest(quote, [Document("a", text)])
    assert place is None or 0 <= place.start < place.end <= len(text)


def test_occurrences_are_found_from_the_left_without_overlap() -> None:
    assert list(occurrences("aba", "ababa aba")) == [Span(0, 3), Span(6, 9)]


def test_whole_words_alone_may_be_asked_for() -> None:
    assert list(occurrences("a a", "ba a a ab", whole=True)) == [Span(3, 6)]
    assert list(occurrences("(a", "b(a a(a) (ab", whole=True)) == [Span(1, 3), Span(5, 7)]


@given(st.text())
def test_lower_case_keeps_every_character_at_its_place(text: str) -> None:
    assert len(lower(text)) == len(text)
    assert all(
        lower(one) == other for one, other in zip(text, lower(text), strict=True) if one != "Σ"
    )
