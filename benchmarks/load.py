"""Many clients ask the page at once: answers a second, wrong answers, and the server's memory.

It starts `inquote chat` on the essay. The clients put questions of the shipped set to its public
endpoint, follow-ups among them. Each answer is compared with the one that Python gives.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

from benchmarks.chat_server import chat_server, resident_megabytes
from benchmarks.machine import Rates
from benchmarks.results import Line, Measured, table
from qa import QA
from qa.bundled import questions_path
from qa.evaluation import Question, load_questions

MOST_MEMORY = 600.0  # MB, by the page on the essay
MOST_GAINED = 1.0  # MB per 1,000 answers: no more than memory fluctuates by
_PATIENCE_SECONDS = 300.0
_SAME_CONFIDENCE = 0.001
_READINGS, _SHOWN = 100, 10  # of the server's memory; of these, in the table

Answers = dict[str, dict[str, Any]]
"""The right answers, by the id of their question."""

Memory = list[tuple[int, float]]
"""Answers so far, and megabytes that the server holds."""


@dataclass
class Watch:
    """Reads how much memory a process holds as answers come in, a hundred times in all.

    Attributes:
        pid: the process.
        expected: how many answers are to come.
        memory: from before the first answer to the last.
    """

    pid: int
    expected: int
    memory: Memory = field(default_factory=list)
    _answers: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._read()

    def answered(self) -> None:
        """Count an answer, or an error in its place."""
        with self._lock:
            self._answers += 1
            every = max(1, self.expected // _READINGS)
            if self._answers % every == 0 or self._answers == self.expected:
                self._read()

    def _read(self) -> None:
        self.memory.append((self._answers, resident_megabytes(self.pid)))


@dataclass
class Client:
    """Asks its questions one after another."""

    url: str
    questions: Sequence[Question]
    expected: Answers
    watch: Watch | None = None
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def ask_all(self) -> None:
        with httpx.Client(base_url=self.url, trust_env=False, timeout=_PATIENCE_SECONDS) as client:
            for question in self.questions:
                self._ask(client, question)
                if self.watch:
                    self.watch.answered()

    def _ask(self, client: httpx.Client, question: Question) -> None:
        started = time.perf_counter()
        try:
            answer = ask(client, question.text, question.history)
        except (httpx.HTTPError, RuntimeError) as error:
            reasons = str(error).splitlines() or [type(error).__name__]
            self.errors.append(f"{question.id}: {reasons[0]}")
            return
        self.seconds.append(time.perf_counter() - started)
        if not same_answer(answer, self.expected[question.id]):
            self.wrong.append(question.id)


def ask(client: httpx.Client, question: str, history: Sequence[str] = ()) -> dict[str, Any]:
    """Ask the endpoint `ask` of a server; raise a `RuntimeError` if it returns an error."""
    path = "/gradio_api/call/ask"
    joined = client.post(path, json={"data": [question, list(history), 8]}).raise_for_status()
    events = client.get(f"{path}/{joined.json()['event_id']}").raise_for_status().text
    event, _, data = events.strip().rpartition("\n\n")[2].partition("\ndata: ")
    if event != "event: complete":
        raise RuntimeError(data)
    answer: dict[str, Any] = json.loads(data)[0]
    return answer


def same_answer(answer: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Return whether two answers are equal but for the time and the confidence's last digits.

    The vectors of passages differ in the last digits with the batch that they were encoded in.
    """
    near = abs(answer["confidence"] - expected["confidence"]) < _SAME_CONFIDENCE
    aside = {"seconds": None, "confidence": None}
    return bool(near and answer | aside == json.loads(json.dumps(expected | aside)))


def at_once(works: Sequence[Callable[[], None]]) -> float:
    """Do all at once, each in a thread; return how many seconds they took together."""
    threads = [threading.Thread(target=work) for work in works]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def slope(memory: Memory) -> float:
    """Return the MB gained per 1,000 answers over the last half of a run, by least squares."""
    last = [(answers, held) for answers, held in memory if 2 * answers >= memory[-1][0]]
    if len(last) < 2:
        return 0.0
    return 1_000 * statistics.linear_regression(*zip(*last, strict=True)).slope


def loaded(count: int, each: int) -> tuple[list[Client], Memory, float]:
    """Let so many clients ask so many questions each; return them, the memory, and the seconds."""
    questions = list(load_questions(questions_path()))
    with QA.open() as qa:
        expected = {q.id: qa.ask(q.text, history=q.history).to_dict() for q in questions}
    with chat_server() as (url, pid):
        Client(url, questions[:1], expected).ask_all()  # loads what is loaded at first use
        watch = Watch(pid, count * each)
        shares = np.resize(np.arange(len(questions)), (count, each))
        clients = [Client(url, [questions[n] for n in own], expected, watch) for own in shares]
        took = at_once([client.ask_all for client in clients])
    return clients, watch.memory, took


def measure(rates: Rates, options: argparse.Namespace) -> Measured:
    """Ask the page for as many answers as wanted, and watch its memory."""
    each = max(1, options.answers // options.clients)
    clients, memory, took = loaded(options.clients, each)
    seconds = [second for client in clients for second in client.seconds]
    wrong = [id_ for client in clients for id_ in client.wrong]
    errors = [error for client in clients for error in client.errors]
    p50, p95, most = np.percentile(seconds or [0.0], (50, 95, 100))
    (_, before), (_, after), gained = memory[0], memory[-1], slope(memory)
    speed = f"{len(seconds):,} in {took:,.1f} s: {len(seconds) / took:,.1f} a second"
    rows = [
        (f"answers to {len(clients)} clients", speed),
        ("seconds to an answer", f"p50 {p50:.2f}, p95 {p95:.2f}, most {most:.2f}"),
        ("answers that differ from Python's", f"{len(wrong):,} {' '.join(wrong[:5])}"),
        ("errors", f"{len(errors):,} {' '.join(errors[:3])}"),
        ("the server's memory", f"{before:,.0f} MB before, {after:,.0f} MB after"),
        ("memory gained in the last half", f"{gained:+,.2f} MB per 1,000 answers"),
    ]
    lines = [
        Line("memory of the page once it is warm", before, "MB"),
        Line("memory of the page after the last answer", after, "MB", MOST_MEMORY),
        Line("memory gained by 1,000 answers, last half", gained, "MB", MOST_GAINED),
        Line("an answer on the page, many asking at once, p95", float(p95), "s"),
        Line("their answers that are wrong, or errors", len(wrong) + len(errors), "", 0),
    ]
    return Measured(f"{table(('', ''), rows)}\n\n{memory_table(memory)}", lines)


def memory_table(memory: Memory) -> str:
    """Return some of the readings, evenly spaced, from left to right."""
    places = np.linspace(0, len(memory) - 1, _SHOWN + 1).round().astype(int)
    answers, held = zip(*(memory[place] for place in np.unique(places)), strict=True)
    names = ("answers", *(f"{each:,}" for each in answers))
    return table(names, [("memory, MB", *(f"{each:,.0f}" for each in held))])
