"""Is one run better than another, or is the difference noise?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from qa.display.rendering import table_html
from qa.errors import RunError, SettingsError
from qa.evaluation.comparison.pairing import (
    Pair,
    cut_alike,
    left_out,
    pairs_of,
    settings_notes,
    with_distinct_names,
    written_alike,
)
from qa.evaluation.formatting import amount, difference, difference_interval
from qa.evaluation.measures import MEASURES, Measure, columns, is_share, values
from qa.evaluation.measures.ranking import RELATIVE
from qa.evaluation.measures.resampling import (
    exact_interval,
    holm,
    mcnemar,
    paired_intervals,
    randomisations,
)
from qa.evaluation.measures.weighted_statistics import Columns
from qa.evaluation.records import RIGHT_OUTCOMES, Record
from qa.evaluation.runs import Run, import_pandas
from qa.schemas import format_of

if TYPE_CHECKING:
    import pandas as pd

Verdict = Literal["better", "worse", "no evidence of a difference", "not tested"]

_LEAST_RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure in the baseline and in another run, over the questions of both.

    Attributes:
        measure: the measure's name.
        run: the other run's name.
        baseline: the measure's value in the baseline.
        value: its value in the other run.
        low: where the 95% paired bootstrap interval of `value - baseline` starts; NaN if it
            has none.
        high: where it ends.
        questions: how many questions count, in either run.
        test: "McNemar", "randomisation", or "" where nothing is tested.
        p: of the paired test, two-sided; None where nothing is tested.
        adjusted: `p` by Holm's correction over all that was tested.
        verdict: in words.
        because: why there is no evidence where `p` by itself, or the interval, says otherwise.
    """

    measure: str
    run: str
    baseline: float
    value: float
    low: float
    high: float
    questions: int
    test: str
    p: float | None
    adjusted: float | None
    verdict: Verdict
    because: str = ""

    @property
    def difference(self) -> float:
        """The effect: `value - baseline`."""
        return self.value - self.baseline

    def to_dict(self) -> dict[str, Any]:
        """Return the difference as plain data; None for what is not defined."""
        plain = asdict(self) | {"difference": self.difference}
        return {key: _plain(value) for key, value in plain.items()}


