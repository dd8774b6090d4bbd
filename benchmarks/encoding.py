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
from embeddings import load_encoder, open_store
from qa import QA, Document
from qa.indexing import update_index
from qa.seeds import essay_path

BACKENDS = ("openvino", "torch")
COPIES, RUNS, DIM = 10, 5, 384
SEARCHED = (10_000, 100_000)


def measure(rates: Rates, options: Options) -> Measured:
    """Encode the essay's passages, index copies of it, search made-up vectors."""
    encoded = _encode(rates)
    return Measured(f"{encoded.text}\n\n{_search(rates)}", encoded.lines)


def _encode(rates: Rates) -> Measured:
    """Encode the essay, and index copies of it that share no sentence."""
    with QA.open() as qa:
        passages = [passage.text_in_context for passage in qa.index.passages_of("essay.txt")]
        lengths = qa.encoder.count_tokens(passages)
    works = {}
    for backend in BACKENDS:
        encode = partial(load_encoder(backend=backend, device="cpu").encode_passages, passages)
        encode()
        works[backend] = partial(clocked, encode)
    most = len(passages) / rates.encoding(lengths)
    found = in_turns(works, RUNS)
    rows = [_row(f"encode, {backend}", times, lengths, rates) for backend, times in found.items()]
    speed = len(passages) / found[BACKENDS[0]].median
    line = Line("encoding the essay", speed, "passages/s", floor=most, more_is_better=True)
    rows.append(_index(rates))
    head = ("a second", "passages", "best", "by a second of processor", "most", "share")
    tokens = f"{len(passages)} passages of {sum(lengths) / len(lengths):.0f} tokens on average"
    return Measured(f"The essay: {tokens}.\n\n{table(head, rows)}", [line])


def _row(name: str, times: Times, lengths: Sequence[int], rates: Rates) -> tuple[str, ...]:
    """Tell how many passages a second texts of so many tokens make."""
    count, most = len(lengths), len(lengths) / rates.encoding(lengths)
    speeds = (count / times.median, count / times.best, count / times.processor, most)
    return name, *map(shown, speeds), share(speeds[0], most, more_is_better=True)


def _index(rates: Rates) -> tuple[str, ...]:
    """Index copies of the essay; what is alike is encoded once, so no sentence may be alike."""
    text = essay_path().read_text(encoding="utf-8")
    copies = [
        Document(f"{number}.txt", text.replace(".", f" {number}.")) for number in range(COPIES)
    ]
    encoder = load_encoder()
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept) / "index"
        times = gathered([clocked(lambda: update_index(folder, copies, encoder=encoder))])
        with QA.open(index=folder) as qa:
            texts = [p.text_in_context for c in copies for p in qa.index.passages_of(c.id)]
    lengths = encoder.count_tokens(list(dict.fromkeys(texts)))
    return _row(f"index {COPIES} copies, {len(lengths)} passages", times, lengths, rates)


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
