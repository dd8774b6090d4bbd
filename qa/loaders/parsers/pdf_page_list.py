"""The sizes of a PDF's pages, and the numbers that are printed on them."""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple

from qa.loaders.parsers import Refused
from qa.loaders.parsers.flow import clean
from qa.loaders.parsers.pdf import MAX_PAGES

_LONGEST = 20  # characters of a label
_USUAL = (595, 842)  # points


class PageList(NamedTuple):
    """The pages of a PDF.

    Attributes:
        sizes: width and height of each, in points.
        labels: what is printed on each as its number; none if they are counted from 1.
    """

    sizes: list[tuple[int, int]]
    labels: list[str]


def parse(data: bytes, name: str) -> PageList:
    """Read sizes and labels of all pages.

    Raises:
        Refused: the file is no PDF any more.
    """
    pdf = opened(data)
    numbers = range(min(len(pdf), MAX_PAGES))
    labels = [_label(pdf, number) for number in numbers]
    if all(label in ("", str(number + 1)) for number, label in enumerate(labels)):
        labels = []
    return PageList([_size(pdf, number) for number in numbers], labels)


def opened(data: bytes) -> Any:
    """Return a PDF."""
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        raise Refused("is damaged: it cannot be parsed as a PDF") from None


def _size(pdf: Any, number: int) -> tuple[int, int]:
    import pypdfium2

    try:
        width, height = pdf.get_page_size(number)
    except pypdfium2.PdfiumError:
        return _USUAL
    return (round(width), round(height)) if width >= 1 and height >= 1 else _USUAL


def _label(pdf: Any, number: int) -> str:
    import pypdfium2.raw as raw

    size = 2 * (_LONGEST + 1)
    label = ctypes.create_string_buffer(size)
    length = raw.FPDF_GetPageLabel(pdf, number, label, size)
    if not 2 < length <= size:
        return ""
    return clean(label.raw[: length - 2].decode("utf-16-le", "ignore")).strip()
