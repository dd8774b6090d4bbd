"""Answers and conversations as they stand in files: what they claim, none of it believed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qa.errors import AnswerFileError

Position = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]


class _Saved(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


_Kind = TypeVar("_Kind", bound=_Saved)


class SavedCitation(_Saved):
    """What `Citation.to_dict` gave, or what somebody made of it."""

    number: Count
    quote: str
    lead: Position = 0
    start: Position
    end: Position
    document_id: str
    title: str
    source: str | None
    sha256: str
    byte_start: Position
    byte_end: Position
    line: Count
    page: Count | None
    occurrence: Count
    occurrences: Count


class SavedAnswer(_Saved):
    """What `Answer.to_dict` gave, or what somebody made of it."""

    question: str
    text: str
    abstained: bool
    citations: list[SavedCitation]
    near: list[SavedCitation]


class SavedConversation(_Saved):
    """Several answers in one file, each of which stands on its own."""

    format: Literal["inquote-conversation/1"]
    title: str
    answers: list[SavedAnswer]


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
        raise AnswerFileError(f"this is not a saved answer: {_reason(error)}") from error


def read_saved(path: Path) -> SavedAnswer | SavedConversation:
    """Read an answer, or a conversation, that was saved as JSON.

    Raises:
        AnswerFileError: the file cannot be read, or is neither of them.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AnswerFileError(f"{path} cannot be read: {error.strerror}") from error
    try:
        _Head.model_validate_json(data)
    except ValidationError:  # an answer has no format
        return _parsed(SavedAnswer, "answer", data, path)
    return _parsed(SavedConversation, "conversation", data, path)


def _parsed(model: type[_Kind], what: str, data: bytes, path: Path) -> _Kind:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise AnswerFileError(f"{path} is not a saved {what}: {_reason(error)}") from error


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{first['msg']} (at {where})" if where else first["msg"]
