"""The lines of a PDF's page, and how they are drawn."""

from __future__ import annotations

import ctypes
import re
from statistics import median
from typing import Any, NamedTuple

from qa.loaders.parsers.flow import clean

_HYPHEN_AND_LINE_END = "\ufffe"  # PDFium's character for a line end in a hyphenated word
_LINE_ENDS = re.compile(rf"\r\n|{_HYPHEN_AND_LINE_END}")
_SOFT_HYPHEN = "\N{SOFT HYPHEN}"
_SPACE = 32
_BOLDER = 1.1
_LONGEST_HEAD = 60  # characters
_APART = 0.9  # sizes of letters, from where on a gap parts columns
_ALL_APART = 1.5  # the same, where all words of a line are apart
_APART_FROM_LEAST = 2.5  # times a line's narrowest gap
_SMALLEST = 2.0  # size of letters, in points


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


def read_lines(textpage: Any) -> list[Line]:
    """Return the lines of a page, in the order in which the file has them."""
    whole = textpage.get_text_range(errors="ignore")
    start, first, lines = 0, 0, []  # in characters, and in UTF-16 units
    for end in [*_LINE_ENDS.finditer(whole), None]:
        raw = whole[start : end.start() if end else len(whole)]
        hyphen = "-" if end and end[0] == _HYPHEN_AND_LINE_END else ""
        last = first + _units(raw)
        if text := _readable(raw + hyphen):
            lead = _units(raw) - _units(raw.lstrip())
            lines.append(_placed(textpage, text, first + lead, last - 1))
        if end:
            start, first = end.end(), last + len(end[0])
    return lines


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
    return Line(
        text,
        size,
        _baseline(textpage, known[0]),
        _baseline(textpage, known[-1]),
        left=_sides(textpage, known[0])[0],
        right=_sides(textpage, known[-1])[1],
        word=_sides(textpage, word_end if word_end >= 0 else known[0])[1],
        weight=median(_weight(textpage, index) for index in known),
        columns=_columns(textpage, _spaces(textpage, text, known[0], known[-1]), size),
        head=_head(textpage, text, known[0], known[-1]),
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


def _columns(textpage: Any, spaces: list[int], size: float) -> tuple[float, ...]:
    """Return where parts of a line begin that a gap stands before, as in a table.

    PDFium puts a space where there is none in the file. In a justified line all spaces are wide.
    """
    import pypdfium2.raw as raw

    made = [i for i in spaces if raw.FPDFText_IsGenerated(textpage, i) == 1]
    starts = [_sides(textpage, i + 1)[0] for i in made]
    gaps = [start - _sides(textpage, i - 1)[1] for i, start in zip(made, starts, strict=True)]
    least = min(gaps, default=0.0) if len(made) == len(spaces) else 0.0
    if least > _ALL_APART * size:
        least = 0.0
    widest = max(_APART * size, _APART_FROM_LEAST * least if len(gaps) > 1 else 0.0)
    return tuple(start for start, gap in zip(starts, gaps, strict=True) if gap > widest)


def _sides(textpage: Any, index: int) -> tuple[float, float]:
    left, _, right, _ = textpage.get_charbox(index)
    return float(left), float(right)


def _height(textpage: Any, index: int) -> float:
    _, bottom, _, top = textpage.get_charbox(index, loose=True)
    return abs(float(top - bottom))


def _baseline(textpage: Any, index: int) -> float:
    import pypdfium2.raw as raw

    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(textpage, index, x, y)
    return y.value
