"""Plain retrievers on a question set in BEIR's format: a yardstick for our own.

Each document is one passage, title and text, as far as the model reads; a question finds those
with the highest cosine, or BM25, or both ranks fused. The figures are those of `qa.evaluation`,
so that the yardstick itself is checked by whoever knows the set's published figures.

    python -m benchmarks.baselines FOLDER [FOLDER ...]
"""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Sequence
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from embeddings import Encoder, load_encoder, open_store
from qa.answering import Answer
from qa.citations import Citation
from qa.documents import Document, Span
from qa.evaluation import Question, QuestionSet, evaluate, load_questions
from qa.passages import Passage
from qa.retrieval import RetrievedPassage
from qa.text.analysis import content_words
from qa.text.sentences import split_sentences

DEPTH = 100
READ = 5  # documents whose sentences may be quoted
QUOTES = 3
Vectors = dict[str, NDArray[np.float32]]

MEANS = ("dense", "BM25", "RRF")
SHOWN = ("hit@1", "recall@5", "hit@5", "MRR@10", "nDCG@10")


class Plain:
    """Ranks whole documents by plain means, and quotes sentences by their cosine.

    Documents judged 0 are taken out of a ranking: in Cranfield they are the papers that the
    questions were made from.

    Args:
        means: "dense" for the cosine, "BM25" for words without stems, or "RRF" for the reciprocal
            rank fusion of both, with k = 60 (Cormack, Clarke and Buettcher 2009).
        questions: the set.
        encoder: encodes documents, title and text, as far as it reads.
        vectors: what was encoded before, by its text, for several to share.
    """

    def __init__(
        self, means: str, questions: QuestionSet, encoder: Encoder, vectors: Vectors
    ) -> None:
        self._means = means
        self._documents = questions.documents
        self._taken_out = {question.text: taken_out(question) for question in questions}
        self._encoder = encoder
        self._vectors = vectors
        self._store = open_store("exact", dim=encoder.dim)
        texts = [_text(document) for document in self._documents]
        self._store.add(np.arange(len(texts)), self._encoded(texts))
        self._words = sqlite3.connect(":memory:")
        self._words.execute("CREATE VIRTUAL TABLE words USING fts5 (text, content = '')")
        self._words.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", enumerate(texts))

    def __call__(self, question: str) -> Answer:
        """Rank documents for a question, and quote the nearest sentences of the first."""
        vector = self._encoder.encode_queries([question])
        kept = [
            document
            for document in (self._documents[n] for n in self._ranking(question, vector))
            if document.id not in self._taken_out[question]
        ]
        hits = [
            RetrievedPassage(rank, -rank, _whole(document)) for rank, document in enumerate(kept, 1)
        ]
        quotes = self._nearest(vector[0], kept[:READ])
        return Answer(
            question,
            question,
            confidence=min(max(quotes[0][0], 0.0), 1.0) if quotes else 0.0,
            citations=tuple(
                Citation(number, document, span)
                for number, (_, document, span) in enumerate(quotes[:QUOTES], 1)
            ),
            passages=tuple(hits),
        )

    def _ranking(self, question: str, vector: NDArray[np.float32]) -> list[int]:
        if self._means == "BM25":
            return self._by_words(question)
        dense: list[int] = self._store.search(vector, DEPTH)[1][0].tolist()
        if self._means == "dense":
            return dense
        scores: dict[int, float] = {}
        for ranking in (dense, self._by_words(question)):
            for rank, number in enumerate(ranking, 1):
                scores[number] = scores.get(number, 0.0) + 1 / (60 + rank)
        return sorted(scores, key=lambda number: (-scores[number], number))

    def _by_words(self, question: str) -> list[int]:
        expression = " OR ".join(f'"{word}"' for word in content_words(question))
        found = self._words.execute(
            "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank, rowid LIMIT ?",
            (expression or '""', DEPTH),
        )
        return [number for (number,) in found]

    def _nearest(
        self, vector: NDArray[np.float32], documents: Sequence[Document]
    ) -> list[tuple[float, Document, Span]]:
        sentences = [(d, span) for d in documents for span in split_sentences(d.text)]
        texts = [document.text[span.start : span.end] for document, span in sentences]
        scored = [
            (float(cosine), *sentence)
            for cosine, sentence in zip(self._encoded(texts) @ vector, sentences, strict=True)
        ]
        return sorted(scored, key=lambda one: -one[0])

    def _encoded(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if new := [text for text in dict.fromkeys(texts) if text not in self._vectors]:
            self._vectors.update(zip(new, self._encoder.encode_passages(new), strict=True))
        return np.array([self._vectors[text] for text in texts]).reshape(-1, self._encoder.dim)


def _whole(document: Document) -> Passage:
    return Passage.of(document, (Span(0, len(document.text)),))


def _text(document: Document) -> str:
    title = title_of(document)
    return f"{title} {document.text}" if title else document.text


def title_of(document: Document) -> str:
    """Return the title; none to one that had none, and is called by its id."""
    return "" if document.title == PurePath(document.id).stem else document.title


def taken_out(question: Question) -> set[str]:
    """Return the documents that are judged 0, and so are no rivals of the relevant ones."""
    return {id_ for id_, grade in question.relevant if grade == 0}


def judged(questions: QuestionSet) -> QuestionSet:
    """Leave out the questions that nothing is known of."""
    known = tuple(question for question in questions if question.relevant)
    return QuestionSet(questions.name, known, questions.corpus, questions.documents)


def main(folders: Sequence[Path], encoder: Encoder) -> None:
    print("| set | questions | by | " + " | ".join(SHOWN) + " |")
    print("| --- |" + " --- |" * (len(SHOWN) + 2))
    for folder in folders:
        questions = judged(load_questions(folder))
        vectors: Vectors = {}
        for means in MEANS:
            run = evaluate(Plain(means, questions, encoder, vectors), questions)
            values = " | ".join(f"{run.figures[name].value:.3f}" for name in SHOWN)
            print(f"| {questions.name} | {len(questions):,} | {means} | {values} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--model", help="a sentence-transformers model; by default the bundled one")
    arguments = parser.parse_args()
    main(arguments.folders, load_encoder(arguments.model))
