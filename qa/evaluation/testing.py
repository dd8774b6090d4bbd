"""For tests: that a run is no worse than another."""

from __future__ import annotations

import os

from qa.errors import SettingsError
from qa.evaluation.comparison import compare
from qa.evaluation.comparison.comparing import Comparison, find_measure
from qa.evaluation.comparison.gates import Gate, GateResult, check_gates
from qa.evaluation.runs import Run, load_run

_LOST = 5  # questions that are named


def assert_no_worse(
    run: Run | str | os.PathLike[str],
    baseline: Run | str | os.PathLike[str],
    *measures: str,
    by: float,
    alpha: float = 0.05,
) -> None:
    """Fail if a run is worse than a baseline on a measure, by `by` or more, and not by chance.

    It is the gate of `inquote compare`: a drop that chance may explain passes, so the run needs
    enough questions (docs/comparing.md).

    Args:
        run: a run, or the folder of one.
        baseline: what it is compared with.
        measures: one or more; p values are corrected over them.
        by: the drop that fails, in the measure's unit.
        alpha: the probability of a false alarm.

    Raises:
        AssertionError: it is worse; the message has the values and the questions that were lost.
        SettingsError: a measure is unknown, not tested, or not in both runs; or none is named.
        RunError: a run cannot be read, or the runs share no question.
    """
    __tracebackhide__ = True  # pytest shows the line that calls this
    if not measures:
        raise SettingsError("name the measure that must be no worse, such as quote-hit@1")
    names = [find_measure(name).name for name in measures]
    gates = [Gate(name, by) for name in names]
    comparison = compare(_run(baseline), _run(run), measures=names, alpha=alpha)
    failed = [result for result in check_gates(comparison, gates) if not result.passed]
    if failed:
        raise AssertionError(_message(failed, comparison))


def _run(given: Run | str | os.PathLike[str]) -> Run:
    return given if isinstance(given, Run) else load_run(given)


def _message(failed: list[GateResult], comparison: Comparison) -> str:
    lost = [flip.before for flip in comparison.flips if not flip.gained]
    lines = [result.sentence for result in failed]
    if lost:
        lines.append(f"{len(lost):,} questions were lost, such as:")
        lines += [f"  {record.question_id}: {record.question}" for record in lost[:_LOST]]
    return "\n".join(lines)
