"""How fast the essay is encoded and indexed, and vectors are searched."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.floor import Rates
from benchmarks.summary import Line, Measured, Options, share, table
from benchmarks.timing import clocked, in_turns, shown
from embeddings import load_encoder, open_store
from qa import QA, Document
from qa.seeds import essay_path

BACKENDS = ("openvino", "torch")
COPIES, RUNS, DIM = 10, 5, 384
SEARCHED = (10_000, 100_000)


def measure(rates: Rates, options: Options) -> Measured:
    """Encode the essay's passages, index copies of it, search made-up vectors."""
    encoded = _encode(rates)
    return Measured(f"{encoded.text}\n\n{_search(rates)}", encoded.lines)


def _encode(rates: Rates) -> Measured:
    with QA.open() as qa:
        passages = [passage.text_in_context for passage in qa.index.passages_of("essay.txt")]
        lengths = qa.encoder.count_tokens(passages)
    most = len(passages) / rates.encoding(lengths)
    works = {}
    for backend in BACKENDS:
        encode = partial(load_encoder(backend=backend, device="cpu").encode_passages, passages)
        encode()
        works[backend] = partial(clocked, encode)
    rows: list[tuple[str, ...]] = []
    lines = []
    for backend, times in in_turns(works, RUNS).items():
        speed = len(passages) / times.median
        busy = len(passages) / times.processor
        cells = (shown(speed), shown(len(passages) / times.best), shown(busy), shown(most))
        share_ = share(speed, most, more_is_better=True)
        rows.append((f"encode, {backend}", *cells, share_))
        if backend == BACKENDS[0]:
            what = "encoding the essay"
            lines.append(Line(what, speed, "passages/s", floor=most, more_is_better=True))
    rows.append(_index(most))
    head = ("passages a second", "median", "best", "by a second of processor", "most", "share")
    tokens = f"{len(passages)} passages of {sum(lengths) / len(lengths):.0f} tokens on average"
    return Measured(f"The essay: {tokens}.\n\n{table(head, rows)}", lines)


def _index(most: float) -> tuple[str, ...]:
    text = essay_path().read_text(encoding="utf-8")
    copies = [Document(f"{number}.txt", f"Copy {number}.\n\n{text}") for number in range(COPIES)]
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        clock, processor = clocked(lambda: QA.open(copies, index=index).close())
        with QA.open(index=index) as qa:
            count = len(qa.index)
    speed = count / clock
    figures = (shown(speed), "", shown(count / processor), shown(most))
    share_ = share(speed, most, more_is_better=True)
    return f"index {COPIES} copies, loading the model included", *figures, share_


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
    head = ("search every one of so many vectors, ms", "median", "best", "of processor")
    return table((*head, "floor", "share"), rows)
