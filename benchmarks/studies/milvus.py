"""An index on Milvus beside the same one in a folder: answers, retrieval, time and bytes.

    python -m benchmarks.studies.milvus --bench FOLDER [--only SET ...] [--index ADDRESS]

FOLDER has question sets in BEIR's format; the essay is a set as well. Without ADDRESS, it is
Milvus Lite with exact search. An ADDRESS is of a server; each set gets an index of its own there,
which is dropped before.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks.question_sets import folders, indexed, parser
from benchmarks.results import table
from embeddings import load_encoder
from qa import QA, Answer, Document
from qa.bundled import essay_path, questions_path
from qa.evaluation import Question, load_questions
from qa.loaders import load
from qa.milvus.address import MilvusAddress
from qa.milvus.client import Connection
from qa.milvus.reader import MilvusIndex
from qa.milvus.rows import part_rows, passage_row
from qa.milvus.schema import VERSION
from qa.milvus.writer import update_milvus

QUESTIONS = 100  # of a set, at most
WEIGHTS = (0.0125, 0.025, 0.0375, 0.05)  # of the engine's BM25; 0.025 is a folder's
HEAD = (
    "set",
    "questions",
    "same quotes, %",
    "hit@1: folder, Milvus",
    "hit@5: folder, Milvus",
    "`ask`, p50, ms: folder, Milvus",
)


def main(arguments: Sequence[str] | None = None) -> None:
    made = parser("benchmarks.studies.milvus", __doc__)
    made.add_argument("--only", nargs="*", help="some of the sets")
    made.add_argument("--index", help="the address of a server, without the name of an index")
    options = made.parse_args(arguments)
    encoder = load_encoder()
    rows, weighted, sizes = [], [], []
    for name, documents, questions in sets(options.bench, options.only):
        with tempfile.TemporaryDirectory() as scratch, indexed(documents, encoder) as in_folder:
            where = f"{options.index}/bench_{name}" if options.index else f"milvus:{scratch}/x.db"
            where += "?index=FLAT"
            drop(where)
            update_milvus(where, documents, encoder=encoder)
            with QA(MilvusIndex.open(where), encoder) as on_milvus:
                rows.append((name, *compared(in_folder, on_milvus, questions)))
                weighted.append((name, *by_weight(on_milvus, questions)))
                sizes.append((name, *bytes_of(on_milvus)))
        print(table(HEAD, rows[-1:]), flush=True)
    print(table(HEAD, rows))
    print(table(("set", *(f"hit@1, hit@5 with {weight}" for weight in WEIGHTS)), weighted))
    print(table(("set", "passages", *PARTS), sizes))


def sets(
    bench: Path, only: Sequence[str] | None
) -> Iterator[tuple[str, list[Document], list[Question]]]:
    """Yield the name, the documents and the questions of each set."""
    if not only or "essay" in only:
        yield "essay", load(essay_path()), list(load_questions(questions_path()))
    for folder in folders(bench):
        if not only or folder.name in only:
            questions = load_questions(folder)
            yield folder.name, list(questions.documents), list(questions)[:QUESTIONS]


def drop(where: str) -> None:
    connection = Connection(MilvusAddress.parsed(where))
    for name in connection.collections:
        connection.client.drop_collection(name)
    connection.close()


def compared(in_folder: QA, on_milvus: QA, questions: Sequence[Question]) -> tuple[object, ...]:
    """Ask the same questions of both."""
    same = 0
    times: list[list[float]] = [[], []]
    for question in questions:
        quotes = []
        for n, qa in enumerate((in_folder, on_milvus)):
            started = time.perf_counter()
            quotes.append(quoted(qa.ask(question.text, history=question.history)))
            times[n].append(1_000 * (time.perf_counter() - started))
        same += quotes[0] == quotes[1]
    hits = [hit_rates(qa, questions) for qa in (in_folder, on_milvus)]
    return (
        len(questions),
        f"{100 * same / len(questions):.1f}",
        *(", ".join(both) for both in zip(*hits, strict=True)),
        ", ".join(f"{statistics.median(each):.0f}" for each in times),
    )


def by_weight(qa: QA, questions: Sequence[Question]) -> list[str]:
    """Return how often a relevant document is found, by the weight of BM25 beside the cosine."""
    rates = []
    for weight in WEIGHTS:
        with mock.patch("qa.retrieval._WORDS_WEIGHT", weight):
            rates.append(", ".join(hit_rates(qa, questions)))
    return rates


def hit_rates(qa: QA, questions: Sequence[Question]) -> tuple[str, str]:
    """Return how often a relevant document is first, and among the first five."""
    hits = [0, 0]
    for question in questions:
        given = {id_ for id_, grade in question.relevant if grade > 0}
        found = qa.retrieve(question.text, history=question.history, top_k=5)
        ids = [hit.passage.document_id for hit in found]
        hits[0] += bool(given.intersection(ids[:1]))
        hits[1] += bool(given.intersection(ids))
    return f"{hits[0] / len(questions):.3f}", f"{hits[1] / len(questions):.3f}"


def quoted(answer: Answer) -> object:
    """Return what a person would see of an answer."""
    quotes = answer.citations or answer.near
    return answer.status, [(quote.document_id, quote.start, quote.end) for quote in quotes]


PARTS = ("vector", "words", "text", "the rest of its row", "of its document's text")


def bytes_of(qa: QA) -> tuple[object, ...]:
    """Return how many passages there are, and the bytes of each part of one, in the mean."""
    index, totals = qa.index, dict.fromkeys(PARTS, 0)
    assert isinstance(index, MilvusIndex)
    for id_ in index.document_ids():
        document = index.document(id_)
        totals[PARTS[4]] += sum(len(str(row["body"])) for row in part_rows(document, VERSION))
        for number, passage in enumerate(index.passages_of(id_), VERSION):
            vector = np.zeros(index.manifest.dim, np.float32)
            values = document.metadata, index.manifest
            row = passage_row(number, VERSION, passage, vector, *values)
            parts = {name: len(str(row.get(name, "")).encode()) for name in row}
            totals["vector"] += 4 * len(vector)
            totals["words"] += parts.get("words", 0)
            totals["text"] += parts["text"]
            aside = ("vector", "words", "text")
            totals[PARTS[3]] += sum(size for name, size in parts.items() if name not in aside)
    return len(index), *(f"{total / len(index):,.0f}" for total in totals.values())


if __name__ == "__main__":
    main()
