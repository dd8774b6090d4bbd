"""How well a few sentences stand for a document: those of an overview, the first, random ones.

    python -m benchmarks.overviews --bench FOLDER

Documents are the essay, `seeds/everyday`, and of FOLDER the start of each document of
`chroma_chunking` and articles of `squad2_cs224n`. The measure is coverage: the mean, over the
sentences of a document, of the cosine with the nearest chosen one, each encoded by itself.
`--show` prints the overviews.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.question_sets import parser
from benchmarks.results import table
from qa import QA, Document
from qa.bundled import essay_path
from qa.documents import Span
from qa.evaluation import load_questions
from qa.loaders import load_all
from qa.text.sentences import split_sentences

EVERYDAY = Path(__file__).parents[1] / "seeds" / "everyday" / "documents"
SENTENCES, MEASURED, DRAWN = 5, 300, 20
LEAST_WORDS = 4
LONGEST = 40_000  # characters


def documents(bench: Path, most: int) -> Iterator[tuple[str, Document]]:
    """Yield documents with the name of their group."""
    yield from (("essay", document) for document in load_all([essay_path()]))
    yield from (("everyday", document) for document in load_all([EVERYDAY]))
    long = load_all([bench / "chroma_chunking" / "documents"])
    for document in long:
        yield "long documents", Document(document.id, document.text[:LONGEST])
    paragraphs = load_questions(bench / "squad2_cs224n").documents
    for title, of_article in islice(groupby(paragraphs, lambda each: each.title), most):
        text = "\n\n".join(paragraph.text for paragraph in of_article)
        yield "Wikipedia", Document(title, text)


def ways(qa: QA, document: Document, all_of_it: Sequence[Span]) -> dict[str, list[list[Span]]]:
    """Return what each way chooses of a document; the random one several times."""
    found = qa.overview([document.id], sentences=SENTENCES).citations
    count = min(SENTENCES, len(all_of_it))
    draw = random.Random(document.id)
    return {
        "overview": [[Span(citation.start, citation.end) for citation in found]],
        "first": [list(all_of_it[:count])],
        "random": [draw.sample(all_of_it, count) for _ in range(DRAWN)],
    }


def coverages(qa: QA, document: Document) -> dict[str, float]:
    """Return how well each way covers a document."""

    def vectors(spans: Sequence[Span]) -> NDArray[np.float32]:
        return qa.encoder.encode_passages([document.text[slice(*span)] for span in spans])

    sentences = list(split_sentences(document.text))
    long = [s for s in sentences if len(document.text[slice(*s)].split()) >= LEAST_WORDS]
    covered = vectors(long[:: -(-len(long) // MEASURED)])
    chosen = ways(qa, document, long)
    return {
        way: float(np.mean([(covered @ vectors(each).T).max(axis=1).mean() for each in sets]))
        for way, sets in chosen.items()
    }


def main(bench: Path, most: int, *, show: bool) -> None:
    rows: dict[str, list[dict[str, float]]] = {}
    for group, document in documents(bench, most):
        with QA.open(document) as qa:
            rows.setdefault(group, []).append(coverages(qa, document))
            if show:
                print(f"\n{document.title}")
                for citation in qa.overview().citations:
                    print("  -", " ".join(citation.quote.split()))
    head = ("documents", "overview", "first sentences", "random sentences")
    cells = [
        (
            f"{group}: {len(found)}",
            *(f"{np.mean([row[way] for row in found]):.3f}" for way in found[0]),
        )
        for group, found in rows.items()
    ]
    print(table(head, cells))


if __name__ == "__main__":
    made = parser("benchmarks.overviews", __doc__)
    made.add_argument("--most", type=int, default=15, help="articles, at most")
    made.add_argument("--show", action="store_true", help="print the overviews")
    options = made.parse_args()
    main(options.bench, options.most, show=options.show)
