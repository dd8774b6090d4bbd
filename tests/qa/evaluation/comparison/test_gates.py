"""Gates on differences made by hand."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from qa.errors import SettingsError
from qa.evaluation.comparison.comparing import Comparison, Difference, Verdict
from qa.evaluation.comparison.gates import Gate, GateResult, check_gates, parse_gate
from qa.evaluation.runs import Run


def difference(
    value: float, p: float | None, *, measure: str = "quote-hit@1", run: str = "B"
) -> Difference:
    """Return a difference from 0.8 that is far from significant among all that was compared."""
    verdict: Verdict = "no evidence of a difference" if p is not None else "not tested"
    return Difference(
        measure, run, 0.8, value, -0.1, 0.1, 300, "", p, None if p is None else 1.0, verdict
    )


def comparison(*differences: Difference) -> Comparison:
    runs = ["A", *dict.fromkeys(d.run for d in differences)]
    return Comparison(
        runs=tuple(Run(name, {}, (), {}) for name in runs),
        differences=differences,
        flips=(),
        notes=(),
        alpha=0.05,
        seed=0,
    )


def checked(value: float, p: float, gate: str = "quote-hit@1:0.02") -> GateResult:
    measure = gate.rpartition(":")[0]
    (result,) = check_gates(comparison(difference(value, p, measure=measure)), [parse_gate(gate)])
    return result


class TestWhetherItPasses:
    def test_a_large_drop_with_evidence_fails(self) -> None:
        result = checked(0.75, 0.003)
        assert not result.passed
        assert result.drop == pytest.approx(0.05)
        assert result.sentence == (
            "quote-hit@1 is 0.750 in B and 0.800 in A: worse by 0.050, which is at least 0.02, "
            "and chance does not explain it (p 0.003 < 0.05)"
        )

    def test_a_large_drop_without_evidence_passes(self) -> None:
        result = checked(0.75, 0.21)
        assert result.passed
        assert result.sentence.endswith(
            "worse by 0.050, which is at least 0.02, but chance may explain it (p 0.21 >= 0.05)"
        )

    def test_evidence_of_a_small_drop_passes(self) -> None:
        result = checked(0.79, 0.001)
        assert result.passed
        assert result.sentence.endswith("worse by 0.010, which is less than 0.02")

    def test_a_gain_passes(self) -> None:
        result = checked(0.9, 0.001)
        assert result.passed
        assert result.drop == pytest.approx(-0.1)
        assert result.sentence == "quote-hit@1 is 0.900 in B and 0.800 in A: no worse"

    def test_a_drop_of_just_the_size_counts_in_spite_of_rounding(self) -> None:
        assert 0.83 - 0.81 < 0.02
        fallen = replace(difference(0.81, 0.001), baseline=0.83)
        (result,) = check_gates(comparison(fallen), [Gate("quote-hit@1", 0.02)])
        assert not result.passed

    def test_no_drop_passes_a_gate_that_allows_none(self) -> None:
        assert checked(0.8, 0.001, "quote-hit@1:0").passed
        assert not checked(0.799, 0.001, "quote-hit@1:0").passed

    def test_more_is_worse_where_a_measure_says_so(self) -> None:
        result = checked(0.85, 0.001, "AURC:0.02")
        assert not result.passed
        assert result.drop == pytest.approx(0.05)
        assert checked(0.75, 0.001, "AURC:0.02").passed


class TestTheCorrection:
    def test_it_is_over_the_gates_and_runs_alone(self) -> None:
        # Of 0.02, 0.03 and two that are not gated: 2 * 0.02, then 0.03, not below the former.
        results = check_gates(
            comparison(
                difference(0.7, 0.02),
                difference(0.7, 0.03, measure="hit@1"),
                difference(0.7, 0.001, measure="hit@3"),
                difference(0.7, None, measure="seconds p50"),
            ),
            [Gate("quote-hit@1", 0.02), Gate("hit@1", 0.02)],
        )
        assert [result.adjusted for result in results] == pytest.approx([0.04, 0.04])
        assert [result.passed for result in results] == [False, False]

    def test_every_run_counts(self) -> None:
        # 2 * 0.03, and 0.2.
        results = check_gates(
            comparison(difference(0.7, 0.03), difference(0.7, 0.2, run="C")),
            [Gate("quote-hit@1", 0.02)],
        )
        assert [result.run for result in results] == ["B", "C"]
        assert [result.adjusted for result in results] == pytest.approx([0.06, 0.2])
        assert all(result.passed for result in results)

    def test_two_gates_on_one_measure_are_one_test(self) -> None:
        gates = [Gate("quote-hit@1", 0.02), Gate("quote-hit@1", 0.2)]
        results = check_gates(comparison(difference(0.7, 0.03)), gates)
        assert [result.adjusted for result in results] == [0.03, 0.03]
        assert [result.passed for result in results] == [False, True]

    def test_without_gates_there_is_nothing_to_check(self) -> None:
        assert check_gates(comparison(difference(0.7, 0.03)), []) == []


class TestWhatIsRefused:
    def test_a_gate_is_read_from_a_measure_and_a_drop(self) -> None:
        assert parse_gate("quote-hit@1:0.02") == Gate("quote-hit@1", 0.02)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("quote-hit@1", r"'quote-hit@1' is not a gate: write measure:drop, as in"),
            ("quote-hit:0.02", "'quote-hit' is not a measure: did you mean quote-hit@"),
            ("quote-hit@1:much", "'much' is not a number: write the gate as quote-hit@1:0.02"),
            ("quote-hit@1:", "'' is not a number"),
            ("quote-hit@1:-0.1", r"the drop of the gate on quote-hit@1 is -0\.1"),
            ("quote-hit@1:nan", "must be a number from 0 up"),
            ("quote-hit@1:inf", "must be a number from 0 up"),
            ("seconds p50:1", "seconds p50 cannot be a gate: a time depends on the machine"),
            ("quotes per answer:1", "quotes per answer cannot be a gate: it only describes"),
        ],
    )
    def test_nonsense_is_refused_with_the_reason(self, text: str, message: str) -> None:
        with pytest.raises(SettingsError, match=message):
            parse_gate(text)

    def test_a_measure_that_was_not_compared_is_not_let_through(self) -> None:
        both = comparison(difference(0.7, 0.03))
        with pytest.raises(SettingsError, match="the gate on AUROC cannot be checked for B"):
            check_gates(both, [Gate("AUROC", 0.02)])


def test_a_result_is_plain_data() -> None:
    plain = json.loads(json.dumps(checked(0.75, 0.003).to_dict(), allow_nan=False))
    assert plain["gate"] == {"measure": "quote-hit@1", "min_drop": 0.02}
    assert plain["passed"] is False
    assert math.isclose(plain["drop"], 0.05)
