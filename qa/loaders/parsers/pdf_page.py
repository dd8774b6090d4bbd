"""A page of a PDF as a picture, with the places of its letters."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any, NamedTuple

from qa.loaders.parsers import Refused
from qa.loaders.parsers.pdf_letters import Box, placed_letters
from qa.loaders.parsers.pdf_page_list import opened

_MOST_PIXELS = 6_000_000
_MOST_LETTERS = 30_000  # of a page that is marked
_QUALITY = 75
_LOWEST, _WIDEST = 200, 2_400  # pixels


class PageImage(NamedTuple):
    """A page.

    Attributes:
        image: a JPEG, in base64.
        letters: its letters, in the order of the page's text; none if they are not sure.
        boxes: where each is.
    """

    image: str
    letters: str
    boxes: list[Box]


def parse(data: bytes, name: str, *, page: str, width: str) -> PageImage:
    """Draw a page, from 1, so many pixels wide.

    Raises:
        Refused: the file is no PDF any more, or the page cannot be drawn.
    """
    import pypdfium2

    pdf = opened(data)
    try:
        shown = pdf[int(page) - 1]
        textpage = shown.get_textpage()
        letters, boxes = placed_letters(shown, textpage, _MOST_LETTERS)
        return PageImage(_drawn(shown, int(width)), letters, boxes)
    except (IndexError, pypdfium2.PdfiumError):
        raise Refused(f"has no page {page} that can be shown") from None


def _drawn(page: Any, width: int) -> str:
    across, down = page.get_size()
    scale = min(max(_LOWEST, width), _WIDEST) / max(across, 1)
    scale = min(scale, (_MOST_PIXELS / max(across * down, 1)) ** 0.5)
    picture = BytesIO()
    bitmap = page.render(scale=scale, may_draw_forms=False)
    bitmap.to_pil().convert("RGB").save(picture, "JPEG", quality=_QUALITY)
    return base64.b64encode(picture.getvalue()).decode()
