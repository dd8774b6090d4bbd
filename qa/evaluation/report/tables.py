"""Outcomes, figures and differences, in the order and groups that tables show them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from qa.evaluation import formatting
from qa.evaluation.comparison.comparing import Comparison, Difference
from qa.evaluation.measures import MEASURES
from qa.evaluation.records import OUTCOMES, RIGHT_OUTCOMES, Record
from qa.evaluation.runs import Run

VERDICTS = {
    "better": ("✓", "better"),
    "worse": ("✗", "worse"),
    "no evidence of a difference": ("–", "same"),
    "not tested": ("", "untested"),
}
"""The sign of each verdict, and what its style is called."""

_TAG_MEASURES = ("quote-hit@1", "hit@5", "nDCG@10", "citation F1", "abstention recall")


class Measured(Protocol):
    """A row of a table, on one measure."""

    @property
    def measure(self) -> str:
        """The measure's name."""


Row = TypeVar("Row", bound=Measured)


class Cell(NamedTuple):
    """A run's value in a table of measures and runs."""

    value: str
    sign: str = ""
    style: str = ""
    best: bool = False


class SweepRow(NamedTuple):
    """A measure in every run, the baseline first."""

    measure: str
    cells: list[Cell]


def outcome_counts(records: Iterable[Record]) -> dict[str, int]:
    """Count the outcomes that occur, those that are right first."""
    counts = Counter(record.outcome for record in records)
    ordered = sorted(OUTCOMES, key=lambda outcome: outcome not in RIGHT_OUTCOMES)
    return {outcome: counts[outcome] for outcome in ordered if counts[outcome]}


def tagged(run: Run) -> dict[str, list[Record]]:
    """Return the questions of each tag; the tags in order of name."""
    tags = sorted({tag for record in run.records for tag in record.tags})
    return {tag: [record for record in run.records if tag in record.tags] for tag in tags}


def tag_measures(run: Run) -> list[str]:
    """Return the measures that the table of tags shows."""
    known = {name for figures in run.by_tag.values() for name in figures}
    return [name for name in _TAG_MEASURES if name in known]


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


def sweep_rows(comparison: Comparison) -> list[SweepRow]:
    """Return for each measure its value in every run."""
    rows: dict[str, dict[str, Difference]] = {}
    for one in comparison.differences:
        rows.setdefault(one.measure, {})[one.run] = one
    others = [run.name for run in comparison.runs[1:]]
    return [SweepRow(measure, _cells(measure, by_run, others)) for measure, by_run in rows.items()]


def by_group(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Sort rows into the groups of the measures, in their order.

    A measure of another version that this one does not know stands with the others of its kind.
    """
    grouped: dict[str, list[Row]] = {measure.group: [] for measure in MEASURES.values()}
    for row in rows:
        unknown = "time" if formatting.is_time(row.measure) else "other"
        known = MEASURES.get(row.measure)
        grouped.setdefault(known.group if known else unknown, []).append(row)
    return {group: held for group, held in grouped.items() if held}


def _cells(measure: str, by_run: Mapping[str, Difference], others: Sequence[str]) -> list[Cell]:
    """Write a measure's values; the best is marked only where the tests support it.

    That is a run that is better than the baseline, or a baseline that all others are worse than.
    """
    better = MEASURES[measure].better if measure in MEASURES else 0
    top = max(better * one.value for one in by_run.values())
    all_worse = [one.verdict for one in by_run.values()] == ["worse"] * len(others)
    baseline = next(iter(by_run.values())).baseline
    cells = [Cell(formatting.amount(measure, baseline), best=all_worse)]
    for one in map(by_run.get, others):
        if one is None:
            cells.append(Cell(formatting.NONE))
            continue
        value = formatting.amount(measure, one.value)
        sign, style = VERDICTS[one.verdict] if one.verdict in ("better", "worse") else ("", "")
        best = one.verdict == "better" and better * one.value == top
        cells.append(Cell(value, sign, style, best))
    return cells
