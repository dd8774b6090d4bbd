"""What the charts show, worked out from records; `templates/charts.html` draws it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from qa.evaluation.formatting import counted
from qa.evaluation.measures.weighted_statistics import bin_of
from qa.evaluation.records import Record

SLOTS = 20  # of the histogram of confidence
_STATUSES = ("answered", "tentative", "abstained")
_TIME_SLOTS = 40
_SHORTEST = 1e-5  # seconds; anything shorter is drawn there


class Scale(NamedTuple):
    """Turns values from `low` to `high` into places from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        place = self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
        return round(place, 2)


class Bar(NamedTuple):
    """A bar of the histogram of confidence, from one share of the questions to another."""

    kind: str
    confidence: float
    start: float
    end: float
    tip: str


class Bin(NamedTuple):
    """Questions of like confidence: their mean confidence, and the share of them that is right."""

    confidence: float
    right: float
    questions: int


class Stage(NamedTuple):
    """How long a stage took: its bars (place, share of the highest, questions), and its quantiles.

    A quantile has a name, its seconds and its place.
    """

    name: str
    bars: list[tuple[float, float, int]]
    quantiles: list[tuple[str, float, float]]


def confidence_bars(records: Sequence[Record]) -> list[Bar]:
    """Return a histogram: answerable questions upwards, the others downwards.

    Each side is in shares of its own questions. Tentative answers stand beyond the others, and
    abstentions beyond both.
    """
    sides = Counter(record.answerable for record in records)
    stacks: dict[tuple[bool, int], Counter[str]] = {}
    for one in records:
        stacks.setdefault((one.answerable, _slot(one.confidence)), Counter())[one.status] += 1
    bars = []
    for (answerable, slot), counts in sorted(stacks.items()):
        share = (1 if answerable else -1) / sides[answerable]
        start = 0
        for status in (name for name in _STATUSES if counts[name]):
            kind = f"{'answerable' if answerable else 'unanswerable'} {status}"
            what = f"{counted(counts[status], 'question')} {status}"
            tip = f"{what}, confidence from {slot / SLOTS:.2f}"
            end = start + counts[status]
            bars.append(Bar(kind, slot / SLOTS, start * share, end * share, tip))
            start = end
    return bars


def reliability(records: Sequence[Record]) -> list[Bin]:
    """Return each tenth of the range of confidence that holds questions, as for ECE."""
    confidence = np.array([record.confidence for record in records])
    right = np.array([record.right for record in records], float)
    held = [bin_of(confidence) == number for number in np.unique(bin_of(confidence))]
    return [Bin(confidence[one].mean(), right[one].mean(), int(one.sum())) for one in held]


def risk_coverage(records: Sequence[Record]) -> list[tuple[float, float]]:
    """Return the share that is wrong among the most confident, for each share of all questions.

    Questions of equal confidence come in together.
    """
    points = []
    answered = wrong = 0
    ranked = sorted(records, key=lambda record: -record.confidence)
    for _, group in groupby(ranked, key=lambda record: record.confidence):
        equals = list(group)
        answered += len(equals)
        wrong += sum(not record.right for record in equals)
        points.append((answered / len(records), wrong / answered))
    return points


def operating_point(records: Sequence[Record]) -> tuple[float, float] | None:
    """Return the coverage and the risk of what was answered; None if nothing was."""
    answered = [record for record in records if not record.abstained]
    if not answered:
        return None
    wrong = sum(not record.right for record in answered)
    return len(answered) / len(records), wrong / len(answered)


def hit_curve(records: Sequence[Record], depth: int = 10) -> list[float]:
    """Return hit@k for k from 1, over the questions of which something relevant is known."""
    judged = [
        record
        for record in records
        if any(g > 0 for g in record.relevant.values()) and "retrieval" not in record.unknown
    ]
    if not judged:
        return []
    ranks = Counter(map(_first_relevant, judged))
    hits = np.cumsum([ranks[k] for k in range(1, depth + 1)]) / len(judged)
    return [float(hit) for hit in hits]


def stage_times(records: Sequence[Record]) -> dict[str, list[float]]:
    """Return how long each stage took for each question, the whole last."""
    times: dict[str, list[float]] = {}
    for record in records:
        for stage, seconds in record.seconds.items():
            times.setdefault(stage, []).append(seconds)
    whole = times.pop("total", None)
    return times | ({"total": whole} if whole else {})


def time_rows(times: Mapping[str, Sequence[float]]) -> tuple[Scale, list[Stage]]:
    """Return one logarithmic scale for all stages, in decades, and a histogram of each."""
    every = [_decade(seconds) for stage in times.values() for seconds in stage] or [0.0]
    first, last = math.floor(min(every)), math.ceil(max(every))
    scale = Scale(first, max(last, first + 1), 12, 348)
    return scale, [_stage(name, seconds, scale) for name, seconds in times.items()]


def _stage(name: str, times: Sequence[float], scale: Scale) -> Stage:
    width = (scale.end - scale.start) / _TIME_SLOTS
    places = [scale(_decade(seconds)) - scale.start for seconds in times]
    counts = Counter(min(int(place / width), _TIME_SLOTS - 1) for place in places)
    most = max(counts.values())
    bars = [(scale.start + slot * width, n / most, n) for slot, n in sorted(counts.items())]
    p50, p95 = map(float, np.quantile(times, [0.5, 0.95], method="inverted_cdf"))
    quantiles = [(key, one, scale(_decade(one))) for key, one in (("p50", p50), ("p95", p95))]
    return Stage(name, bars, quantiles)


def _slot(confidence: float) -> int:
    return min(int(confidence * SLOTS), SLOTS - 1)


def _decade(seconds: float) -> float:
    return math.log10(max(seconds, _SHORTEST))


def _first_relevant(record: Record) -> int | None:
    keys = enumerate(record.keys(), 1)
    return next((rank for rank, key in keys if record.relevant.get(key, 0) > 0), None)
