"""What each part of a document stands under: headings, and the line that leads in.

A list item is read with the line before its list, a row with its table's header, a description
with its term, and code with the line before it. All of these are spans of the document.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from qa.documents import Block, Document, Span
from qa.text.quote_bounds import Sentences

_ENDS = ".!?…。！？"
_IN_LISTS = frozenset({"item", "term", "description", "code"})
_UNQUOTABLE = frozenset({"heading", "header", "term", "furniture"})
_LONGEST_LEAD = 300  # characters, and of a heading
_LONGEST_LIST = 1_000  # characters
_NEAREST = 2  # of nested lists
_LOWEST = 9  # level of headings


class _Place(NamedTuple):
    """What stands above a stretch: the spans of headings, and those that lead in, outermost first.

    Attributes:
        start: where the stretch starts.
        kind: of its block; "" for what is between two.
    """

    start: int
    kind: str
    headings: tuple[Block, ...]
    leads: tuple[Span, ...]


class Outline:
    """The structure of a document, made of its blocks in one pass."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._places = list(_places(document))
        self._starts = [place.start for place in self._places]
        text = document.text
        self._lead_ends = frozenset(
            lead.end for place in self._places for lead in place.leads if text[lead.end - 1] == ":"
        )

    @classmethod
    def of(cls, document: Document) -> Outline:
        """Return the outline of a document, which keeps it."""
        return document.derived(cls)

    def is_quotable(self, sentence: Span) -> bool:
        """Return whether a sentence says something, and does not merely help find the way."""
        # A description's first sentence begins with its term.
        place = self._at(sentence.end - 1)
        return place.kind not in _UNQUOTABLE and sentence.end not in self._lead_ends

    def is_furniture(self, sentence: Span) -> bool:
        """Return whether a sentence is a running head, a menu, or the like."""
        return self._at(sentence.start).kind == "furniture"

    def is_heading(self, sentence: Span) -> bool:
        """Return whether a sentence is a heading."""
        return self._at(sentence.start).kind == "heading"

    def above(self, sentence: Span) -> tuple[Span, ...]:
        """Return the headings above a sentence, and what leads in to it."""
        return self.headings(sentence) + self.leads(sentence)

    def headings(self, sentence: Span) -> tuple[Span, ...]:
        """Return the headings that a sentence stands under, outermost first."""
        return tuple(Span(h.start, h.end) for h in self._at(sentence.start).headings)

    def leads(self, sentence: Span) -> tuple[Span, ...]:
        """Return what leads in to a sentence and is no part of it, outermost first."""
        found = (self._last_sentence(lead) for lead in self._at(sentence.end - 1).leads)
        return tuple(
            lead
            for lead in found
            if lead.end <= sentence.start and lead.end - lead.start <= _LONGEST_LEAD
        )

    def list_around(self, sentence: Span) -> Span | None:
        """Return the list that a sentence is an item of, from the line that leads in to it.

        It is None for other sentences, and for a list that is too long to quote.
        """
        places, at = self._places, self._number(sentence.end - 1)
        if places[at].kind != "item":
            return None
        first, after, leads = at, at + 1, places[at].leads

        def is_beside(place: _Place) -> bool:
            is_its = place.kind == "item" and place.leads[: len(leads)] == leads
            return is_its and abs(place.start - sentence.start) <= _LONGEST_LIST

        while is_beside(places[first - 1]):
            first -= 1
        while after < len(places) and is_beside(places[after]):
            after += 1
        text, start = self._document.text, places[first].start
        end = places[after].start if after < len(places) else len(text)
        if leads and not text[leads[-1].end : start].strip():
            start = self._last_sentence(leads[-1]).start
        found = Span(start, start + len(text[start:end].rstrip()))
        return found if found.end - found.start <= _LONGEST_LIST else None

    def _number(self, position: int) -> int:
        return bisect_right(self._starts, position) - 1

    def _at(self, position: int) -> _Place:
        return self._places[self._number(position)]

    def _last_sentence(self, span: Span) -> Span:
        sentence = Sentences.of(self._document).at(span.end - 1) or span
        return Span(max(sentence.start, span.start), span.end)


class _List(NamedTuple):
    level: int
    leads: tuple[Span, ...]


def _places(document: Document) -> Iterator[_Place]:
    """Yield the places of a document in order, the first at its start."""
    text, end = document.text, 0
    walk = _Walk(text)
    yield _Place(0, "", (), ())
    if not document.blocks:
        return
    for block in document.blocks:
        if text[end : block.start].strip():
            yield walk.paragraph(end, block.start)
        yield walk.block(block)
        end = block.end
    if text[end:].strip():
        yield walk.paragraph(end, len(text))


class _Walk:
    """Goes through a document's stretches, and keeps what the next ones stand under."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._headings: tuple[Block, ...] = ()  # their levels rise
        self._lists: list[_List] = []  # open, one in the other
        self._header: Span | None = None
        self._before = Block(0, 0, "")

    def paragraph(self, start: int, end: int) -> _Place:
        """Go on to what is between two blocks."""
        end = start + len(self._text[start:end].rstrip())
        return self.block(Block(start, end, ""))

    def block(self, block: Block) -> _Place:
        """Go on to a block."""
        leads: tuple[Span, ...] = ()
        if block.kind == "heading" and block.end - block.start > _LONGEST_LEAD:
            block = block._replace(kind="paragraph")
        if block.kind == "heading":
            level = min(block.level, _LOWEST)
            self._headings = tuple(h for h in self._headings if h.level < level)
            above = self._headings
            self._headings = (*above, block._replace(level=level))
        else:
            above = self._headings
        if block.kind in _IN_LISTS:
            leads = self._in_list(block)
        elif block.kind != "furniture":
            self._lists.clear()
        if block.kind == "header":
            self._header = Span(block.start, block.end)
        elif block.kind == "row":
            leads = (self._header,) if self._header else ()
        elif block.kind != "furniture":
            self._header = None
        if block.kind != "furniture":
            self._before = block
        return _Place(block.start, block.kind, above, leads)

    def _in_list(self, block: Block) -> tuple[Span, ...]:
        lists = self._lists
        while lists and lists[-1].level > block.level:
            lists.pop()
        outer = lists[-1].leads if lists else ()
        if block.kind == "code":
            return (outer + self._lead_in())[-_NEAREST:]
        opens = not lists or lists[-1].level < block.level
        if block.kind == "term":
            term = Span(block.start, block.end)
            if not opens:
                lists.pop()
                if self._before.kind == "term" and outer:
                    term = Span(outer[-1].start, block.end)
                outer = lists[-1].leads if lists else ()
            lists.append(_List(block.level, (*outer, term)[-_NEAREST:]))
        elif opens:
            lists.append(_List(block.level, (outer + self._lead_in())[-_NEAREST:]))
        return lists[-1].leads if block.kind != "term" else outer

    def _lead_in(self) -> tuple[Span, ...]:
        """Return the stretch before, if it leads in to what follows."""
        before = self._before
        leads = before.kind in ("", "paragraph", "item", "description")
        if leads and before.end and self._text[before.end - 1] not in _ENDS:
            return (Span(before.start, before.end),)
        return ()
