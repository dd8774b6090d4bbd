"""The letters of a PDF's page, with where each is drawn: those of the page's text, in its order."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

from qa.loaders.parsers.flow import clean
from qa.loaders.parsers.pdf_columns import in_columns
from qa.loaders.parsers.pdf_lines import read_lines

SCALE = 10_000
"""What the width and the height of a page count as."""

_UNCERTAIN = "-\N{HYPHEN}\N{SOFT HYPHEN}"  # those at line ends come and go
_FAR = 100.0  # points between places that a page's transformation is told by
_FINE = 1_000_000  # units of a page's width in which it is told

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in `SCALE`ths of the page."""


def is_letter(character: str) -> bool:
    """Return whether a character is told apart: neither white space nor a hyphen."""
    return not character.isspace() and character not in _UNCERTAIN


def placed_letters(page: Any, textpage: Any, most: int) -> tuple[str, list[Box]]:
    """Return the letters of a page and their boxes; none if it has more, or they do not agree."""
    import pypdfium2.raw as raw

    if textpage.count_chars() > most:
        return "", []
    units = textpage.get_text_range(errors="ignore").encode("utf-16-le")
    place = _transformation(page)
    letters: list[str] = []
    boxes: list[Box] = []
    for line in in_columns(textpage, read_lines(textpage)):
        for unit, character in _characters(units, *line.units):
            if not (found := [one for one in clean(character) if is_letter(one)]):
                continue
            index = raw.FPDFText_GetCharIndexFromTextIndex(textpage, unit)
            if index < 0 or raw.FPDFText_GetUnicode(textpage, index) not in _codes(character):
                return "", []
            letters += found
            boxes += [place(*textpage.get_charbox(index, loose=True))] * len(found)
    return "".join(letters), boxes


def _characters(units: bytes, first: int, last: int) -> Iterator[tuple[int, str]]:
    """Yield the characters of a stretch of UTF-16, and where each begins in it."""
    for character in units[2 * first : 2 * (last + 1)].decode("utf-16-le", "replace"):
        yield first, character
        first += 1 if character <= "\uffff" else 2


def _codes(character: str) -> tuple[int, int]:
    """Return what PDFium may have for a character: its code, or the first half of a pair."""
    return ord(character), int.from_bytes(character.encode("utf-16-le", "replace")[:2], "little")


def _transformation(page: Any) -> Callable[[float, float, float, float], Box]:
    """Return what places a box of the file on the page as it is shown, which may be turned."""
    x0, y0 = _shown(page, 0, 0)
    (x1, y1), (x2, y2) = _shown(page, _FAR, 0), _shown(page, 0, _FAR)

    def place(left: float, bottom: float, right: float, top: float) -> Box:
        corners = [(left, bottom), (right, top)]
        across = sorted(x0 + (x1 - x0) * x / _FAR + (x2 - x0) * y / _FAR for x, y in corners)
        down = sorted(y0 + (y1 - y0) * x / _FAR + (y2 - y0) * y / _FAR for x, y in corners)
        return _within(across[0]), _within(down[0]), _within(across[1]), _within(down[1])

    return place


def _shown(page: Any, x: float, y: float) -> tuple[int, int]:
    import pypdfium2.raw as raw

    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, _FINE, _FINE, 0, x, y, across, down)
    return across.value, down.value


def _within(place: float) -> int:
    """Return a place in `SCALE`ths of the page, and none beyond its edges."""
    return min(max(round(place * SCALE / _FINE), 0), SCALE) if abs(place) < 1e9 else 0
