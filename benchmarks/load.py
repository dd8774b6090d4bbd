"""Does the server give everybody their own answers at once, and how fast?

    python -m benchmarks.load --clients 20 --questions 10
    python -m benchmarks load --answers 10000       # does its memory stay as it is?

It starts `inquote chat` on the essay, and as many clients as asked for put questions of the shipped
set to its public endpoint at once, follow-ups among them. Each answer is compared with the one that
Python gives to the same question.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from benchmarks.floor import Rates
from benchmarks.summary import Line, Measured, Options, table
from qa import QA
from qa.bundled import questions_path
from qa.evaluation import Question, load_questions

_PATIENCE_SECONDS = 300.0
_SAME_CONFIDENCE = 0.001
_LOOKS, _SHOWN = 100, 10  # at the server's memory; of these, in the table
HELD = 600.0  # megabytes, at most, by the page on the essay
GAINED = 1.0  # MB per 1,000 answers, at most: no more than memory wavers by

Answers = dict[str, dict[str, Any]]
"""What is right, by the id of its question."""


@dataclass
class Visitor:
    """A client that asks its questions one after another, and notes what became of them."""

    url: str
    questions: Sequence[Question]
    watch: Watch | None = None
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def visit(self, expected: Answers) -> None:
        """Ask everything."""
        with httpx.Client(base_url=self.url, trust_env=False, timeout=_PATIENCE_SECONDS) as client:
            for question in self.questions:
                self._ask(client, question, expected)
                if self.watch:
                    self.watch.answered()

    def _ask(self, client: httpx.Client, question: Question, expected: Answers) -> None:
        started = time.perf_counter()
        try:
            answer = ask(client, question.text, question.history)
        except (httpx.HTTPError, RuntimeError) as error:
            told = str(error).splitlines() or [type(error).__name__]
            self.errors.append(f"{question.id}: {told[0]}")
            return
        self.seconds.append(time.perf_counter() - started)
        if not agrees(answer, expected[question.id]):
            self.wrong.append(question.id)


def ask(client: httpx.Client, question: str, history: Sequence[str] = ()) -> dict[str, Any]:
    """Ask the endpoint `ask` of a server; a `RuntimeError` if it tells an error."""
    path = "/gradio_api/call/ask"
    joined = client.post(path, json={"data": [question, list(history), 8]}).raise_for_status()
    told = client.get(f"{path}/{joined.json()['event_id']}").raise_for_status().text
    event, _, data = told.strip().rpartition("\n\n")[2].partition("\ndata: ")
    if event != "event: complete":
        raise RuntimeError(data)
    answer: dict[str, Any] = json.loads(data)[0]
    return answer


def agrees(answer: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Return whether an answer is the expected one, however long it took.

    Passages that were encoded together have vectors that differ in the last digits from those
    encoded apart, and so may the confidence.
    """
    near = abs(answer["confidence"] - expected["confidence"]) < _SAME_CONFIDENCE
    aside = {"seconds": None, "confidence": None}
    return bool(near and answer | aside == json.loads(json.dumps(expected | aside)))


def at_once(visits: Sequence[Callable[[], None]]) -> float:
    """Let all visits happen at once; return how many seconds they took."""
    threads = [threading.Thread(target=visit) for visit in visits]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def chat_command(port: int, *options: str) -> list[str]:
    """Return the command that runs `inquote chat` at a port, and prints JSON."""
    command = [sys.executable, "-m", "qa", "chat", "--no-open", "--json"]
    return [*command, "--port", str(port), *options]


@contextmanager
def server(*options: str) -> Iterator[tuple[str, int]]:
    """Run `inquote chat`; return its address and the id of its process."""
    command = chat_command(free_port(), *options)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout  # noqa: S101  # it was asked for
        said = ""
        while not said.rstrip().endswith("}"):
            line = process.stdout.readline()
            if not line:
                raise SystemExit("the server did not start")
            said += line
        try:
            yield json.loads(said)["url"], process.pid
        finally:
            process.terminate()


def resident_megabytes(pid: int) -> float:
    """Return the memory that a process holds."""
    shown = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)],  # noqa: S607  # wherever ps is
        check=True,
        capture_output=True,
        text=True,
    )
    return int(shown.stdout) / 1024


def shares(questions: Sequence[Question], clients: int, each: int) -> list[list[Question]]:
    """Return each client its questions: another stretch of the set, which starts again."""
    count = len(questions)
    return [[questions[(c * each + n) % count] for n in range(each)] for c in range(clients)]


