"""Where a quote may begin and end: at the bounds of sentences, which depend on the document alone.

A quote that begins after the "No" of "No vessel shall enter" says the opposite, so quotes are
whole sentences. A very long sentence is cut into parts, always at the same places, and a quote
may be whole parts of it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right, insort
from collections.abc import Sequence
from threading import Lock

from qa.documents import Block, Document, Span
from qa.text.sentences import paragraph_at, regions, split_block, split_paragraph

LONGEST_WHOLE = 1_000
"""The most characters of a sentence that is always quoted whole."""

_PART = 500  # characters in a part of a longer sentence, roughly
_lock = Lock()

_Bounds = tuple["array[int]", "array[int]"]
"""The starts and the ends of the sentences of a paragraph."""


class Sentences:
    """The sentences of a text; a paragraph is split when it is first needed."""

    def __init__(self, text: str, blocks: Sequence[Block] = ()) -> None:
        self._text = text
        self._regions = regions(text, blocks)
        self._ends: dict[int, int] = {}  # of the paragraphs that are split, by their starts
        self._paragraphs: list[int] = []  # the same starts, rising
        self._split: dict[int, _Bounds] = {}

    @classmethod
    def of(cls, document: Document) -> Sentences:
        """Return the sentences of a document, which keeps them."""
        return document.derived(_of)

    def at(self, position: int) -> Span | None:
        """Return the sentence that holds a character; None for white space."""
        if self._text[position].isspace():
            return None
        starts, ends = self._of_paragraph(position)
        number = bisect_right(starts, position) - 1
        return Span(starts[number], ends[number])

    def whole(self, span: Span) -> Span | None:
        """Return the smallest possible quote around the words of a span; None without words."""
        words = self._text[span.start : span.end]
        start = span.start + len(words) - len(words.lstrip())
        last = span.start + len(words.rstrip()) - 1
        if start > last or (first := self.at(start)) is None or (final := self.at(last)) is None:
            return None
        return Span(_part_at(self._text, first, start).start, _part_at(self._text, final, last).end)

    def _of_paragraph(self, position: int) -> _Bounds:
        near = bisect_right(self._paragraphs, position) - 1
        if near >= 0 and position < self._ends[self._paragraphs[near]]:
            return self._split[self._paragraphs[near]]
        region = self._regions[bisect_right(self._regions, position, key=lambda r: r.start) - 1]
        if region.kind:
            paragraph = Span(region.start, region.end)
            sentences = split_block(self._text, region)
        else:
            around = paragraph_at(self._text, position)
            paragraph = Span(max(around.start, region.start), min(around.end, region.end))
            sentences = split_paragraph(self._text, paragraph)
        starts, ends = (array("q", places) for places in zip(*sentences, strict=True))
        with _lock:
            if paragraph.start not in self._split:
                self._split[paragraph.start] = starts, ends
                self._ends[paragraph.start] = paragraph.end
                insort(self._paragraphs, paragraph.start)
        return starts, ends


def _of(document: Document) -> Sentences:
    return Sentences(document.text, document.blocks)


def _part_at(text: str, sentence: Span, position: int) -> Span:
    """Return the part of a long sentence that holds a character; a short sentence is one part."""
    length = sentence.end - sentence.start
    if length <= LONGEST_WHOLE:
        return sentence
    count = -(-length // _PART)
    number = (position - sentence.start) * count // length
    if _edge(text, sentence, number + 1, count) <= position:  # edges are moved back to a space
        number += 1
    start, end = (_edge(text, sentence, n, count) for n in (number, number + 1))
    while text[start].isspace():
        start += 1
    while text[end - 1].isspace():
        end -= 1
    return Span(start, end)


def _edge(text: str, sentence: Span, number: int, count: int) -> int:
    """Return where a part ends: at the line end before its full length, or white space, if near."""
    if number <= 0:
        return sentence.start
    if number >= count:
        return sentence.end
    full = sentence.start + (sentence.end - sentence.start) * number // count
    near = range(full, full - _PART // 2, -1)
    ends = (place for place in near if text[place] == "\n")
    spaces = (place for place in near if text[place].isspace())
    return next(ends, next(spaces, full))
