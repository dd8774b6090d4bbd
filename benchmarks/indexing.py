"""How fast the essay is encoded and indexed, and vectors are searched."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from functools import partial
from itertools import repeat
from pathlib import Path

import numpy as np

from benchmarks.machine import DIM, Rates
from benchmarks.made_up import GivenEncoder
from benchmarks.results import Line, Measured, share, shown, table
from benchmarks.timing import Times, clocked, in_turns
from embeddings import Encoder, load_encoder, open_store
from embeddings.openvino_runtime import has_bfloat16, has_int8
from qa import QA, Document
from qa.bundled import essay_path
from qa.index import update_index

BACKENDS = ("openvino", "torch")
COPIES, RUNS = 5, 5
COPIES_NOT_ENCODED = 100
SEARCHED = (10_000, 100_000)  # vectors


def measure(rates: Rates, options: argparse.Namespace) -> Measured:
    """Index copies of the essay, encode their passages, search random vectors."""
    encoder = load_encoder(backend=BACKENDS[0], device="cpu", precision="float32")
    indexed, passages = _indexed(encoder)
    lengths = encoder.count_tokens(passages)
    most = len(passages) / rates.encoding(lengths)
    times = {f"index {COPIES} copies": indexed, **_encoded(passages)}
    if has_int8():
        times[f"index {COPIES} copies, int8"], _ = _indexed(load_encoder(precision="int8"))
    rows = [_cells(name, each, len(passages), most) for name, each in times.items()]
    rows.append(_not_encoded(encoder))
    names = ("passages a second", "median", "best", "per processor second", "most", "share")
    note = f"{len(passages)} passages of {np.mean(lengths):.0f} tokens on average."
    medians = {"indexing": indexed.median, "encoding": times[f"encode, {BACKENDS[0]}"].median}
    lines = [
        Line(f"{what}, float32", len(passages) / seconds, "passages/s", None, most, True)
        for what, seconds in medians.items()
    ]
    return Measured(f"{table(names, rows)}\n\n{note}\n\n{_searched(rates)}", lines)


def _indexed(encoder: Encoder) -> tuple[Times, list[str]]:
    """Index copies of the essay; return the time, and the passages as they are encoded.

    Equal passages are encoded once, so each copy's sentences have its number.
    """
    copies = _copies(COPIES)
    encoder.encode_with_tokens([document.title for document in copies] * COPIES)  # compiles
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        times = Times.of([clocked(lambda: update_index(folder, copies, encoder=encoder))])
        with QA.open(index=folder) as qa:
            texts = [p.text_in_context for c in copies for p in qa.index.passages_of(c.id)]
    return times, list(dict.fromkeys(texts))


def _copies(count: int) -> list[Document]:
    text = essay_path().read_text(encoding="utf-8")
    return [Document(f"{n}.txt", text.replace(".", f" {n}.")) for n in range(count)]


class _Free(GivenEncoder):
    """Counts tokens as another encoder, and gives made-up vectors at no cost."""

    def __init__(self, encoder: Encoder) -> None:
        vectors = np.eye(1, DIM, dtype=np.float32)
        super().__init__(repeat(vectors), {}, encoder)
        self.max_tokens = encoder.max_tokens
        self._counting = encoder

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._counting.count_tokens(texts)


def _not_encoded(encoder: Encoder) -> tuple[str, ...]:
    """Index copies of the essay with an encoder that costs nothing."""
    copies, free = _copies(COPIES_NOT_ENCODED), _Free(encoder)
    with tempfile.TemporaryDirectory() as scratch:
        update = partial(update_index, Path(scratch), copies, encoder=free, token_vectors=0)
        times = Times.of([clocked(update)])
        with QA.open(index=scratch) as qa:
            passages = len(qa.index)
    name = f"index {COPIES_NOT_ENCODED} copies, without encoding"
    return (*_cells(name, times, passages, 1.0)[:-2], "", "")


def _encoded(passages: Sequence[str]) -> dict[str, Times]:
    encoders = {
        name: load_encoder(backend=name, device="cpu", precision="float32") for name in BACKENDS
    }
    if has_bfloat16():
        encoders["openvino, bfloat16"] = load_encoder(precision="bfloat16")
    if has_int8():
        encoders["openvino, int8"] = load_encoder(precision="int8")
    works = {}
    for name, encoder in encoders.items():
        encode = partial(encoder.encode_passages, passages)
        encode()
        works[f"encode, {name}"] = partial(clocked, encode)
    return in_turns(works, RUNS)


def _cells(name: str, times: Times, count: int, most: float) -> tuple[str, ...]:
    speeds = (count / times.median, count / times.best, count / times.processor, most)
    return name, *map(shown, speeds), share(speeds[0], most, more_is_better=True)


def _searched(rates: Rates) -> str:
    random, rows = np.random.default_rng(0), []
    for count in SEARCHED:
        vectors = random.standard_normal((count, DIM), dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        floor = rates.reading(vectors.nbytes)
        works = {}
        for backend in ("faiss", "exact"):
            store = open_store(backend, dim=DIM)
            store.add(np.arange(count), vectors)
            works[backend] = partial(clocked, partial(store.search, vectors[:1], 10))
        for backend, times in in_turns(works, RUNS).items():
            seconds = (times.median, times.best, times.processor, floor)
            of_floor = share(times.median, floor)
            rows.append((f"{count:,}, {backend}", *(shown(1000 * s) for s in seconds), of_floor))
    names = ("exact search of so many vectors, ms", "median", "best", "processor")
    return table((*names, "floor", "share"), rows)
