"""Statements, measured by hand."""

from __future__ import annotations

from typing import Any

import pytest

from qa.answering.statements import Statement
from qa.evaluation.measures.writing import statement_facts
from qa.evaluation.runs import figures
from tests.sample_runs import UNANSWERABLE, excerpt, record

GOLD, OTHER = excerpt(0, 24), excerpt(25, 45)
LEFT_OUT = Statement("It costs 28 euros.", (), 0.1, "number", "28")


def facts(*statements: Statement, **known: Any) -> dict[str, float]:
    given: dict[str, Any] = {"quotes": (GOLD, OTHER), "answers": ("five euros",)}
    return statement_facts(record("a", statements=statements, **(given | known)))


def test_each_citation_of_each_statement_counts() -> None:
    found = facts(Statement("Five.", (1, 2), 0.9), Statement("No cats.", (2,), 0.9), LEFT_OUT)
    assert found["written-citation-precision"] == pytest.approx(1 / 3)
    assert found["written-citation-recall"] == 1
    assert found["statements-left-out"] == 1
    two_parts = ((excerpt(13, 23),), (excerpt(30, 40),))
    half = facts(Statement("Five.", (1,), 0.9), gold=two_parts)
    assert facts(Statement("Five.", (0, -9, 3), 0.9))["written-citation-precision"] == 0
    assert (half["written-citation-precision"], half["written-citation-recall"]) == (1, 0.5)


def test_a_right_short_answer_must_stand_in_a_statement_that_is_shown() -> None:
    said = Statement("It costs five euros.", (1,), 0.9)
    assert facts(Statement("It is dear.", (1,), 0.9), said)["written-contains-gold"]
    hidden = Statement("It costs five euros.", (), 0.1, "unsupported")
    found = facts(hidden)
    assert not found["written-contains-gold"]
    quotes = "Tickets cost five euros. Cats are not let in."
    assert found["written-F1"] == pytest.approx(2 * 2 / (2 + len(quotes.split())))
    assert facts(said)["written-F1"] == pytest.approx(2 * 2 / (2 + 4))


def test_an_abstention_from_an_answerable_question_counts_nothing_right() -> None:
    found = facts(abstained=True)
    assert found["written-F1"] == found["written-contains-gold"] == 0
    assert found["written-citation-precision"] == found["written-citation-recall"] == 0
    assert "statements-left-out" not in found
    assert statement_facts(record("b", **UNANSWERABLE, abstained=True, statements=())) == {}


def test_the_share_that_is_supported_is_of_all_sentences() -> None:
    said = Statement("It costs five euros.", (1,), 0.9)
    records = [record("a", statements=(said,)), record("b", statements=(said, LEFT_OUT, LEFT_OUT))]
    found = figures(records)["statements-supported"]
    assert (found.value, found.questions) == (0.5, 2)
    assert found.low < 0.5 < found.high


def test_a_run_in_quotes_has_no_statements() -> None:
    assert not [name for name in figures([record("a"), record("b")]) if "statement" in name]
