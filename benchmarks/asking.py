"""How long a question takes that is new, on passages that were met before: the essay's questions.

Each question is asked in three wordings, which differ in a mark at the end: no answer is remembered
from one to the next. What is asked of several corpora is asked in turns.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from functools import partial

from benchmarks.floor import Rates
from benchmarks.summary import Line, Measured, Options, share, table
from benchmarks.timing import Sample, Times, clocked, gathered, shown
from qa import QA
from qa.evaluation import load_questions
from qa.seeds import questions_path

BACKENDS = ("openvino", "torch")
RETRIEVE_IN, ASK_IN = 0.003, 0.008  # seconds, wanted on the essay

_MARKS = {"retrieve": (" ?", " !", " ."), "ask": (" ;", " :", " )")}
HEAD = ("ms", "p50", "p95", "p50 of the best of three", "of processor, mean", "floor", "share")

Asked = dict[tuple[str, str], list[list[Sample]]]
"""By corpus and method, the samples of each question, one for each wording."""


def asked(corpora: Mapping[str, QA], questions: Sequence[str]) -> Asked:
    """Ask each question of each corpus, in turns, once what it finds has been met."""
    found: Asked = {(name, method): [] for name in corpora for method in _MARKS}
    for question in questions:
        for qa in corpora.values():
            qa.ask(question)
        for samples in found.values():
            samples.append([])
        for turn in range(len(_MARKS["ask"])):
            for (name, method), samples in found.items():
                wording = question + _MARKS[method][turn]
                work = partial(getattr(corpora[name], method), wording)
                samples[-1].append(clocked(work))
    return found


def together(samples: list[list[Sample]]) -> Times:
    """Put together the times of all wordings."""
    return gathered([sample for wordings in samples for sample in wordings])


def row(name: str, samples: list[list[Sample]], floor: float) -> tuple[str, ...]:
    """Tell how long questions took, in milliseconds, as `HEAD` says."""
    times = together(samples)
    best = statistics.median(min(clock for clock, _ in wordings) for wordings in samples)
    seconds = (times.median, times.p95, best, times.processor, floor)
    return name, *(shown(1000 * each) for each in seconds), share(times.median, floor)


def least(rates: Rates, qa: QA, questions: Sequence[str]) -> float:
    """Give the floor: the seconds to encode a question, the median of them, and nothing else."""
    worded = [question + _MARKS["ask"][0] for question in questions]
    return statistics.median(map(rates.question, qa.encoder.count_tokens(worded)))


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
    """Tell the summary of a method on the essay."""
    return Line(f"`{method}` on the essay, p50", 1e3 * seconds, "ms", 1e3 * wanted, 1e3 * floor)
