"""Judging answers by what a question set knows of their questions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from qa.answering import Answer
from qa.answering.statements import Written
from qa.citations import Citation
from qa.documents import Document
from qa.evaluation.gold import Gold
from qa.evaluation.questions import Place, Question
from qa.evaluation.records import Excerpt, Record, Retrieved, passage_key
from qa.passages import Passage
from qa.retrieval import RetrievedPassage
from qa.verification import verify

_ENOUGH = 200  # characters of a gold quote for a reader to know what it is about


class Judge:
    """Judges answers by what the set knows of their questions."""

    def __init__(
        self,
        documents: Mapping[str, Document],
        gold: Mapping[str, Gold],
        passages_of: Callable[[str], Iterable[Passage]],
    ) -> None:
        self._documents = documents
        self._gold = gold
        self._passages = cache(lambda id_: [place_of(passage) for passage in passages_of(id_)])

    def record(
        self,
        question: Question,
        answer: Answer,
        ranking: Sequence[RetrievedPassage],
        seconds: Mapping[str, float],
    ) -> Record:
        """Judge an answer and the ranking that it was made of."""
        if not 0 <= answer.confidence <= 1:
            raise ValueError(
                f"the answer to {question.id!r} has a confidence of {answer.confidence}: "
                "it must be from 0 to 1"
            )
        quotes = answer.citations or answer.near
        written = answer.written
        places = [place_of(hit.passage) for hit in ranking]
        return Record(
            **self.known(question, places),
            query=answer.query,
            abstained=answer.abstained,
            tentative=answer.status == "tentative",
            confidence=answer.confidence,
            text=answer.text if answer.statements else "",
            statements=None if written is None or written.has_failed else written.statements,
            problem=_problem(written) if written else "",
            quotes=tuple(Excerpt(c.document_id, c.start, c.end, c.quote) for c in quotes),
            verified=self._verified(answer, quotes),
            ranking=tuple(
                Retrieved(*place, hit.score) for place, hit in zip(places, ranking, strict=True)
            ),
            in_use=len(answer.passages),
            seconds=seconds,
        )

    def failure(self, question: Question, reason: str) -> Record:
        """Judge a question that could not be asked: nothing was retrieved."""
        confidence = float(not question.answerable)
        known = self.known(question, [])
        return Record(**known, abstained=False, confidence=confidence, error=reason)

    def known(self, question: Question, retrieved: Iterable[Place]) -> dict[str, Any]:
        """Return what is known of a question, whatever was answered."""
        gold = self._gold[question.id]
        return {
            "question_id": question.id,
            "question": question.text,
            "answerable": question.answerable,
            "history": question.history,
            "tags": question.tags,
            "answers": question.answers,
            "gold": tuple(tuple(map(self._excerpt, part)) for part in gold.parts),
            "by_document": bool(gold.relevant),
            "relevant": gold.relevant or self._relevant(gold, retrieved),
        }

    def _relevant(self, gold: Gold, retrieved: Iterable[Place]) -> dict[str, int]:
        """Return the relevant passages: all that hold a character of the gold quotes.

        They are looked for in what is known of the index, and in what was retrieved. A part of
        the gold that no such passage holds counts as a passage that was not found.
        """
        known = {*retrieved}
        for id_ in {place.document_id for part in gold.parts for place in part}:
            known.update(self._passages(id_))
        relevant: dict[str, int] = {}
        for part in gold.parts:
            holding = [p for p in known if any(p.common(place) for place in part)]
            relevant.update(dict.fromkeys(map(passage_key, holding or part[:1]), 1))
        return dict(sorted(relevant.items()))

    def _excerpt(self, place: Place) -> Excerpt:
        """Return the words of a place; if they are few, with some of what is around them."""
        text, (_, start, end) = self._documents[place.document_id].text, place
        beside = max(0, _ENOUGH - (end - start)) // 2
        before, after = text[max(0, start - beside) : start], text[end : end + beside]
        if start > beside:
            before = before.partition(" ")[2]
        if end + beside < len(text):
            after = after.rpartition(" ")[0]
        return Excerpt(*place, text[start:end], before, after)

    def _verified(self, answer: Answer, quotes: Sequence[Citation]) -> int:
        cited = {quote.document_id for quote in quotes} & self._documents.keys()
        checks = verify(answer, [self._documents[id_] for id_ in sorted(cited)]).checks
        return sum(check.verified for check in checks if check.near == answer.abstained)


def _problem(written: Written) -> str:
    """Return what went wrong, without where the endpoint is: runs are passed on."""
    return re.sub(rf"(?: at)? {re.escape(written.host)}(?!\S)", "", written.problem)


def place_of(passage: Passage) -> Place:
    """Return the span of a passage."""
    return Place(passage.document_id, passage.start, passage.end)
