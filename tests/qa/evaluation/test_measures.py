"""Figures against numbers worked by hand."""

from __future__ import annotations

import math

import pytest

from qa.evaluation.measures import (
    Record,
    abstention_figures,
    quote_figures,
    retrieval_figures,
    time_figures,
)


def record(
    *,
    answerable: bool = True,
    abstained: bool = False,
    hits: tuple[bool, ...] = (),
    shown: int = 1,
    verified: int = 1,
    seconds: float = 0.1,
) -> Record:
    return Record("q", answerable, abstained, 0.5, hits, shown, verified, seconds, "")


def test_retrieval_figures_are_those_worked_by_hand() -> None:
    qrels = {"first": {"a": 1}, "third": {"c": 1, "z": 1}, "none": {"z": 1}, "no result": {"a": 1}}
    ranking = {"a": -1.0, "b": -2.0, "c": -3.0, "d": -4.0}
    run = {"first": ranking, "third": ranking, "none": ranking}
    figures = retrieval_figures(qrels, run)
    assert figures["hit@1"] == pytest.approx(1 / 4)
    assert figures["hit@3"] == pytest.approx(2 / 4)
    assert figures["hit@5"] == pytest.approx(2 / 4)
    assert figures["recall@5"] == pytest.approx((1 + 1 / 2) / 4)
    assert figures["MRR@10"] == pytest.approx((1 + 1 / 3) / 4)
    third = (1 / math.log2(4)) / (1 / math.log2(2) + 1 / math.log2(3))
    assert figures["nDCG@10"] == pytest.approx((1 + third) / 4)


def test_a_question_without_any_result_counts_nothing() -> None:
    assert set(retrieval_figures({"q": {"a": 1}}, {}).values()) == {0.0}


def test_quote_figures_count_an_abstention_as_a_miss() -> None:
    figures = quote_figures(
        [
            record(hits=(True, False)),
            record(hits=(False, True), shown=3, verified=2),
            record(hits=(False, False, False, True)),
            record(abstained=True),
            record(answerable=False, hits=(False,)),
        ]
    )
    assert figures["quote-hit@1"] == pytest.approx(1 / 4)
    assert figures["quote-hit@3"] == pytest.approx(2 / 4)
    assert figures["quotes verified"] == pytest.approx(6 / 7)


def test_abstention_figures_are_those_worked_by_hand() -> None:
    figures = abstention_figures(
        [
            record(answerable=False, abstained=True),
            record(answerable=False, abstained=True),
            record(answerable=False, abstained=False),
            record(answerable=True, abstained=True),
            record(answerable=True, abstained=False),
        ]
    )
    assert figures["abstention precision"] == pytest.approx(2 / 3)
    assert figures["abstention recall"] == pytest.approx(2 / 3)
    assert figures["abstention F1"] == pytest.approx(2 / 3)


def test_never_abstaining_scores_nothing() -> None:
    assert set(abstention_figures([record(answerable=False)]).values()) == {0.0}


def test_time_is_told_by_its_median_and_its_slow_end() -> None:
    figures = time_figures([record(seconds=s) for s in (0.1, 0.2, 0.3, 0.4, 1.0)])
    assert figures["seconds, median"] == pytest.approx(0.3)
    assert figures["seconds, p95"] == pytest.approx(0.88)