@dataclass(frozen=True, slots=True)
class Flip:
    """A question with a right outcome in one of two runs, and a wrong one in the other."""

    run: str
    before: Record
    after: Record

    @property
    def gained(self) -> bool:
        """Whether it is the other run that is right."""
        return self.after.outcome in RIGHT_OUTCOMES

    def to_dict(self) -> dict[str, Any]:
        """Return the flip as plain data; what was answered is in the runs."""
        return {
            "run": self.run,
            "question_id": self.before.question_id,
            "question": self.before.question,
            "gained": self.gained,
            "before": self.before.outcome,
            "after": self.after.outcome,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs over the same questions, each compared with the first.

    Attributes:
        runs: the runs; the first is the baseline.
        differences: a difference for each measure and each other run.
        flips: the questions that flipped.
        notes: what a reader must know, such as questions left out; a sentence each.
        alpha: the family-wise error rate that verdicts keep to.
        seed: of the random draws.
    """

    runs: tuple[Run, ...]
    differences: tuple[Difference, ...]
    flips: tuple[Flip, ...] = field(repr=False)
    notes: tuple[str, ...]
    alpha: float
    seed: int

    def _repr_html_(self) -> str:
        head = ["run", "measure", "before", "after", "change", "95% interval", "verdict"]
        rows = [
            [
                one.run,
                one.measure,
                amount(one.measure, one.baseline),
                amount(one.measure, one.value),
                difference(one.measure, one.difference),
                difference_interval(one.measure, one.low, one.high),
                f"{one.verdict} {one.because}".strip(),
            ]
            for one in self.differences
        ]
        if len(self.runs) == 2:
            head, rows = head[1:], [row[1:] for row in rows]
        return table_html(head, rows, f"Compared with {self.runs[0].name}\n{self.summary()}")

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain data."""
        return {
            "format": format_of("comparison"),
            "runs": [run.name for run in self.runs],
            "alpha": self.alpha,
            "seed": self.seed,
            "notes": list(self.notes),
            "differences": [difference.to_dict() for difference in self.differences],
            "flips": [flip.to_dict() for flip in self.flips],
        }

    def frame(self) -> pd.DataFrame:
        """Return a pandas frame with a row for each difference.

        Raises:
            RunError: pandas is not installed.
        """
        pandas = import_pandas()
        return pandas.DataFrame([difference.to_dict() for difference in self.differences])

    def summary(self) -> str:
        """Return a line for each other run: on what it is better, and on what worse."""
        return "\n".join(f"{run.name}: {self._verdict(run.name)}" for run in self.runs[1:])

    def _verdict(self, run: str) -> str:
        tested = [d for d in self.differences if d.run == run and d.verdict != "not tested"]
        better = [d.measure for d in tested if d.verdict == "better"]
        worse = [d.measure for d in tested if d.verdict == "worse"]
        same = len(tested) - len(better) - len(worse)
        if not tested:
            return "nothing was tested"
        if same == len(tested):
            without = [one.measure for one in tested if one.because.startswith("after")]
            alone = f"; without correction for several tests, {', '.join(without)} would differ"
            words = f"no evidence of a difference on any of {same} measures"
            return words + (alone if without else "")
        which = f" ({', '.join(better)})" if better else ""
        changed = f"better on {len(better) or 'none'} of {len(tested)} measures{which}, worse on "
        changed += f"{len(worse)} ({', '.join(worse)})" if worse else "none"
        return f"{changed}; no evidence of a difference on the other {same}" if same else changed


def compare(
    *runs: Run, measures: Sequence[str] | None = None, alpha: float = 0.05, seed: int = 0
) -> Comparison:
    """Compare runs with the first, over the questions that each has in common with it.

    Every measure is tested question by question: those that are a yes or a no with McNemar's
    exact test, the rest with a randomisation test. Holm's correction over all that is tested
    keeps the chance of calling anything a difference that is none below `alpha`. Times are not
    tested, as they depend on the machine, nor is what only describes.

    Args:
        runs: two or more, of one question set; the first is the baseline.
        measures: the names of those to compare; by default all that both runs have.
        alpha: the family-wise error rate to keep to.
        seed: of the random draws.

    Raises:
        RunError: there are fewer than two runs, or two have no question in common.
        SettingsError: a measure is not known, or `alpha` is not between 0 and 1.
    """
    if len(runs) < 2:
        raise RunError("a comparison needs two runs or more: the first is the baseline")
    if seed < 0:
        raise SettingsError(f"seed is {seed}: take 0 or more")
    if isinstance(measures, str):
        measures = [measures]
    if not 0 < alpha < 1:
        raise SettingsError(f"alpha is {alpha}: choose a number between 0 and 1, such as 0.05")
    chosen = [find_measure(name) for name in dict.fromkeys(measures or MEASURES)]
    baseline, *others = named = tuple(with_distinct_names(runs))
    # So many that the least p there is can survive the correction.
    resamples = max(_LEAST_RESAMPLES, math.ceil(2 * len(chosen) * len(others) / alpha))
    differences: list[Difference] = []
    flips: list[Flip] = []
    notes = _notes(named)
    for run in others:
        pairs = pairs_of(baseline, run)
        found = _differences(run, pairs, chosen, seed, resamples)
        if not cut_alike(pairs):
            notes.append(
                f"{run.name}: its passages are not those of {baseline.name}, so what depends on "
                f"how many are relevant is not compared ({', '.join(RELATIVE)}); spans are"
            )
        notes += [*left_out(baseline, run, pairs), *_missing(baseline, run, measures, found)]
        notes += settings_notes(baseline, run)
        differences += found
        flips += _flips(run, pairs)
    return Comparison(
        named, tuple(_judged(differences, alpha)), tuple(flips), tuple(notes), alpha, seed
    )


def _notes(runs: Sequence[Run]) -> list[str]:
    """Return the notes of all runs; a note that they share is there once."""
    by_note: dict[str, list[str]] = {}
    for run in runs:
        for note in run.settings.get("notes") or ():
            by_note.setdefault(note, []).append(run.name)
    return [
        note if len(names) == len(runs) else f"{', '.join(names)}: {note}"
        for note, names in by_note.items()
    ]


def find_measure(name: str) -> Measure:
    """Find a measure by its name; a `SettingsError` names similar ones."""
    folded = {known.casefold(): known for known in MEASURES}
    if name.casefold() in folded:
        return MEASURES[folded[name.casefold()]]
    near = [folded[match] for match in get_close_matches(name.casefold(), folded)]
    known = f"did you mean {' or '.join(near)}?" if near else f"those are {', '.join(MEASURES)}"
    raise SettingsError(f"{name!r} is not a measure: {known}")


def untestable(measure: Measure) -> str:
    """Return why a measure is not tested; nothing if it is."""
    if measure.group == "time":
        return "a time depends on the machine and what else it did"
    return "" if measure.better else "it only describes: neither more nor less of it is better"


class Tested(NamedTuple):
    """The result of a paired test."""

    test: str
    p: float


def paired_tests(
    measures: Iterable[Measure], a: Columns, b: Columns, *, seed: int, resamples: int = 10_000
) -> dict[str, Tested]:
    """Test for a difference between two systems, on each measure that can be tested.

    McNemar's test is for a yes or a no about the same questions in both systems. Where it is up
    to the system which questions count, even a yes or no gets the randomisation test.
    """
    tested, rest = {}, {}
    for measure in measures:
        if untestable(measure):
            continue
        one, other = a[measure.over], b[measure.over]
        if measure.yes_no and np.array_equal(np.isnan(one), np.isnan(other)):
            tested[measure.name] = Tested("McNemar", mcnemar(one, other))
        else:
            rest[measure.name] = measure.statistic
    random = randomisations(rest, a, b, seed=seed, resamples=resamples)
    return tested | {name: Tested("randomisation", p) for name, p in random.items()}


def _differences(
    run: Run, pairs: Sequence[Pair], chosen: Sequence[Measure], seed: int, resamples: int
) -> list[Difference]:
    a, b = (columns(side) for side in zip(*map(written_alike, pairs), strict=True))
    if not cut_alike(pairs):
        chosen = [measure for measure in chosen if measure.name not in RELATIVE]
    (statistics, before), (others, after) = values(chosen, a), values(chosen, b)
    measures = [m for m in chosen if m.name in before and m.name in after]
    shared = {m.name: statistics[m.name] for m in measures}
    bounds = paired_intervals(shared, others, len(pairs), seed=seed) | _unchanged(measures, a, b)
    # A time depends on the machine: asking more questions makes its interval no surer.
    bounds |= {m.name: (math.nan, math.nan) for m in measures if m.group == "time"}
    tests = paired_tests(measures, a, b, seed=seed, resamples=resamples)
    return [
        Difference(
            m.name,
            run.name,
            before[m.name],
            after[m.name],
            *bounds[m.name],
            questions=int(np.sum(np.isfinite(a[m.over]) | np.isfinite(b[m.over]))),
            test=tests[m.name].test if m.name in tests else "",
            p=tests[m.name].p if m.name in tests else None,
            adjusted=None,
            verdict="not tested",
        )
        for m in measures
    ]


def _unchanged(
    measures: Iterable[Measure], a: Columns, b: Columns
) -> dict[str, tuple[float, float]]:
    """Return intervals of the shares that are equal in both systems, question by question.

    No resample would differ, but among more questions a few might.
    """
    bounds = {}
    for measure in measures:
        one, other = a[measure.over], b[measure.over]
        questions = int(np.isfinite(one).sum())
        if questions and is_share(measure) and np.array_equal(one, other, equal_nan=True):
            _, most = exact_interval(0, questions)
            bounds[measure.name] = (-most, most)
    return bounds


def _judged(differences: Sequence[Difference], alpha: float) -> Iterator[Difference]:
    """Yield the differences with their adjusted p and verdict."""
    tested = [d.p for d in differences if d.p is not None]
    adjusted = iter(holm(tested))
    for one in differences:
        if one.p is None:
            yield one
            continue
        p = next(adjusted)
        gain = one.difference * MEASURES[one.measure].better
        verdict: Verdict = "better" if gain > 0 else "worse"
        because = ""
        if p >= alpha:
            verdict = "no evidence of a difference"
            because = _because(one, alpha, len(tested))
        yield replace(one, adjusted=p, verdict=verdict, because=because)


def _because(one: Difference, alpha: float, tests: int) -> str:
    """Return why a difference that looks like one is none by its test; "" if it does not."""
    if one.p is not None and one.p < alpha:
        return f"after correction for {tests:,} tests"
    excludes_0 = one.low > 0 or one.high < 0
    return f"by the {one.test} test" if excludes_0 else ""


def _missing(
    baseline: Run, run: Run, asked_for: Sequence[str] | None, found: Sequence[Difference]
) -> Iterator[str]:
    known = baseline.figures.keys() | run.figures.keys()
    expected = asked_for or [name for name in MEASURES if name in known and name not in RELATIVE]
    compared = {difference.measure for difference in found}
    missing = ", ".join(name for name in expected if name not in compared)
    if missing:
        yield f"{run.name}: not compared, for want of a value in both runs: {missing}"


def _flips(run: Run, pairs: Iterable[Pair]) -> list[Flip]:
    """Return the questions that flipped, lost ones first."""
    flips = [Flip(run.name, before, after) for before, after in pairs]
    changed = [flip for flip in flips if flip.gained != (flip.before.outcome in RIGHT_OUTCOMES)]
    return sorted(changed, key=lambda flip: flip.gained)


def _plain(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
