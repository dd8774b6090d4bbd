"""Question sets made in a spreadsheet: CSV, or tabs between the cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from qa.errors import QuestionSetError
from qa.evaluation.formats.jsonl import Fields
from qa.evaluation.formats.validation import Reading, did_you_mean, read_text
from qa.evaluation.questions import NOT_JUDGED, QuestionSet, brief

_ONCE = ("id", "question", "answerable")
_REPEATED: Mapping[str, str] = {
    "quote": "quotes",
    "history": "history",
    "answer": "answers",
    "tag": "tags",
}
_SINGULARS = {plural: column for column, plural in _REPEATED.items()}
_MOST_COLUMNS = 1_000
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read(path: Path, *, drafts: bool = False) -> QuestionSet:
    """Read a table with a header row, a question a row; a `QuestionSetError` names its bad lines.

    With `drafts`, a row that has neither a quote nor `answerable` is not judged yet.
    """
    text = read_text(path)
    delimiter = _delimiter(text)
    reading = Reading(path)
    rows = _rows(text, delimiter, reading)
    number, header = next(rows, (1, []))
    columns = [_column(cell) for cell in header]
    if header and (reasons := list(_header_faults(columns))):
        faults = [f"line {number}: {reason}" for reason in reasons]
        raise QuestionSetError(f"{path} has a header row that does not fit", faults)
    for index, (number, row) in enumerate(rows, 1):
        where = f"line {number}"
        data = _data(columns, row, drafts=drafts)
        if any(cell for column, cell in _cells(columns, row) if not column):
            reading.fault(where, _too_wide(row, columns, delimiter))
        elif isinstance(data["answerable"], str):
            written = brief(data["answerable"])
            reading.fault(where, f"answerable: “{written}” is none of {', '.join(_TRUTH)}")
        elif fields := reading.parse(Fields, data, where):
            reading.add(fields.to_question(index), where)
    return QuestionSet(path.stem, reading.finish())


def _delimiter(text: str) -> str:
    """Return the delimiter by which the header row has the most columns that are known."""

    def known(delimiter: str) -> int:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            return sum(_is_known(_column(cell)) for cell in next(rows, []))
        except csv.Error:  # a cell that is too long, which is a fault when the rows are read
            return 0

    return max(",;\t", key=known)


def _rows(text: str, delimiter: str, reading: Reading) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the line of the file that it starts in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        reason = str(error)
        if "field larger" in reason:
            reason = f"a cell has more than {csv.field_size_limit():,} characters"
        reading.fault(f"line {start}", f"is not a row of a table: {reason}")


def _column(cell: str) -> str:
    name = cell.strip().lower()
    return _SINGULARS.get(name, name)


def _is_known(column: str) -> bool:
    return column in _ONCE or column in _REPEATED


def _header_faults(columns: Sequence[str]) -> Iterator[str]:
    if len(columns) > _MOST_COLUMNS:
        yield f"has {len(columns):,} columns; the most is {_MOST_COLUMNS:,}"
        return
    for column in dict.fromkeys(columns):
        if column and not _is_known(column):
            yield f"{brief(column)}: {did_you_mean(column, (*_ONCE, *_REPEATED))}"
        elif column in _ONCE and columns.count(column) > 1:
            yield f"{column}: is there twice"
    if "question" not in columns:
        yield "question: is missing"


def _cells(columns: Sequence[str], row: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each cell with its column, "" for one that has none."""
    for index, cell in enumerate(row):
        yield columns[index] if index < len(columns) else "", cell


def _too_wide(row: Sequence[str], columns: Sequence[str], delimiter: str) -> str:
    sign = {"\t": "tab"}.get(delimiter, delimiter)
    return (
        f"has {len(row)} cells, one of them in no named column of the {len(columns)}: "
        f"put a cell that holds a {sign} in quotation marks"
    )


def _data(columns: Sequence[str], row: Sequence[str], *, drafts: bool) -> dict[str, Any]:
    """Return a row as the fields of a question."""
    data: dict[str, Any] = {"question": ""}
    answerable = ""
    for column, cell in _cells(columns, row):
        if column == "answerable":
            answerable = cell
        elif column in _REPEATED and cell:
            data.setdefault(_REPEATED[column], []).append(cell)
        elif column in _ONCE and cell:
            data[column] = cell
    if drafts and not answerable and "quotes" not in data:
        data.setdefault("tags", []).append(NOT_JUDGED)
    known = "quotes" in data or "answers" in data
    data["answerable"] = _TRUTH.get(answerable.lower(), answerable or known)
    return data
