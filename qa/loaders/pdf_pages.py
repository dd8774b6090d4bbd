"""The pages of a PDF as pictures, and where a document's characters stand on them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from qa.documents import Document, Span
from qa.loaders.parsers import Refused
from qa.loaders.parsers.pdf_letters import is_letter
from qa.loaders.parsing import DAMAGED, LIMITS, Limits, parsed

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in ten-thousandths of the page."""


@dataclass(frozen=True, slots=True)
class PdfPages:
    """The pages of a PDF.

    Attributes:
        sizes: width and height of each, in points.
        labels: the numbers that are printed on them; empty if they are counted from 1.
    """

    sizes: tuple[tuple[int, int], ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PdfPage:
    """A page as a picture.

    Attributes:
        jpeg: the picture.
        letters: the page's characters but white space and hyphens, in the order of its text.
        boxes: where each of them is.
    """

    jpeg: bytes
    letters: str
    boxes: tuple[Box, ...]

    def places(self, document: Document, number: int) -> list[tuple[int, Box]]:
        """Return the place in the text and the box of each letter of the document's page.

        There are none unless all letters of the page are those of the text, in the same order.
        """
        start, end = page_span(document, number)
        text = document.text[start:end]
        offsets = [start + at for at, character in enumerate(text) if is_letter(character)]
        if "".join(filter(is_letter, text)) != self.letters:
            return []
        return list(zip(offsets, self.boxes, strict=True))


def page_span(document: Document, number: int) -> Span:
    """Return where the text of a page lies, counted from 1; nowhere if there is no such page."""
    starts = (*document.pages, len(document.text))
    return Span(*starts[number - 1 : number + 1]) if 0 < number < len(starts) else Span(0, 0)


def list_pages(data: bytes, name: str, limits: Limits = LIMITS) -> PdfPages:
    """Return the sizes and labels of a PDF's pages.

    Raises:
        Refused: the file is damaged, or above a limit.
    """
    reply = parsed("pdf_page_list", data, name, limits)
    try:
        sizes = tuple((int(width), int(height)) for width, height in reply["sizes"])
        return PdfPages(sizes, tuple(map(str, reply["labels"])))
    except (KeyError, TypeError, ValueError):
        raise Refused(DAMAGED) from None


def draw_page(data: bytes, name: str, number: int, width: int, limits: Limits = LIMITS) -> PdfPage:
    """Draw a page, counted from 1, about so many pixels wide.

    Raises:
        Refused: there is no such page, the file is damaged, or above a limit.
    """
    reply = parsed("pdf_page", data, name, limits, page=str(number), width=str(width))
    try:
        boxes = tuple(map(_box, reply["boxes"]))
        return PdfPage(base64.b64decode(reply["image"]), str(reply["letters"]), boxes)
    except (KeyError, TypeError, ValueError):
        raise Refused(DAMAGED) from None


def _box(given: Sequence[int]) -> Box:
    left, top, right, bottom = map(int, given)
    return left, top, right, bottom
