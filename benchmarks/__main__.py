"""How fast it is, on this machine: each figure is the median of several runs.

Machines differ and are noisy; compare figures of one run with one another.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from embeddings import load_encoder, open_store
from qa import QA, Document
from qa.evaluation import load_questions
from qa.seeds import essay_path, questions_path

BACKENDS = ("openvino", "torch")
QUESTION = "When was the Belt and Road Initiative proposed?"


def median_seconds(work: Callable[[], object], runs: int = 5) -> float:
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def process(*arguments: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def process_row(name: str, *arguments: str) -> None:
    """Time a new process, on the clock and of processor: a busy machine changes the second less."""
    before, runs = os.times(), 5
    seconds = median_seconds(process(*arguments), runs)
    after = os.times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    row(name, seconds, f"a new process; {used / runs * 1000:,.0f} of processor")


def row(name: str, seconds: float, note: str = "") -> None:
    print(f"| {name} | {seconds * 1000:,.1f} | {note} |", flush=True)


def processes() -> None:
    process_row("inquote --help", "-m", "qa", "--help")
    process_row("import qa", "-c", "import qa")
    for backend in BACKENDS:
        ask = ("-m", "qa", "ask", QUESTION, "--backend", backend)
        process(*ask)()  # makes the index
        process_row(f"inquote ask, essay indexed, {backend}", *ask)


def indexing() -> None:
    text = essay_path().read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, QA.open() as qa:
        copies = [Document(f"{i}.txt", f"Copy {i}.\n\n{text}") for i in range(10)]
        started = time.perf_counter()
        with QA.open(copies, index=Path(folder) / "index") as many:
            seconds = time.perf_counter() - started
            row("index, per passage", seconds / len(many.index), f"{len(many.index)} passages")
        passages = [p.text for p in qa.index.passages_of("essay.txt")]
    for backend in BACKENDS:
        encode = partial(load_encoder(backend=backend, device="cpu").encode_passages, passages)
        encode()
        row(f"encode, per passage, {backend}", median_seconds(encode) / len(passages))


def asking() -> None:
    """Time questions that are new, on passages that are known."""
    questions = [question.text for question in load_questions(questions_path())]
    for backend in BACKENDS:
        with QA.open(backend=backend) as qa:
            for question in questions:
                qa.ask(f"Tell me: {question}")
            note = f"median of {len(questions)} new questions, {backend}"
            row("retrieve", _each([partial(qa.retrieve, f"{q} Say.") for q in questions]), note)
            row("ask", _each([partial(qa.ask, q) for q in questions]), note)


def _each(works: Sequence[Callable[[], object]]) -> float:
    return statistics.median(median_seconds(work, runs=1) for work in works)


def searching() -> None:
    random = np.random.default_rng(0)
    for count in (10_000, 100_000):
        vectors = random.standard_normal((count, 384), dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        for backend in ("faiss", "exact"):
            store = open_store(backend, dim=384)
            store.add(np.arange(count), vectors)
            search = partial(store.search, vectors[:1], 10)
            row(f"search {count:,} vectors, {backend}", median_seconds(search))


def main() -> None:
    print("| what | ms | |\n| --- | --- | --- |")
    processes()
    asking()
    indexing()
    searching()


if __name__ == "__main__":
    main()
