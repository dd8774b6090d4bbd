"""The lines of a PDF's page, and how they are drawn."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from statistics import median
from typing import Any, NamedTuple

from qa.loaders.parsers.flow import clean

_HYPHEN_AND_LINE_END = "\ufffe"  # PDFium's character for a line end in a hyphenated word
_LINE_ENDS = re.compile(rf"\r\n|{_HYPHEN_AND_LINE_END}")
_SOFT_HYPHEN = "\N{SOFT HYPHEN}"
_SPACE = 32
_BOLDER = 1.1
_LONGEST_HEAD = 60  # characters
GUTTER = 0.6  # sizes of letters, at least, between columns of text
_APART = 0.9  # sizes of letters, from where on a gap parts columns
_ALL_APART = 1.5  # the same, where all words of a line are apart
_APART_FROM_LEAST = 2.5  # times a line's narrowest gap
_SMALLEST = 2.0  # size of letters, in points
_FAR_BACK = 9.0  # sizes of letters, from where on a word that stands further left begins a line
_FARTHEST = 1e6  # points


class Gap(NamedTuple):
    """A space in a line that the file does not have: words stand far apart, or go back.

    Attributes:
        unit: its place in the page's text, in UTF-16 units.
        end: where the word before it ends.
        start: where the word behind it starts.
    """

    unit: int
    end: float
    start: float


class Line(NamedTuple):
    """A line of a page, as it is drawn; lengths are in points.

    Attributes:
        text: its words.
        size: of its letters.
        first, last: the height of the first and last letter above the page's lower edge.
        left, right: where it begins and ends.
        word: where its first word ends.
        weight: how bold it is; 400 is usual.
        columns: where its parts begin that a gap stands before.
        head: how many characters at its start are bolder than its middle.
        gaps: where its words stand far apart, or go back.
        column: the number of its column on the page; -1 if it reaches over several.
        units: its first and last place in the page's text, in UTF-16 units.
    """

    text: str
    size: float = 0.0
    first: float = 0.0
    last: float = 0.0
    left: float = 0.0
    right: float = 0.0
    word: float = 0.0
    weight: float = 0.0
    columns: tuple[float, ...] = ()
    head: int = 0
    gaps: tuple[Gap, ...] = ()
    column: int = 0
    units: tuple[int, int] = (0, -1)


def read_lines(textpage: Any) -> list[Line]:
    """Return the lines of a page, in the order in which the file has them."""
    whole = textpage.get_text_range(errors="ignore")
    coded = whole.encode("utf-16-le")
    start, first = 0, 0  # in characters, and in UTF-16 units
    lines: list[Line] = []
    for end in [*_LINE_ENDS.finditer(whole), None]:
        raw = whole[start : end.start() if end else len(whole)]
        hyphen = "-" if end and end[0] == _HYPHEN_AND_LINE_END else ""
        last = first + _units(raw)
        if text := _readable(raw + hyphen):
            lead = _units(raw) - _units(raw.lstrip())
            line = _placed(textpage, text, first + lead, last - 1)
            back = [gap for gap in line.gaps if gap.end - gap.start > _FAR_BACK * line.size]
            lines += parts_of(textpage, coded, line, back) if back else [line]
        if end:
            start, first = end.end(), last + len(end[0])
    return lines


def parts_of(textpage: Any, whole: bytes, line: Line, gaps: Sequence[Gap]) -> list[Line]:
    """Return the parts of a line between some of its gaps; `whole` is the page's text in UTF-16."""
    first, parts = line.units[0], []
    for end in [*(gap.unit for gap in gaps), line.units[1] + 1]:
        raw = whole[2 * first : 2 * end].decode("utf-16-le", "ignore")
        if text := _readable(raw):
            lead = _units(raw) - _units(raw.lstrip())
            parts.append(_placed(textpage, text, first + lead, end - 1))
        first = end + 1
    if parts and line.text[-1] == "-" != parts[-1].text[-1]:  # the end of the line was the hyphen
        parts[-1] = parts[-1]._replace(text=parts[-1].text + "-")
    return parts


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _readable(raw: str) -> str:
    text = raw.replace("\r", " ").replace("\n", " ").strip()
    if text.endswith(_SOFT_HYPHEN):
        text = text[:-1] + "-"
    return clean(text.replace(_SOFT_HYPHEN, "")).strip()


