"""A question with a pronoun, read with what came before it or by itself."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from qa.answering import Answer
from qa.answering.candidates import Candidate
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
    ("with_history", "alone", "score", "is_read_alone"),
    [
        (0.8, 0.9, -5.0, True),
        (0.8, 0.9, 4.0, False),
        (0.9, 0.85, -5.0, False),
        (0.6, 0.7, -5.0, False),
    ],
)
def test_somebody_whom_only_the_asker_knows_is_nobody_of_before(
    with_history: float, alone: float, score: float, is_read_alone: bool
) -> None:
    """`score` is that of the quote with the history, for the question by itself; the best has 5."""
    question, asthma, phones = "can she take her phone", Span(0, 15), Span(16, 35)
    letter = Document("letter", "Bring inhalers. Phones stay at home.")

    def candidate(span: Span, score: float) -> Candidate:
        return Candidate("letter", span, 0, letter.text[slice(*span)], score, {})

    def answer(query: str, passages: Sequence[RetrievedPassage]) -> Answer:
        sure = alone if query == question else with_history
        best = phones if query == question else asthma
        considered = [candidate(best, 5.0)]
        if query == question:
            considered.append(candidate(asthma, score))
        quote = Citation(1, letter, best)
        return Answer(question, query, sure, (quote,), (), sure < 0.8, tuple(considered))

    asked = rewrite(question, ["my daughter has asthma, what do I do"])
    assert asked.query != question
    assert (best_reading(asked, [], [], answer).query == question) == is_read_alone


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
