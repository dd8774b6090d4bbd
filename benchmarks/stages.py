"""Where the time of a question goes, stage by stage, on passages that were found before.

Medians over the essay's questions, of the clock and of the processor; for each question, the best
of several rounds, each in a new wording. A stage is charged for its functions, without the time of
other stages that they call.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.asking import essay_questions
from benchmarks.machine import Rates
from benchmarks.results import Measured, shown, table
from embeddings.openvino_encoder import OpenVINOEncoder
from qa import QA
from qa.answering import extractive
from qa.answering.joint_reader import JointReader
from qa.answering.late_interaction import Matcher
from qa.answering.span_reader import SpanReader
from qa.asking.pipeline import Pipeline
from qa.citations import Citation
from qa.index import Index

ROUNDS = 5
REST, WHOLE = "the rest", "**all, with nothing watched**"
STAGES: dict[str, Sequence[tuple[Any, str]]] = {
    "checking and reading the question": [(Pipeline, "standalone")],
    "counting the question's tokens": [(OpenVINOEncoder, "count_tokens")],
    "the question's vector and tokens": [
        (OpenVINOEncoder, "encode_queries"),
        (OpenVINOEncoder, "query_tokens"),
    ],
    "nearest vectors": [(Index, "search")],
    "words": [(Index, "search_words")],
    "exact cosines": [(Index, "cosines")],
    "passages": [(Index, "passages")],
    "weighing the question's words": [(Matcher, "encode_query")],
    "late interaction": [(Matcher, "match")],
    "the quick reader": [(SpanReader, "read")],
    "the thorough reader": [(JointReader, "read")],
    "candidates": [(extractive, "candidates"), (extractive, "non_overlapping")],
    "quotes and their proof": [(Citation, "__init__")],
}

Seconds = NDArray[np.float64]
"""Of the clock, and of the processor."""


class Watch:
    """Sums the time of stages; that of a stage inside another counts for the inner one alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, Seconds] = defaultdict(lambda: np.zeros(2))
        self._inner: list[Seconds] = []

    @contextmanager
    def on(self, stage: str) -> Iterator[None]:
        started = _now()
        self._inner.append(np.zeros(2))
        try:
            yield
        finally:
            taken = _now() - started
            self.seconds[stage] += taken - self._inner.pop()
            if self._inner:
                self._inner[-1] += taken

    def around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            with self.on(stage):
                return function(*arguments, **named)

        return timed


def _now() -> Seconds:
    return np.array([time.perf_counter(), time.process_time()])


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Time every function of `STAGES`, and all others as `REST`."""
    with ExitStack() as patches:
        for stage, functions in STAGES.items():
            for owner, name in functions:
                timed = watch.around(stage, getattr(owner, name))
                patches.enter_context(patch.object(owner, name, timed))
        with watch.on(REST):
            yield


def times(work: Callable[[str], object], wordings: Sequence[Sequence[str]]) -> dict[str, Seconds]:
    """Return the median over questions of each one's best time, by stage.

    Args:
        work: what takes a question.
        wordings: (rounds, questions): a question is new to the caches in each of its wordings.
            Every second round is timed as a whole, without the cost of watching.
    """
    rounds: dict[str, list[list[Seconds]]] = defaultdict(list)
    for number, questions in enumerate(wordings):
        of_questions = []
        for question in questions:
            watch = Watch()
            with watch.on(WHOLE) if number % 2 else watched(watch):
                work(question)
            of_questions.append(watch.seconds)
        for stage in {stage for seconds in of_questions for stage in seconds}:
            rounds[stage].append([seconds[stage] for seconds in of_questions])
    return {stage: np.median(np.min(each, axis=0), axis=0) for stage, each in rounds.items()}


def measure(rates: Rates, options: argparse.Namespace) -> Measured:
    """Time every stage of `retrieve` and `ask` on the essay."""
    questions = essay_questions()
    with QA.open(backend="openvino") as qa:
        for question in questions:
            qa.ask(f"Tell me: {question}")
        numbers = range(2 * ROUNDS)
        retrieved = times(qa.retrieve, [[f"{q} {n}" for q in questions] for n in numbers])
        asked = times(qa.ask, [[f"{n} {q}" for q in questions] for n in numbers])
    rows = [
        (stage, *_cells(retrieved.get(stage)), *_cells(asked.get(stage)))
        for stage in (*STAGES, REST, WHOLE)
    ]
    names = (f"{len(questions)} questions, ms", "`retrieve`", "processor", "`ask`", "processor")
    return Measured(table(names, rows))


def _cells(seconds: Seconds | None) -> list[str]:
    return ["", ""] if seconds is None else [shown(1000 * each) for each in seconds]
