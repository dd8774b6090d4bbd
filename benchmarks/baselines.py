"""Baselines: whole documents by cosine, by BM25, or by both ranks fused."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from benchmarks.question_sets import judged_irrelevant
from embeddings import Encoder, open_store
from qa.answering import Answer
from qa.citations import Citation
from qa.documents import Document, Span
from qa.evaluation import QuestionSet
from qa.passages import Passage
from qa.retrieval import RetrievedPassage
from qa.text.analysis import content_words
from qa.text.sentences import split_sentences

DEPTH = 100
READ = 5  # documents whose sentences may be quoted
QUOTES = 3
METHODS = ("dense", "BM25", "RRF")

Vectors = dict[str, NDArray[np.float32]]


class Baseline:
    """Ranks whole documents, and quotes the sentences of the first by their cosine.

    Args:
        method: "dense" for the cosine, "BM25" for words without stems, or "RRF" for the reciprocal
            rank fusion of both, with k = 60 (Cormack, Clarke and Buettcher 2009).
        questions: the set.
        encoder: encodes documents, title and text, as far as it reads.
        vectors: vectors by their text, which several baselines share.
    """

    def __init__(
        self, method: str, questions: QuestionSet, encoder: Encoder, vectors: Vectors
    ) -> None:
        self._method = method
        self._documents = questions.documents
        self._left_out = {question.text: judged_irrelevant(question) for question in questions}
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
            if document.id not in self._left_out[question]
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
        if self._method == "BM25":
            return self._by_words(question)
        dense: list[int] = self._store.search(vector, DEPTH)[1][0].tolist()
        if self._method == "dense":
            return dense
        scores: dict[int, float] = {}
        for ranking in (dense, self._by_words(question)):
            for rank, number in enumerate(ranking, 1):
                scores[number] = scores.get(number, 0.0) + 1 / (60 + rank)
        return sorted(scores, key=lambda number: (-scores[number], number))

    def _by_words(self, question: str) -> list[int]:
        expression = " OR ".join(f'"{word}"' for word in content_words(question))
        rows = self._words.execute(
            "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank, rowid LIMIT ?",
            (expression or '""', DEPTH),
        )
        return [number for (number,) in rows]

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
    """Return title and text; a document that is called by its file name has no title."""
    has_title = document.title != PurePath(document.id).stem
    return f"{document.title} {document.text}" if has_title else document.text
