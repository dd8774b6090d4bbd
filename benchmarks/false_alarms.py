"""How often a comparison calls a difference that is none, and how often it finds one that is.

    python -m benchmarks.false_alarms RUN_FOLDER    on a run that `inquote eval --out` kept
    python -m benchmarks.false_alarms --power       how many questions a drop takes to be seen

A run is split into two halves at random, which are compared as if they were two systems asked
the same questions: answerable ones are paired off at random, and unanswerable ones. Which half
a result is in is chance alone, so every difference that is found is a false alarm.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, binomtest

from qa.errors import RunError
from qa.evaluation.comparison.comparing import Tested, paired_tests
from qa.evaluation.measures import MEASURES, Measure, columns
from qa.evaluation.measures.resampling import holm
from qa.evaluation.measures.weighted_statistics import Columns
from qa.evaluation.records import Record
from qa.evaluation.runs import Run, load_run

ALPHA = 0.05
DROPS = (0.02, 0.05, 0.10)
CHURNS = (0.0, 0.02, 0.05)
SIZES = (100, 300, 1000, 3000)
PLANTED_ON = 300
AMONG = 25  # measures that are compared beside one another
ENOUGH = 0.8

Indices = NDArray[np.intp]


def taken(facts: Columns, rows: Indices) -> Columns:
    return {name: values[rows] for name, values in facts.items()}


def halves(answerable: NDArray[np.float64], random: np.random.Generator) -> tuple[Indices, Indices]:
    """Pair questions off at random, answerable ones with answerable ones."""
    one, other = [], []
    for kind in (1.0, 0.0):
        rows = random.permutation(np.flatnonzero(answerable == kind))
        half = len(rows) // 2
        one.append(rows[:half])
        other.append(rows[half : 2 * half])
    return np.concatenate(one), np.concatenate(other)


def measures_of(run: Run) -> list[Measure]:
    return [MEASURES[name] for name in run.figures if name in MEASURES]


def false_alarms(run: Run, splits: int, resamples: int, seed: int) -> None:
    facts = columns(run.records)
    found: list[dict[str, Tested]] = []
    for split in range(splits):
        a, b = halves(facts["answerable"], np.random.default_rng([seed, split]))
        tests = paired_tests(
            measures_of(run), taken(facts, a), taken(facts, b), seed=split, resamples=resamples
        )
        found.append(tests)
    print(f"\nFalse alarms in {splits} splits of {len(run.records)} questions, p < {ALPHA}:\n")
    print("| measure | test | share | 95% interval |\n| --- | --- | --- | --- |")
    for name in found[0]:
        alarms = sum(tests[name].p < ALPHA for tests in found)
        print(f"| {name} | {found[0][name].test} | {share(alarms, splits)} |")
    any_alarm = sum(min(corrected(tests).values()) < ALPHA for tests in found)
    print(f"| any of them, by Holm | | {share(any_alarm, splits)} |", flush=True)


def corrected(tests: dict[str, Tested]) -> dict[str, float]:
    return dict(zip(tests, holm([test.p for test in tests.values()]), strict=True))


def share(times: int, trials: int) -> str:
    """Write a share with its exact interval (Clopper and Pearson 1934)."""
    bounds = binomtest(times, trials).proportion_ci(method="exact")
    return f"{times / trials:.3f} | {bounds.low:.3f}-{bounds.high:.3f}"


def broken(record: Record) -> Record:
    hits = zip(record.quotes, record.hits, strict=True)
    return replace(record, quotes=tuple(quote for quote, hit in hits if not hit))


def mended(record: Record) -> Record:
    gold = record.gold[0][:1] if record.gold else ()
    return replace(record, quotes=gold + record.quotes, abstained=False)


def planted(run: Run, churn: float, trials: int, resamples: int, seed: int) -> None:
    answerable = [record for record in run.records if record.answerable and record.gold]
    if not answerable:
        print("\nNo drop is planted: the run has no question with gold quotes.")
        return
    states = [answerable, [broken(r) for r in answerable], [mended(r) for r in answerable]]
    facts = [columns(records) for records in states]
    print(
        f"\nDrops in quote-hit@1 found in {trials} trials of {PLANTED_ON} questions, where "
        f"{churn:.0%} get better by chance, and as many worse besides the drop:\n"
    )
    print("| drop | found, p < 0.05 | 95% interval | found, by Holm | 95% interval |")
    print("| --- | --- | --- | --- | --- |")
    for drop in DROPS:
        alone = among = 0
        for trial in range(trials):
            a, b = with_drop(facts, drop, churn, np.random.default_rng([seed, trial]))
            tests = paired_tests(measures_of(run), a, b, seed=trial, resamples=resamples)
            alone += tests["quote-hit@1"].p < ALPHA
            among += corrected(tests)["quote-hit@1"] < ALPHA
        print(f"| {drop:.0%} | {share(alone, trials)} | {share(among, trials)} |", flush=True)


def with_drop(
    facts: Sequence[Columns], drop: float, churn: float, random: np.random.Generator
) -> tuple[Columns, Columns]:
    """Draw questions, and break the answers to some and mend others in a second system.

    The facts are of the run as it is, with every answer broken, and with every one mended.
    """
    now, worse, better = facts
    rows = random.integers(len(now["quote-hit@1"]), size=PLANTED_ON)
    a = taken(now, rows)
    lost, gained = flipped(a["quote-hit@1"], drop, churn, random)
    b = {
        name: np.select([lost, gained], [worse[name][rows], better[name][rows]], a[name])
        for name in a
    }
    return a, b


def flipped(
    right: NDArray[np.float64], drop: float, churn: float, random: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Choose which right answers are lost and which wrong ones gained, at these rates of all."""
    rate = right.mean()
    dice = random.random(len(right))
    lost = (right == 1) & (dice < (drop + churn) / max(rate, 1e-9))
    gained = (right == 0) & (dice < churn / max(1 - rate, 1e-9))
    return lost, gained


