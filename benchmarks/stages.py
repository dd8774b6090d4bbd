"""Where the time of a question goes, stage by stage, on passages that were met before.

    python -m benchmarks stages [--write]

Medians in ms over the essay's questions: of the clock, and of the processor, all threads together.
Each question is asked in a new wording every time. The stages are the real functions, with a watch
around them; a stage that calls another is not charged for it. Of the rounds, the best counts for
each question, as others may be using the machine.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.asking import essay_questions
from benchmarks.floor import Rates
from benchmarks.summary import Measured, Options, table
from benchmarks.timing import shown
from embeddings.openvino_encoder import OpenVINOEncoder
from qa import QA
from qa.answering import extractive
from qa.answering.late_interaction import Matcher
from qa.answering.span_reader import Reader
from qa.citations import Citation
from qa.index import Index

ROUNDS = 5


class Stage(NamedTuple):
    """A part of the work, and the functions whose time it is: each an owner and a name."""

    name: str
    functions: tuple[tuple[Any, str], ...]


REST, WHOLE = "the rest", "**all, with nothing watched**"
STAGES = (
    Stage("checking and reading the question", ((QA, "_standalone"),)),
    Stage("counting the question's tokens", ((OpenVINOEncoder, "count_tokens"),)),
    Stage(
        "the question's vector and tokens",
        ((OpenVINOEncoder, "encode_queries"), (OpenVINOEncoder, "query_tokens")),
    ),
    Stage("nearest vectors", ((Index, "search"),)),
    Stage("words", ((Index, "search_words"),)),
    Stage("exact cosines", ((Index, "cosines"),)),
    Stage("passages", ((Index, "passages"),)),
    Stage("weighing the question's words", ((Matcher, "encode_query"),)),
    Stage("late interaction", ((Matcher, "match"),)),
    Stage("the reader", ((Reader, "read"),)),
    Stage("candidates", ((extractive, "candidates"), (extractive, "non_overlapping"))),
    Stage("quotes and their proof", ((Citation, "__init__"),)),
)

Seconds = NDArray[np.float64]
"""Of the clock, and of the processor."""


class Watch:
    """Takes the time of functions, less that of those that they call and that are watched too."""

    def __init__(self) -> None:
        self.spent: dict[str, Seconds] = defaultdict(lambda: np.zeros(2))
        self._open: list[Seconds] = []

    def around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does the same, and is timed."""

        @wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            with self.on(stage):
                return function(*arguments, **named)

        return timed

    @contextmanager
    def on(self, stage: str) -> Iterator[None]:
        """Take the time of a block."""
        before = _now()
        self._open.append(np.zeros(2))
        try:
            yield
        finally:
            taken, inner = _now() - before, self._open.pop()
            self.spent[stage] += taken - inner
            if self._open:
                self._open[-1] += taken


def _now() -> Seconds:
    return np.array([time.perf_counter(), time.process_time()])


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Put the watch around every stage's functions, and take it off again."""
    patches = [
        patch.object(owner, name, watch.around(stage.name, getattr(owner, name)))
        for stage in STAGES
        for owner, name in stage.functions
    ]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


def times(work: Callable[[str], object], wordings: list[list[str]]) -> dict[str, Seconds]:
    """Time every question in several wordings, and return the median of each one's best, by stage.

    Args:
        work: what takes a question.
        wordings: (rounds, questions): a question is new to the caches in each of its wordings.

    Returns:
        Seconds by stage, (clock, processor); "" is the whole, with nothing watched.
    """
    found: dict[str, list[list[Seconds]]] = defaultdict(list)
    for number, wording in enumerate(wordings):
        rows: list[dict[str, Seconds]] = []
        for question in wording:
            watch = Watch()
            if number % 2:
                with watch.on(""):
                    work(question)
            else:
                with watched(watch), watch.on(REST):
                    work(question)
            rows.append(watch.spent)
        for stage in {name for row in rows for name in row}:
            found[stage].append([row[stage] for row in rows])
    return {
        stage: np.median(np.array(rounds).min(axis=0), axis=0) for stage, rounds in found.items()
    }


def measure(rates: Rates, options: Options) -> Measured:
    """Time every stage of `retrieve` and `ask` on the essay."""
    questions = essay_questions()
    with QA.open(backend="openvino") as opened:
        for question in questions:
            opened.ask(f"Tell me: {question}")
        columns = [
            times(opened.retrieve, [[f"{q} {n}" for q in questions] for n in range(2 * ROUNDS)]),
            times(opened.ask, [[f"{n} {q}" for q in questions] for n in range(2 * ROUNDS)]),
        ]
    names = [*(stage.name for stage in STAGES), REST, ""]
    rows = [
        (name or WHOLE, *_cells(columns[0].get(name)), *_cells(columns[1].get(name)))
        for name in names
    ]
    head = (f"{len(questions)} questions, ms", "`retrieve`", "processor", "`ask`", "processor")
    return Measured(table(head, rows))


def _cells(seconds: Seconds | None) -> list[str]:
    return ["", ""] if seconds is None else [shown(1000 * each) for each in seconds]
