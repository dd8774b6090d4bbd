"""Saved answers and conversations: untrusted claims, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError, model_validator

from qa.answering import Status
from qa.answering.statements import MOST_STATEMENTS, Statement, Verdict, Written
from qa.errors import AnswerFileError, LoadError
from qa.regular_files import read_regular
from qa.schemas import format_of

MAX_FILE_BYTES = 50_000_000
"""The largest file of an answer, or of a conversation, that is read."""

MAX_QUOTES = 100
"""The most quotes of an answer, and the most that are near."""

MAX_ANSWERS = 1_000
"""The most answers of a conversation."""

MAX_QUOTES_IN_ALL = 5_000
"""The most quotes of a conversation, near ones included."""

MAX_CONTEXT = 20
"""The most headings and lines that a quote stands under."""

_LARGEST = 10**12  # of a number; no text is as long
_LONGEST = 1_000_000  # characters of a text
_LONGEST_NAME = 10_000
_LONGEST_STATEMENT = 2_000

Position = Annotated[int, Field(ge=0, le=_LARGEST)]
Count = Annotated[int, Field(ge=1, le=_LARGEST)]
Text = Annotated[str, Field(max_length=_LONGEST)]
Name = Annotated[str, Field(max_length=_LONGEST_NAME)]


class _Saved(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


_Kind = TypeVar("_Kind", bound=_Saved)


class SavedContext(_Saved):
    """What a citation says that it stands under."""

    text: Text
    start: Position
    end: Position


class SavedCitation(_Saved):
    """A citation by `Citation.to_dict`, or a forged one."""

    number: Count
    quote: Text
    lead: Position = 0
    answer: Annotated[list[Position], Field(min_length=2, max_length=2)] | None = None
    start: Position
    end: Position
    sentence_start: Position | None = None  # older answers have neither
    sentence_end: Position | None = None
    document_id: Name
    title: Name
    source: Name | None
    sha256: Name
    byte_start: Position
    byte_end: Position
    line: Count
    page: Count | None
    occurrence: Count
    occurrences: Count
    context: Annotated[list[SavedContext], Field(max_length=MAX_CONTEXT)] = []


Quotes = Annotated[list[SavedCitation], Field(max_length=MAX_QUOTES), FailFast()]


class SavedStatement(_Saved):
    """A sentence of a language model by `Statement.to_dict`, or a forged one."""

    sentence: Annotated[str, Field(max_length=_LONGEST_STATEMENT)]
    citations: Annotated[list[Count], Field(max_length=MAX_QUOTES)]
    support: Annotated[float, Field(ge=0, le=1)]
    verdict: Verdict
    wrong: Annotated[str, Field(max_length=_LONGEST_STATEMENT)]

    @property
    def claimed(self) -> Statement:
        """The statement, as it says of itself."""
        return Statement(**(self.model_dump() | {"citations": tuple(self.citations)}))


class SavedWritten(_Saved):
    """What a language model wrote, by `Written.to_dict`, or a forgery."""

    statements: Annotated[list[SavedStatement], Field(max_length=MOST_STATEMENTS), FailFast()]
    model: Name = ""
    host: Name = ""
    prompt: int = 0
    problem: Name = ""

    @property
    def claimed(self) -> Written:
        """What it says of itself."""
        statements = tuple(one.claimed for one in self.statements)
        return Written(statements, self.model, self.host, self.prompt, self.problem)


class SavedAnswer(_Saved):
    """An answer by `Answer.to_dict`, or a forged one."""

    format: Literal["inquote-answer/1"] = "inquote-answer/1"  # older answers have none
    question: Text
    text: Text
    status: Status | None = None  # older answers have none
    abstained: bool
    citations: Quotes
    near: Quotes
    written: SavedWritten | None = None

    @property
    def outcome(self) -> Status:
        """The status, which an older answer has by `abstained`."""
        return self.status or ("abstained" if self.abstained else "answered")

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The sentences that a language model wrote and that are shown."""
        return self.written.claimed.shown if self.written else ()

    @property
    def quotes(self) -> list[SavedCitation]:
        """Every quote, those that are near at the end."""
        return [*self.citations, *self.near]


class SavedConversation(_Saved):
    """Several independent answers in one file."""

    format: Literal["inquote-conversation/1"]
    title: Text
    answers: Annotated[list[SavedAnswer], Field(max_length=MAX_ANSWERS), FailFast()]

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        count = sum(len(answer.quotes) for answer in self.answers)
        if count > MAX_QUOTES_IN_ALL:
            raise ValueError(f"it has {count:,} quotes, and the most is {MAX_QUOTES_IN_ALL:,}")
        return self


class _Head(BaseModel):
    format: str


def parse_answer(fields: Mapping[str, Any]) -> SavedAnswer:
    """Read an answer from plain data.

    Raises:
        AnswerFileError: it is not what `Answer.to_dict` gives.
    """
    try:
        return SavedAnswer.model_validate(fields)
    except ValidationError as error:
        raise AnswerFileError(f"this is not a saved answer: {reason(error)}") from error


def read_saved(path: Path) -> SavedAnswer | SavedConversation:
    """Read an answer, or a conversation, that was saved as JSON.

    Raises:
        AnswerFileError: the file cannot be read, or is neither of them.
    """
    try:
        data = read_regular(path, MAX_FILE_BYTES)
    except LoadError as error:
        raise AnswerFileError(str(error)) from error
    return parse_saved(data, path)


def parse_saved(data: bytes, path: Path) -> SavedAnswer | SavedConversation:
    """Read an answer, or a conversation, from JSON; `path` is what an error calls it.

    Raises:
        AnswerFileError: it is neither of them.
    """
    try:
        head = _Head.model_validate_json(data).format
    except ValidationError:  # older answers have no format
        head = format_of("answer")
    if head.startswith("inquote-answer/"):
        return _parsed(SavedAnswer, "answer", data, path)
    return _parsed(SavedConversation, "conversation", data, path)


def reason(error: ValidationError) -> str:
    """Return the first fault of data, and its place, in a few words."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    fault = first["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    return f"{fault} (at {where})" if where else fault


def _parsed(model: type[_Kind], what: str, data: bytes, path: Path) -> _Kind:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise AnswerFileError(f"{path} is not a saved {what}: {reason(error)}") from error
