from __future__ import annotations

import pytest

from qa.conversation import leans_on_history, standalone_query

WHEN = "When was the Belt and Road Initiative proposed?"


@pytest.mark.parametrize(
    "question",
    [
        "Who proposed it?",
        "And what is its core idea?",
        "What about Russia?",
        "Why?",
        "Is that so?",
        "What did he say about China in public?",
        "How many countries have embraced it?",
    ],
)
def test_a_question_that_points_back_leans_on_history(question: str) -> None:
    assert leans_on_history(question)
    assert standalone_query(question, [WHEN]) == f"{WHEN} {question}"


@pytest.mark.parametrize(
    "question",
    [
        WHEN,
        "What is the proposal that Xi made at Davos?",
        "Is there a legal definition of “major powers”?",
        "Who opposes the deployment of THAAD in South Korea?",
        "What do item and unit prices itemise?",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert not leans_on_history(question)
    assert standalone_query(question, [WHEN]) == question


def test_a_chain_of_follow_ups_goes_back_to_where_it_started() -> None:
    history = ["Who wrote the essay?", WHEN, "Who proposed it?"]
    assert standalone_query("And why?", history) == f"{WHEN} Who proposed it? And why?"


def test_without_history_there_is_nothing_to_lean_on() -> None:
    assert standalone_query("Why?", []) == "Why?"