def power(questions: int, drop: float, churn: float, alpha: float) -> float:
    """Return the chance that McNemar's test finds a drop, exactly.

    A question is lost at a rate of `drop + churn` and gained at one of `churn`; so how many flip
    is binomial, and so is how many of those are gained.
    """
    rate = drop + 2 * churn
    flips = np.arange(questions + 1)
    critical = binom.ppf(alpha / 2, flips, 0.5)  # the most gained ones that are evidence
    critical -= binom.cdf(critical, flips, 0.5) > alpha / 2
    found = binom.cdf(critical, flips, churn / rate)
    return float(binom.pmf(flips, questions, rate) @ found)


def needed(drop: float, churn: float, alpha: float) -> int:
    """Return how many questions find a drop often enough, to the next ten."""
    return next(n for n in count(10, 10) if power(n, drop, churn, alpha) >= ENOUGH)


def rows_of_power() -> Iterator[str]:
    for drop in DROPS:
        for churn in CHURNS:
            alone = [power(size, drop, churn, ALPHA) for size in SIZES]
            least = [needed(drop, churn, alpha) for alpha in (ALPHA, ALPHA / AMONG)]
            cells = [f"{drop:.0%}", f"{churn:.0%}", *(f"{chance:.2f}" for chance in alone)]
            yield f"| {' | '.join([*cells, *(f'{size:,}' for size in least)])} |"


def power_table() -> None:
    print("The chance that McNemar's test finds a drop, and the questions that make it 80%:\n")
    sizes = [f"{size:,} questions" for size in SIZES]
    head = ["drop", "churn", *sizes, "80%: one measure", f"80%: one among {AMONG}"]
    print(f"| {' | '.join(head)} |\n{'| --- ' * len(head)}|")
    for row in rows_of_power():
        print(row, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.false_alarms")
    parser.add_argument("run", nargs="?", help="the folder of a run")
    parser.add_argument("--splits", type=int, default=200, help="random splits, and trials")
    parser.add_argument("--resamples", type=int, default=1000, help="tosses in a test")
    parser.add_argument("--churn", type=float, default=0.02, help="share gained by chance")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--power", action="store_true", help="print the table of power")
    chosen = parser.parse_args(arguments)
    if not chosen.run and not chosen.power:
        parser.error("name the folder of a run, or --power")
    if chosen.power:
        power_table()
    if chosen.run:
        try:
            run = load_run(chosen.run)
        except RunError as error:
            parser.error(str(error))
        false_alarms(run, chosen.splits, chosen.resamples, chosen.seed)
        planted(run, chosen.churn, chosen.splits, chosen.resamples, chosen.seed)


if __name__ == "__main__":
    main()
