"""Intervals and p values against numbers worked by hand, full enumeration, and scipy."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy import stats

from qa.evaluation.measures import resampling
from qa.evaluation.measures.resampling import (
    exact_interval,
    holm,
    intervals,
    mcnemar,
    paired_intervals,
    randomisations,
)
from qa.evaluation.measures.weighted_statistics import Array, Columns, Statistic, auroc, mean, ranks

NAN = math.nan

Rows = Sequence[tuple[float, ...]]


def facts(**columns: ArrayLike) -> dict[str, Array]:
    return {name: np.array(values, float) for name, values in columns.items()}


def randomisation(
    statistic_of: Callable[[Columns], Statistic],
    a: Columns,
    b: Columns,
    *,
    seed: int,
    resamples: int = 10_000,
) -> float:
    """Test one measure alone."""
    return randomisations({"": statistic_of}, a, b, seed=seed, resamples=resamples)[""]


def mean_of(*values: float) -> Statistic:
    return mean("x")(facts(x=values))


def share(facts: Columns) -> Statistic:
    """Return the ratio of two sums, which is no mean over questions; NaN for 0 / 0."""
    return lambda weights: (weights @ facts["x"]) / (weights @ facts["n"])


class TestIntervals:
    def test_two_questions_give_the_quantiles_of_their_four_draws(self) -> None:
        # Of 0 and 1, the four equally likely draws have the means 0, 1/2, 1/2 and 1.
        statistic = {"m": mean_of(0, 1)}
        assert intervals(statistic, 2, seed=0)["m"] == (0.0, 1.0)
        assert intervals(statistic, 2, seed=0, level=0.4)["m"] == (0.5, 0.5)

    def test_a_mean_has_the_percentile_interval_of_scipy(self) -> None:
        values = np.random.default_rng(5).random(60)
        ours = intervals({"m": mean_of(*values)}, 60, seed=1, resamples=5000)["m"]
        theirs = stats.bootstrap(
            (values,), np.mean, method="percentile", n_resamples=5000, rng=np.random.default_rng(2)
        ).confidence_interval
        assert ours == pytest.approx((theirs.low, theirs.high), abs=0.006)

    def test_what_is_the_same_in_every_draw_has_no_width(self) -> None:
        assert intervals({"m": mean_of(0.5, 0.5, 0.5)}, 3, seed=0)["m"] == (0.5, 0.5)

    def test_draws_without_a_value_are_left_out(self) -> None:
        # Only the first question counts: every draw that has it at all has its value.
        assert intervals({"m": mean_of(1, NAN, NAN)}, 3, seed=0)["m"] == (1.0, 1.0)

    @pytest.mark.parametrize("values", [(NAN, NAN), ()])
    def test_without_any_value_both_ends_are_undefined(self, values: tuple[float, ...]) -> None:
        low, high = intervals({"m": mean_of(*values)}, len(values), seed=0)["m"]
        assert math.isnan(low)
        assert math.isnan(high)

    def test_a_statistic_may_divide_by_nothing(self) -> None:
        columns = facts(x=[1, 0, 0], n=[1, 0, 0])
        assert intervals({"m": share(columns)}, 3, seed=0)["m"] == (1.0, 1.0)

    def test_they_depend_on_the_seed_and_on_nothing_else(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, other = mean_of(*range(30)), mean_of(*range(0, 90, 3))
        both = intervals({"one": one, "other": other}, 30, seed=3)
        monkeypatch.setattr(resampling, "_CELLS", 100)  # three resamples at a time
        assert intervals({"one": one}, 30, seed=3)["one"] == pytest.approx(both["one"])
        assert both["other"] == pytest.approx([3 * bound for bound in both["one"]])
        assert intervals({"one": one}, 30, seed=4)["one"] != pytest.approx(both["one"])

    def test_a_constant_difference_between_two_systems_has_no_width(self) -> None:
        a, b = {"m": mean_of(0, 1, 0, 1)}, {"m": mean_of(0.25, 1.25, 0.25, 1.25)}
        assert paired_intervals(a, b, 4, seed=0)["m"] == (0.25, 0.25)

    def test_a_difference_is_that_of_the_second_from_the_first(self) -> None:
        # One of two questions rose by 1: a draw has it never, once or twice: 0, 1/2 or 1.
        a, b = {"m": mean_of(0, 0)}, {"m": mean_of(1, 0)}
        assert paired_intervals(a, b, 2, seed=0)["m"] == (0.0, 1.0)


def swaps(a: Rows, b: Rows) -> list[tuple[Rows, Rows]]:
    """Return every way to swap questions between two systems."""
    return [
        (
            [y if swap else x for x, y, swap in zip(a, b, toss, strict=True)],
            [x if swap else y for x, y, swap in zip(a, b, toss, strict=True)],
        )
        for toss in itertools.product([False, True], repeat=len(a))
    ]


def exact(measure: Callable[[Rows], float], a: Rows, b: Rows) -> float:
    """Return the randomisation test's p value by going through every toss."""
    observed = abs(measure(a) - measure(b))
    tosses = [abs(measure(one) - measure(other)) for one, other in swaps(a, b)]
    return sum(difference >= observed - 1e-9 for difference in tosses) / len(tosses)


