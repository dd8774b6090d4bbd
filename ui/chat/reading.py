"""The requests of a reader of the document: its headings, words in it, and its pages as pictures.

Nothing in a request is trusted; in particular, none names a file.
"""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Annotated, Any

from pydantic import Field

from qa import Document
from qa.errors import LoadError
from qa.loaders.parsers import Refused
from qa.loaders.pdf_pages import PdfPage, draw_page, list_pages, page_span
from ui.chat.document_view import DocumentView
from ui.chat.finding import find
from ui.chat.page_files import PageFile
from ui.visitors import limits
from ui.visitors.messages import Data, Request, errors_as_data, parsed

_WIDTH_STEP = 400  # pixels; pictures of other widths are scaled by the browser
_LONGEST_PAGE = 100_000  # characters of a page that are sent beside its picture


class OfDocument(Request):
    """How a request names a document: by its id, among the corpus or the visitor's own."""

    document: str
    own: bool = False
    token: Annotated[str | None, Field(max_length=100)] = None


class _Find(OfDocument):
    text: Annotated[str, Field(max_length=200)]


class _Page(OfDocument):
    page: Annotated[int, Field(ge=1, le=100_000)]
    width: Annotated[int, Field(ge=1, le=10_000)]


class Reading:
    """Serves what a reader of a document needs.

    Args:
        document_of: returns the document of a request; it raises an error if there is none.
        file_of: returns the PDF file that it was read from, or None.
    """

    def __init__(
        self,
        document_of: Callable[[OfDocument], Document],
        file_of: Callable[[OfDocument, Document], PageFile | None],
    ) -> None:
        self._document_of = document_of
        self._file_of = file_of
        self._drawn = _Drawn(limits.MAX_DRAWN_BYTES)

    @property
    def methods(self) -> tuple[Callable[[object], Data], ...]:
        """What the page's scripts may call."""
        return (
            self.document_headings,
            self.find_in_document,
            self.document_pages,
            self.page_image,
        )

    def has_pages(self, asked: OfDocument, document: Document) -> bool:
        """Return whether the pages of a document may be shown as pictures."""
        return bool(document.pages) and self._file_of(asked, document) is not None

    @errors_as_data
    def document_headings(self, request: object) -> Data:
        """Return the headings of a document, as `[start, level, text]`."""
        document = self._document_of(parsed(OfDocument, request))
        return {"headings": DocumentView.of(document).headings()}

    @errors_as_data
    def find_in_document(self, request: object) -> Data:
        """Return where words stand in a document, as `[start, end]`."""
        asked = parsed(_Find, request)
        spans, more = find(self._document_of(asked), asked.text)
        return {"spans": [list(span) for span in spans], "more": more}

    @errors_as_data
    def document_pages(self, request: object) -> Data:
        """Return where the pages of a document start, their sizes, and their printed numbers."""
        asked = parsed(OfDocument, request)
        document, file = self._with_file(asked)
        try:
            listed = list_pages(file.read(document.id), document.id, limits.DRAWING)
        except Refused as refusal:
            raise _not_shown(document, refusal) from None
        if len(listed.sizes) != len(document.pages):
            raise _not_shown(document, "has other pages than were read")
        return {
            "id": document.id,
            "starts": list(document.pages),
            "end": len(document.text),
            "sizes": [list(size) for size in listed.sizes],
            "labels": list(listed.labels),
        }

    @errors_as_data
    def page_image(self, request: object) -> Data:
        """Return a page: its picture, its text, and where each letter of the text is on it.

        `places` are five numbers for each letter: its offset, and its box.
        """
        asked = parsed(_Page, request)
        document, file = self._with_file(asked)
        drawn = self._draw(document, file, asked.page, asked.width)
        start, end = page_span(document, asked.page)
        places = drawn.places(document, asked.page)
        return {
            "page": asked.page,
            "image": f"data:image/jpeg;base64,{base64.b64encode(drawn.jpeg).decode()}",
            "text": document.text[start : min(end, start + _LONGEST_PAGE)],
            "places": [number for offset, box in places for number in (offset, *box)],
        }

    def _with_file(self, asked: OfDocument) -> tuple[Document, PageFile]:
        document = self._document_of(asked)
        file = self._file_of(asked, document)
        if file is None:
            raise _not_shown(document, "is not kept here")
        return document, file

    def _draw(self, document: Document, file: PageFile, number: int, width: int) -> PdfPage:
        data = file.read(document.id)  # also for a page that is drawn already: it must be the same
        steps = min(-(-width // _WIDTH_STEP), limits.MAX_DRAWN_WIDTH // _WIDTH_STEP)
        key = (file, number, steps)
        if known := self._drawn.get(key):
            return known
        try:
            drawn = draw_page(data, document.id, number, steps * _WIDTH_STEP, limits.DRAWING)
        except Refused as refusal:
            raise _not_shown(document, refusal) from None
        self._drawn.add(key, drawn)
        return drawn


class _Drawn:
    """The pages that were drawn last, up to a size in bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pages: OrderedDict[Hashable, PdfPage] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> PdfPage | None:
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
            return self._pages.get(key)

    def add(self, key: Hashable, page: PdfPage) -> None:
        with self._lock:
            if key not in self._pages:
                self._size += _size(page)
            self._pages[key] = page
            while self._size > self._most:
                self._size -= _size(self._pages.popitem(last=False)[1])


def _size(page: PdfPage) -> int:
    """Return about how many bytes of memory a page takes."""
    return len(page.jpeg) + 200 * len(page.boxes)


def _not_shown(document: Document, reason: Any) -> LoadError:
    return LoadError(
        f"the pages of {document.id} cannot be shown, as its file {reason}", source=document.id
    )
