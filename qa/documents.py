"""Documents: texts with where they came from; `qa.loaders` reads them from files.

A document's text is kept as it was loaded: all offsets are into it.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePath
from typing import NamedTuple

from qa.errors import LoadError


class Span(NamedTuple):
    """A stretch `[start, end)` of a document's text, in code points."""

    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        """Tell whether the two share a character."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Document:
    """One source text.

    Attributes:
        id: names the document in its corpus; for a file, its name or its path in the folder.
        text: the whole text, as loaded.
        title: what a reader calls it.
        source: where it came from (for a file, its absolute path); None if made in Python.
        pages: where each page starts in the text, in code points; empty if it has no pages.
        sha256: of the text in UTF-8.
    """

    id: str
    text: str = field(repr=False)
    title: str = ""
    source: str | None = None
    pages: tuple[int, ...] = field(default=(), repr=False)
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        named = self.source or self.id
        if not self.id:
            raise LoadError("a document needs an id", source=named)
        if not self.text or self.text.isspace():
            raise LoadError(f"{named} is empty: it has no text to ask about", source=named)
        if "\0" in self.text:
            raise LoadError(f"{named} is not text: it holds NUL characters", source=named)
        if not all(map(_is_unicode, (self.id, self.title, self.source or ""))):
            raise LoadError(
                f"{ascii(named)[1:-1]} has a name that is not valid Unicode: rename it",
                source=named,
            )
        try:
            encoded = self.text.encode()
        except UnicodeEncodeError as error:
            raise LoadError(
                f"{named} is not valid Unicode: it holds half a surrogate pair "
                f"at character {error.start}",
                source=named,
            ) from None
        starts = (*self.pages, len(self.text))
        if (starts[0] != 0 and self.pages) or any(a > b for a, b in pairwise(starts)):
            raise LoadError(f"{named} has pages that do not follow each other", source=named)
        object.__setattr__(self, "sha256", hashlib.sha256(encoded).hexdigest())
        if not self.title:
            object.__setattr__(self, "title", PurePath(self.id).stem)

    def line(self, position: int) -> int:
        """Give the line of a character, from 1; lines end with LF, CRLF or CR, as in an editor."""
        feeds = self.text.count("\n", 0, position)
        returns = self.text.count("\r", 0, position)
        return 1 + feeds + returns - self.text.count("\r\n", 0, position)

    def page(self, position: int) -> int | None:
        """Give the page of a character, from 1; None if the document has no pages."""
        return bisect_right(self.pages, position) or None

    def byte_span(self, span: Span) -> Span:
        """Give a span's place in the text's UTF-8 bytes."""
        start = len(self.text[: span.start].encode())
        return Span(start, start + len(self.text[span.start : span.end].encode()))


def _is_unicode(text: str) -> bool:
    """Tell whether a text can be written; names of files may hold bytes that are no character."""
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)
