"""How often equal systems differ "significantly", and how many questions a drop takes.

    python -m benchmarks.studies.false_alarms         # the chance to find a drop
    python -m benchmarks.studies.false_alarms RUN     # false alarms on a run of `inquote eval`

A run is split into random halves, which are compared as if two systems had been asked the same
questions: answerable ones are paired at random, and so are unanswerable ones. Every difference
that is found is a false alarm.
"""

from __future__ import annotations

import sys
from itertools import count

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, binomtest

from benchmarks.results import table
from qa.errors import RunError
from qa.evaluation import Run, load_run
from qa.evaluation.comparison.comparing import Tested, paired_tests
from qa.evaluation.measures import MEASURES, columns
from qa.evaluation.measures.resampling import holm

ALPHA = 0.05
DROPS, CHURNS, SIZES = (0.02, 0.05, 0.10), (0.0, 0.02, 0.05), (100, 300, 1000, 3000)
AMONG = 25  # measures that are compared together
POWER = 0.8
SPLITS, RESAMPLES = 200, 1_000


def halves(answerable: NDArray[np.float64], seed: int) -> list[NDArray[np.intp]]:
    """Return the rows of two random halves, with answerable questions beside answerable ones."""
    random = np.random.default_rng(seed)
    kinds = [random.permutation(np.flatnonzero(answerable == kind)) for kind in (1.0, 0.0)]
    pairs = [rows[: len(rows) // 2 * 2].reshape(2, -1) for rows in kinds]
    return [*np.concatenate(pairs, axis=1)]


def false_alarms(run: Run) -> str:
    """Return a table of how often each measure differs between halves of a run."""
    facts = columns(run.records)
    measures = [MEASURES[name] for name in run.figures if name in MEASURES]
    tested: list[dict[str, Tested]] = []
    for seed in range(SPLITS):
        a, b = (
            {name: values[rows] for name, values in facts.items()}
            for rows in halves(facts["answerable"], seed)
        )
        tested.append(paired_tests(measures, a, b, seed=seed, resamples=RESAMPLES))
    rows = [
        (name, test.test, *share(sum(tests[name].p < ALPHA for tests in tested)))
        for name, test in tested[0].items()
    ]
    adjusted = [min(holm([test.p for test in tests.values()])) for tests in tested]
    rows.append(("any of them, by Holm", "", *share(sum(p < ALPHA for p in adjusted))))
    return table(("measure", "test", "share", "95% interval"), rows)


def share(alarms: int) -> tuple[str, str]:
    """Return a share of the splits, and its exact interval (Clopper and Pearson 1934)."""
    bounds = binomtest(alarms, SPLITS).proportion_ci(method="exact")
    return f"{alarms / SPLITS:.3f}", f"{bounds.low:.3f}-{bounds.high:.3f}"


def power(questions: int, drop: float, churn: float, alpha: float) -> float:
    """Return the exact chance that McNemar's test finds a drop.

    A question is lost at a rate of `drop + churn` and gained at one of `churn`; so the number of
    changed questions is binomial, and so is the number of gained ones among them.
    """
    rate = drop + 2 * churn
    changed = np.arange(questions + 1)
    critical = binom.ppf(alpha / 2, changed, 0.5)  # the most gained ones that are evidence
    critical -= binom.cdf(critical, changed, 0.5) > alpha / 2
    significant = binom.cdf(critical, changed, churn / rate)
    return float(binom.pmf(changed, questions, rate) @ significant)


def needed(drop: float, churn: float, alpha: float) -> int:
    """Return how many questions give a power of 80%, to the next ten."""
    return next(n for n in count(10, 10) if power(n, drop, churn, alpha) >= POWER)


def power_table() -> str:
    rows = [
        (
            f"{drop:.0%}",
            f"{churn:.0%}",
            *(f"{power(size, drop, churn, ALPHA):.2f}" for size in SIZES),
            *(f"{needed(drop, churn, alpha):,}" for alpha in (ALPHA, ALPHA / AMONG)),
        )
        for drop in DROPS
        for churn in CHURNS
    ]
    sizes = (f"{size:,} questions" for size in SIZES)
    return table(("drop", "churn", *sizes, "80%: one measure", f"one among {AMONG}"), rows)


if __name__ == "__main__":
    try:
        print(false_alarms(load_run(sys.argv[1])) if sys.argv[1:] else power_table())
    except RunError as error:
        raise SystemExit(str(error)) from error
