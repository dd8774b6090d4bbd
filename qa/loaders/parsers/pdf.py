"""PDF, page by page; parsed by PDFium."""

from __future__ import annotations

import ctypes
import re
from statistics import median
from typing import Any

from qa.loaders.parsers import Extracted, Refused
from qa.loaders.parsers.flow import clean, sensible_title
from qa.loaders.parsers.pdf_layout import Line, laid_out
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
_HYPHEN_AND_LINE_END = "\ufffe"  # as PDFium writes a line's end that is in a word
_LINE_ENDS = re.compile(rf"\r\n|{_HYPHEN_AND_LINE_END}")
_SOFT_HYPHEN = "\N{SOFT HYPHEN}"
_SPACE = 32
_APART = 0.9  # sizes of letters, from where on a gap parts columns
_ALL_APART = 1.5  # the same, where all words of a line are apart
_APART_FROM_LEAST = 2.5  # times a line's narrowest gap
_SMALLEST = 2.0  # size of letters, in points


def parse(data: bytes, name: str) -> Extracted:
    """Read the text of a PDF, with where each page starts in it.

    The text is what PDFium extracts, line by line, in the order in which the file has it, with
    ligatures taken apart. Lines end with a line feed. A blank line is put where lines stand
    further apart than the page's lines do, or change in size; between pages one where the page
    ends with a sentence, and else a line feed, so that a sentence may go on over the page. A
    word that is hyphenated at a line's end keeps its hyphen and the line end. Dropped are control
    characters, half surrogate pairs, and white space at the ends of lines. Left out are
    pictures, notes and the contents of form fields. The title is that of the file's metadata.
    Blocks are told by how lines look, and where they stand.

    Raises:
        Refused: the file is no PDF, needs a password, is damaged, is above a limit, or has no
            text (it may be scanned).
    """
    if kind_of(data) != "a PDF":
        raise mistaken(name, data, "a PDF")
    if _END not in data[-_END_WITHIN:]:
        raise Refused(f"is cut off, or damaged: a PDF ends with {_END.decode()}; {_AGAIN}")
    pages, title, pictures = read(data)
    if not any(pages):
        raise _without_text(name, len(pages), pictures=pictures > 0)
    return Extracted(*laid_out(pages, sensible_title(title)))


def read(data: bytes) -> tuple[list[list[Line]], str, int]:
    """Read a PDF: the lines of each page, the title, and on how many pages is a picture alone."""
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Refused(_FAILURES.get(error.err_code, _BROKEN)) from None
    if len(pdf) > MAX_PAGES:
        raise Refused(
            f"has {len(pdf):,} pages; the most is {MAX_PAGES:,}: split it into several files"
        )
    pages: list[list[Line]] = []
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
        pages.append(read_lines(textpage))
        if not pages[-1]:
            pictures += has_picture(page)
        textpage.close()
        page.close()
    return pages, _title(pdf), pictures


def _title(pdf: Any) -> str:
    try:
        return str(pdf.get_metadata_value("Title"))
    except UnicodeDecodeError:  # half a surrogate pair
        return ""


def _without_text(name: str, pages: int, *, pictures: bool) -> Refused:
    where = "on its one page" if pages == 1 else f"on its {pages:,} pages"
    if pictures:
        return Refused(
            f"is scanned: there are pictures and no text {where}; put text into it first, for "
            f"example with `ocrmypdf {name} read.pdf`",
        )
    return Refused(f"has no text to ask about: there is none {where}")


def has_picture(page: Any) -> bool:
    """Return whether there is a picture on a page."""
    import pypdfium2.raw as raw

    return next(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3), None) is not None


def read_lines(textpage: Any) -> list[Line]:
    """Return the lines of a page, in the order in which the file has them."""
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
    return clean(text.replace(_SOFT_HYPHEN, "")).strip()


def _placed(textpage: Any, text: str, first: int, last: int) -> Line:
    """Find where a line stands; `first` and `last` count UTF-16 units of the page's text."""
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
        weight=median(raw.FPDFText_GetFontWeight(textpage, index) for index in known),
        columns=_columns(textpage, _spaces(textpage, text, known[0], known[-1]), size),
    )


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
