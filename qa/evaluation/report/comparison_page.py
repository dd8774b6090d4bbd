"""The page of a comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from qa.evaluation.comparison import Comparison
from qa.evaluation.report.cards import FlipCard, flip_cards
from qa.evaluation.report.pages import Choice, page
from qa.evaluation.report.tables import (
    Cell,
    DifferenceRow,
    by_group,
    difference_rows,
    difference_scale,
    sweep_rows,
)
from qa.evaluation.report.wording import direction, flipped, method, verdict
from qa.evaluation.runs import Run


@dataclass(frozen=True, slots=True)
class _Against:
    """A run compared with the baseline."""

    name: str
    verdict: str
    flips: str
    scale: str
    differences: dict[str, list[DifferenceRow]]


class _SweepRow(NamedTuple):
    measure: str
    direction: str
    cells: list[Cell]


def html_comparison(comparison: Comparison) -> str:
    """Write the page of a comparison: verdicts, differences, and the questions that flipped."""
    cards = flip_cards(comparison)
    names = [run.name for run in comparison.runs]
    return page(
        "comparison.html",
        baseline=names[0],
        others=names[1:],
        notes=list(comparison.notes),
        method=method(comparison),
        against=[_against(comparison, run) for run in comparison.runs[1:]],
        sweep=_sweep(comparison) if len(names) > 2 else {},
        cards=cards,
        kind_choices=_kind_choices(cards),
        run_choices=_run_choices(cards, names[1:]),
    )


def _against(comparison: Comparison, run: Run) -> _Against:
    differences = [one for one in comparison.differences if one.run == run.name]
    return _Against(
        name=run.name,
        verdict=verdict(comparison, run),
        flips=flipped(comparison, run),
        scale=f"{difference_scale(differences):g}",
        differences=by_group((row.measure, row) for row in difference_rows(differences)),
    )


def _sweep(comparison: Comparison) -> dict[str, list[_SweepRow]]:
    rows = sweep_rows(comparison)
    return by_group((m, _SweepRow(m, direction(m), cells)) for m, cells in rows)


def _kind_choices(cards: Sequence[FlipCard]) -> list[Choice]:
    counts = Counter(card.kind for card in cards)
    return [Choice(kind, kind, kind, counts[kind]) for kind in ("lost", "gained") if counts[kind]]


def _run_choices(cards: Sequence[FlipCard], names: Sequence[str]) -> list[Choice]:
    counts = Counter(card.run for card in cards)
    return [Choice(name, name, str(number), counts[number]) for number, name in enumerate(names, 1)]
