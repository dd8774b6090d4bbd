"""Asking a whole question set, and keeping what came of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from tqdm.auto import tqdm

from qa.answering import Answer
from qa.documents import Document, Span
from qa.engine import DEFAULT_TOP_K, QA
from qa.evaluation.measures import (
    Record,
    abstention_figures,
    quote_figures,
    retrieval_figures,
    time_figures,
)
from qa.evaluation.questions import Question, locate
from qa.passages import Passage
from qa.verification import verify

_DEPTH = 10  # of the rankings that are measured

Place = tuple[str, Span]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of a question set, the records that they come from, and the settings used."""

    figures: dict[str, float]
    records: tuple[Record, ...]
    settings: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Give the evaluation as plain data."""
        records = [record.to_dict() for record in self.records]
        return {"figures": self.figures, "settings": self.settings, "records": records}


def evaluate(qa: QA, questions: Sequence[Question], *, top_k: int = DEFAULT_TOP_K) -> Evaluation:
    """Ask every question, and measure retrieval, quotes, abstention and time.

    Args:
        qa: the corpus to ask.
        questions: the set; its quotes must stand in the corpus.
        top_k: passages that an answer is made from.

    Raises:
        QuestionSetError: a quote of the set is not in the corpus.
    """
    documents = {id_: qa.index.document(id_) for id_ in qa.index.document_ids()}
    gold = locate(questions, documents.values())
    run: dict[str, dict[str, float]] = {}
    records = []
    for question in tqdm(questions, desc="asking", unit=" questions", delay=1, disable=None):
        started = time.perf_counter()
        answer = qa.ask(question.text, history=question.history, top_k=top_k)
        seconds = time.perf_counter() - started
        records.append(_record(question, answer, seconds, gold[question.id], documents))
        found = qa.retrieve(answer.query, top_k=_DEPTH)
        run[question.id] = {_key(hit.passage): -float(hit.rank) for hit in found}
    figures = {
        **retrieval_figures(_qrels(qa, questions, gold), run),
        **quote_figures(records),
        **abstention_figures(records),
        **time_figures(records),
    }
    return Evaluation(figures, tuple(records), _settings(qa, documents, top_k))


def _record(
    question: Question,
    answer: Answer,
    seconds: float,
    gold: list[Place],
    documents: dict[str, Document],
) -> Record:
    checks = verify(answer, documents.values()).checks
    return Record(
        question_id=question.id,
        answerable=question.answerable,
        abstained=answer.abstained,
        confidence=answer.confidence,
        hits=tuple(_overlaps(c.document_id, Span(c.start, c.end), gold) for c in answer.citations),
        shown=len(checks),
        verified=sum(check.verified for check in checks),
        seconds=seconds,
        text=answer.text,
    )


def _qrels(
    qa: QA, questions: Sequence[Question], gold: dict[str, list[Place]]
) -> dict[str, dict[str, int]]:
    """Give the relevant passages of each answerable question: those that overlap a gold quote."""
    places = {place for question in questions for place in gold[question.id]}
    of_document = {id_: list(qa.index.passages_of(id_)) for id_ in {id_ for id_, _ in places}}
    return {
        question.id: {
            _key(passage): 1
            for id_, span in gold[question.id]
            for passage in of_document[id_]
            if passage.span.overlaps(span)
        }
        for question in questions
        if question.answerable
    }


def _overlaps(document_id: str, span: Span, gold: list[Place]) -> bool:
    return any(id_ == document_id and span.overlaps(place) for id_, place in gold)


def _key(passage: Passage) -> str:
    return f"{passage.document_id}:{passage.start}-{passage.end}"


def _settings(qa: QA, documents: dict[str, Document], top_k: int) -> dict[str, Any]:
    manifest = qa.index.manifest
    return {
        "inquote": version("inquote"),
        "model": manifest.model,
        "model_digest": manifest.digest,
        "chunking": manifest.chunking.to_dict(),
        "store": manifest.store,
        "top_k": top_k,
        "passages": len(qa.index),
        "corpus": {id_: document.sha256 for id_, document in documents.items()},
    }
