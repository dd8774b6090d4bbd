"""Answers of any system, as JSON lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, ValidationError

from qa.errors import AnswerFileError, LoadError
from qa.evaluation.formats.validation import Id, Lenient, reason
from qa.regular_files import read_regular

MAX_BYTES = 500_000_000
"""The largest file of answers that is read."""

_LONGEST = 100_000  # characters of an answer, or of a context
_MOST_CONTEXTS = 1_000

Text = Annotated[str, Field(max_length=_LONGEST)]


def _named(*names: str) -> AliasChoices:
    return AliasChoices(*names)


class _Fields(Lenient):
    """An answer as a file has it, by the names that frameworks for evaluation use."""

    id: Id | None = Field(None, validation_alias=_named("id", "question_id"))
    question: Text = Field("", validation_alias=_named("question", "user_input", "input"))
    answer: Text | None = Field(
        validation_alias=_named("answer", "response", "actual_output", "text")
    )
    contexts: list[Text] | None = Field(
        None,
        max_length=_MOST_CONTEXTS,
        validation_alias=_named("contexts", "retrieved_contexts", "retrieval_context"),
    )
    abstained: bool | None = None
    confidence: float | None = Field(None, ge=0, le=1)


@dataclass(frozen=True, slots=True)
class AnyAnswer:
    """An answer of any system.

    Attributes:
        id: the question's, in a question set; by default that of the line, "a1".
        question: what was asked; empty if the file does not say.
        text: the answer; empty where the system gave none.
        contexts: the passages that it was made of, best first; None if the file has none.
        abstained: whether the system says that it found no answer; None if it says neither.
        confidence: the system's own, from 0 to 1; None if it tells none.
        has_id: whether the file gives the id.
    """

    id: str
    question: str
    text: str
    contexts: tuple[str, ...] | None = None
    abstained: bool | None = None
    confidence: float | None = None
    has_id: bool = False


def read_answers(path: str | Path) -> list[AnyAnswer]:
    """Read answers, one a line.

    Raises:
        AnswerFileError: the file cannot be read, or a line is no answer, or there is none.
    """
    path = Path(path).expanduser()
    try:
        text = read_regular(path, MAX_BYTES).decode("utf-8-sig")
    except LoadError as error:
        raise AnswerFileError(str(error)) from error
    except UnicodeDecodeError as error:
        raise AnswerFileError(f"{path} is not UTF-8 text: save it as that") from error
    answers, faults = [], []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            answers.append(_answer(_Fields.model_validate_json(line), number))
        except ValidationError as error:
            faults.append(f"line {number}: {reason(error, _Fields)}")
    if faults:
        noun = "bad line" if len(faults) == 1 else "bad lines"
        raise AnswerFileError(f"{path} has {len(faults):,} {noun}", faults)
    if not answers:
        raise AnswerFileError(f"{path} has no answers in it")
    return answers


def _answer(fields: _Fields, number: int) -> AnyAnswer:
    text = fields.answer or ""
    return AnyAnswer(
        id=fields.id or f"a{number}",
        question=fields.question,
        text=text,
        contexts=None if fields.contexts is None else tuple(fields.contexts),
        abstained=fields.abstained if text.strip() else True,
        confidence=fields.confidence,
        has_id=fields.id is not None,
    )
