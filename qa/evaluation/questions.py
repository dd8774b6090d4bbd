"""Question sets: questions, the quotes that answer them, and where those stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from qa.documents import Document, Span
from qa.errors import QuestionSetError

_SHOWN = 5

Words = Annotated[str, Field(pattern=r"\S")]


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what is known of its answer.

    Attributes:
        id: names it in its set.
        text: the question as asked.
        answerable: whether the corpus answers it.
        quotes: the words of the corpus that answer it; none if it is not answerable.
        history: the questions asked before it, oldest first.
        tags: kinds that it is of, such as "near-miss" or "follow-up".
    """

    id: str
    text: str
    answerable: bool
    quotes: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class _Line(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    id: Words
    question: Words
    answerable: bool
    quotes: list[Words] = []
    history: list[Words] = []
    tags: list[Words] = []

    @model_validator(mode="after")
    def _quotes_if_answerable(self) -> Self:
        if self.answerable != bool(self.quotes):
            raise ValueError("a question has quotes if it is answerable, and none if it is not")
        return self


def load_questions(path: str | Path) -> list[Question]:
    """Read a question set: one JSON object a line, with the fields of `Question`.

    The question's text is in `question`; `history`, `tags`, and for an unanswerable question
    `quotes`, may be left out.

    Raises:
        QuestionSetError: the file cannot be read; or it has bad lines, which are all named.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise QuestionSetError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise QuestionSetError(f"{path} is not UTF-8 text: save it as that") from error
    questions: dict[str, Question] = {}
    faults = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            question = _read(line)
        except ValidationError as error:
            faults.append(f"line {number}: {_reason(error)}")
            continue
        if question.id in questions:
            faults.append(f"line {number}: the id {question.id!r} is there twice")
        questions[question.id] = question
    if faults:
        raise QuestionSetError(_listed(f"{path} has {len(faults)} bad lines", faults))
    if not questions:
        raise QuestionSetError(f"{path} has no questions in it")
    return list(questions.values())


def locate(
    questions: Iterable[Question], documents: Iterable[Document]
) -> dict[str, list[tuple[str, Span]]]:
    """Find the quotes of each question, wherever they stand: question id to (document id, span).

    Raises:
        QuestionSetError: a quote stands in no document; all such are named.
    """
    documents = list(documents)
    places: dict[str, list[tuple[str, Span]]] = {}
    faults = []
    for question in questions:
        found = places[question.id] = []
        for quote in question.quotes:
            here = [(d.id, span) for d in documents for span in _occurrences(quote, d.text)]
            found += here
            if not here:
                faults.append(f"{question.id}: “{quote}”")
    if faults:
        raise QuestionSetError(
            _listed(f"{len(faults)} quotes of the question set are not in the corpus", faults)
        )
    return places


def _read(line: str) -> Question:
    read = _Line.model_validate_json(line)
    return Question(
        id=read.id,
        text=read.question,
        answerable=read.answerable,
        quotes=tuple(read.quotes),
        history=tuple(read.history),
        tags=tuple(read.tags),
    )


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return f"{field}: {first['msg']}" if field else first["msg"]


def _listed(title: str, faults: list[str]) -> str:
    more = [f"and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
    return "\n  ".join([f"{title}:", *faults[:_SHOWN], *more])


def _occurrences(quote: str, text: str) -> Iterable[Span]:
    start = text.find(quote)
    while start >= 0:
        yield Span(start, start + len(quote))
        start = text.find(quote, start + len(quote))
