"""A document as the page shows it: in paragraphs, and in parts that a browser can lay out."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from typing import Any, NamedTuple

from qa import Document
from qa.documents import Span
from qa.loaders.formats import MARKDOWN
from ui.chat.markdown_signs import bars, signs

PART = 200_000
"""About how many characters of a document are shown at once."""

MOST_HEADINGS = 2_000
"""How many headings are listed at most."""

_BLOCK = 4_000  # characters; a longer paragraph is laid out in several blocks
_LONG_LINE = 120  # characters; where most of a text is in longer lines, a line is a paragraph
_LONGEST_HEADING = 200  # characters
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_BLANK = re.compile(r"\S[^\r\n]*(?:(?:\r\n|\r|\n)(?=[^\r\n]*\S)[^\r\n]*)*\s*")
_REFLOWED = frozenset({".pdf"}) | MARKDOWN
_FLOWING = frozenset(("", "paragraph", "heading", "item", "term", "description"))
_RULE = re.compile(r"[-|:+= \t]+\Z")


class _Piece(NamedTuple):
    """Where something of a kind starts; `goes_on` is whether it is within a paragraph or block."""

    start: int
    kind: str
    level: int
    goes_on: bool


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document's paragraphs, and the parts that they are shown in.

    Attributes:
        starts: where each paragraph starts, in code points.
        parts: the spans of the parts, which together are the whole text.
        pieces: the paragraphs and the document's blocks, in order.
    """

    document: Document
    starts: tuple[int, ...]
    parts: tuple[Span, ...]
    pieces: tuple[_Piece, ...]

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

        `blocks` are as `_block` returns them, and their texts together are the part's; `pages` are
        `[start, page]`; `flows` is whether line ends within a paragraph are shown as spaces.
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
            "blocks": [self._block(*block) for block in self._blocks(span)],
            "pages": [
                [start, page]
                for page, start in enumerate(document.pages, 1)
                if span.start <= start < span.end
            ],
            "pages_in_all": len(document.pages),
            "headings": any(block.kind == "heading" for block in document.blocks),
        }

    def headings(self) -> list[list[Any]]:
        """Return the headings, as `[start, level, text]`."""
        text = self.document.text
        found = [block for block in self.document.blocks if block.kind == "heading"]
        listed = []
        for block in found[:MOST_HEADINGS]:
            shown = text[block.start : min(block.end, block.start + _LONGEST_HEADING)]
            inside = bytearray(b"\1" * len(shown))
            for start, end, kind in self._signs(shown, "heading", goes_on=False):
                if kind == "sign":
                    inside[start:end] = bytes(end - start)
            words = "".join(c for c, seen in zip(shown, inside, strict=True) if seen)
            listed.append([block.start, block.level, " ".join(words.split())])
        return listed

    def _blocks(self, span: Span) -> Iterator[tuple[int, int, _Piece]]:
        """Yield the start and the end of each block of a part, and what it is of."""
        first = max(0, bisect_right(self.pieces, span.start, key=lambda one: one.start) - 1)
        last = bisect_left(self.pieces, span.end, key=lambda one: one.start)
        ends = [*(one.start for one in self.pieces[first + 1 : last]), span.end]
        for piece, end in zip(self.pieces[first:last], ends, strict=True):
            at = max(piece.start, span.start)
            while at < end:
                cut = self._cut(at, end, piece)
                yield at, cut, piece
                at = cut

    def _cut(self, start: int, end: int, piece: _Piece) -> int:
        """Return where the block ends that starts at a place; code is cut at the end of a line."""
        if end - start <= _BLOCK:
            return end
        line_end = self.document.text.rfind("\n", start, start + _BLOCK) + 1
        return line_end if piece.kind == "code" and line_end > start else start + _BLOCK

    def _block(self, start: int, end: int, piece: _Piece) -> list[Any]:
        """Return `[start, text, kind, level, goes_on, flows, signs, cells]` for a block.

        `signs` are as in `markdown_signs`, and `cells` where a row's cells start; both count from
        the block's start.
        """
        text = self.document.text[start:end]
        kind, goes_on = piece.kind, piece.goes_on or start != piece.start
        if kind == "furniture" and "|" in text and _RULE.match(text.strip()):
            return [start, text, "rule", 0, goes_on, False, [(0, len(text), "sign")], []]
        found = self._signs(text, kind, goes_on=goes_on)
        cells: list[int] = []
        if kind in ("row", "header") and not goes_on:
            between = self._separators(text)
            cells = [0, *(end for at, end in between if at and text[end:].strip())]
            if len(cells) > 1:
                found = sorted([*found, *((at, end, "sign") for at, end in between)])
        flows = kind in _FLOWING and self._suffix in _REFLOWED
        return [start, text, kind, piece.level, goes_on, flows, found, cells if cells[1:] else []]

    @property
    def _suffix(self) -> str:
        return PurePath(self.document.id).suffix.lower()

    def _signs(self, text: str, kind: str, *, goes_on: bool) -> list[tuple[int, int, str]]:
        return signs(text, kind, goes_on=goes_on) if self._suffix in MARKDOWN else []

    def _separators(self, text: str) -> list[tuple[int, int]]:
        """Return what stands between the cells of a row, and may stand around it."""
        is_markdown = self._suffix in MARKDOWN
        return bars(text) if is_markdown else [one.span() for one in re.finditer("\t", text)]


@lru_cache(maxsize=16)
def _lay_out(document: Document) -> DocumentView:
    starts = tuple(_paragraphs(document.text))
    parts = tuple(_parts(starts, len(document.text)))
    return DocumentView(document, starts, parts, tuple(_pieces(document, starts)))


def _pieces(document: Document, paragraphs: tuple[int, ...]) -> Iterator[_Piece]:
    """Yield the paragraphs of a document, cut where its blocks start and end."""
    text, at = document.text, 0
    for block in document.blocks:
        yield from _running(text, at, block.start, paragraphs)
        first, last = bisect_right(paragraphs, block.start), bisect_left(paragraphs, block.end)
        inside = () if block.kind == "code" else paragraphs[first:last]
        yield _Piece(block.start, block.kind, block.level, False)
        for start in inside:
            yield _Piece(start, block.kind, block.level, True)
        at = block.end
    yield from _running(text, at, len(text), paragraphs)


def _running(text: str, start: int, end: int, paragraphs: tuple[int, ...]) -> Iterator[_Piece]:
    """Yield the paragraphs between two blocks; white space before the first goes with the last.

    At the start of a text, that white space is a piece of its own.
    """
    between = text[start:end]
    first = end - len(between.lstrip())
    inside = paragraphs[bisect_left(paragraphs, start) : bisect_left(paragraphs, end)]
    if first < end:
        first = min([first, *inside[:1]])
    if start == 0 < first:
        yield _Piece(0, "", 0, True)
    if first < end:
        yield from (_Piece(at, "", 0, False) for at in sorted({first, *inside}))


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
