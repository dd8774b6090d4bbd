"""How long a new question takes on passages that were found before: the essay's questions.

Each question is asked once, so that the token vectors of its passages are cached, and then six
times with other blanks behind it: that makes it new to every cache of questions.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping, Sequence
from functools import partial

from benchmarks.machine import Rates
from benchmarks.results import Line, Measured, share, shown, table
from benchmarks.timing import Sample, Times, clocked
from qa import QA
from qa.bundled import questions_path
from qa.evaluation import load_questions

BACKENDS = ("openvino", "torch")
TARGETS = {"retrieve": 3.0, "ask": 8.0}  # ms on the essay, at most
HEAD = ("ms", "p50", "p95", "p50 of the best of three", "processor, mean", "floor", "share")

_BLANKS = {"retrieve": (1, 2, 3), "ask": (4, 5, 6)}  # behind a question, each time

Samples = list[list[Sample]]
"""For each question, a sample of each time."""


def asked(corpora: Mapping[str, QA], questions: Sequence[str]) -> dict[tuple[str, str], Samples]:
    """Ask each question of each corpus, in turns; return samples by corpus and method."""
    samples: dict[tuple[str, str], Samples] = {
        (name, method): [[] for _ in questions] for name in corpora for method in _BLANKS
    }
    for number, question in enumerate(questions):
        for name, qa in corpora.items():
            qa.ask(question)
            for blanks in zip(*_BLANKS.values(), strict=True):
                for method, count in zip(_BLANKS, blanks, strict=True):
                    ask = partial(getattr(qa, method), question + " " * count)
                    samples[name, method][number].append(clocked(ask))
    return samples


def times_of(samples: Samples) -> Times:
    return Times.of(sample for times in samples for sample in times)


def cells(name: str, samples: Samples, floor: float) -> tuple[str, ...]:
    """Return a row of `HEAD`, in milliseconds."""
    times = times_of(samples)
    best = statistics.median(min(clock for clock, _ in each) for each in samples)
    seconds = (times.median, times.percentile(95), best, times.processor, floor)
    return name, *(shown(1000 * each) for each in seconds), share(times.median, floor)


def floor_of(rates: Rates, qa: QA, questions: Sequence[str]) -> float:
    """Return the least seconds to encode a question, the median over all."""
    return statistics.median(map(rates.question, qa.encoder.count_tokens(questions)))


def essay_questions() -> list[str]:
    return [question.text for question in load_questions(questions_path())]


def measure(rates: Rates, options: argparse.Namespace) -> Measured:
    """Ask the essay its questions, with each backend by itself."""
    questions = essay_questions()
    rows, lines = [], []
    for backend in BACKENDS:
        with QA.open(backend=backend) as qa:
            floor = floor_of(rates, qa, questions)
            samples_of = asked({backend: qa}, questions)
        for (_, method), samples in samples_of.items():
            rows.append(cells(f"`{method}`, {backend}", samples, floor))
            if backend == BACKENDS[0]:
                what = f"`{method}` on the essay, p50"
                median = 1000 * times_of(samples).median
                lines.append(Line(what, median, "ms", TARGETS[method], 1000 * floor))
    return Measured(table(HEAD, rows), lines)
