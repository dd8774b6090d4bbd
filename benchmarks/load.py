"""Does the server give everybody their own answers at once, and how fast?

    python -m benchmarks.load --clients 20 --questions 10

It starts `inquote chat` on the essay, and as many clients as asked for put questions of the shipped
set to its public endpoint at once, follow-ups among them. Each answer is held against the one that
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

from qa import QA
from qa.evaluation import Question, load_questions
from qa.seeds import questions_path

_PATIENCE_SECONDS = 300.0
_SAME_CONFIDENCE = 0.001

Answers = dict[str, dict[str, Any]]
"""What is right, by the id of its question."""


@dataclass
class Visitor:
    """A client that asks its questions one after another, and notes what became of them."""

    url: str
    questions: Sequence[Question]
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def visit(self, expected: Answers) -> None:
        """Ask everything."""
        with httpx.Client(base_url=self.url, trust_env=False, timeout=_PATIENCE_SECONDS) as client:
            for question in self.questions:
                started = time.perf_counter()
                try:
                    answer = ask(client, question.text, question.history)
                except (httpx.HTTPError, RuntimeError) as error:
                    self.errors.append(f"{question.id}: {str(error).splitlines()[0]}")
                    continue
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
    """Say whether an answer is the expected one, however long it took.

    Passages that were encoded together have vectors that differ in the last digits from those
    encoded apart, and so may the confidence.
    """
    near = abs(answer["confidence"] - expected["confidence"]) < _SAME_CONFIDENCE
    aside = {"seconds": None, "confidence": None}
    return bool(near and answer | aside == json.loads(json.dumps(expected | aside)))


def at_once(visits: Sequence[Callable[[], None]]) -> float:
    """Let all visits happen at once; give how many seconds they took."""
    threads = [threading.Thread(target=visit) for visit in visits]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


@contextmanager
def server(*options: str) -> Iterator[tuple[str, int]]:
    """Run `inquote chat`; give its address and the id of its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "qa", "chat", "--no-open", "--json", "--port", port, *options]
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
    """Give the memory that a process holds."""
    shown = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)],  # noqa: S607  # wherever ps is
        check=True,
        capture_output=True,
        text=True,
    )
    return int(shown.stdout) / 1024


def shares(questions: Sequence[Question], clients: int, each: int) -> list[list[Question]]:
    """Give each client its questions: another stretch of the set, which starts again."""
    count = len(questions)
    return [[questions[(c * each + n) % count] for n in range(each)] for c in range(clients)]


def report(visitors: Sequence[Visitor], took: float, memory: tuple[float, float]) -> bool:
    """Print the figures; say whether every answer came and was right."""
    seconds = sorted(second for visitor in visitors for second in visitor.seconds)
    errors = [error for visitor in visitors for error in visitor.errors]
    wrong = [id_ for visitor in visitors for id_ in visitor.wrong]
    if len(seconds) > 1:
        cuts = statistics.quantiles(seconds, n=100, method="inclusive")
        print(
            f"| answers | {len(seconds):,} in {took:,.1f} s: {len(seconds) / took:,.1f} a second |"
        )
        waits = f"p50 {cuts[49]:.2f}, p95 {cuts[94]:.2f}, most {seconds[-1]:.2f}"
        print(f"| seconds to an answer | {waits} |")
    print(f"| other than Python's | {len(wrong):,} {' '.join(wrong[:5])} |")
    print(f"| errors | {len(errors):,} {' '.join(errors[:3])} |")
    print(f"| the server's memory | {memory[0]:,.0f} MB before, {memory[1]:,.0f} MB after |")
    return not wrong and not errors


def main(clients: int, each: int) -> bool:
    questions = list(load_questions(questions_path()))
    with QA.open() as qa:
        expected = {
            question.id: qa.ask(question.text, history=question.history).to_dict()
            for question in questions
        }
    with server() as (url, pid):
        Visitor(url, questions[:1]).visit(expected)  # what is loaded at first use is loaded
        visitors = [Visitor(url, share) for share in shares(questions, clients, each)]
        before = resident_megabytes(pid)
        took = at_once([partial(visitor.visit, expected) for visitor in visitors])
        return report(visitors, took, (before, resident_megabytes(pid)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load")
    parser.add_argument("--clients", type=int, default=20, help="how many ask at once")
    parser.add_argument("--questions", type=int, default=10, help="how many each of them asks")
    arguments = parser.parse_args()
    raise SystemExit(0 if main(arguments.clients, arguments.questions) else 1)
