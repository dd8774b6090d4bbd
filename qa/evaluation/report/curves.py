"""What the charts draw, worked out from records."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from qa.evaluation.measures.weighted_statistics import BINS, bin_of
from qa.evaluation.records import Record


class Scored(NamedTuple):
    """A question's confidence, and what it should have been high or low for."""

    confidence: float
    answerable: bool
    abstained: bool
    right: bool


class Bin(NamedTuple):
    """Questions of like confidence: their mean confidence, and the share of them that is right."""

    confidence: float
    right: float
    questions: int


def scored(records: Sequence[Record]) -> list[Scored]:
    """Return what the charts of confidence need."""
    return [Scored(r.confidence, r.answerable, r.abstained, r.right) for r in records]


def reliability(scores: Sequence[Scored]) -> list[Bin]:
    """Return each tenth of the range of confidence that holds questions, as for ECE."""
    bins: dict[int, list[Scored]] = {number: [] for number in range(BINS)}
    for number, one in zip(bin_of(np.array([s.confidence for s in scores])), scores, strict=True):
        bins[int(number)].append(one)
    return [
        Bin(
            sum(one.confidence for one in held) / len(held),
            sum(one.right for one in held) / len(held),
            len(held),
        )
        for held in bins.values()
        if held
    ]


def risk_coverage(scores: Sequence[Scored]) -> list[tuple[float, float]]:
    """Return the share that is wrong among the most confident, for each share of all questions.

    Questions of equal confidence come in together.
    """
    points = []
    answered = wrong = 0
    ranked = sorted(scores, key=lambda one: -one.confidence)
    for _, group in groupby(ranked, key=lambda one: one.confidence):
        equals = list(group)
        answered += len(equals)
        wrong += sum(not one.right for one in equals)
        points.append((answered / len(scores), wrong / answered))
    return points


def operating_point(scores: Sequence[Scored]) -> tuple[float, float] | None:
    """Return the coverage and the risk of what was answered; None if nothing was."""
    answered = [one for one in scores if not one.abstained]
    if not answered:
        return None
    wrong = sum(not one.right for one in answered)
    return len(answered) / len(scores), wrong / len(answered)


def hit_curve(records: Sequence[Record], depth: int = 10) -> list[float]:
    """Return hit@k for k from 1, over the questions of which something relevant is known."""
    judged = [record for record in records if any(grade > 0 for grade in record.relevant.values())]
    ranks = Counter(rank for record in judged if (rank := _first_relevant(record)))
    found = 0
    curve = []
    for k in range(1, depth + 1) if judged else ():
        found += ranks[k]
        curve.append(found / len(judged))
    return curve


def stage_times(records: Sequence[Record]) -> dict[str, list[float]]:
    """Return how long each stage took for each question, the whole last."""
    times: dict[str, list[float]] = {}
    for record in records:
        for stage, seconds in record.seconds.items():
            times.setdefault(stage, []).append(seconds)
    whole = times.pop("total", None)
    return times | ({"total": whole} if whole else {})


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least a share of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values) - 1e-9) - 1)]


def _first_relevant(record: Record) -> int | None:
    keys = enumerate(record.keys(), 1)
    return next((rank for rank, key in keys if record.relevant.get(key, 0) > 0), None)
