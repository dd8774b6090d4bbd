"""Rows of spreadsheets as text: each is a line, in which every cell stands behind its heading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import NamedTuple

from qa.loaders.parsers import Blocks, Refused
from qa.loaders.parsers.flow import clean

MAX_CHARACTERS = 200_000_000
"""The most characters that the rows of a file may have together."""

_BETWEEN = "; "
_LONGEST_HEADING = 100  # characters
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")


class Cell(NamedTuple):
    """What a cell shows, and whether it is a number or a date."""

    text: str
    is_number: bool = False

    @classmethod
    def of(cls, text: str, *, is_number: bool = False) -> Cell:
        """Return a cell, with its text on one line."""
        return cls(" ".join(clean(text.replace("\0", " ")).split()), is_number)


Row = Sequence[Cell]


class Sheets:
    """The text of one table or several, and its blocks."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._blocks: list[tuple[int, int, str, int]] = []
        self._length = 0

    def heading(self, text: str) -> None:
        """Add the name of the next table."""
        if self._lines:
            self._add("", "")
        self._add(Cell.of(text).text, "heading", 1)

    def table(self, rows: Iterable[Row]) -> None:
        """Add a table, of which empty rows are empty lines.

        The first row of at least two cells has the headings, if it looks like that. A cell that
        stands alone above them, or below an empty row, is a paragraph. New headings may stand
        below an empty row, if there are numbers below them.
        """
        headings: Row = ()
        for has_cells, part in groupby(rows, key=lambda row: any(cell.text for cell in row)):
            if has_cells:
                headings = self._part(part, headings)
            else:
                for _ in part:
                    self._add("", "")

    def _part(self, rows: Iterator[Row], headings: Row) -> Row:
        """Add rows without an empty one between them, and return their headings."""
        has_body = False
        for row, below in _with_next(rows):
            width = sum(bool(cell.text) for cell in row)
            if has_body or width > 1:
                opens = below is not None and not has_body and _is_header(row, below)
                has_body = True
                if opens and (not headings or _has_numbers_below(row, below or ())):
                    headings = row
                    self._add(_BETWEEN.join(cell.text for cell in row if cell.text), "furniture")
                    continue
            if has_body:
                self._add(_line(row, headings), "row")
            else:
                self._add(_line(row, ()), "paragraph")
        return headings

    def _add(self, line: str, kind: str, level: int = 0) -> None:
        if line:
            self._blocks.append((self._length, self._length + len(line), kind, level))
        self._lines.append(line)
        self._length += len(line) + 1
        if self._length > MAX_CHARACTERS:
            raise Refused(
                f"has more than {MAX_CHARACTERS:,} characters: split it into several files"
            )

    def written(self) -> tuple[str, Blocks]:
        """Return the text, and its blocks."""
        return "\n".join(self._lines).rstrip("\n"), tuple(self._blocks)


def _is_header(row: Row, below: Row) -> bool:
    """Return whether a row looks like headings: short words, each another, or years of numbers."""
    texts = [cell.text for cell in row if cell.text]
    numbers = [number for number, cell in enumerate(row) if cell.text and cell.is_number]
    return (
        len({text.casefold() for text in texts}) == len(texts) > len(numbers)
        and max(map(len, texts)) <= _LONGEST_HEADING
        and all(_is_year(row[n]) and n < len(below) and _is_count(below[n]) for n in numbers)
    )


def _is_year(cell: Cell) -> bool:
    return _YEAR.fullmatch(cell.text) is not None


def _is_count(cell: Cell) -> bool:
    return not cell.text or (cell.is_number and not _is_year(cell))


def _has_numbers_below(row: Row, below: Row) -> bool:
    pairs = zip(row, below, strict=False)
    return any(cell.text and not cell.is_number and under.is_number for cell, under in pairs)


def _line(row: Row, headings: Row) -> str:
    """Return a row as text: "Name: Marn; Height: 31", without the cells that are empty."""
    parts = []
    for number, cell in enumerate(row):
        heading = headings[number].text.rstrip(": ") if number < len(headings) else ""
        if cell.text:
            parts.append(f"{heading}: {cell.text}" if heading else cell.text)
    return _BETWEEN.join(parts)


def _with_next(rows: Iterator[Row]) -> Iterator[tuple[Row, Row | None]]:
    """Yield each row with the one below it."""
    ended: Sequence[Row | None] = (None,)
    before: Row | None = None
    for row in chain[Row | None](rows, ended):
        if before is not None:
            yield before, row
        before = row