@dataclass
class Watch:
    """Notes how much memory a process holds as answers come in, a hundred times in all.

    Attributes:
        pid: the process.
        expected: how many answers are to come.
        held: pairs of answers so far and megabytes, from before the first to the last.
    """

    pid: int
    expected: int
    held: list[tuple[int, float]] = field(default_factory=list)
    _came: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.held.append((0, resident_megabytes(self.pid)))

    def answered(self) -> None:
        """Count an answer, or what came in its place."""
        with self._lock:
            self._came += 1
            if self._came % max(1, self.expected // _LOOKS) and self._came != self.expected:
                return
            self.held.append((self._came, resident_megabytes(self.pid)))


def slope(held: Sequence[tuple[int, float]]) -> float:
    """Return the MB gained per 1,000 answers over the last half of a run, by least squares."""
    last = [(came, memory) for came, memory in held if 2 * came >= held[-1][0]]
    if len(last) < 2:
        return 0.0
    return 1_000 * statistics.linear_regression(*zip(*last, strict=True)).slope


@dataclass(frozen=True, slots=True)
class Load:
    """What became of a server that many asked at once.

    Attributes:
        clients: how many asked at once.
        seconds: how long each answer took, the least first.
        took: how many seconds all took together.
        errors: what was told in place of answers.
        wrong: the questions whose answers are not those that Python gives.
        held: answers so far and megabytes that the server held, at intervals.
    """

    clients: int
    seconds: Sequence[float]
    took: float
    errors: Sequence[str]
    wrong: Sequence[str]
    held: Sequence[tuple[int, float]]

    @property
    def cuts(self) -> list[float]:
        """Return the percentiles of `seconds`, from the first to the 99th."""
        some = self.seconds if len(self.seconds) > 1 else [*self.seconds, 0.0, 0.0]
        return statistics.quantiles(some, n=100, method="inclusive")

    def told(self) -> str:
        """Write the figures as tables."""
        count, cuts = len(self.seconds), self.cuts
        speed = f"{count:,} in {self.took:,.1f} s: {count / self.took:,.1f} a second"
        first, last = self.held[0][1], self.held[-1][1]
        most = max(self.seconds, default=0.0)
        rows = [
            (f"answers to {self.clients} clients", speed),
            ("seconds to an answer", f"p50 {cuts[49]:.2f}, p95 {cuts[94]:.2f}, most {most:.2f}"),
            (
                "answers that differ from Python's",
                f"{len(self.wrong):,} {' '.join(self.wrong[:5])}",
            ),
            ("errors", f"{len(self.errors):,} {' '.join(self.errors[:3])}"),
            ("the server's memory", f"{first:,.0f} MB before, {last:,.0f} MB after"),
            ("memory gained in the last half", f"{slope(self.held):+,.2f} MB per 1,000 answers"),
        ]
        # Ten of the hundred looks are shown, evenly spaced.
        looks = [self.held[round(n * (len(self.held) - 1) / _SHOWN)] for n in range(_SHOWN + 1)]
        memory = [(f"{came:,}", f"{megabytes:,.0f}") for came, megabytes in dict(looks).items()]
        return f"{table(('', ''), rows)}\n\n{table(*across('answers', 'memory, MB', memory))}"


def across(
    first: str, second: str, pairs: Sequence[tuple[str, str]]
) -> tuple[list[str], list[list[str]]]:
    """Lay pairs out from left to right: the head and the row of a table."""
    return [first, *(pair[0] for pair in pairs)], [[second, *(pair[1] for pair in pairs)]]


def loaded(clients: int, each: int) -> Load:
    """Have so many clients ask so many questions each, at once."""
    questions = list(load_questions(questions_path()))
    with QA.open() as qa:
        expected = {
            question.id: qa.ask(question.text, history=question.history).to_dict()
            for question in questions
        }
    with server() as (url, pid):
        Visitor(url, questions[:1]).visit(expected)  # what is loaded at first use is loaded
        watch = Watch(pid, clients * each)
        visitors = [Visitor(url, share, watch) for share in shares(questions, clients, each)]
        took = at_once([partial(visitor.visit, expected) for visitor in visitors])
    return Load(
        clients,
        sorted(second for visitor in visitors for second in visitor.seconds),
        took,
        [error for visitor in visitors for error in visitor.errors],
        [id_ for visitor in visitors for id_ in visitor.wrong],
        watch.held,
    )


def measure(rates: Rates, options: Options) -> Measured:
    """Ask the page for as many answers as wanted, and watch its memory."""
    load = loaded(options.clients, max(1, options.answers // options.clients))
    lines = [
        Line("memory of the page once it is warm", load.held[0][1], "MB"),
        Line("memory of the page after the last answer", load.held[-1][1], "MB", HELD),
        Line("memory gained by 1,000 answers, last half", slope(load.held), "MB", GAINED),
        Line("an answer on the page, many asking at once, p95", load.cuts[94], "s"),
        Line("their answers that are wrong, or errors", len(load.wrong) + len(load.errors), "", 0),
    ]
    return Measured(load.told(), lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load")
    parser.add_argument("--clients", type=int, default=20, help="how many ask at once")
    parser.add_argument("--questions", type=int, default=10, help="how many each of them asks")
    arguments = parser.parse_args()
    found = loaded(arguments.clients, arguments.questions)
    print(found.told())
    raise SystemExit(1 if found.wrong or found.errors else 0)
