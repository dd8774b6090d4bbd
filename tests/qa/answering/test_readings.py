from __future__ import annotations

import pytest

from qa.answering import Answer
from qa.answering.candidates import Candidate
from qa.answering.readings import answers_too, is_surer
from qa.documents import Span

STANDALONE, WITH_HISTORY = "Why is it rising?", "Why is it rising? (the Thames)"


def quoted(start: int, score: float, end: int | None = None) -> Candidate:
    span = Span(start, start + 10 if end is None else end)
    return Candidate("d", span, 0, "…", score, features={}, cosine=0.0)


def reading(query: str, confidence: float, *considered: Candidate) -> Answer:
    return Answer(STANDALONE, query, confidence, considered=considered)


@pytest.mark.parametrize(
    ("confidence", "surer"), [(0.1, False), (0.4, False), (0.44, False), (0.46, True), (0.9, True)]
)
def test_to_lean_must_gain_some_confidence(confidence: float, surer: bool) -> None:
    assert is_surer(reading(WITH_HISTORY, confidence), reading(STANDALONE, 0.4)) is surer


@pytest.mark.parametrize(("start", "fits"), [(0, True), (20, True), (40, False), (60, False)])
def test_what_is_quoted_must_be_nearly_the_best_for_the_question_itself(
    start: int, fits: bool
) -> None:
    standalone = reading(STANDALONE, 0.4, quoted(0, 8), quoted(20, 7), quoted(40, 3))
    assert answers_too(reading(WITH_HISTORY, 0.9, quoted(start, 9)), standalone) is fits


def test_of_a_quote_that_is_two_sentences_the_better_counts() -> None:
    standalone = reading(STANDALONE, 0.4, quoted(0, 8), quoted(10, 3))
    assert answers_too(reading(WITH_HISTORY, 0.8, quoted(0, 9, end=20)), standalone)


def test_an_answer_that_does_not_tell_what_it_considered_rules_nothing_out() -> None:
    told = reading(STANDALONE, 0.4, quoted(0, 8))
    assert answers_too(reading(WITH_HISTORY, 0.8, quoted(40, 9)), reading(STANDALONE, 0.4))
    assert answers_too(reading(WITH_HISTORY, 0.8), told)
