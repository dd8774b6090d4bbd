"""Gates: the drops that a comparison must not show, for a build to pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from qa.errors import SettingsError
from qa.evaluation.comparison.comparing import Comparison, Difference, find_measure, untestable
from qa.evaluation.measures import MEASURES
from qa.evaluation.measures.resampling import holm

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Gate:
    """A measure that must not get worse by as much as `min_drop`, in its own unit.

    A `SettingsError` says that the measure cannot be tested, or that the drop is no number from 0
    up.
    """

    measure: str
    min_drop: float

    def __post_init__(self) -> None:
        reason = untestable(find_measure(self.measure))
        if reason:
            raise SettingsError(f"{self.measure} cannot be a gate: {reason}")
        if not (math.isfinite(self.min_drop) and self.min_drop >= 0):
            raise SettingsError(
                f"the drop of the gate on {self.measure} is {self.min_drop}: "
                "it must be a number from 0 up"
            )


@dataclass(frozen=True, slots=True)
class GateResult:
    """Whether a run passed a gate.

    Attributes:
        gate: which.
        run: the run's name.
        drop: by how much the measure got worse; negative if it got better.
        adjusted: the p value of the drop, by Holm's correction over all gates and runs.
        passed: whether the drop is smaller than the gate's, or may be chance.
        sentence: both values, and why it passed or failed.
    """

    gate: Gate
    run: str
    drop: float
    adjusted: float
    passed: bool
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return asdict(self)


def parse_gate(text: str) -> Gate:
    """Read a gate from `measure:drop`, as in `quote-hit@1:0.02`."""
    measure, colon, drop = text.rpartition(":")
    if not colon:
        raise SettingsError(f"{text!r} is not a gate: write measure:drop, as in quote-hit@1:0.02")
    measure = find_measure(measure).name
    try:
        return Gate(measure, float(drop))
    except ValueError:
        raise SettingsError(
            f"{drop!r} is not a number: write the gate as {measure}:0.02, for a drop of 0.02"
        ) from None


def check_gates(comparison: Comparison, gates: Sequence[Gate]) -> list[GateResult]:
    """Check every run but the baseline against gates.

    A gate fails if its measure got worse by at least its drop, and the paired test says that
    this is not chance. The test's p is corrected over the gated measures and runs alone, as
    they were chosen beforehand. A `SettingsError` names a gated measure that was not compared.
    """
    differences = {(d.measure, d.run): d for d in comparison.differences}
    declared = [(gate, run.name) for run in comparison.runs[1:] for gate in gates]
    p: dict[tuple[str, str], float] = {}
    for gate, run in declared:
        tested = differences.get((gate.measure, run))
        if tested is None or tested.p is None:
            raise SettingsError(
                f"the gate on {gate.measure} cannot be checked for {run}: it was not compared, or "
                "a run has no value of it"
            )
        p[gate.measure, run] = tested.p
    adjusted = dict(zip(p, holm(list(p.values())), strict=True))
    baseline, alpha = comparison.runs[0].name, comparison.alpha
    return [
        _result(gate, differences[key], adjusted[key], baseline, alpha)
        for gate, key in ((gate, (gate.measure, run)) for gate, run in declared)
    ]


def _result(
    gate: Gate, difference: Difference, adjusted: float, baseline: str, alpha: float
) -> GateResult:
    drop = (difference.baseline - difference.value) * MEASURES[gate.measure].better
    large = drop > 0 and drop >= gate.min_drop - _ROUNDING
    passed = not (large and adjusted < alpha)
    values = (
        f"{gate.measure} is {difference.value:.3f} in {difference.run} and "
        f"{difference.baseline:.3f} in {baseline}"
    )
    if drop <= 0:
        reason = "no worse"
    elif not large:
        reason = f"worse by {drop:.3f}, which is less than {gate.min_drop:g}"
    else:
        verdict = "but chance may explain it" if passed else "and chance does not explain it"
        reason = (
            f"worse by {drop:.3f}, which is at least {gate.min_drop:g}, {verdict} "
            f"(p {adjusted:.3g} {'>=' if passed else '<'} {alpha:g})"
        )
    return GateResult(gate, difference.run, drop, adjusted, passed, f"{values}: {reason}")
