"""How fast it is, on this machine: each figure is the median of several runs.

Machines differ and are noisy; compare figures of one run with one another.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from embeddings import open_store
from qa import QA, Document
from qa.seeds import essay_path

QUESTIONS = [
    "When was the Belt and Road Initiative proposed?",
    "Who opposes the deployment of THAAD?",
    "Is the China-Russia partnership an alliance?",
]


def median_seconds(work: Callable[[], object], runs: int = 5) -> float:
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def process(*arguments: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def row(name: str, seconds: float, note: str = "") -> None:
    print(f"| {name} | {seconds * 1000:,.1f} | {note} |", flush=True)


def processes() -> None:
    row("inquote --help", median_seconds(process("-m", "qa", "--help")), "a new process")
    row("import qa", median_seconds(process("-c", "import qa")), "a new process")
    ask = process("-m", "qa", "ask", QUESTIONS[0])
    row("inquote ask, essay indexed", median_seconds(ask, runs=3), "a new process")


def indexing() -> None:
    text = essay_path().read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, QA.open() as qa:
        encoder = qa.encoder
        copies = [Document(f"{i}.txt", f"Copy {i}.\n\n{text}") for i in range(10)]
        started = time.perf_counter()
        with QA.open(copies, index=Path(folder) / "index") as many:
            seconds = time.perf_counter() - started
            row("index, per passage", seconds / len(many.index), f"{len(many.index)} passages")
        passages = [p.text for p in qa.index.passages_of("essay.txt")]
        per_passage = median_seconds(lambda: encoder.encode_passages(passages)) / len(passages)
        row("encode, per passage", per_passage)


def asking() -> None:
    with QA.open() as qa:
        for question in QUESTIONS:
            qa.ask(question)
        row("retrieve", median_seconds(lambda: [qa.retrieve(q) for q in QUESTIONS]) / 3, "warm")
        row("ask", median_seconds(lambda: [qa.ask(q) for q in QUESTIONS]) / 3, "warm")


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
