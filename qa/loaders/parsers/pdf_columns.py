"""Columns of text on a PDF's page.

Most files have one column behind the other; some have line after line, across all columns. What is
in columns is told by its look: above each other stand lines that fill the column's width, and next
to them others that do so too, not beginning where those do, as a table's cells would.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from qa.loaders.parsers.pdf_lines import GUTTER, Gap, Line, parts_of

_FEWEST = 5  # lines in a column
_MOST = 10  # places that are tried
_GRID = 2.0  # points, within which lines begin at one place
_NARROWEST = 9  # sizes of letters in a column's width
_ACROSS = 0.5  # lines across a place, for each line that begins there
_FILLS = 0.75  # of a column's width
_FULL = 0.6  # of a column's words are in lines that fill it
_GO_ON = 0.5  # of its lines begin within a sentence
_TOGETHER = 2.5  # lines, at least, for each that something begins with
_SAME_HEIGHT = 0.3  # sizes of letters
_BESIDE = 0.6  # of what begins in two columns does so at one height: they are a table's
_RETURNS = 0.5  # from a column to one before, for each line; then the file goes across
_FURTHER = 1.3  # times the usual distance of lines, and something begins
_STRIP = 1.8  # times the usual distance of lines, from where on what is below is read later


class Piece(NamedTuple):
    """What a line has in a column; its number is -1 if it reaches over several."""

    column: int
    goes_on: bool  # no capital or digit begins it
    left: float
    right: float
    height: float
    size: float


def column_starts(lines: Sequence[Line]) -> tuple[float, ...]:
    """Return where the columns of a page begin but the first; nothing if there is only one."""
    starts: list[float] = []
    for start in _candidates(lines):
        if all(abs(start - other) > _NARROWEST * _size(lines) for other in starts) and (
            _parts_lines(lines, start)
        ):
            starts.append(start)
    starts.sort()
    while starts and (odd := _odd_column(lines, starts)) is not None:
        del starts[max(odd - 1, 0)]
    return tuple(starts)


def _candidates(lines: Sequence[Line]) -> list[float]:
    """Return where many lines begin, or go on behind a gap, most first."""
    counts = Counter(
        round(left / _GRID)
        for line in lines
        for left in {line.left, *(gap.start for gap in line.gaps)}
    )
    around = {
        left: sum(counts[left + step] for step in (-1, 0, 1))
        for left, count in counts.items()
        if count == max(counts[left + step] for step in (-1, 0, 1))
    }
    best = sorted((-count, left) for left, count in around.items() if count >= _FEWEST)
    return [left * _GRID for _, left in best[:_MOST]]


def _size(lines: Sequence[Line] | Sequence[Piece]) -> float:
    return Counter(line.size for line in lines).most_common(1)[0][0]


def _parts_lines(lines: Sequence[Line], start: float) -> bool:
    """Return whether a page's lines end before a place or begin there, with few exceptions."""
    pieces = list(_pieces(lines, [start], set()))
    heights = [p.height for p in pieces if p.column == 1 and p.left < start + 2 * _GRID]
    if len(heights) < _FEWEST:
        return False
    beside = [p.column for p in pieces if min(heights) - 1 <= p.height <= max(heights) + 1]
    return beside.count(0) >= _FEWEST and beside.count(-1) <= _ACROSS * len(heights)


def _pieces(lines: Sequence[Line], starts: Sequence[float], rows: set[int]) -> Iterator[Piece]:
    """Yield what lines have in columns, in the order of the file; `rows` are across them."""
    for number, line in enumerate(lines):
        left, begin = line.left, 0
        for cut in [*([] if number in rows else _cuts(line, starts)), None]:
            right = cut.end if cut else line.right
            column = -1 if number in rows else _column(left, right, line.size, starts)
            first = line.text[begin : begin + 1]
            goes_on = not (first.isupper() or first.isdigit())
            yield Piece(column, goes_on, left, right, line.first, line.size)
            if cut:
                left, begin = cut.start, cut.unit + 1 - line.units[0]