def naive_auroc(rows: Rows) -> float:
    pairs = [
        (p > n) + (p == n) / 2
        for (p, p_answerable), (n, n_answerable) in itertools.product(rows, rows)
        if p_answerable and not n_answerable
    ]
    return sum(pairs) / len(pairs)


def test_equals_share_their_mean_rank() -> None:
    assert list(ranks(np.array([0.5, 0.1, 0.5, 0.9, 0.5]))) == [3, 1, 3, 5, 3]


class TestRandomisation:
    @pytest.mark.parametrize(
        ("b", "p"),
        [
            ((0.6, 0.6, 0.6), 2 / 8),  # |±3 ±2 ±1| is 6 for two tosses of eight
            ((0.6, 0.6, 0.8), 4 / 8),  # 3 + 2 - 1 is 4; it is 4 or 6 for four tosses
            ((0.9, 0.7, 0.8), 1.0),  # 0 + 1 - 1 is 0, and it is never less
        ],
    )
    def test_three_questions_give_the_share_of_the_eight_tosses(
        self, b: tuple[float, ...], p: float
    ) -> None:
        a = facts(x=[0.9, 0.8, 0.7])
        assert randomisation(mean("x"), a, facts(x=b), seed=0) == pytest.approx(p, abs=0.02)

    def test_a_mean_has_the_p_of_scipy(self) -> None:
        random = np.random.default_rng(11)
        a, b = random.random(9), random.random(9) + 0.2
        theirs = stats.permutation_test(
            (a, b), lambda x, y: np.mean(x) - np.mean(y), permutation_type="samples"
        ).pvalue  # exact: it goes through all 512
        ours = randomisation(mean("x"), {"x": a}, {"x": b}, seed=0)
        assert 0.02 < theirs < 0.9
        assert ours == pytest.approx(theirs, abs=0.02)

    def test_a_ratio_of_sums_has_the_p_of_every_toss(self) -> None:
        a = [(2.0, 3.0), (1.0, 1.0), (3.0, 3.0), (0.0, 2.0), (4.0, 5.0)]
        b = [(1.0, 4.0), (0.0, 1.0), (2.0, 3.0), (1.0, 1.0), (1.0, 5.0)]
        p = exact(lambda rows: sum(x for x, _ in rows) / sum(n for _, n in rows), a, b)
        columns = [facts(x=[x for x, _ in rows], n=[n for _, n in rows]) for rows in (a, b)]
        assert 0.05 < p < 0.9
        assert randomisation(share, *columns, seed=0) == pytest.approx(p, abs=0.02)

    def test_an_area_under_a_curve_has_the_p_of_every_toss(self) -> None:
        answerable = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
        one = ranks(np.array([0.9, 0.8, 0.5, 0.3, 0.1, 0.6]))
        other = ranks(np.array([0.6, 0.4, 0.7, 0.5, 0.3, 0.8]))
        p = exact(
            naive_auroc,
            list(zip(one, answerable, strict=True)),
            list(zip(other, answerable, strict=True)),
        )
        columns = [facts(rank=one_rank, answerable=answerable) for one_rank in (one, other)]
        assert 0.05 < p < 0.9
        assert randomisation(auroc, *columns, seed=0) == pytest.approx(p, abs=0.02)

    def test_a_system_does_not_differ_from_itself(self) -> None:
        x = facts(x=np.random.default_rng(0).random(50))
        assert randomisation(mean("x"), x, x, seed=0, resamples=200) == 1.0

    def test_p_is_never_zero(self) -> None:
        # All of 40 questions changed alike: 2 tosses of 2 ** 40 differ as much.
        a, b = facts(x=[0.0] * 40), facts(x=[1.0] * 40)
        assert randomisation(mean("x"), a, b, seed=0, resamples=999) == 1 / 1000

    def test_a_toss_without_a_value_counts_as_differing(self) -> None:
        # Each system has one question that counts; in half of the tosses one has both.
        a, b = facts(x=[1, 0], n=[1, 0]), facts(x=[0, 0], n=[0, 1])
        assert randomisation(share, a, b, seed=0, resamples=100) == 1.0

    def test_questions_that_do_not_count_change_nothing(self) -> None:
        # Without the third question it is |±3 ±2|: 5 for two tosses of four.
        a, b = facts(x=[0.9, 0.8, NAN]), facts(x=[0.6, 0.6, NAN])
        assert randomisation(mean("x"), a, b, seed=0) == pytest.approx(1 / 2, abs=0.02)

    def test_it_depends_on_the_seed_and_on_nothing_else(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        random = np.random.default_rng(1)
        a, b = (facts(x=random.random(20), y=random.random(20)) for _ in range(2))
        measured = {"x": mean("x"), "y": mean("y")}
        both = randomisations(measured, a, b, seed=7, resamples=500)
        monkeypatch.setattr(resampling, "_CELLS", 300)  # three tosses at a time
        assert randomisation(mean("y"), a, b, seed=7, resamples=500) == both["y"]
        assert randomisation(mean("y"), a, b, seed=8, resamples=500) != both["y"]

    def test_nothing_to_test_gives_nothing(self) -> None:
        assert randomisations({}, facts(x=[1]), facts(x=[0]), seed=0) == {}


class TestExactInterval:
    @pytest.mark.parametrize("questions", [1, 4, 29, 500])
    def test_the_end_that_is_open_is_where_what_came_out_has_a_chance_of_one_in_forty(
        self, questions: int
    ) -> None:
        least = 0.025 ** (1 / questions)  # least ** questions == 0.025
        assert exact_interval(1, questions) == pytest.approx((least, 1))
        assert exact_interval(0, questions) == pytest.approx((0, 1 - least))

    def test_a_higher_level_is_wider(self) -> None:
        assert exact_interval(1, 4, level=0.99)[0] == pytest.approx(0.005 ** (1 / 4))


class TestMcNemar:
    @pytest.mark.parametrize(
        ("only_a", "only_b", "p"),
        [
            (1, 9, 2 * (1 + 10) / 1024),
            (9, 1, 2 * (1 + 10) / 1024),
            (0, 5, 2 * 1 / 32),
            (5, 5, 1.0),
            (0, 0, 1.0),
        ],
    )
    def test_p_is_the_two_tails_of_the_coin(self, only_a: int, only_b: int, p: float) -> None:
        a = np.array([1.0] * only_a + [0.0] * only_b + [1.0, 0.0])
        b = np.array([0.0] * only_a + [1.0] * only_b + [1.0, 0.0])
        assert mcnemar(a, b) == pytest.approx(p)

    def test_questions_that_do_not_count_in_both_are_left_out(self) -> None:
        a = np.array([NAN, 0.0, 1.0, NAN, *[0.0] * 5])
        b = np.array([1.0, NAN, NAN, NAN, *[1.0] * 5])
        assert mcnemar(a, b) == pytest.approx(2 / 32)


class TestHolm:
    def test_the_smallest_p_is_multiplied_by_all_the_next_by_one_less(self) -> None:
        # 4 * 0.005, 3 * 0.01, 2 * 0.03, and 0.04, which may not be below the one before it.
        assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])

    def test_no_p_is_above_one(self) -> None:
        assert holm([0.6, 0.7]) == [1.0, 1.0]

    def test_a_single_p_stays_and_none_is_none(self) -> None:
        assert holm([0.04]) == [0.04]
        assert holm([]) == []
