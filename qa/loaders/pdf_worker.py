"""Run by `qa.loaders.pdf` as a process of its own: reads a PDF, writes its pages as JSON.

Nothing of the package is imported in here. The file is untrusted, and the library that parses it
is native code: what crashes or hangs is this process alone.
"""

from __future__ import annotations

import ctypes
import json
import re
import sys
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

_FAILURES = {4: "password", 5: "security"}  # by PDFium's codes
_HYPHEN_AND_LINE_END = "\ufffe"  # as PDFium writes a line's end that is in a word
_LINE_ENDS = re.compile(rf"\r\n|{_HYPHEN_AND_LINE_END}")
_SOFT_HYPHEN = "\N{SOFT HYPHEN}"
_SMALLEST = 2.0  # size of letters, in points
_SAME_SIZE = 1.12  # how far sizes of letters may be apart
_WIDER = 1.25  # than the page's usual distance of lines, and there is a blank line
_HYPHENS = "-\N{HYPHEN}"
_BULLETS = "•◦▪‣●○■□◆➢✓\uf0a7\uf0b7"  # the last two as Symbol fonts have them
_SENTENCE_ENDS = ".!?:…。！？؟"
_CLOSERS = ")]}”’»」』\"'"


class Failed(Exception):
    """Why the file is not read: a word that `qa.loaders.pdf` knows, and a number with it."""


class Line(NamedTuple):
    """A line of a page: its text, the size of its letters, the height of the first and last."""

    text: str
    size: float
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The most pages and characters that are read."""

    pages: int
    characters: int


def read(data: bytes, limits: Limits) -> dict[str, Any]:
    """Read a PDF: `pages` (a text each), `title`, and `pictures` (if there is no text)."""
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Failed(_FAILURES.get(error.err_code, "broken"), 0) from None
    if len(pdf) > limits.pages:
        raise Failed("pages", len(pdf))
    pages: list[str] = []
    pictures, left = 0, limits.characters
    for number in range(len(pdf)):
        try:
            page = pdf[number]
            textpage = page.get_textpage()
        except pypdfium2.PdfiumError:
            raise Failed("page", number + 1) from None
        left -= textpage.count_chars()
        if left < 0:
            raise Failed("characters", limits.characters)
        pages.append(page_text(textpage))
        if not pages[-1].strip():
            pictures += has_picture(page)
        textpage.close()
        page.close()
    return {"pages": pages, "title": pdf.get_metadata_value("Title"), "pictures": pictures}


def page_text(textpage: Any) -> str:
    """Give a page's text, with a blank line where its lines stand apart or change in size."""
    lines = _lines(textpage)
    apart = _usual_distance(lines) * _WIDER
    parts = [line.text for line in lines[:1]]
    for before, line in pairwise(lines):
        parts.append("\n\n" if _is_break(before, line, apart) else "\n")
        parts.append(line.text)
    return "".join(parts)


def has_picture(page: Any) -> bool:
    """Tell whether there is a picture on a page."""
    import pypdfium2.raw as raw

    return next(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3), None) is not None


def ends_sentence(text: str) -> bool:
    """Tell whether a text ends as a sentence does."""
    return text.rstrip().rstrip(_CLOSERS)[-1:] in tuple(_SENTENCE_ENDS)


def _lines(textpage: Any) -> list[Line]:
    whole = textpage.get_text_range(errors="ignore")
    start, first, found = 0, 0, []  # in characters, and in UTF-16 units
    for end in [*_LINE_ENDS.finditer(whole), None]:
        raw = whole[start : end.start() if end else len(whole)]
        hyphen = "-" if end and end[0] == _HYPHEN_AND_LINE_END else ""
        last = first + _units(raw)
        if text := _readable(raw + hyphen):
            lead = _units(raw) - _units(raw.lstrip())
            found.append(_placed(textpage, text, first + lead, last - 1))
        if end:
            start, first = end.end(), last + len(end[0])
    return found


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _readable(raw: str) -> str:
    text = raw.replace("\r", " ").replace("\n", " ").strip()
    if text.endswith(_SOFT_HYPHEN):
        text = text[:-1] + "-"
    return text.replace(_SOFT_HYPHEN, "")


def _placed(textpage: Any, text: str, first: int, last: int) -> Line:
    """Find where a line stands; `first` and `last` count UTF-16 units of the page's text."""
    import pypdfium2.raw as raw

    asked = [
        raw.FPDFText_GetCharIndexFromTextIndex(textpage, unit)
        for unit in (first, (first + last) // 2, last)
    ]
    known = [index for index in asked if index >= 0]
    if not known:
        return Line(text, 0.0, 0.0, 0.0)
    size = median(raw.FPDFText_GetFontSize(textpage, index) for index in known)
    if size < _SMALLEST:  # the size is in the text's matrix
        size = median(_height(textpage, index) for index in known)
    return Line(text, size, _baseline(textpage, known[0]), _baseline(textpage, known[-1]))


def _height(textpage: Any, index: int) -> float:
    _, bottom, _, top = textpage.get_charbox(index, loose=True)
    return abs(float(top - bottom))


def _baseline(textpage: Any, index: int) -> float:
    import pypdfium2.raw as raw

    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(textpage, index, x, y)
    return y.value


def _usual_distance(lines: list[Line]) -> float:
    """Give how far a line stands below the one before, in sizes of its letters."""
    steps = sorted(
        step
        for before, line in pairwise(lines)
        if _same_size(before, line) and 0.5 < (step := _step(before, line)) < 4
    )
    return steps[len(steps) // 4] if steps else 1.6


def _step(before: Line, line: Line) -> float:
    return (before.last - line.first) / line.size if line.size else 0.0


def _same_size(one: Line, other: Line) -> bool:
    low, high = sorted((one.size, other.size))
    return high <= low * _SAME_SIZE


def _is_break(before: Line, line: Line, apart: float) -> bool:
    step = _step(before, line)
    if before.text[-1] in _HYPHENS:
        return False
    if line.text[0] in _BULLETS or not _same_size(before, line):
        return True
    if step < -0.5:  # up again: another column, or what stands at the edge of the page
        return ends_sentence(before.text)
    return step > apart


def main() -> None:
    """Read the PDF on the input; the arguments are the limits, and those of the process."""
    pages, characters, seconds, memory = map(int, sys.argv[1:])
    _limit_process(seconds, memory)
    try:
        result = read(sys.stdin.buffer.read(), Limits(pages, characters))
    except Failed as error:
        result = {"failed": error.args}
    except MemoryError:
        result = {"failed": ("memory", memory)}
    sys.stdout.write(json.dumps(result))


def _limit_process(seconds: int, memory: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    for kind, most in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, memory)):
        hard = resource.getrlimit(kind)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (soft, hard))


if __name__ == "__main__":
    main()