def _rows_across(lines: Sequence[Line], starts: Sequence[float]) -> set[int]:
    """Return the numbers of lines of a table across columns: cells begin within several of them.

    They do so below or above others.
    """
    cells = [
        [start for start in line.columns if all(abs(start - one) > _GRID for one in starts)]
        for line in lines
    ]
    rows: set[int] = set()
    for number, (above, below) in enumerate(pairwise(cells)):
        if len({bisect(starts, start) for start in _near(below, above, 1.0)}) > 1:
            rows |= {number, number + 1}
    return rows


def _cuts(line: Line, starts: Sequence[float]) -> list[Gap]:
    """Return the gaps of a line that lie between columns, or where it goes back."""
    least = GUTTER * line.size
    return [
        gap
        for gap in line.gaps
        if gap.start < gap.end
        or any(gap.end < start - least and gap.start > start - _GRID for start in starts)
    ]


def _column(left: float, right: float, size: float, starts: Sequence[float]) -> int:
    begins = sum(left > start - _GRID for start in starts)
    reaches = sum(right > start - GUTTER * size for start in starts)
    return begins if begins == reaches else -1


def _odd_column(lines: Sequence[Line], starts: Sequence[float]) -> int | None:
    """Return the number of a column that is none."""
    columns: list[list[Piece]] = [[] for _ in range(len(starts) + 2)]  # the last is across all
    for piece in _pieces(lines, starts, _rows_across(lines, starts)):
        columns[piece.column].append(piece)
    across = sorted(piece.height for piece in columns.pop())
    begins = [_begins(column, across) if column else [] for column in columns]
    cells = (n for n, (one, other) in enumerate(pairwise(begins), 1) if _are_cells(one, other))
    others = (number for number, column in enumerate(columns) if not _is_text(column))
    return next(cells, next(others, None))


def _is_text(column: Sequence[Piece]) -> bool:
    """Return whether a column's lines fill its width and go on from one to the next."""
    if len(column) < _FEWEST:
        return False
    left, right = _edges(column)
    least = left + _FILLS * (right - left)
    full = sum(piece.right - piece.left for piece in column if piece.right >= least)
    every = sum(piece.right - piece.left for piece in column)
    return (
        right - left >= _NARROWEST * _size(column)
        and full >= _FULL * every
        and sum(piece.goes_on for piece in column) >= _GO_ON * len(column)
        and len(column) > _TOGETHER * len(_begins(column, ()))
    )


