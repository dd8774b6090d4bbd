"""Turns of a conversation: what a browser keeps of an answer, and sends back later.

Nothing that a browser sends back is trusted: its quotes are checked against the documents again
before they are shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError, model_validator

from qa import QA, Answer, Document, verify
from qa.answering.extractive import chances
from qa.errors import AnswerFileError
from qa.follow_ups.requests import asks_for_more
from qa.follow_ups.rewriting import rewrite
from qa.retrieval import MAX_QUESTION
from qa.verification import Check, Verification
from qa.verification.answer_files import MAX_QUOTES_IN_ALL, Name, Position, SavedAnswer, reason
from ui.visitors import limits

MAX_TURNS = 500
"""The most turns that are restored at once."""

_MOST = 1_000  # documents, and stages
_MOST_ROWS = 50  # of a table
_LONGEST_ROW = 5_000  # characters of the document

Chance = Annotated[float, Field(ge=0, le=1)]
Asked = Annotated[str, Field(max_length=MAX_QUESTION)]
FindDocument = Callable[[str], Document | None]
"""Returns the document of an id; None where it is not there."""


def in_corpus(qa: QA) -> FindDocument:
    """Return what finds the documents of a corpus."""

    def find(document_id: str) -> Document | None:
        try:
            return qa.index.document(document_id)
        except KeyError:
            return None

    return find


class _Kept(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class KeptAnswer(SavedAnswer):
    """A saved answer, with what the page shows beside its quotes."""

    question: Asked
    query: Asked
    confidence: Chance


class KeptSpan(_Kept):
    """A span of a document, as long as a table shows it."""

    document_id: Name
    start: Position
    end: Position

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if not 0 < self.end - self.start <= _LONGEST_ROW:
            raise ValueError(f"a part of a document has 1 to {_LONGEST_ROW:,} characters")
        return self


class KeptPassage(KeptSpan):
    """A passage that was retrieved; its words are looked up by its span."""

    rank: int
    score: float
    dense_score: float
    dense_rank: int | None
    lexical_score: float
    lexical_rank: int | None


class KeptSentence(KeptSpan):
    """A sentence that was considered."""

    chance: Chance
    cosine: float


class Trace(_Kept):
    """How an answer was found.

    Attributes:
        threshold: the confidence below which an answer is tentative.
        tentative: the confidence below which there is none; None is the threshold.
        passages: what was retrieved, best first.
        sentences: what might have been quoted, best first.
        seconds: how long each stage took.
    """

    threshold: Chance
    tentative: Chance | None = None
    passages: Annotated[list[KeptPassage], Field(max_length=_MOST_ROWS), FailFast()]
    sentences: Annotated[list[KeptSentence], Field(max_length=_MOST_ROWS), FailFast()]
    seconds: Annotated[dict[Name, float], Field(max_length=_MOST)]


class Turn(_Kept):
    """A question and its answer.

    Attributes:
        id: names it on the page.
        answer: what was answered.
        found: how it was found.
        own: whether the visitor's own documents were asked.
        documents: the ids of the documents that were asked; empty for all.
        follows: whether it was read with the questions before it.
        seal: shows that a language model of this server wrote it; empty where none wrote.
    """

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
    answer: KeptAnswer
    found: Trace
    own: bool = False
    documents: Annotated[list[Name], Field(max_length=_MOST), FailFast()] = []
    follows: bool = False
    seal: Annotated[str, Field(max_length=100)] = ""

    @classmethod
    def of(
        cls,
        answer: Answer,
        id_: str,
        threshold: float,
        tentative: float | None = None,
        *,
        own: bool = False,
        documents: Sequence[str] = (),
        follows: bool = False,
        seal: str = "",
    ) -> Self:
        """Make the turn of an answer."""
        return cls(
            id=id_,
            answer=KeptAnswer.model_validate(answer.to_dict()),
            found=_found(answer, threshold, tentative),
            own=own,
            documents=list(documents),
            follows=follows,
            seal=seal,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the turn as plain data, which `parse` reads."""
        data = self.model_dump()
        if self.answer.written is None:
            del data["answer"]["written"]
        return data


@dataclass(frozen=True, slots=True)
class Checked:
    """A turn whose quotes were checked against their documents.

    Attributes:
        turn: the turn.
        verification: what the check found.
        find: returns the documents.
    """

    turn: Turn
    verification: Verification
    find: FindDocument

    @classmethod
    def against(cls, turn: Turn, find: FindDocument) -> Self:
        """Check a turn against the documents that `find` returns."""
        answer = turn.answer
        named = {citation.document_id for citation in (*answer.citations, *answer.near)}
        there = [document for id_ in sorted(named) if (document := find(id_))]
        return cls(turn, verify(answer, there), find)

    def check(self, number: int, *, near: bool) -> Check:
        """Return what the check found for a quote."""
        return next(c for c in self.verification.checks if (c.number, c.near) == (number, near))


def parse_turn(data: Mapping[str, Any]) -> Turn:
    """Read a turn from what a browser kept.

    Raises:
        AnswerFileError: it is not a turn.
    """
    try:
        return Turn.model_validate(data)
    except ValidationError as error:
        raise AnswerFileError(f"a kept answer cannot be read: {reason(error)}") from None


def follows(answer: Answer, history: Sequence[str]) -> bool:
    """Return whether a question was read with those before it, and can be asked without them."""
    asked = answer.question
    is_read_otherwise = answer.query != asked and not asks_for_more(asked)
    return is_read_otherwise and rewrite(asked, history).query != asked


class Room:
    """How much more may be checked and shown in one call."""

    def __init__(self) -> None:
        self._until = time.monotonic() + limits.RESTORE_SECONDS
        self._quotes = MAX_QUOTES_IN_ALL
        self._characters = limits.MAX_RESTORED

    def take(self, *, quotes: int = 0, characters: int = 0) -> None:
        """Take some of it.

        Raises:
            AnswerFileError: no more is left.
        """
        self._quotes -= quotes
        self._characters -= characters
        if min(self._quotes, self._characters, self._until - time.monotonic()) < 0:
            raise AnswerFileError(
                "this conversation is too long to be checked and shown: begin a new one"
            )


def readable(turns: list[dict[str, Any]]) -> Iterator[Turn]:
    """Yield turns; invalid ones are left out."""
    for data in turns:
        try:
            turn = parse_turn(data)
        except AnswerFileError:
            continue
        yield turn


def _found(answer: Answer, threshold: float, tentative: float | None) -> Trace:
    considered = list(zip(answer.considered, chances(answer.considered), strict=True))
    return Trace(
        threshold=threshold,
        tentative=tentative,
        passages=[
            KeptPassage(
                rank=hit.rank,
                score=round(hit.score, 4),
                dense_score=round(hit.dense_score, 4),
                dense_rank=hit.dense_rank,
                lexical_score=round(hit.lexical_score, 3),
                lexical_rank=hit.lexical_rank,
                document_id=hit.passage.document_id,
                start=hit.passage.start,
                end=min(hit.passage.end, hit.passage.start + _LONGEST_ROW),
            )
            for hit in answer.passages[:_MOST_ROWS]
        ],
        sentences=[
            KeptSentence(
                document_id=candidate.document_id,
                start=candidate.span.start,
                end=min(candidate.span.end, candidate.span.start + _LONGEST_ROW),
                chance=round(chance, 4),
                cosine=round(candidate.features["cosine"], 4),
            )
            for candidate, chance in considered[:_MOST_ROWS]
        ],
        seconds=dict(answer.seconds),
    )