def _placed(textpage: Any, text: str, first: int, last: int) -> Line:
    """Measure where a line stands; `first` and `last` count UTF-16 units of the page's text."""
    import pypdfium2.raw as raw

    def index_of(unit: int) -> int:
        return int(raw.FPDFText_GetCharIndexFromTextIndex(textpage, unit))

    asked = map(index_of, (first, (first + last) // 2, last))
    known = [index for index in asked if index >= 0]
    if not known:
        return Line(text)
    size = median(raw.FPDFText_GetFontSize(textpage, index) for index in known)
    if size < _SMALLEST:  # the size is in the text's matrix
        size = median(_height(textpage, index) for index in known)
    word_end = index_of(first + _units(text.partition(" ")[0]) - 1)
    spaces = _spaces(textpage, text, known[0], known[-1])
    gaps = _gaps(textpage, spaces)
    return Line(
        text,
        size,
        _baseline(textpage, known[0]),
        _baseline(textpage, known[-1]),
        left=_sides(textpage, known[0])[0],
        right=_sides(textpage, known[-1])[1],
        word=_sides(textpage, word_end if word_end >= 0 else known[0])[1],
        weight=median(_weight(textpage, index) for index in known),
        columns=_columns(gaps, size, all_made=len(gaps) == len(spaces)),
        head=_head(textpage, text, known[0], known[-1]),
        gaps=tuple(gap for gap in gaps if not 0 <= gap.start - gap.end <= GUTTER * size),
        units=(first, last),
    )


def _weight(textpage: Any, index: int) -> int:
    import pypdfium2.raw as raw

    return int(raw.FPDFText_GetFontWeight(textpage, index))


def _head(textpage: Any, text: str, first: int, last: int) -> int:
    """Return how many characters at the start of a line are bolder than its middle."""
    usual = _weight(textpage, (first + last) // 2) * _BOLDER
    if last - first != len(text) - 1 or _weight(textpage, first) <= usual:
        return 0
    places = range(min(len(text), _LONGEST_HEAD))
    usually = (n for n in places if text[n] != " " and _weight(textpage, first + n) <= usual)
    return len(text[: next(usually, 0)].rstrip())


def _spaces(textpage: Any, text: str, first: int, last: int) -> list[int]:
    """Return the indices of the spaces of a line."""
    import pypdfium2.raw as raw

    if last - first == len(text) - 1:
        return [first + place for place, character in enumerate(text) if character == " "]
    return [i for i in range(first + 1, last) if raw.FPDFText_GetUnicode(textpage, i) == _SPACE]


def _gaps(textpage: Any, spaces: list[int]) -> tuple[Gap, ...]:
    """Return those of a line's spaces that PDFium puts where there is none in the file."""
    import pypdfium2.raw as raw

    return tuple(
        Gap(
            raw.FPDFText_GetTextIndexFromCharIndex(textpage, space),
            _sides(textpage, space - 1)[1],
            _sides(textpage, space + 1)[0],
        )
        for space in spaces
        if raw.FPDFText_IsGenerated(textpage, space) == 1
    )


def _columns(gaps: Sequence[Gap], size: float, *, all_made: bool) -> tuple[float, ...]:
    """Return where parts of a line begin that a wide gap stands before, as in a table.

    In a justified line all spaces are wide.
    """
    widths = [gap.start - gap.end for gap in gaps]
    least = min(widths, default=0.0) if all_made else 0.0
    if least > _ALL_APART * size:
        least = 0.0
    widest = max(_APART * size, _APART_FROM_LEAST * least if len(gaps) > 1 else 0.0)
    return tuple(gap.start for gap, width in zip(gaps, widths, strict=True) if width > widest)


def _sides(textpage: Any, index: int) -> tuple[float, float]:
    left, _, right, _ = textpage.get_charbox(index)
    return _place(left), _place(right)


def _height(textpage: Any, index: int) -> float:
    _, bottom, _, top = textpage.get_charbox(index, loose=True)
    return abs(float(top - bottom))


def _baseline(textpage: Any, index: int) -> float:
    import pypdfium2.raw as raw

    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(textpage, index, x, y)
    return _place(y.value)


def _place(points: float) -> float:
    """Return a place on a page; 0 for what is no number, or on no page."""
    return float(points) if abs(points) < _FARTHEST else 0.0
