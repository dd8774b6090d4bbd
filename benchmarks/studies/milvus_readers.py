"""Readers of one index on a Milvus server, beside one process on a folder; and its recall.

    python -m benchmarks.studies.milvus_readers --bench SET --index ADDRESS [--readers 8]

SET is a question set in BEIR's format. Each reader is a process that retrieves ten passages for
one question after another, for half a minute. The server, the readers and their models share this
machine's cores.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.question_sets import parser
from benchmarks.results import table
from embeddings import load_encoder
from qa import QA
from qa.evaluation import load_questions
from qa.indexes import open_index, update

SECONDS, TOP_K = 30.0, 10


def main(arguments: Sequence[str] | None = None) -> None:
    made = parser("benchmarks.studies.milvus_readers", __doc__)
    made.add_argument("--index", required=True, help="the address of an index, to be made")
    made.add_argument("--readers", type=int, default=8)
    options = made.parse_args(arguments)
    questions = load_questions(options.bench)
    texts = [question.text for question in questions]
    with TemporaryDirectory() as scratch:
        places = {f"{options.readers} on Milvus": (options.index, options.readers)}
        places |= {"1 on Milvus": (options.index, 1), "1 on a folder": (scratch, 1)}
        for where, _ in places.values():
            place = where if where == options.index else Path(where)
            update(place, list(questions.documents), encoder=load_encoder())
        rows = [(name, *asked(*place, texts)) for name, place in places.items()]
        share = recall(options.index, scratch, texts)
    print(table(("readers", "questions/s", "p50, ms", "p95, ms"), rows))
    print(f"recall@{TOP_K} of its vector index: {share:.3f}")


def recall(on_milvus: str, in_folder: str, texts: Sequence[str]) -> float:
    """Return the share of the nearest passages, by exact search, that Milvus finds."""
    vectors, found = load_encoder().encode_queries(texts), []
    for where in (on_milvus, in_folder):
        with closing(open_index(where)) as index:
            hits = index.search(vectors, TOP_K)
            found.append(
                [
                    {(p.document_id, p.span) for p in index.passages([n for n, _ in each])}
                    for each in hits
                ]
            )
    shared = [len(ours & exact) for ours, exact in zip(*found, strict=True)]
    return sum(shared) / sum(map(len, found[1]))


def asked(where: str, readers: int, texts: Sequence[str]) -> tuple[str, str, str]:
    """Let so many processes ask at once."""
    with ProcessPoolExecutor(readers, get_context("spawn")) as pool:
        start = time.time() + 15  # all have loaded their model by then
        jobs = [pool.submit(read, where, texts, start) for _ in range(readers)]
        times = sorted(each for job in jobs for each in job.result())
    p95 = times[int(0.95 * len(times))]
    return f"{len(times) / SECONDS:.0f}", f"{statistics.median(times):.1f}", f"{p95:.1f}"


def read(where: str, texts: Sequence[str], start: float) -> list[float]:
    """Ask for half a minute from a moment on; return the milliseconds of each question."""
    times = []
    with QA(open_index(where), load_encoder()) as qa:
        qa.retrieve(texts[0])
        time.sleep(max(start - time.time(), 0))
        number = int(start * 1_000) % len(texts)
        while time.time() < start + SECONDS:
            number += 1
            began = time.perf_counter()
            qa.retrieve(f"{texts[number % len(texts)]} ", top_k=TOP_K)
            times.append(1_000 * (time.perf_counter() - began))
    return times


if __name__ == "__main__":
    main()
