"""How fast the essay is encoded and indexed, and vectors are searched."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.floor import Rates
from benchmarks.summary import Line, Measured, Options, share, table
from benchmarks.timing import Times, clocked, gathered, in_turns, shown
from embeddings import Encoder, load_encoder, open_store
from qa import QA, Document
from qa.bundled import essay_path
from qa.index import update_index

BACKENDS = ("openvino", "torch")
COPIES, RUNS, DIM = 5, 5, 384
SEARCHED = (10_000, 100_000)


def measure(rates: Rates, options: Options) -> Measured:
    """Index copies of the essay, encode their passages, search made-up vectors."""
    encoder = load_encoder(backend=BACKENDS[0], device="cpu")
    indexed, passages = _indexed(encoder)
    lengths = encoder.count_tokens(passages)
    times = {f"index {COPIES} copies": indexed, **_encoded(passages)}
    most = len(passages) / rates.encoding(lengths)
    rows = [_row(name, each, len(passages), most) for name, each in times.items()]
    head = ("passages a second", "median", "best", "per processor second", "most", "share")
    note = f"{len(passages)} passages of {sum(lengths) / len(lengths):.0f} tokens on average."
    lines = [
        Line(
            f"{name}, float32",
            len(passages) / times[key].median,
            "passages/s",
            floor=most,
            more_is_better=True,
        )
        for name, key in (("indexing", f"index {COPIES} copies"), ("encoding", _name(BACKENDS[0])))
    ]
    return Measured(f"{table(head, rows)}\n\n{note}\n\n{_search(rates)}", lines)


def _indexed(encoder: Encoder) -> tuple[Times, list[str]]:
    """Index copies of the essay, and return the passages as they are encoded.

    What is alike is encoded once, so each sentence of a copy has its number.
    """
    text = essay_path().read_text(encoding="utf-8")
    copies = [
        Document(f"{number}.txt", text.replace(".", f" {number}.")) for number in range(COPIES)
    ]
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept) / "index"
        times = gathered([clocked(lambda: update_index(folder, copies, encoder=encoder))])
        with QA.open(index=folder) as qa:
            texts = [p.text_in_context for c in copies for p in qa.index.passages_of(c.id)]
    return times, list(dict.fromkeys(texts))


def _encoded(passages: Sequence[str]) -> dict[str, Times]:
    works = {}
    for backend in BACKENDS:
        encode = partial(load_encoder(backend=backend, device="cpu").encode_passages, passages)
        encode()
        works[_name(backend)] = partial(clocked, encode)
    return in_turns(works, RUNS)


def _name(backend: str) -> str:
    return f"encode, {backend}"


def _row(name: str, times: Times, count: int, most: float) -> tuple[str, ...]:
    speeds = (count / times.median, count / times.best, count / times.processor, most)
    return name, *map(shown, speeds), share(speeds[0], most, more_is_better=True)


def _search(rates: Rates) -> str:
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
            cells = (shown(1000 * each) for each in seconds)
            rows.append((f"{count:,}, {backend}", *cells, share(times.median, floor)))
    head = ("exact search of so many vectors, ms", "median", "best", "processor")
    return table((*head, "floor", "share"), rows)
