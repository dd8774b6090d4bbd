"""How long a question takes that is new, on passages that were met before: the essay's questions.

Each question is asked first, so that the passages that it finds are met, and then six times with
another number of blanks behind it: to everything that is remembered by a question's text it is a
new one, and it finds the same passages. What is asked of several corpora is asked in turns.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from functools import partial

from benchmarks.floor import Rates
from benchmarks.summary import Line, Measured, Options, share, table
from benchmarks.timing import Sample, Times, clocked, gathered, shown
from qa import QA
from qa.bundled import questions_path
from qa.evaluation import load_questions

BACKENDS = ("openvino", "torch")
RETRIEVE_IN, ASK_IN = 0.003, 0.008  # seconds, wanted on the essay

TIMES = 3
_BLANKS = {"retrieve": (1, 2, 3), "ask": (4, 5, 6)}  # behind a question, each time
HEAD = ("ms", "p50", "p95", "p50 of the best of three", "processor, mean", "floor", "share")

Asked = dict[tuple[str, str], list[list[Sample]]]
"""By corpus and method, the samples of each question, one for each time."""


def asked(corpora: Mapping[str, QA], questions: Sequence[str]) -> Asked:
    """Ask each question of each corpus, in turns, once what it finds has been met."""
    found: Asked = {(name, method): [] for name in corpora for method in _BLANKS}
    for question in questions:
        for name, qa in corpora.items():
            qa.ask(question)
            for method, samples in _times(qa, question).items():
                found[name, method].append(samples)
    return found


def _times(qa: QA, question: str) -> dict[str, list[Sample]]:
    """Time each method on a question whose passages are met, by turns."""
    found: dict[str, list[Sample]] = {method: [] for method in _BLANKS}
    for turn in range(TIMES):
        for method, blanks in _BLANKS.items():
            new = question + " " * blanks[turn]
            found[method].append(clocked(partial(getattr(qa, method), new)))
    return found


def together(samples: list[list[Sample]]) -> Times:
    """Put together the times of all questions."""
    return gathered([sample for times in samples for sample in times])


def row(name: str, samples: list[list[Sample]], floor: float) -> tuple[str, ...]:
    """Return how long questions took, in milliseconds, as `HEAD` says."""
    every = together(samples)
    best = statistics.median(min(clock for clock, _ in times) for times in samples)
    seconds = (every.median, every.p95, best, every.processor, floor)
    return name, *(shown(1000 * each) for each in seconds), share(every.median, floor)


def least(rates: Rates, qa: QA, questions: Sequence[str]) -> float:
    """Return the floor: the seconds to encode a question, the median of them, and nothing else."""
    return statistics.median(map(rates.question, qa.encoder.count_tokens(questions)))


def essay_questions() -> list[str]:
    return [question.text for question in load_questions(questions_path())]


def measure(rates: Rates, options: Options) -> Measured:
    """Ask the essay its questions, with each backend by itself."""
    questions = essay_questions()
    rows, lines = [], []
    for backend in BACKENDS:
        with QA.open(backend=backend) as qa:
            floor = least(rates, qa, questions)
            found = asked({backend: qa}, questions)
        for (_, method), samples in found.items():
            rows.append(row(f"`{method}`, {backend}", samples, floor))
            if backend == BACKENDS[0]:
                wanted = {"retrieve": RETRIEVE_IN, "ask": ASK_IN}[method]
                lines.append(line(method, together(samples).median, wanted, floor))
    return Measured(table(HEAD, rows), lines)


def line(method: str, seconds: float, wanted: float, floor: float) -> Line:
    """Return the summary of a method on the essay."""
    return Line(f"`{method}` on the essay, p50", 1e3 * seconds, "ms", 1e3 * wanted, 1e3 * floor)
