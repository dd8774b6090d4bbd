"""PDF, page by page; parsed by PDFium."""

from __future__ import annotations

import ctypes
import re
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from qa.loaders.parsers import Extracted, Refused
from qa.loaders.parsers.flow import clean, sensible_title
from qa.loaders.parsers.signatures import kind_of, mistaken

MAX_PAGES = 10_000
"""The most pages that a PDF may have."""

MAX_CHARACTERS = 50_000_000
"""The most characters that the pages of a PDF may have together."""

_END, _END_WITHIN = b"%%EOF", 8_192
_AGAIN = "fetch or save it again"
_BROKEN = f"is damaged: it cannot be parsed as a PDF; {_AGAIN}"
_FAILURES = {  # by PDFium's codes
    4: "needs a password to be opened: save it without one first",
    5: "is protected in a way that is not known here: save it without protection first",
}
_HYPHEN_AND_LINE_END = "\ufffe"  # PDFium's character for a line end in a hyphenated word
_LINE_ENDS = re.compile(rf"\r\n|{_HYPHEN_AND_LINE_END}")
_SOFT_HYPHEN = "\N{SOFT HYPHEN}"
_SMALLEST = 2.0  # size of letters, in points
_SAME_SIZE = 1.12  # the most that sizes of letters may differ by
_WIDER = 1.25  # times the page's usual distance of lines makes a blank line
_HYPHENS = "-\N{HYPHEN}"
_BULLETS = "•◦▪‣●○■□◆➢✓\uf0a7\uf0b7"  # the last two as Symbol fonts have them
_SENTENCE_ENDS = ".!?:…。！？؟"
_CLOSERS = ")]}”’»」』\"'"


class Line(NamedTuple):
    """A line of a page: its text, the size of its letters, the height of the first and last."""

    text: str
    size: float
    first: float
    last: float


def parse(data: bytes, name: str) -> Extracted:
    """Read the text of a PDF, with where each page starts in it.

    PDFium extracts the text line by line, in the order of the file, with ligatures taken apart.
    Lines end with a line feed. A blank line marks lines that are further apart than usual on the
    page, or change in size, and the end of a page that ends with a sentence; other pages end with
    a line feed, so that a sentence may continue. A word that is hyphenated at a line's end keeps
    its hyphen and the line end. Control characters, lone surrogates, white space at the ends of
    lines, pictures, notes and the contents of form fields are left out. The title is that of the
    file's metadata.

    Raises:
        Refused: the file is no PDF, needs a password, is damaged, is above a limit, or has no
            text (it may be scanned).
    """
    if kind_of(data) != "a PDF":
        raise mistaken(name, data, "a PDF")
    if _END not in data[-_END_WITHIN:]:
        raise Refused(f"is cut off, or damaged: a PDF ends with {_END.decode()}; {_AGAIN}")
    pages, title, pictures = read(data)
    pages = [clean(page).strip() for page in pages]
    if not any(pages):
        raise _without_text(name, len(pages), pictures=pictures > 0)
    text, starts = join_pages(pages)
    return Extracted(text, sensible_title(title), starts)


def read(data: bytes) -> tuple[list[str], str, int]:
    """Read a PDF: the text of each page, the title, and the number of pages with only pictures."""
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Refused(_FAILURES.get(error.err_code, _BROKEN)) from None
    if len(pdf) > MAX_PAGES:
        raise Refused(
            f"has {len(pdf):,} pages; the most is {MAX_PAGES:,}: split it into several files"
        )
    pages: list[str] = []
    pictures, left = 0, MAX_CHARACTERS
    for number in range(len(pdf)):
        try:
            page = pdf[number]
            textpage = page.get_textpage()
        except pypdfium2.PdfiumError:
            raise Refused(
                f"is damaged: its page {number + 1:,} cannot be parsed; {_AGAIN}"
            ) from None
        left -= textpage.count_chars()
        if left < 0:
            raise Refused(
                f"has more than {MAX_CHARACTERS:,} characters: split it into several files"
            )
        pages.append(page_text(textpage))
        if not pages[-1].strip():
            pictures += has_picture(page)
        textpage.close()
        page.close()
    return pages, _title(pdf), pictures


def _title(pdf: Any) -> str:
    try:
        return str(pdf.get_metadata_value("Title"))
    except UnicodeDecodeError:  # half a surrogate pair
        return ""


def join_pages(pages: list[str]) -> tuple[str, tuple[int, ...]]:
    """Join the pages' texts, and return where each starts in the whole."""
    parts, starts, length = pages[:1], [0], len(pages[0])
    for before, page in pairwise(pages):
        gap = "" if not length else "\n\n" if not before or ends_sentence(before) else "\n"
        gap = gap if page else ""
        parts += [gap, page]
        starts.append(length + len(gap))
        length += len(gap) + len(page)
    return "".join(parts), tuple(starts)


def _without_text(name: str, pages: int, *, pictures: bool) -> Refused:
    where = "on its one page" if pages == 1 else f"on its {pages:,} pages"
    if pictures:
        return Refused(
            f"is scanned: there are pictures and no text {where}; put text into it first, for "
            f"example with `ocrmypdf {name} read.pdf`",
        )
    return Refused(f"has no text to ask about: there is none {where}")


def page_text(textpage: Any) -> str:
    """Return a page's text, with a blank line where its lines stand apart or change in size."""
    lines = _lines(textpage)
    apart = _usual_distance(lines) * _WIDER
    parts = [line.text for line in lines[:1]]
    for before, line in pairwise(lines):
        parts.append("\n\n" if _is_break(before, line, apart) else "\n")
        parts.append(line.text)
    return "".join(parts)


def has_picture(page: Any) -> bool:
    """Return whether there is a picture on a page."""
    import pypdfium2.raw as raw

    return next(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3), None) is not None


def ends_sentence(text: str) -> bool:
    """Return whether a text ends as a sentence does."""
    return text.rstrip().rstrip(_CLOSERS)[-1:] in tuple(_SENTENCE_ENDS)


def _lines(textpage: Any) -> list[Line]:
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
    return text.replace(_SOFT_HYPHEN, "")


def _placed(textpage: Any, text: str, first: int, last: int) -> Line:
    """Measure where a line stands; `first` and `last` count UTF-16 units of the page's text."""
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
    """Return the usual distance of lines, in sizes of their letters."""
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
