"""Comparisons of runs whose differences can be told beforehand."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from qa.errors import RunError, SettingsError
from qa.evaluation.comparison.comparing import Comparison, compare, paired_tests
from qa.evaluation.measures import MEASURES, Measure
from qa.evaluation.measures.ranking import RELATIVE
from qa.evaluation.measures.resampling import holm
from qa.evaluation.measures.weighted_statistics import mean
from qa.evaluation.records import Excerpt, Record, Retrieved
from qa.evaluation.runs import Run, figures

GOLD, ELSEWHERE = Excerpt("d", 0, 5, "gold!"), Excerpt("d", 10, 15, "other")
QUICK = ["quote-hit@1", "citation F1"]


def record(number: int, *, right: bool = True, answerable: bool = True, **facts: Any) -> Record:
    """Return a question that was answered with one quote, or correctly abstained from."""
    return Record(
        f"q{number}",
        f"Question {number}?",
        answerable,
        **{
            "gold": ((GOLD,),) if answerable else (),
            "relevant": {"d:0-20": 1} if answerable else {},
            "abstained": not answerable,
            "confidence": 0.5,
            "quotes": (GOLD if right else ELSEWHERE,),
            "verified": 1,
            "ranking": (Retrieved("d", 0, 20, 1.0),),
            "in_use": 1,
            "seconds": {"total": 0.1 + number / 1000},
        }
        | facts,
    )


def run(name: str, records: Sequence[Record], **settings: Any) -> Run:
    return Run(name, settings, tuple(records), figures={})


def answered(name: str, *, lost: int = 0, gained: int = 0, total: int = 60, **settings: Any) -> Run:
    """Return a run that is right on the middle of its questions.

    Against the same without arguments, which is wrong on the last 20, it is wrong on the first
    `lost` too, and right on `gained` of the last.
    """
    wrong = {*range(lost), *range(total - 20 + gained, total)}
    return run(name, [record(n, right=n not in wrong) for n in range(total)], **settings)


class TestTwoRuns:
    def test_a_run_does_not_differ_from_itself(self) -> None:
        mixed = [record(n, right=n > 5, answerable=n < 20) for n in range(30)]
        one = run("A", mixed)
        comparison = compare(one, replace(one, name="B"))
        assert {d.difference for d in comparison.differences} == {0.0}
        assert {d.p for d in comparison.differences} == {1.0, None}
        # That none of 10 or 20 changed does not rule out 1 - 0.025 ** (1 / 20).
        widths = {d.measure: (-d.low, d.high) for d in comparison.differences}
        assert widths["quote-hit@1"] == pytest.approx((1 - 0.025 ** (1 / 20),) * 2)
        assert widths["abstention recall"] == pytest.approx((1 - 0.025 ** (1 / 10),) * 2)
        assert max(widths["AUROC"]) == 0
        assert not comparison.flips
        tested = sum(d.p is not None for d in comparison.differences)
        assert comparison.summary() == (
            f"B: no evidence of a difference on any of {tested} measures"
        )

    def test_a_drop_of_five_points_on_300_questions_is_found(self) -> None:
        comparison = compare(
            answered("A", total=300), answered("B", total=300, lost=15), measures=QUICK
        )
        hit, f1 = comparison.differences
        assert (hit.measure, hit.run, hit.questions) == ("quote-hit@1", "B", 300)
        assert hit.baseline == pytest.approx(280 / 300)
        assert hit.value == pytest.approx(265 / 300)
        assert hit.difference == pytest.approx(-0.05)
        assert hit.low < -0.05 < hit.high < 0
        assert hit.test == "McNemar"
        assert hit.p == pytest.approx(2 / 2**15)
        assert hit.adjusted == pytest.approx(2 * 2 / 2**15)
        assert (f1.test, f1.verdict, hit.verdict) == ("randomisation", "worse", "worse")
        assert comparison.summary() == (
            "B: better on none of 2 measures, worse on 2 (quote-hit@1, citation F1)"
        )

    def test_a_change_that_goes_both_ways_is_no_evidence(self) -> None:
        # 3 lost and 1 gained: p is 2 * (1 + 4) / 16.
        a, b = answered("A"), answered("B", lost=3, gained=1)
        (hit,) = compare(a, b, measures=["quote-hit@1"]).differences
        assert hit.difference == pytest.approx(-2 / 60)
        assert hit.p == pytest.approx(10 / 16)
        assert hit.verdict == "no evidence of a difference"

    def test_less_is_better_where_a_measure_says_so(self) -> None:
        # At one confidence the AURC is the share that is wrong: 35 of 60, then 20.
        a, b = answered("A", lost=15), answered("B")
        (aurc,) = compare(a, b, measures=["AURC"]).differences
        assert (aurc.baseline, aurc.value) == pytest.approx((35 / 60, 20 / 60))
        assert aurc.verdict == "better"

    def test_the_words_say_what_changed_and_how_much_did_not(self) -> None:
        a, b = answered("A"), answered("B", lost=15)
        better = compare(b, a, measures=["hit@1", *QUICK]).summary()
        assert better == (
            "A: better on 2 of 3 measures (quote-hit@1, citation F1), worse on none; "
            "no evidence of a difference on the other 1"
        )
        assert compare(a, b, measures=["seconds p50"]).summary() == "B: nothing was tested"

    def test_times_and_descriptions_are_shown_but_not_tested(self) -> None:
        names = ["seconds p50", "quotes per answer"]
        comparison = compare(answered("A"), answered("B", lost=15), measures=names)
        assert [d.measure for d in comparison.differences] == names
        for difference in comparison.differences:
            assert (difference.test, difference.p, difference.adjusted) == ("", None, None)
            assert difference.verdict == "not tested"

    def test_the_same_seed_gives_the_same_comparison(self) -> None:
        a, b = answered("A", total=40), answered("B", total=40, lost=2)
        first, again, other = (
            compare(a, b, measures=["citation F1"], seed=seed).differences[0] for seed in (1, 1, 2)
        )
        assert first == again
        assert first.p != other.p

    def test_lost_questions_come_before_gained_ones_in_the_order_of_the_set(self) -> None:
        a = [record(0, right=False), record(1), record(2), record(3, answerable=False), record(4)]
        b = [record(0), record(1, right=False), record(2), record(3, answerable=False), record(4)]
        b[3] = replace(b[3], abstained=False)
        b[4] = replace(b[4], abstained=True)
        flips = compare(run("A", a), run("B", b), measures=QUICK).flips
        assert [(f.before.question_id, f.gained) for f in flips] == [
            ("q1", False),
            ("q3", False),
            ("q4", False),
            ("q0", True),
        ]
        assert [f.after.outcome for f in flips] == [
            "wrong quote",
            "false answer",
            "false abstention",
            "right",
        ]


class TestWhichQuestions:
    def test_questions_that_are_not_the_same_are_left_out_and_counted(self) -> None:
        a = [record(n) for n in range(8)]
        b = [record(n) for n in (0, 1, 2, 3, 4, 5, 8)]
        b[1] = replace(b[1], question="Another?")
        b[2] = replace(b[2], history=("Before?",))
        b[3] = replace(b[3], answerable=False)
        b[4] = replace(b[4], gold=((replace(GOLD, start=1),),))
        b[5] = replace(b[5], answers=("gold",))
        comparison = compare(run("A", a), run("B", b), measures=["quote-hit@1"])
        assert comparison.differences[0].questions == 1
        assert comparison.notes == (
            "B: 8 of 9 questions are left out: 2 only in A, 1 only in B, "
            "5 with another text, history or right answer",
        )

    def test_a_question_that_counts_in_one_of_the_runs_counts(self) -> None:
        # Quotes per answer are of what was answered: in A all but q0, in B all but q1.
        a, b = ([record(n, abstained=n == no) for n in range(4)] for no in (0, 1))
        a[3], b[3] = (replace(r[3], abstained=True) for r in (a, b))
        (quotes,) = compare(run("A", a), run("B", b), measures=["quotes per answer"]).differences
        assert quotes.questions == 3

    def test_another_chunking_leaves_no_question_out(self) -> None:
        b = [replace(record(n), relevant={"d:0-10": 1, "d:4-20": 1}) for n in range(5)]
        comparison = compare(answered("A", total=5), run("B", b), measures=["quote-hit@1"])
        assert comparison.differences[0].questions == 5

    def test_what_depends_on_how_the_corpus_is_cut_is_compared_if_it_is_cut_alike(self) -> None:
        a = [record(n, relevant={"d:0-20": 1}) for n in range(5)]
        b = [replace(one, relevant={"d:0-10": 1, "d:4-20": 1}) for one in a]
        comparison = compare(run("A", a), run("B", b))
        compared = {difference.measure for difference in comparison.differences}
        assert not compared & set(RELATIVE)
        assert {"hit@1", "MRR@10"} <= compared
        assert comparison.notes[0].startswith("B: its passages are not those of A")
        alike = compare(run("A", a), run("B", a))
        assert set(RELATIVE) <= {difference.measure for difference in alike.differences}
        assert not alike.notes

    def test_another_judgement_of_documents_leaves_a_question_out(self) -> None:
        a = [record(n, by_document=True, relevant={"d": 1}) for n in range(3)]
        b = [*a[:2], replace(a[2], relevant={"d": 2})]
        comparison = compare(run("A", a), run("B", b), measures=["hit@1"])
        assert "1 of 3 questions" in comparison.notes[0]

    def test_the_order_of_places_that_serve_alike_does_not_matter(self) -> None:
        a = [record(0, gold=((GOLD, ELSEWHERE),))]
        b = [record(0, gold=((ELSEWHERE, GOLD),))]
        assert not compare(run("A", a), run("B", b), measures=["hit@1"]).notes

    def test_runs_without_a_common_question_are_refused(self) -> None:
        with pytest.raises(RunError, match="A and B have no question in common"):
            compare(run("A", [record(1)]), run("B", [record(2)]))

    def test_each_run_is_held_against_the_first_over_their_own_questions(self) -> None:
        records = [record(n) for n in range(6)]
        runs = run("A", records[:4]), run("B", records[:3]), run("C", records[1:])
        differences = compare(*runs, measures=["hit@1"]).differences
        assert [(d.run, d.questions) for d in differences] == [("B", 3), ("C", 3)]


class TestSeveralRuns:
    def test_the_correction_is_over_all_measures_and_runs(self) -> None:
        runs = answered("A"), answered("B", lost=8), answered("C", lost=7, gained=1)
        differences = compare(*runs, measures=[*QUICK, "seconds p50"]).differences
        tested = [d for d in differences if d.p is not None]
        assert [d.run for d in tested] == ["B", "B", "C", "C"]
        assert [d.adjusted for d in tested] == holm([d.p for d in tested if d.p is not None])
        # B's 8 lost: p is 2 / 2 ** 8, and a randomisation test's p differs by its draws alone.
        assert tested[0].p == pytest.approx(2 / 2**8)
        assert [d.verdict for d in tested[:2]] == ["worse", "worse"]
        # C's 7 lost, 1 gained: p is 2 * (1 + 8) / 2 ** 8, which alone is above alpha.
        assert tested[2].p == pytest.approx(18 / 2**8)

    def test_what_is_evidence_alone_may_be_none_among_many(self) -> None:
        # 6 lost: p is 2 / 64 = 0.031; the smaller of two is doubled.
        a, b = answered("A"), answered("B", lost=6)
        assert compare(a, b, measures=["quote-hit@1"]).differences[0].verdict == "worse"
        comparison = compare(a, b, answered("C"), measures=["quote-hit@1"])
        both = comparison.differences
        assert [d.verdict for d in both] == ["no evidence of a difference"] * 2
        assert [d.because for d in both] == ["after correction for 2 tests", ""]
        assert "without correction for several tests, quote-hit@1 would" in comparison.summary()

    def test_runs_of_one_name_are_told_apart(self) -> None:
        same = [answered("B", total=20) for _ in range(3)]
        comparison = compare(*same, measures=["hit@1"])
        assert [r.name for r in comparison.runs] == ["B", "B (2)", "B (3)"]
        assert [d.run for d in comparison.differences] == ["B (2)", "B (3)"]


class TestNotes:
    def test_settings_that_differ_are_named_with_both_values(self) -> None:
        a = answered("A", total=20, top_k=8, chunking={"max_tokens": 128}, seed=1, created="now")
        b = answered("B", total=20, top_k=3, chunking={"max_tokens": 64}, seed=2, model="m")
        assert compare(a, b, measures=["hit@1"]).notes == (
            "B has other settings than A: "
            'top_k 8 → 3, chunking.max_tokens 128 → 64, model none → "m"',
        )

    def test_settings_that_another_system_does_not_tell_are_no_difference(self) -> None:
        a = answered("A", total=20, top_k=8, model_digest="1f", platform="Linux")
        b = answered("B", total=20, platform="macOS")
        assert compare(a, b, measures=["hit@1"]).notes == (
            'B has other settings than A: platform "Linux" → "macOS"',
        )

    def test_many_settings_are_cut_short(self) -> None:
        a = answered("A", total=20, long="x" * 200)
        b = answered("B", total=20, **{f"s{n}": n for n in range(20)})
        (note,) = compare(a, b, measures=["hit@1"]).notes
        assert "s10 none → 10, and 9 more" in note
        assert f'"{"x" * 79}… → none' in note

    def test_long_settings_that_differ_at_their_end_are_told_apart(self) -> None:
        a = answered("A", total=20, prompt="x" * 200)
        b = answered("B", total=20, prompt="x" * 200 + "y")
        assert compare(a, b, measures=["hit@1"]).notes[0].startswith("B has other settings than A")

    def test_another_corpus_is_named_before_the_other_settings(self) -> None:
        a, b = answered("A", total=20, corpus="a"), answered("B", total=20, corpus="b")
        assert compare(a, b, measures=["hit@1"]).notes == ("B was asked of another corpus than A",)

    def test_the_notes_of_the_runs_are_handed_on(self) -> None:
        a, b = answered("A", total=20, notes=["2 questions failed"]), answered("B", total=20)
        assert compare(a, b, measures=["hit@1"]).notes == ("A: 2 questions failed",)

    def test_a_measure_that_a_run_has_no_value_of_is_not_compared(self) -> None:
        a, b = answered("A", total=20), answered("B", total=20)
        wanted = compare(a, b, measures=["hit@1", "AUROC"])  # no question is unanswerable
        assert [d.measure for d in wanted.differences] == ["hit@1"]
        assert wanted.notes == ("B: not compared, for want of a value in both runs: AUROC",)

    def test_by_default_a_measure_that_neither_run_has_is_not_mentioned(self) -> None:
        a = [record(n, answerable=n < 4) for n in range(6)]
        b = [replace(r, seconds={}) for r in a]
        runs = [replace(run(n, r), figures=figures(r)) for n, r in (("A", a), ("B", b))]
        comparison = compare(*runs)
        assert comparison.notes == (
            "B: not compared, for want of a value in both runs: seconds p50, seconds p95",
        )


class TestRefusals:
    def test_one_run_is_no_comparison(self) -> None:
        with pytest.raises(RunError, match="two runs"):
            compare(answered("A"))

    def test_a_measure_is_known_in_any_case(self) -> None:
        same = compare(answered("A", total=5), answered("B", total=5), measures="NDCG@10")
        assert [difference.measure for difference in same.differences] == ["nDCG@10"]

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("ndcg@1", r"'ndcg@1' is not a measure: did you mean nDCG@10"),
            ("quote-hit", "did you mean quote-hit@"),
            ("zzz", "those are hit@1, "),
        ],
    )
    def test_an_unknown_measure_is_refused_with_what_was_meant(
        self, name: str, message: str
    ) -> None:
        with pytest.raises(SettingsError, match=message):
            compare(answered("A"), answered("B"), measures=[name])

    @pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0, math.nan])
    def test_alpha_must_be_a_probability(self, alpha: float) -> None:
        with pytest.raises(SettingsError, match="alpha"):
            compare(answered("A"), answered("B"), alpha=alpha)


class TestTheTest:
    def test_a_yes_or_no_of_the_systems_own_questions_is_no_case_for_mcnemar(self) -> None:
        # "Right where it answered": which questions count is up to the system.
        measure = Measure("m", "quotes", "", mean("x"), 1, True, over="x")
        a = {"x": np.array([1.0, 1.0, np.nan, 0.0])}
        b = {"x": np.array([1.0, np.nan, 1.0, 0.0])}
        assert paired_tests([measure], a, a, seed=0)["m"].test == "McNemar"
        assert paired_tests([measure], a, b, seed=0, resamples=100)["m"].test == "randomisation"

    def test_every_yes_or_no_of_the_measures_is_tested_as_one(self) -> None:
        comparison = compare(answered("A", total=30), answered("B", total=30, lost=3))
        for difference in comparison.differences:
            measure = MEASURES[difference.measure]
            assert (difference.test == "McNemar") == measure.yes_no, measure.name


class TestData:
    @pytest.fixture
    def comparison(self) -> Comparison:
        runs = answered("A", total=30), answered("B", total=30, lost=1)
        return compare(*runs, measures=["hit@1", "seconds p95"])

    def test_it_is_plain_data_without_loss(self, comparison: Comparison) -> None:
        plain = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
        assert plain["runs"] == ["A", "B"]
        assert plain["differences"][0] == {
            "measure": "hit@1",
            "run": "B",
            "baseline": 1.0,
            "value": 1.0,
            "low": pytest.approx(0.025 ** (1 / 30) - 1),
            "high": pytest.approx(1 - 0.025 ** (1 / 30)),
            "questions": 30,
            "test": "McNemar",
            "p": 1.0,
            "adjusted": 1.0,
            "verdict": "no evidence of a difference",
            "because": "",
            "difference": 0.0,
        }
        assert plain["flips"] == [
            {
                "run": "B",
                "question_id": "q0",
                "question": "Question 0?",
                "gained": False,
                "before": "right",
                "after": "wrong quote",
            }
        ]

    def test_an_interval_that_is_not_defined_is_none(self, comparison: Comparison) -> None:
        difference = replace(comparison.differences[0], low=math.nan, high=math.nan)
        assert difference.to_dict()["low"] is None

    def test_a_frame_has_a_row_for_each_difference(self, comparison: Comparison) -> None:
        pytest.importorskip("pandas")
        frame = comparison.frame()
        assert list(frame["measure"]) == ["hit@1", "seconds p95"]
        assert list(frame["difference"]) == [0.0, 0.0]

    def test_without_pandas_the_frame_says_how_to_get_it(
        self, comparison: Comparison, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "pandas", None)
        with pytest.raises(RunError, match="pip install pandas"):
            comparison.frame()
