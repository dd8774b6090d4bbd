"""How sure an answer must be, and how many quotes it has, chosen for each question."""

from __future__ import annotations

from typing import Any

import pytest

from qa.answering import ExtractiveAnswerer
from tests.fakes import FakeEncoder
from ui.chat.settings import Settings


def usual(tentative: float = 0.5) -> ExtractiveAnswerer:
    return ExtractiveAnswerer(FakeEncoder(), threshold=0.8, tentative=tentative)


def chosen(**settings: Any) -> ExtractiveAnswerer:
    answerer = Settings(**settings).answerer(usual())
    assert isinstance(answerer, ExtractiveAnswerer)
    return answerer


@pytest.mark.parametrize(("sure", "least"), [("sure", 0.8), ("balanced", 0.5), ("all", 0.2)])
def test_three_steps_say_from_which_confidence_on_quotes_are_shown(sure: str, least: float) -> None:
    answerer = chosen(sure=sure)
    assert (answerer.threshold, answerer.tentative) == (0.8, least)


def test_who_asks_for_what_may_answer_is_never_shown_less_than_usual() -> None:
    answerer = Settings(sure="all").answerer(usual(tentative=0.1))
    assert isinstance(answerer, ExtractiveAnswerer)
    assert answerer.tentative == 0.1


@pytest.mark.parametrize(("quotes", "least"), [(1, 1), (3, 1), (5, 5), (10, 10)])
def test_more_than_three_quotes_are_shown_even_if_unlikely(quotes: int, least: int) -> None:
    answerer = chosen(sure="sure", quotes=quotes)
    assert (answerer.max_quotes, answerer.min_quotes) == (quotes, least)


def test_the_usual_answerer_is_not_changed_and_one_without_thresholds_answers_as_it_does() -> None:
    answerer = usual()
    assert Settings(sure="all", quotes=1).answerer(answerer) is not answerer
    assert (answerer.tentative, answerer.max_quotes, answerer.min_quotes) == (0.5, 3, 1)
    assert Settings().answerer(answerer) is answerer
    other: Any = object()
    assert Settings(sure="sure").answerer(other) is other