def _edges(column: Sequence[Piece]) -> tuple[float, float]:
    rights = sorted(piece.right for piece in column)
    return min(piece.left for piece in column), rights[9 * (len(rights) - 1) // 10]


def _begins(column: Sequence[Piece], across: Sequence[float]) -> list[float]:
    """Return the heights at which something begins in a column, but not below what is across.

    There what is above ends early, or stands further away.
    """
    order = sorted(column, key=lambda piece: -piece.height)
    left, right = _edges(column)
    least = left + _FILLS * (right - left)
    far = _FURTHER * _distance([piece.height for piece in order])
    return [
        below.height
        for above, below in pairwise(order)
        if (above.right < least or above.height - below.height > far)
        and bisect(across, above.height) == bisect(across, below.height)
    ]


def _are_cells(one: Sequence[float], other: Sequence[float]) -> bool:
    """Return whether two columns are a table's: what begins in one does so beside the other's."""
    both = len(_near(other, one, 1.0))
    most = max(len(one), len(other))
    return both >= max(_BESIDE * most, min(most, 3), 2)


def _distance(heights: Sequence[float]) -> float:
    """Return how far lines usually are from each other; the highest comes first."""
    steps = sorted(high - low for high, low in pairwise(heights) if high - low > 1)
    return steps[len(steps) // 2] if steps else 0.0


def in_columns(textpage: Any, lines: list[Line]) -> list[Line]:
    """Return a page's lines with their columns, one column after the other.

    That is mostly the order of the file; only if it goes across columns, lines are cut.
    """
    starts = column_starts(lines)
    if not starts:
        return lines
    rows = _rows_across(lines, starts)
    if not _goes_across(list(_pieces(lines, starts, rows))):
        return [_in_column(line, starts, number in rows) for number, line in enumerate(lines)]
    whole = textpage.get_text_range(errors="ignore").encode("utf-16-le")
    parts: list[Line] = []
    for number, line in enumerate(lines):
        cuts = [] if number in rows else _cuts(line, starts)
        found = parts_of(textpage, whole, line, cuts) if cuts else [line]
        parts += [_in_column(part, starts, number in rows) for part in found]
    return _ordered(parts, len(starts) + 1)


def _in_column(line: Line, starts: Sequence[float], is_row: bool) -> Line:
    column = -1 if is_row else _column(line.left, line.right, line.size, starts)
    return line._replace(column=column)


def _goes_across(pieces: Sequence[Piece]) -> bool:
    returns = sum(0 <= piece.column < before.column for before, piece in pairwise(pieces))
    counts = Counter(piece.column for piece in pieces if piece.column >= 0)
    return returns >= max(_RETURNS * min(counts.values()), 3)


def _ordered(lines: list[Line], columns: int) -> list[Line]:
    """Return lines from the top; what is beside each other, one column after the other."""
    lines.sort(key=lambda line: -line.first)
    strip = _STRIP * _distance([line.first for line in lines if line.column == 0])
    bands: list[list[list[Line]]] = []
    lowest, across = 0.0, None
    for line in lines:
        if across is not (line.column < 0) or line.first < lowest - strip:
            bands.append([[] for _ in range(columns)])
            across = line.column < 0
        lowest = line.first
        bands[-1][max(line.column, 0)].append(line)
    return [line for band in bands for column in band for line in _joined(column)]


def _joined(column: Sequence[Line]) -> Iterator[Line]:
    """Yield the lines of a column, with what is at the same height in one."""
    row: list[Line] = []
    for line in column:
        if row and row[0].first - line.first > _SAME_HEIGHT * line.size:
            yield _one(row)
            row = []
        row.append(line)
    if row:
        yield _one(row)


def _one(row: list[Line]) -> Line:
    row.sort(key=lambda line: line.left)
    if len(row) == 1:
        return row[0]
    return row[0]._replace(
        text=" ".join(line.text for line in row),
        size=max(line.size for line in row),
        last=row[-1].last,
        right=row[-1].right,
        columns=tuple(start for line in row for start in line.columns),
        gaps=tuple(gap for line in row for gap in line.gaps),
    )


def stacked(lines: Sequence[Line]) -> list[Line]:
    """Return lines as if all columns began where the first does.

    In a line of text, a wide gap is none.
    """
    lefts: dict[int, Counter[int]] = defaultdict(Counter)
    for line in lines:
        lefts[line.column][round(line.left)] += 1
    usual = {column: left.most_common(1)[0][0] for column, left in lefts.items()}
    if max(usual, default=0) <= 0:
        return list(lines)
    rows = _rows(lines)
    first = usual.get(0, min(usual.values()))
    return [
        line if line.column < 0 else _moved(line, first - usual[line.column], number in rows)
        for number, line in enumerate(lines)
    ]


def _rows(lines: Sequence[Line]) -> set[int]:
    """Return the numbers of lines with gaps below or above others' gaps."""
    return {
        number + step
        for number, (above, below) in enumerate(pairwise(lines))
        if below.columns and _near(below.columns, above.columns, below.size or 1.0)
        for step in (0, 1)
    }


def _moved(line: Line, by: float, is_row: bool) -> Line:
    return line._replace(
        left=line.left + by,
        right=line.right + by,
        word=line.word + by,
        columns=tuple(start + by for start in line.columns) if is_row else (),
    )


def _near(starts: Sequence[float], others: Sequence[float], within: float) -> list[float]:
    """Return those of places that are near others, by about a distance."""
    places = {round(other / within) + step for other in others for step in (-1, 0, 1)}
    return [start for start in starts if round(start / within) in places]
