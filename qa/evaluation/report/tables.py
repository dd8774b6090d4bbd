"""Figures and differences as rows of tables."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from markupsafe import Markup

from qa.evaluation.comparison.comparing import Comparison, Difference
from qa.evaluation.measures import MEASURES
from qa.evaluation.records import OUTCOMES, RIGHT_OUTCOMES, Record
from qa.evaluation.report import formatting
from qa.evaluation.report.inline import Share, interval_chart, share_bar
from qa.evaluation.report.wording import direction
from qa.evaluation.runs import Figure, Run

VERDICTS = {
    "better": ("✓", "better"),
    "worse": ("✗", "worse"),
    "no evidence of a difference": ("–", "same"),
    "not tested": ("", "untested"),
}
"""The sign of each verdict, and what its style is called."""

RIGHT_FIRST = sorted(OUTCOMES, key=lambda outcome: outcome not in RIGHT_OUTCOMES)
"""The outcomes as bars show them."""

_TAG_MEASURES = ("quote-hit@1", "hit@5", "nDCG@10", "citation F1", "abstention recall")

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure, written out."""

    measure: str
    meaning: str
    direction: str
    value: str
    interval: str
    chart: Markup
    questions: int


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag, with what became of its questions and its first figures."""

    tag: str
    questions: int
    outcomes: Markup
    figures: tuple[FigureRow | None, ...]


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """A difference, written out."""

    measure: str
    direction: str
    baseline: str
    value: str
    difference: str
    interval: str
    chart: Markup
    test: str
    p: str
    adjusted: str
    sign: str
    verdict: str
    style: str
    questions: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A run's value in a table of measures and runs."""

    value: str
    sign: str
    style: str
    best: bool


def figure_rows(figures: Iterable[Figure]) -> list[FigureRow]:
    """Write figures out."""
    return [
        FigureRow(
            measure=figure.measure,
            meaning=MEASURES[figure.measure].meaning if figure.measure in MEASURES else "",
            direction=direction(figure.measure),
            value=formatting.amount(figure.measure, figure.value),
            interval=formatting.interval(figure.measure, figure.low, figure.high),
            chart=_chart(figure),
            questions=figure.questions,
        )
        for figure in figures
    ]


def tag_measures(run: Run) -> list[str]:
    """Return the measures that the table of tags shows."""
    known = {name for figures in run.by_tag.values() for name in figures}
    return [name for name in _TAG_MEASURES if name in known]


def tag_rows(run: Run) -> list[TagRow]:
    """Return a row for each tag."""
    measures = tag_measures(run)
    rows = []
    for tag, figures in run.by_tag.items():
        tagged = [record for record in run.records if tag in record.tags]
        cells = [figure_rows([figures[m]])[0] if m in figures else None for m in measures]
        rows.append(TagRow(tag, len(tagged), outcome_bar(tagged), tuple(cells)))
    return rows


def outcome_bar(records: Iterable[Record], *, linked: bool = False) -> Markup:
    """Draw what became of questions: what came out right first, then the misses."""
    counts = Counter(record.outcome for record in records)
    return share_bar(
        Share(
            outcome_style(outcome),
            outcome,
            counts[outcome],
            f"#outcome={outcome_style(outcome)}" if linked else "",
        )
        for outcome in RIGHT_FIRST
    )


def outcome_style(outcome: str) -> str:
    """Return what an outcome is called in styles and links."""
    return outcome.replace(" ", "-")


def difference_rows(differences: Sequence[Difference]) -> list[DifferenceRow]:
    """Write differences out; the intervals of shares are drawn on one scale."""
    scale = difference_scale(differences)
    return [_difference_row(one, scale) for one in differences]


def difference_scale(differences: Iterable[Difference]) -> float:
    """Return how far from zero the intervals of shares reach, in twentieths."""
    ends = [
        abs(end)
        for one in differences
        if formatting.is_share(one.measure)
        for end in (one.low, one.high, one.difference)
        if math.isfinite(end)
    ]
    return max(1, math.ceil(max(ends, default=0.0) * 20 - 1e-9)) / 20


def sweep_rows(comparison: Comparison) -> list[tuple[str, list[Cell]]]:
    """Return for each measure its value in every run, the baseline's first."""
    rows: dict[str, dict[str, Difference]] = {}
    for one in comparison.differences:
        rows.setdefault(one.measure, {})[one.run] = one
    others = [run.name for run in comparison.runs[1:]]
    return [(measure, _cells(measure, found, others)) for measure, found in rows.items()]


def by_group(rows: Iterable[tuple[str, Row]]) -> dict[str, list[Row]]:
    """Sort rows, each with its measure, into the groups of the measures, in their order."""
    grouped: dict[str, list[Row]] = {group_of(name): [] for name in MEASURES}
    for measure, row in rows:
        grouped.setdefault(group_of(measure), []).append(row)
    return {group: held for group, held in grouped.items() if held}


def group_of(measure: str) -> str:
    """Return the group of a measure; one that is not known stands with the others of its kind."""
    if measure in MEASURES:
        return MEASURES[measure].group
    return "time" if formatting.is_time(measure) else "other"


def _chart(figure: Figure) -> Markup:
    drawn = formatting.is_share(figure.measure) and math.isfinite(figure.low + figure.high)
    return interval_chart(figure.value, figure.low, figure.high) if drawn else Markup()


def _difference_row(one: Difference, scale: float) -> DifferenceRow:
    sign, style = VERDICTS[one.verdict]
    low, high = (formatting.difference(one.measure, end) for end in (one.low, one.high))
    drawn = formatting.is_share(one.measure) and math.isfinite(one.low + one.high)
    return DifferenceRow(
        measure=one.measure,
        direction=direction(one.measure),
        baseline=formatting.amount(one.measure, one.baseline),
        value=formatting.amount(one.measure, one.value),
        difference=formatting.difference(one.measure, one.difference),
        interval=formatting.NONE if formatting.NONE in (low, high) else f"{low} to {high}",
        chart=interval_chart(one.difference, one.low, one.high, scale=(-scale, scale))
        if drawn
        else Markup(),
        test=one.test,
        p=formatting.probability(one.p),
        adjusted=formatting.probability(one.adjusted),
        sign=sign,
        verdict=one.verdict.removesuffix(" of a difference"),
        style=style,
        questions=one.questions,
    )


def _cells(measure: str, found: Mapping[str, Difference], others: Sequence[str]) -> list[Cell]:
    """Write a measure's values out; the best is told only where the tests speak for it.

    That is a run that is better than the baseline, or a baseline that all others are worse than.
    """
    better = MEASURES[measure].better if measure in MEASURES else 0
    top = max(better * one.value for one in found.values())
    all_worse = [one.verdict for one in found.values()] == ["worse"] * len(others)
    baseline = formatting.amount(measure, next(iter(found.values())).baseline)
    cells = [Cell(baseline, "", "baseline", all_worse)]
    for one in map(found.get, others):
        if one is None:
            cells.append(Cell(formatting.NONE, "", "untested", False))
        else:
            best = one.verdict == "better" and better * one.value == top
            cells.append(_cell(one, best))
    return cells


def _cell(one: Difference, best: bool) -> Cell:
    sign, style = VERDICTS[one.verdict]
    shown = sign if one.verdict in ("better", "worse") else ""
    return Cell(formatting.amount(one.measure, one.value), shown, style, best)
