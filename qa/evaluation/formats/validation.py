"""What the formats share: reading files, and naming all their faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from qa.errors import QuestionSetError
from qa.evaluation.questions import Question, brief

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_BLANK = r"\S"

Words = Annotated[str, Field(pattern=_BLANK)]
"""Text that is not blank."""


def _number_as_text(value: object) -> object:
    return str(value) if type(value) is int else value


Id = Annotated[Words, BeforeValidator(_number_as_text)]
"""An id in a format of others, where some files have numbers."""

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Fields of our own format: no other may be there."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Lenient(BaseModel):
    """Fields of a format of others, where further ones are skipped."""

    model_config = ConfigDict(strict=True, extra="ignore", populate_by_name=True)


class Reading:
    """The questions of a set, and all its faults; `fault` is what messages call one."""

    def __init__(self, path: Path, fault: str = "bad line") -> None:
        self.faults: list[str] = []
        self._path = path
        self._fault = fault
        self._questions: dict[str, Question] = {}
        self._wheres: dict[str, str] = {}

    def fault(self, where: str, reason: str) -> None:
        """Note a fault."""
        self.faults.append(f"{where}: {reason}")

    def parse(
        self, model: type[Model], data: Any, where: str, *, json: bool = False
    ) -> Model | None:
        """Read fields from data or JSON; return None, and note the fault, where they do not fit."""
        try:
            return model.model_validate_json(data) if json else model.model_validate(data)
        except ValidationError as error:
            self.fault(where, reason(error, model))
            return None

    def add(self, question: Question, where: str) -> None:
        """Add a question; its id must be new."""
        first = self._wheres.setdefault(question.id, where)
        if question.id in self._questions:
            self.fault(where, f"the id “{brief(question.id)}” is there twice, first in {first}")
        self._questions[question.id] = question

    def finish(self) -> tuple[Question, ...]:
        """Return the questions.

        Raises:
            QuestionSetError: something is wrong with the set, or there is no question in it.
        """
        if self.faults:
            noun = self._fault + ("s" if len(self.faults) > 1 else "")
            raise QuestionSetError(f"{self._path} has {len(self.faults):,} {noun}", self.faults)
        if not self._questions:
            raise QuestionSetError(f"{self._path} has no questions in it")
        return tuple(self._questions.values())


@contextmanager
def reading_errors(path: Path) -> Iterator[None]:
    """Map what can go wrong when a text file is read."""
    try:
        yield
    except OSError as error:
        raise QuestionSetError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        is_table = path.suffix.lower() in (".csv", ".tsv")
        hint = " (a spreadsheet calls it “CSV UTF-8”)" if is_table else ""
        raise QuestionSetError(f"{path} is not UTF-8 text: save it as that{hint}") from error


def read_text(path: Path) -> str:
    """Read a whole file, its line ends as they are."""
    with reading_errors(path), path.open(encoding="utf-8-sig", newline="") as file:
        return file.read()


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers from 1."""
    with reading_errors(path), path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.isspace():
                yield number, line.rstrip("\n")


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return a sentence on an unknown name: which was meant, or which are known."""
    close = get_close_matches(name, known, n=1)
    way_out = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
    return f"is not a field that is known; {way_out}"


def reason(error: ValidationError, model: type[BaseModel]) -> str:
    """Return one fault, an unknown field first: it explains why another is missing."""
    errors = error.errors(include_url=False)
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
    where = "".join(f"[{x}]" if isinstance(x, int) else f".{x}" for x in first["loc"])
    what = _what(first, [field.alias or name for name, field in model.model_fields.items()])
    return f"{brief(where.lstrip('.'))}: {what}" if where else what


def _what(error: ErrorDetails, known: list[str]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in _WANTED:
        return f"must be {_WANTED[kind]}, not {_kind_of(error['input'])}"
    match kind:
        case "missing":
            return "is missing"
        case "extra_forbidden" if len(error["loc"]) == 1:
            return did_you_mean(str(error["loc"][0]), known)
        case "extra_forbidden":
            return "is not a field that is known"
        case "string_pattern_mismatch" if context.get("pattern") == _BLANK:
            return "is empty"
        case "too_short":
            return "is an empty list"
        case "json_invalid":
            return f"is not JSON: {context['error']}".replace("line 1 column", "column")
        case "value_error":
            return str(context["error"])
    return error["msg"].replace("Input should", "must").replace("String should", "must")


_WANTED: Mapping[str, str] = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
}


def _kind_of(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    kinds = {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds.get(type(value), type(value).__name__)
