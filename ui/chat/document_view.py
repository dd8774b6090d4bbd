"""A document as the page shows it: in paragraphs, and in parts that a browser can lay out."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from qa import Document
from qa.documents import Span

PART = 200_000
"""About how many characters of a document are shown at once."""

_BLOCK = 4_000  # characters; a longer paragraph is laid out in several blocks
_LONG_LINE = 120  # characters; where most of a text is in longer lines, a line is a paragraph
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_BLANK = re.compile(r"\S[^\r\n]*(?:(?:\r\n|\r|\n)(?=[^\r\n]*\S)[^\r\n]*)*\s*")


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document's paragraphs, and the parts that they are shown in.

    Attributes:
        starts: where each paragraph starts, in code points.
        parts: the spans of the parts, which together are the whole text.
    """

    document: Document
    starts: tuple[int, ...]
    parts: tuple[Span, ...]

    @classmethod
    def of(cls, document: Document) -> DocumentView:
        """Lay out a document, or return it from a cache of the last few."""
        return _lay_out(document)

    def paragraph(self, position: int) -> int:
        """Return the paragraph of a character, from 1."""
        return max(1, bisect_right(self.starts, position))

    def part_of(self, position: int) -> int:
        """Return the part that holds a character, from 0."""
        starts = [part.start for part in self.parts]
        return max(0, bisect_right(starts, position) - 1)

    def part(self, number: int) -> dict[str, Any]:
        """Return a part as plain data, for the page to show.

        `blocks` are `[start, text, first]`, which together are the part's text; `first` is whether
        a paragraph starts there. `pages` are `[start, page]`.
        """
        number = min(max(0, number), len(self.parts) - 1)
        span = self.parts[number]
        document = self.document
        return {
            "id": document.id,
            "title": document.title,
            "sha256": document.sha256,
            "characters": len(document.text),
            "part": number,
            "parts": len(self.parts),
            "blocks": [list(block) for block in self._blocks(span)],
            "pages": [
                [start, page]
                for page, start in enumerate(getattr(document, "pages", ()), 1)
                if span.start <= start < span.end
            ],
        }

    def _blocks(self, span: Span) -> Iterator[tuple[int, str, bool]]:
        paragraphs = self.starts[bisect_left(self.starts, span.start) :]
        inside = dict.fromkeys(start for start in paragraphs if start < span.end)
        for start, end in pairwise([*dict.fromkeys([span.start, *inside]), span.end]):
            for at in range(start, end, _BLOCK):
                yield at, self.document.text[at : min(at + _BLOCK, end)], at in inside


@lru_cache(maxsize=16)
def _lay_out(document: Document) -> DocumentView:
    starts = tuple(_paragraphs(document.text))
    return DocumentView(document, starts, tuple(_parts(starts, len(document.text))))


def _paragraphs(text: str) -> Iterator[int]:
    """Yield where paragraphs start: after a blank line, or at each line where lines are long."""
    lines = [match.span() for match in _LINE.finditer(text)]
    long = sum(end - start for start, end in lines if end - start > _LONG_LINE)
    pattern = _LINE if 2 * long > len(text) else _BLANK
    for match in pattern.finditer(text):
        if match.group().strip():
            yield match.start()


def _parts(starts: tuple[int, ...], length: int) -> Iterator[Span]:
    """Cut where a paragraph starts, or in the midst of one that is longer than a part."""
    at = 0
    while length - at > PART:
        last = starts[bisect_right(starts, at + PART) - 1]
        end = last if last > at else at + PART
        yield Span(at, end)
        at = end
    yield Span(at, length)
