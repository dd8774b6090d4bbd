"""What a thousand to a million passages cost: searching, opening, adding, memory.

Real passages and questions are encoded once; any number of passages is made up of them
(`benchmarks/made_up.py`). All of it is kept in the folder of `--keep` (4 GB) and used again. Each
index is measured in a process of its own.

Each question is asked once, "at first", and then three times. The best of the three counts on the
clock, and the mean of the processor.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.machine import DIM, Rates, megabytes
from benchmarks.made_up import (
    PASSAGES,
    GivenEncoder,
    Vectors,
    build_index,
    lines_as_passages,
    questions_and_texts,
)
from benchmarks.results import Measured, shown, table
from benchmarks.timing import clocked
from embeddings import load_encoder, open_store
from qa.documents import Document
from qa.index import Index, update_index
from qa.retrieval import Retriever

SIZES = (1_000, 10_000, 100_000, 1_000_000)
QUESTIONS, TOP_K, AGAIN = 200, 10, 3
BUILT = "build, without encoding, s"
BUILT_IN = "build: memory beyond the documents, MB"


def prepare(bench: Path, keep: Path, sizes: Sequence[int]) -> None:
    """Encode the real passages and questions, and build the indexes, unless they are there."""
    keep.mkdir(parents=True, exist_ok=True)
    questions, texts = questions_and_texts(bench, QUESTIONS)
    (keep / "questions.json").write_text(json.dumps(questions))
    for name, encoded in (("real", texts), ("asked", questions)):
        if not (keep / f"{name}.npy").exists():
            np.save(keep / f"{name}.npy", load_encoder().encode_passages(encoded))
    real = np.load(keep / "real.npy")
    for size in sizes:
        folder = keep / f"index-{size}"
        if not (folder / "built.json").exists():
            seconds, memory = build_index(folder, texts, real, size)
            built = {BUILT: round(seconds, 1), BUILT_IN: round(memory)}
            (folder / "built.json").write_text(json.dumps(built))


def figures_of(keep: Path, size: int) -> dict[str, float]:
    """Return what it takes to open, search and change an index, by the names of the table."""
    folder = keep / f"index-{size}"
    real, vectors = np.load(keep / "real.npy"), np.load(keep / "asked.npy")
    questions: list[str] = json.loads((keep / "questions.json").read_text())
    encoder = GivenEncoder([real[:PASSAGES]], dict(zip(questions, vectors, strict=True)), None)
    before = megabytes()

    def opened() -> Index:
        index = Index.open(folder)
        index.search(vectors[:1], TOP_K)
        return index

    opening = clocked(lambda: opened().close())[0]
    index = opened()
    retriever = Retriever(index, encoder)
    figures = {
        **latency("by meaning", [partial(index.search, v[None], TOP_K) for v in vectors]),
        "by meaning: recall@10": recall(index, vectors),
        **latency("by words", [partial(index.search_words, q, 100) for q in questions]),
        **latency("both, 10 passages", [partial(retriever.retrieve, q, TOP_K) for q in questions]),
        "open and search once, s": opening,
        "memory beyond the model, MB": megabytes() - before,
    }
    index.close()
    figures |= changing(folder, encoder)
    figures["on disk, MB"] = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    built: dict[str, float] = json.loads((folder / "built.json").read_text())
    return figures | built


def latency(name: str, works: Sequence[Callable[[], object]]) -> dict[str, float]:
    """Return percentiles in milliseconds of some works, each done several times."""
    first = np.array([clocked(work) for work in works])
    again = np.array([[clocked(work) for _ in range(AGAIN)] for work in works])
    clock, processor = again[:, :, 0].min(axis=1), again[:, :, 1].mean(axis=1)
    percentiles = {
        "p50, ms": np.percentile(clock, 50),
        "p95, ms": np.percentile(clock, 95),
        "p95, ms of processor": np.percentile(processor, 95),
        "p95 at first, ms": np.percentile(first[:, 0], 95),
    }
    return {f"{name}: {what}": 1000 * float(each) for what, each in percentiles.items()}


def recall(index: Index, vectors: Vectors) -> float:
    """Return the share of the ten nearest by exact search that the index finds."""
    rows = index._rows("SELECT number FROM passages ORDER BY number")
    numbers = np.array([number for (number,) in rows])
    exact = open_store("faiss", dim=DIM)
    exact.add(numbers, index._store.vectors(numbers))
    _, nearest = exact.search(vectors, TOP_K)
    retrieved = index.search(vectors, TOP_K)
    return float(
        np.mean(
            [
                len({number for number, _ in hits} & {*ids}) / TOP_K
                for hits, ids in zip(retrieved, nearest.tolist(), strict=True)
            ]
        )
    )


def changing(folder: Path, encoder: GivenEncoder) -> dict[str, float]:
    """Add a document to an index and remove it; return the seconds of both."""
    new = Document("new.txt", "\n".join(f"An added passage, number {n}." for n in range(PASSAGES)))
    change = partial(update_index, folder, encoder=encoder, token_vectors=0)
    with lines_as_passages():
        return {
            f"add a document of {PASSAGES} passages, s": clocked(partial(change, [new]))[0],
            "remove it, s": clocked(partial(change, [], remove=[new.id]))[0],
        }


def measure(rates: Rates, options: argparse.Namespace) -> Measured:
    """Measure an index of each size, in a process of its own."""
    sizes = [size for size in SIZES if size <= options.passages]
    prepare(options.bench, options.keep, sizes)
    columns = []
    for size in sizes:
        command = [sys.executable, "-m", "benchmarks.scale", options.keep, str(size)]
        columns.append(json.loads(subprocess.check_output(command, text=True)))
    names = ("passages", *(f"{size:,}" for size in sizes))
    rows = [(name, *(shown(column[name]) for column in columns)) for name in columns[0]]
    return Measured(table(names, rows))


if __name__ == "__main__":
    print(json.dumps(figures_of(Path(sys.argv[1]), int(sys.argv[2]))))
