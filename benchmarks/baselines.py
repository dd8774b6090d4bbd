"""The plain dense retriever on a question set in BEIR's format: a yardstick for our own.

Each document is one passage, title and text, as far as the model reads; a question finds those
with the highest cosine. The figures are those of `qa.evaluation`, so that the yardstick itself
is checked by whoever knows the set's published figures.

    python -m benchmarks.baselines FOLDER [FOLDER ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path, PurePath

import numpy as np

from embeddings import Encoder, load_encoder, open_store
from qa.answering import Answer
from qa.documents import Document, Span
from qa.evaluation import Question, QuestionSet, Run, evaluate, load_questions
from qa.passages import Passage
from qa.retrieval import RetrievedPassage

DEPTH = 100
SHOWN = ("hit@1", "recall@5", "hit@5", "MRR@10", "nDCG@10")


class Dense:
    """Answers nothing, and ranks documents by cosine.

    Documents judged 0 are taken out of a ranking: in Cranfield they are the papers that the
    questions were made from.
    """

    def __init__(self, questions: QuestionSet, encoder: Encoder) -> None:
        documents = questions.documents
        self._passages = [_whole(document) for document in documents]
        self._taken_out = {question.text: taken_out(question) for question in questions}
        self._encoder = encoder
        self._store = open_store("exact", dim=encoder.dim)
        vectors = encoder.encode_passages([_text(document) for document in documents])
        self._store.add(np.arange(len(documents)), vectors)

    def __call__(self, question: str) -> Answer:
        """Rank documents for a question; nothing is quoted."""
        scores, numbers = self._store.search(self._encoder.encode_queries([question]), DEPTH)
        ranked = enumerate(zip(numbers[0].tolist(), scores[0].tolist(), strict=True), 1)
        hits = [RetrievedPassage(rank, score, self._passages[n]) for rank, (n, score) in ranked]
        kept = [hit for hit in hits if hit.passage.document_id not in self._taken_out[question]]
        return Answer(question, question, confidence=0.5, passages=tuple(kept))


def _whole(document: Document) -> Passage:
    return Passage.of(document, (Span(0, len(document.text)),))


def _text(document: Document) -> str:
    title = title_of(document)
    return f"{title} {document.text}" if title else document.text


def title_of(document: Document) -> str:
    """Give the title; none to one that had none, and is called by its id."""
    return "" if document.title == PurePath(document.id).stem else document.title


def taken_out(question: Question) -> set[str]:
    """Give the documents that are judged 0, and so are no rivals of the relevant ones."""
    return {id_ for id_, grade in question.relevant if grade == 0}


def judged(questions: QuestionSet) -> QuestionSet:
    """Leave out the questions that nothing is known of."""
    known = tuple(question for question in questions if question.relevant)
    return QuestionSet(questions.name, known, questions.corpus, questions.documents)


def main(folders: Sequence[Path], encoder: Encoder) -> None:
    print("| set | questions | " + " | ".join(SHOWN) + " |")
    print("| --- |" + " --- |" * (len(SHOWN) + 1))
    for folder in folders:
        questions = judged(load_questions(folder))
        run: Run = evaluate(Dense(questions, encoder), questions)
        values = " | ".join(f"{run.figures[name].value:.3f}" for name in SHOWN)
        print(f"| {questions.name} | {len(questions):,} | {values} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--model", help="a sentence-transformers model; by default the bundled one")
    arguments = parser.parse_args()
    main(arguments.folders, load_encoder(arguments.model))
