"""What a thousand, and what a million passages cost: searching, opening, adding, memory.

    python -m benchmarks scale --bench FOLDER --keep OTHER [--write]

FOLDER has question sets in BEIR's format: their passages and questions are encoded, once, and kept
in OTHER. Any number of passages is made of them: the texts as `benchmarks/lexical_corpus.py` says,
the vectors as `benchmarks/scale_corpus.py` says; text and vector of a passage have nothing to do
with one another. The indexes are kept too (4 GB), and are not built again. Each index is measured
in a process of its own.

Times are of the clock, of one question after another: each is asked once, which is shown as "at
first", and then three times, of which the best counts. Where other work is done on the machine,
the time of the processor (a mean of the three) says more.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.floor import Rates
from benchmarks.lexical_corpus import Invention
from benchmarks.scale_corpus import made_up
from benchmarks.summary import Measured, Options, table
from benchmarks.timing import shown
from embeddings import Tokens
from qa.documents import Document, Span
from qa.evaluation import load_questions
from qa.index import Index, update_index
from qa.passages import Chunking, Passage
from qa.retrieval import Retriever

Vectors = NDArray[np.float32]

DIM = 384
QUESTIONS = 200
IN_A_DOCUMENT = 20  # passages
TOP_K = 10
AGAIN = 3
SIZES = (1_000, 10_000, 100_000, 1_000_000)
ROWS = {
    "by meaning: p50, ms": "dense p50, ms",
    "by meaning: p95, ms": "dense p95, ms",
    "by meaning: recall@10": "recall@10",
    "by words: p50, ms": "words p50, ms",
    "by words: p95, ms": "words p95, ms",
    "by words: p95, ms of processor": "words p95 of the processor, ms",
    "both, 10 passages: p50, ms": "hybrid p50, ms",
    "both, 10 passages: p95, ms": "hybrid p95, ms",
    "both, 10 passages: p95, ms of processor": "hybrid p95 of the processor, ms",
    "both, 10 passages: p95 at first, ms": "hybrid p95 at first, ms",
    "open and search once, s": "open and search once, s",
    "memory beyond the model, MB": "memory, MB",
    "add a document of 20 passages, s": "add a document, s",
    "remove it, s": "remove it, s",
    "on disk, MB": "disk, MB",
    "build, without encoding, s": "build, s",
}
"""What is shown, and the figure that it is."""


class Given:
    """An `Encoder` that takes no time: it gives vectors, of questions by their text."""

    model, digest, dim, max_tokens = "given", "given", DIM, 10_000

    def __init__(self, passages: Iterator[Vectors], questions: dict[str, Vectors]) -> None:
        self._passages = (vector for some in passages for vector in some)
        self._questions = questions

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Find every text short."""
        return [1 for _ in texts]

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Look vectors up."""
        return np.array([self._questions[text] for text in texts], np.float32)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return the next ones, whatever the texts."""
        return np.array(list(islice(self._passages, len(texts))), np.float32)

    def encode_with_tokens(self, texts: Sequence[str]) -> tuple[Vectors, list[Tokens]]:
        """Is not asked."""
        raise NotImplementedError

    def query_tokens(self, text: str) -> Tokens:
        """Is not asked."""
        raise NotImplementedError

    def passage_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Is not asked."""
        raise NotImplementedError


def lines(document: Document, chunking: Chunking, encoder: object) -> Iterator[Passage]:
    """Cut a made-up document: each of its lines is a passage of one sentence."""
    start = 0
    for line in document.text.split("\n"):
        end = start + len(line)
        yield Passage.of(document, (Span(start, end),))
        start = end + 1


def documents(texts: Iterator[str], count: int, first: int = 0) -> Iterator[Document]:
    """Make documents of so many passages in all."""
    for number in range(first, first + count // IN_A_DOCUMENT):
        yield Document(f"{number}.txt", "\n".join(islice(texts, IN_A_DOCUMENT)))


class Material:
    """Real passages and questions, and their vectors, kept in a folder."""

    def __init__(self, bench: Path, keep: Path) -> None:
        sets = [load_questions(path) for path in sorted(bench.iterdir()) if path.is_dir()]
        self.texts = [document.text for questions in sets for document in questions.documents]
        asked = [question.text for questions in sets for question in questions]
        chosen = np.random.default_rng(0).permutation(len(asked))[:QUESTIONS]
        self.questions = [asked[i] for i in chosen]
        self._keep = keep
        keep.mkdir(parents=True, exist_ok=True)
        self.real = self._encoded("real", self.texts)
        vectors = self._encoded("asked", self.questions)
        self.vectors = dict(zip(self.questions, vectors, strict=True))

    def _encoded(self, name: str, texts: Sequence[str]) -> Vectors:
        from embeddings import load_encoder

        file = self._keep / f"{name}.npy"
        if not file.exists():
            np.save(file, load_encoder().encode_passages(texts))
        found: Vectors = np.load(file)
        return found

    def index(self, size: int) -> Path:
        """Build an index of so many passages, if it is not there, and return its folder."""
        folder = self._keep / f"index-{size}"
        if (folder / "built.json").exists():
            return folder
        invented = (
            text for _, text in Invention([("", text) for text in self.texts]).passages(size)
        )
        corpus = list(documents(invented, size))
        started = time.perf_counter()
        encoder = Given(made_up(self.real, size), {})
        with patch("qa.index.writer.cut", lines):
            update_index(folder, corpus, encoder=encoder, token_vectors=0)
        seconds = time.perf_counter() - started
        (folder / "built.json").write_text(json.dumps({"build, s": round(seconds, 1)}))
        return folder


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def milliseconds(asked: Sequence[Callable[[], object]], name: str) -> dict[str, float]:
    """Ask each several times; return the median and the 95th percentile of its best times."""
    figures = {f"{name} p95 at first, ms": percentile([timed(work) for work in asked], 95)}
    of_clock, of_processor = [], []
    for work in asked:
        started = time.thread_time()
        of_clock.append(min(timed(work) for _ in range(AGAIN)))
        of_processor.append((time.thread_time() - started) / AGAIN)
    for percent, short in ((50, "p50"), (95, "p95")):
        figures[f"{name} {short}, ms"] = percentile(of_clock, percent)
    figures[f"{name} p95 of the processor, ms"] = percentile(of_processor, 95)
    return figures


def percentile(seconds: Sequence[float], percent: int) -> float:
    return float(np.percentile(seconds, percent)) * 1000


def megabytes_held() -> dict[str, float]:
    """Return this process's memory: its own, and what it has mapped of files. Linux only."""
    status = dict(
        line.split(":", 1)
        for line in Path("/proc/self/status").read_text().splitlines()
        if ":" in line
    )
    return {name: int(status[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile")}


def recall(index: Index, vectors: Vectors) -> float:
    """Return the share of the first ten by exact cosine that a search finds."""
    numbers = np.array([n for (n,) in index._rows("SELECT number FROM passages ORDER BY number")])
    best: list[list[tuple[float, int]]] = [[] for _ in vectors]
    for start in range(0, len(numbers), 50_000):
        some = numbers[start : start + 50_000]
        scores = vectors @ index._store.vectors(some).T
        for row, theirs in enumerate(scores):
            first = np.argpartition(-theirs, min(TOP_K, len(theirs) - 1))[:TOP_K]
            best[row] = sorted([*best[row], *((-float(theirs[i]), int(some[i])) for i in first)])[
                :TOP_K
            ]
    found = index.search(vectors, TOP_K)
    shares = [
        len({n for n, _ in ours} & {n for _, n in theirs}) / TOP_K
        for ours, theirs in zip(found, best, strict=True)
    ]
    return float(np.mean(shares))


def figures_of(
    folder: Path, questions: list[str], vectors: Vectors, real: Vectors
) -> dict[str, Any]:
    """Return the figures of an index: what it takes to open, to search and to change."""
    before = megabytes_held()
    encoder = Given(iter([real[:1_000]]), dict(zip(questions, vectors, strict=True)))

    def opened() -> Index:
        index = Index.open(folder)
        index.search(vectors[:1], TOP_K)
        return index

    figures: dict[str, Any] = {}
    figures["open and search once, s"] = timed(lambda: opened().close())
    index = opened()
    retriever = Retriever(index, encoder)
    asked = [partial(index.search, vector[None], TOP_K) for vector in vectors]
    figures |= milliseconds(asked, "dense")
    figures |= milliseconds([partial(index.search_words, q, 100) for q in questions], "words")
    figures |= milliseconds([partial(retriever.retrieve, q, TOP_K) for q in questions], "hybrid")
    after = megabytes_held()
    figures["memory, MB"] = sum(after.values()) - sum(before.values())
    figures["of that mapped, MB"] = after["RssFile"] - before["RssFile"]
    figures["recall@10"] = recall(index, vectors)
    index.close()
    text = (f"An added passage, number {n}." for n in range(IN_A_DOCUMENT))
    (new,) = documents(text, IN_A_DOCUMENT, first=10**9)
    with patch("qa.index.writer.cut", lines):
        add = partial(update_index, folder, [new], encoder=encoder, token_vectors=0)
        figures["add a document, s"] = timed(add)
        remove = partial(
            update_index, folder, [], encoder=encoder, remove=[new.id], token_vectors=0
        )
        figures["remove it, s"] = timed(remove)
    figures["disk, MB"] = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    figures.update(json.loads((folder / "built.json").read_text()))
    return figures


def measure(rates: Rates, options: Options) -> Measured:
    """Measure an index of each size, in a process of its own."""
    assert options.bench is not None  # noqa: S101  # the command has looked
    assert options.keep is not None  # noqa: S101
    material, found = Material(options.bench, options.keep), []
    for size in SIZES:
        material.index(size)
        command = [sys.executable, "-m", "benchmarks.scale", str(size)]
        command += ["--bench", str(options.bench), "--keep", str(options.keep)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found.append(json.loads(done.stdout))
    head = ("passages", *(f"{size:,}" for size in SIZES))
    rows = [(name, *(shown(each[figure]) for each in found)) for name, figure in ROWS.items()]
    return Measured(table(head, rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale")
    parser.add_argument("size", type=int, help="measure an index of this size, and print JSON")
    parser.add_argument("--bench", type=Path, required=True, help="a folder of question sets")
    parser.add_argument("--keep", type=Path, required=True, help="a folder for what is built")
    given = parser.parse_args()
    material = Material(given.bench, given.keep)
    vectors = np.array([material.vectors[q] for q in material.questions])
    built = material.index(given.size)
    print(json.dumps(figures_of(built, material.questions, vectors, material.real)))
