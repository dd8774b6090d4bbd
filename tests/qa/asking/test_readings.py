"""A question with a pronoun, read with what came before it or by itself."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from qa.answering import Answer
from qa.asking.readings import best_reading
from qa.citations import Citation
from qa.documents import Document, Span
from qa.follow_ups.rewriting import rewrite
from qa.retrieval import RetrievedPassage

QUESTION = "Who do I call when she is ill?"
QUOTE = Citation(1, Document("letter", "Ring Oona."), Span(0, 10))


@pytest.mark.parametrize(
    ("with_history", "alone", "is_read_alone"),
    [(0.4, 0.6, True), (0.5, 0.9, False), (0.4, 0.4, False)],
)
def test_it_is_read_by_itself_only_where_the_other_reading_finds_nothing(
    with_history: float, alone: float, is_read_alone: bool
) -> None:
    def answer(query: str, _: Sequence[RetrievedPassage]) -> Answer:
        sure = alone if query == QUESTION else with_history
        return Answer(QUESTION, query, sure, (QUOTE,) if sure >= 0.5 else ())

    asked = rewrite(QUESTION, ["Can she bring her teddy?"])
    assert asked.query == f"{QUESTION} (teddy)"
    assert (best_reading(asked, [], [], answer).query == QUESTION) == is_read_alone


@pytest.mark.parametrize(
    ("said_elsewhere", "is_read_alone"),
    [("How old must I be? 16 or older.", False), ("A 14 year old may ride.", True)],
)
def test_another_document_must_name_the_new_subject_in_full(
    said_elsewhere: str, is_read_alone: bool
) -> None:
    question = "and my 14 year old?"
    elsewhere = Document("bikes", said_elsewhere)

    def answer(query: str, _: Sequence[RetrievedPassage]) -> Answer:
        document = elsewhere if query == question else Document("leaflet", "Adults: 2 tablets.")
        quote = Citation(1, document, Span(0, len(document.text)))
        return Answer(question, query, 0.9, (quote,))

    asked = rewrite(question, ["How many tablets can an adult take?"])
    assert asked.subject == "my 14 year old"
    assert (best_reading(asked, [], [], answer).query == question) == is_read_alone
