"""Question sets of our own: JSON lines, one question a line."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from qa.errors import QuestionSetError
from qa.evaluation.formats.validation import Reading, Strict, Words, read_lines
from qa.evaluation.questions import Place, Question, QuestionSet


def _fingerprint(value: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", value):
        raise ValueError("is not a fingerprint of a corpus, which is 64 digits of 0-9 and a-f")
    return value


class _Header(Strict):
    corpus: Annotated[str, AfterValidator(_fingerprint)] | None = None
    name: Words | None = None


class _Span(Strict):
    document: Words
    start: Annotated[int, Field(ge=0)]
    end: int

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if self.start >= self.end:
            raise ValueError(f"[{self.start}, {self.end}) is not a span: end must be after start")
        return self


def _in_a_list(part: object) -> object:
    return [part] if isinstance(part, dict) else part


Part = Annotated[list[_Span], Field(min_length=1), BeforeValidator(_in_a_list)]
"""A part of an answer: a span, or several in a list, any one of which serves."""


class Fields(Strict):
    """A question as a file has it."""

    id: Words | None = None
    question: Words
    answerable: bool | None = None
    quotes: list[Words] = Field(default_factory=list)
    history: list[Words] = Field(default_factory=list)
    tags: list[Words] = Field(default_factory=list)
    answers: list[Words] = Field(default_factory=list)
    spans: list[Part] = Field(default_factory=list)
    relevant: dict[Words, int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        relevant = any(grade > 0 for grade in self.relevant.values())
        known = bool(self.quotes or self.spans or relevant)
        if self.answerable is None and not (known or self.answers):
            raise ValueError("answerable: is missing, and there are no quotes or answers")
        self.answerable = self.answerable is not False
        if self.answerable and not (known or self.answers):
            raise ValueError("answerable is true, but there are no quotes or answers")
        if not self.answerable and (known or self.answers):
            raise ValueError("answerable is false, but there are quotes or answers")
        return self

    def to_question(self, number: int) -> Question:
        """Return the question; without an id, it is named by its number."""
        return Question(
            id=self.id or f"q{number}",
            text=self.question,
            answerable=bool(self.answerable),
            quotes=tuple(self.quotes),
            history=tuple(self.history),
            tags=tuple(self.tags),
            answers=tuple(self.answers),
            places=tuple(
                tuple(Place(span.document, span.start, span.end) for span in part)
                for part in self.spans
            ),
            relevant=tuple(self.relevant.items()),
        )


def read(path: Path) -> QuestionSet:
    """Read a file of JSON lines; a `QuestionSetError` names its bad lines."""
    reading = Reading(path)
    header = _Header()
    count = 0
    for index, (number, line) in enumerate(read_lines(path)):
        where = f"line {number}"
        if index == 0 and _is_header(line):
            header = reading.parse(_Header, line, where, json=True) or header
            continue
        count += 1
        if fields := reading.parse(Fields, line, where, json=True):
            reading.add(fields.to_question(count), where)
    return QuestionSet(header.name or path.stem, reading.finish(), header.corpus)


def save_questions(
    path: str | Path,
    questions: Iterable[Question],
    *,
    corpus: str | None = None,
    name: str | None = None,
    mode: int = 0o666,
) -> None:
    """Write a question set as JSON lines, in one step: a crash leaves the old file or the new.

    Args:
        path: the file.
        questions: the set; `load_questions` gives it back as it is.
        corpus: the fingerprint of the corpus that it is about.
        name: what reports call it; None for the file's name.
        mode: who may read and write the file, as far as the process lets them.

    Raises:
        QuestionSetError: the set could not be read again, or the file cannot be written.
    """
    path = Path(path)
    lines = [_to_dict(question) for question in questions]
    header = {key: value for key, value in (("corpus", corpus), ("name", name)) if value}
    _check(path, header, lines)
    _write(path, "".join(map(_line, [header, *lines] if header else lines)), mode)


def add_question(path: Path, question: Question) -> None:
    """Add a question, with an id that no other has, to a file that `save_questions` wrote.

    Raises:
        QuestionSetError: it could not be read again, or the file cannot be written.
    """
    line = _to_dict(question)
    _check(path, {}, [line])
    data = _line(line).encode()
    try:
        with path.open("r+b", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            try:
                if file.write(data) < len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file.fileno())
            except OSError:
                file.truncate(end)  # half a line would spoil the set
                raise
    except OSError as error:
        raise QuestionSetError(f"{path} cannot be written: {error.strerror}") from error


def _is_header(line: str) -> bool:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return False
    if not isinstance(data, dict) or "id" in data or "question" in data:
        return False
    return "corpus" in data or "name" in data


def _line(data: Mapping[str, Any]) -> str:
    return f"{json.dumps(data, ensure_ascii=False)}\n"


def _to_dict(question: Question) -> dict[str, Any]:
    """Return a question as a line has it, without what is empty."""
    parts = [
        [{"document": p.document_id, "start": p.start, "end": p.end} for p in part]
        for part in question.places
    ]
    fields = {
        "quotes": list(question.quotes),
        "history": list(question.history),
        "answers": list(question.answers),
        "spans": [part[0] if len(part) == 1 else part for part in parts],
        "relevant": dict(question.relevant),
        "tags": list(question.tags),
    }
    return {
        "id": question.id,
        "question": question.text,
        "answerable": question.answerable,
        **{key: value for key, value in fields.items() if value},
    }


def _check(path: Path, header: dict[str, str], lines: list[dict[str, Any]]) -> None:
    """Refuse to write what could not be read."""
    reading = Reading(path)
    reading.parse(_Header, header, "the set")
    for line in lines:
        where = f"question “{line['id']}”"
        if fields := reading.parse(Fields, line, where):
            reading.add(fields.to_question(0), where)
    if reading.faults:
        raise QuestionSetError(f"{path} is not written, as it could not be read", reading.faults)


def _write(path: Path, text: str, mode: int) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with open(handle, "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123 - a handle
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise QuestionSetError(f"{path} cannot be written: {error.strerror}") from error
