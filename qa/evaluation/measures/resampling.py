"""How sure a figure is, and whether two differ by more than chance: all by resampling questions.

Sources: B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993 (percentile
intervals); R. A. Fisher, The Design of Experiments, 1935, and M. Smucker, J. Allan and
B. Carterette, A Comparison of Statistical Significance Tests for Information Retrieval
Evaluation, CIKM 2007 (randomisation); B. Phipson and G. Smyth, Permutation P-values Should
Never Be Zero, 2010 (counting the observed one); Q. McNemar, Psychometrika 12, 1947;
S. Holm, Scandinavian Journal of Statistics 6, 1979.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from qa.evaluation.measures.weighted_statistics import Array, Columns, Statistic

_CELLS = 500_000  # weights held at a time: 4 MB, which a processor's cache can hold
_ROUNDING = 1e-9  # differences that are nearer than this are equal


def intervals(
    statistics: Mapping[str, Statistic],
    questions: int,
    *,
    seed: int,
    resamples: int = 2000,
    level: float = 0.95,
) -> dict[str, tuple[float, float]]:
    """Return percentile bootstrap intervals: questions drawn with replacement (Efron 1979).

    All statistics see the same draws, and each sees the same whichever others are asked for.
    Draws for which a statistic is not defined are left out of its interval; if it is defined
    for none, both ends are NaN.
    """
    values: dict[str, list[Array]] = {name: [] for name in statistics}
    for weights in _draws(questions, seed, resamples):
        for name, statistic in statistics.items():
            values[name].append(_evaluated(statistic, weights))
    return {name: _percentiles(parts, level) for name, parts in values.items()}


def exact_interval(value: float, questions: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a mean where all questions came out 0, or all 1.

    No resample differs then, and a bootstrap would claim to be certain. This is the exact
    binomial interval (Clopper and Pearson 1934), which holds for the mean of any such values.
    """
    from scipy.stats import binomtest  # takes half a second to load

    successes = questions if value == 1 else 0
    low, high = binomtest(successes, questions).proportion_ci(level)
    return float(low), float(high)


def paired_intervals(
    a: Mapping[str, Statistic],
    b: Mapping[str, Statistic],
    questions: int,
    *,
    seed: int,
    resamples: int = 2000,
    level: float = 0.95,
) -> dict[str, tuple[float, float]]:
    """Return intervals of `b - a` for two systems that were asked the same questions.

    A draw takes the same questions for both, so what is hard for both does not widen them.
    """
    differences = {name: _difference(a[name], b[name]) for name in a}
    return intervals(differences, questions, seed=seed, resamples=resamples, level=level)


def randomisations(
    statistics_of: Mapping[str, Callable[[Columns], Statistic]],
    a: Columns,
    b: Columns,
    *,
    seed: int,
    resamples: int = 10_000,
) -> dict[str, float]:
    """Return two-sided p values by the paired randomisation test (Fisher 1935).

    If two systems do not differ, which of the two a question's result came from is a coin's
    toss. So results are swapped between them at random, question by question, and p is how
    often they then differ at least as much as they did. What was observed counts as one more
    toss, so p is never 0; a toss for which a measure is not defined counts as differing.
    `a` and `b` have the same questions in the same order; all statistics see the same tosses.
    """
    joined = {name: np.concatenate([a[name], b[name]]) for name in a}
    statistics = {name: statistic_of(joined) for name, statistic_of in statistics_of.items()}
    questions = len(next(iter(a.values())))
    as_it_was = np.ones((1, questions))
    observed = {name: _swapped(one, as_it_was)[0] for name, one in statistics.items()}
    nearer = dict.fromkeys(statistics, 0)
    moved = [name for name in statistics if observed[name] > _ROUNDING]  # for the rest p is 1
    for kept in _tosses(questions, seed, resamples if moved else 0):
        for name in moved:
            differences = _swapped(statistics[name], kept)
            nearer[name] += int(np.sum(differences < observed[name] - _ROUNDING))
    return {name: (1 + resamples - nearer[name]) / (1 + resamples) for name in statistics}


def mcnemar(a: Array, b: Array) -> float:
    """Return the exact two-sided p value of McNemar's test (1947), for a yes or no a question.

    Only the questions that came out differently say anything: without a difference between
    the systems, either is as likely to be the one that got it right. Questions with a NaN are
    left out; without any that came out differently, p is 1.
    """
    from scipy.stats import binomtest  # takes half a second to load

    only_a, only_b = int(np.sum(a > b)), int(np.sum(b > a))
    differing = only_a + only_b
    return float(binomtest(only_a, differing).pvalue) if differing else 1.0


def holm(p: Sequence[float]) -> list[float]:
    """Adjust p values for being several, by Holm's step-down method (1979).

    Calling those below alpha a difference keeps the chance of even one false call below alpha,
    however the tests depend on one another. The order is that of `p`.
    """
    adjusted = [0.0] * len(p)
    largest = 0.0
    for done, index in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        largest = max(largest, min(1.0, (len(p) - done) * p[index]))
        adjusted[index] = largest
    return adjusted


def _draws(questions: int, seed: int, resamples: int) -> Iterator[Array]:
    """Yield how often each question is drawn, a row a resample."""
    if not questions:
        return
    random = np.random.default_rng(seed)
    for rows in _batches(resamples, questions):
        drawn = random.integers(questions, size=(rows, questions))
        drawn += np.arange(rows)[:, np.newaxis] * questions
        counts = np.bincount(drawn.ravel(), minlength=rows * questions)
        yield counts.reshape(rows, questions).astype(float)


def _tosses(questions: int, seed: int, resamples: int) -> Iterator[Array]:
    """Yield 1 where a question's results stay with their system, 0 where they are swapped."""
    random = np.random.default_rng(seed)
    for rows in _batches(resamples, 4 * questions):
        yield (random.random((rows, questions)) < 0.5).astype(float)


def _batches(rows: int, width: int) -> Iterator[int]:
    """Divide rows into batches that fit; what is drawn does not depend on how."""
    most = max(1, _CELLS // max(1, width))
    for done in range(0, rows, most):
        yield min(most, rows - done)


def _swapped(statistic: Statistic, kept: Array) -> Array:
    """Return how far apart two systems are, of which `statistic` sees the one, then the other."""
    weights = np.block([[kept, 1 - kept], [1 - kept, kept]])
    one, other = np.split(_evaluated(statistic, weights), 2)
    return np.abs(other - one)


def _difference(a: Statistic, b: Statistic) -> Statistic:
    return lambda weights: b(weights) - a(weights)


def _evaluated(statistic: Statistic, weights: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(statistic(weights), float)


def _percentiles(parts: Sequence[Array], level: float) -> tuple[float, float]:
    values = np.concatenate([np.empty(0), *parts])
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
