"""PDF, page by page; parsed by PDFium."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from qa.loaders.parsers import Extracted, Refused
from qa.loaders.parsers.flow import sensible_title
from qa.loaders.parsers.ocr import read_scanned
from qa.loaders.parsers.pdf_columns import in_columns
from qa.loaders.parsers.pdf_layout import laid_out
from qa.loaders.parsers.pdf_lines import Line, read_lines
from qa.loaders.parsers.pdf_outline import Entry, read_outline
from qa.loaders.parsers.signatures import kind_of, mistaken

MAX_PAGES = 10_000
"""The most pages that a PDF may have."""

MAX_CHARACTERS = 50_000_000
"""The most characters that the pages of a PDF may have together."""

_DATE = re.compile(r"(?:D:)?([0-9]{4})(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")
_END, _END_WITHIN = b"%%EOF", 8_192
_AGAIN = "fetch or save it again"
_BROKEN = f"is damaged: it cannot be parsed as a PDF; {_AGAIN}"
_FAILURES = {  # by PDFium's codes
    4: "needs a password to be opened: save it without one first",
    5: "is protected in a way that is not known here: save it without protection first",
}


def parse(data: bytes, name: str) -> Extracted:
    """Read the text of a PDF, with where each page starts in it.

    The text is what PDFium extracts, line by line, in the order in which the file has it, or
    column by column if that goes across columns, with ligatures taken apart. Lines end with a
    line feed. A blank line is put where lines stand further apart than the page's lines do, or
    change in size; between pages one where the page ends with a sentence, and else a line feed,
    so that a sentence may go on over the page. A word that is hyphenated at a line's end is put
    together if the document has it whole elsewhere, and else keeps its hyphen and the line end.
    Dropped are control characters, half surrogate pairs, and white space at the ends of lines.
    Left out are pictures, notes and the contents of form fields. The title is that of the file's
    metadata. Blocks are told by the outline, by how lines look, and where they stand. A
    scanned PDF is read by tesseract, if that is installed.

    Raises:
        Refused: the file is no PDF, needs a password, is damaged, is above a limit, or has no
            text (it may be scanned).
    """
    if kind_of(data) != "a PDF":
        raise mistaken(name, data, "a PDF")
    if _END not in data[-_END_WITHIN:]:
        raise Refused(f"is cut off, or damaged: a PDF ends with {_END.decode()}; {_AGAIN}")
    pages, said, outline, pictures = read(data)
    title = sensible_title(said.get("title"))
    if not any(pages):
        if pictures and (scanned := read_scanned(data, len(pages), title)):
            return scanned._replace(metadata=said | {"title": title})
        raise _without_text(name, len(pages), pictures=pictures > 0)
    return Extracted(*laid_out(pages, title, outline), metadata=said | {"title": title})


def read(data: bytes) -> tuple[list[list[Line]], dict[str, str], list[Entry], int]:
    """Read a PDF: lines of each page, metadata, outline, and how many pages are pictures alone."""
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
        pages.append(in_columns(textpage, read_lines(textpage)))
        if not pages[-1]:
            pictures += has_picture(page)
        textpage.close()
        page.close()
    return pages, _metadata(pdf), read_outline(pdf), pictures


def _metadata(pdf: Any) -> dict[str, str]:
    """Return what a PDF says of itself; the date is the day that it was made."""
    said = {}
    for name in ("Title", "Author", "Subject", "Keywords", "CreationDate"):
        with suppress(UnicodeDecodeError):  # half a surrogate pair
            said[name.lower()] = str(pdf.get_metadata_value(name))
    made = _DATE.match(said.pop("creationdate", ""))
    return said | ({"date": "-".join(made.groups())} if made else {})


def _without_text(name: str, pages: int, *, pictures: bool) -> Refused:
    where = "on its one page" if pages == 1 else f"on its {pages:,} pages"
    if pictures:
        return Refused(
            f"is scanned: there are pictures and no text {where}; put text into it first, for "
            f"example with `ocrmypdf {name} read.pdf`, or install tesseract",
        )
    return Refused(f"has no text to ask about: there is none {where}")


def has_picture(page: Any) -> bool:
    """Return whether there is a picture on a page."""
    import pypdfium2.raw as raw

    return next(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3), None) is not None
