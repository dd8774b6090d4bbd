"""Text to sentences, with exact offsets, by sentencex.

What is added to sentencex: paragraphs and blocks end sentences, a closing bracket or quotation
mark stays with the sentence that it closes, white space belongs to no sentence, and long
paragraphs are read in windows, since sentencex takes quadratic time on text without spaces after
its stops (Chinese, for one) and on quotation marks left open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from qa.documents import Block, Span

# Two line ends with nothing but white space between, or a character that ends a page or paragraph.
_LINE_END = r"(?:\r\n|\n|\r(?!\n))"
_PARAGRAPH_BREAK = re.compile(
    rf"{_LINE_END}[^\S\n\r]*{_LINE_END}\s*|[\x0b\x0c\u2029]\s*",
)
_CLOSERS = re.compile(r"[)\]}”’»」』*_]+(?=\s|\Z)")  # emphasis of Markdown is closed, too
_ENUMERATOR = re.compile(r"\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s*")
_WINDOW = 8_000
_LOOK_BACK = 2_000  # characters; where the paragraph is longer, it is doubled
_WIDEST_WINDOW = 32_000  # with no sentence's end in it, it is taken for one
_LANGUAGE = "en"  # its rules serve the other languages that were tried as well as their own do
_SPLIT = frozenset({"item", "description", "paragraph"})


class Region(NamedTuple):
    """A stretch of a text whose sentences do not reach beyond it: a block, or what is between two.

    Attributes:
        start, end: its place; a description begins with its terms.
        body: where its sentences begin; what is before belongs to the first.
        kind: of the block; "" between two.
    """

    start: int
    end: int
    body: int
    kind: str


def regions(text: str, blocks: Sequence[Block]) -> list[Region]:
    """Return the regions of a text, which cover all of it but white space."""
    found: list[Region] = []
    end, terms = 0, -1
    for block in blocks:
        if text[end : block.start].strip():
            found.append(Region(end, block.start, end, ""))
            terms = -1
        if block.kind == "term":
            terms = block.start if terms < 0 else terms
        elif terms >= 0 and block.kind == "description":
            while found and found[-1].start >= terms:
                found.pop()
            found.append(Region(terms, block.end, block.start, block.kind))
            end, terms = block.end, -1
            continue
        else:
            terms = -1
        found.append(Region(block.start, block.end, block.start, block.kind))
        end = block.end
    if end < len(text):
        found.append(Region(end, len(text), end, ""))
    return found


def split_sentences(text: str, blocks: Sequence[Block] = ()) -> Iterator[Span]:
    """Yield the sentences of a text in order, as spans of it.

    The spans do not overlap, and what lies between them is white space.
    """
    for region in regions(text, blocks):
        if region.kind:
            yield from split_block(text, region)
        else:
            for paragraph in _paragraphs(text, region.start, region.end):
                yield from split_paragraph(text, paragraph)


def split_block(text: str, region: Region) -> Iterator[Span]:
    """Yield the sentences of a block.

    A description's first one begins with the terms. Paragraphs of code are not split further, nor
    are rows and headings at all.
    """
    if region.kind == "code":
        parts = [_trim(text, part) for part in _paragraphs(text, region.start, region.end)]
        yield from (part for part in parts if part)
        return
    if region.kind not in _SPLIT:
        yield Span(region.start, region.end)
        return
    number = _ENUMERATOR.match(text, region.body, region.end)
    body = number.end() if number and number.end() < region.end else region.body
    sentences = split_paragraph(text, Span(body, region.end))
    yield Span(region.start, next(sentences).end)
    yield from sentences


def _paragraphs(text: str, start: int, end: int) -> Iterator[Span]:
    for gap in _PARAGRAPH_BREAK.finditer(text, start, end):
        yield Span(start, gap.start())
        start = gap.end()
    yield Span(start, end)


def paragraph_at(text: str, position: int) -> Span:
    """Return the paragraph that holds a character, which must not be white space.

    Only the paragraph is read, never the whole text.
    """
    window = _LOOK_BACK
    while True:
        first = max(position - window, 0)
        # A break cut by the window's start ends at the same place, or a wider window finds it.
        starts = [gap.end() for gap in _PARAGRAPH_BREAK.finditer(text, first, position)]
        if starts or first == 0:
            break
        window *= 2
    following = _PARAGRAPH_BREAK.search(text, position)
    return Span(starts[-1] if starts else 0, following.start() if following else len(text))


def split_paragraph(text: str, paragraph: Span) -> Iterator[Span]:
    """Yield the sentences of a paragraph, like `split_sentences`."""
    pending: Span | None = None
    for raw in _boundaries(text, paragraph):
        start = raw.start
        closers = _CLOSERS.match(text, start, raw.end)
        if closers and pending and pending.end == start:
            start = closers.end()
            pending = Span(pending.start, start)
        sentence = _trim(text, Span(start, raw.end))
        if sentence is None:
            continue
        if pending:
            yield pending
        pending = sentence
    if pending:
        yield pending


def _boundaries(text: str, paragraph: Span) -> Iterator[Span]:
    """Yield sentencex's own spans, which tile the paragraph, from windows of bounded length."""
    from sentencex import get_sentence_boundaries

    start, window = paragraph.start, _WINDOW
    while start < paragraph.end:
        end = min(start + window, paragraph.end)
        bounds = get_sentence_boundaries(_LANGUAGE, text[start:end])
        spans = [Span(start + each["start_index"], start + each["end_index"]) for each in bounds]
        if end < paragraph.end:
            spans = spans[:-2]  # the window's end may have cut these
        if not spans and window < _WIDEST_WINDOW:
            window *= 2
            continue
        if not spans:
            spans = [Span(start, text.rfind(" ", start, end) + 1 or end)]
        yield from spans
        start, window = spans[-1].end, _WINDOW


def _trim(text: str, span: Span) -> Span | None:
    piece = text[span.start : span.end]
    start = span.start + len(piece) - len(piece.lstrip())
    end = start + len(piece.strip())
    return Span(start, end) if end > start else None
