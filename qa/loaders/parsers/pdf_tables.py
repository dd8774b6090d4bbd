"""Rows of the tables on a PDF's page: lines with gaps, and cells of several lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from qa.loaders.parsers.pdf_lines import Line

_AHEAD = 5  # lines within which the next cell of a row begins
_SAME_PLACE = 4.0  # points
_SAME_HEIGHT = 0.3  # sizes of letters
_WIDER = 1.2  # than the lines of a cell are, and another row begins


class Row(NamedTuple):
    """The lines of a table's row, from `first` to `last`; `is_first` tells whether of its table."""

    first: int
    last: int
    is_first: bool


def table_rows(page: Sequence[Line], furniture: set[int]) -> list[Row]:
    """Return the rows of the tables on a page."""
    rows: list[Row] = []
    number = 0
    while number < len(page):
        if number in furniture or not page[number].columns:
            number += 1
            continue
        first = _reach_back(page, number, rows[-1].last + 1 if rows else 0)
        last = _reach(page, number, furniture)
        rows += _rows(page, first, last)
        number = last + 1
    return rows


def _reach_back(page: Sequence[Line], number: int, least: int) -> int:
    """Return the first line that stands beside one, and belongs to its row."""
    for before in range(max(number - _AHEAD + 1, least), number):
        if _is_beside(page[before], page[number]):
            return before
    return number


def _reach(page: Sequence[Line], first: int, furniture: set[int]) -> int:
    """Return the last line of the table that a line begins."""
    starts = {page[first].left, *page[first].columns}
    last = first
    while last + 1 < len(page) and last + 1 not in furniture:
        line = page[last + 1]
        if not (line.columns or _is_cell(page, last + 1, starts)):
            break
        starts |= {line.left, *line.columns}
        last += 1
    return last


def _is_cell(page: Sequence[Line], number: int, starts: set[float]) -> bool:
    line = page[number]
    inner = line.left > min(starts) + _SAME_PLACE
    if inner and any(abs(line.left - start) < _SAME_PLACE for start in starts):
        return True
    following = page[number + 1 : number + 1 + _AHEAD]
    return _is_beside(page[number - 1], line) or any(_is_beside(line, one) for one in following)


def _is_beside(line: Line, other: Line) -> bool:
    """Return whether another line stands to the right of a line, as high or higher."""
    above = other.first - line.first
    return other.left > line.right and -_SAME_HEIGHT * line.size <= above < 4 * line.size


def _rows(page: Sequence[Line], first: int, last: int) -> Iterator[Row]:
    """Yield the rows of a table."""
    steps = [
        step
        for before, line in pairwise(page[first : last + 1])
        if not line.columns and (step := before.last - line.first) > line.size / 2
    ]
    cell_step = min(steps, default=0.0) * _WIDER
    start, lowest = first, page[first].last
    for number in range(first + 1, last + 1):
        line = page[number]
        step = lowest - line.first
        if step > _SAME_HEIGHT * line.size and (line.columns or step > cell_step):
            yield Row(start, number - 1, start == first)
            start, lowest = number, line.last
        lowest = min(lowest, line.last)
    yield Row(start, last, start == first)
