"""Text to sentences, with exact offsets, by sentencex.

What is added to sentencex: paragraphs end sentences, a closing bracket or quotation mark stays
with the sentence that it closes, white space belongs to no sentence, and long paragraphs are read
in windows, since sentencex takes quadratic time on text without spaces after its stops (Chinese,
for one) and on quotation marks left open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.documents import Span

# Two line ends with nothing but white space between, or a character that ends a page or paragraph.
_LINE_END = r"(?:\r\n|\n|\r(?!\n))"
_PARAGRAPH_BREAK = re.compile(
    rf"{_LINE_END}[^\S\n\r]*{_LINE_END}\s*|[\x0b\x0c\u2029]\s*",
)
_CLOSERS = re.compile(r"[)\]}”’»」』]+(?=\s)")
_WINDOW = 8_000
_LOOK_BACK = 2_000  # characters; doubled for a longer paragraph
_WIDEST_WINDOW = 32_000  # one sentence, if no sentence ends in it
_LANGUAGE = "en"  # its rules served every language that was tried as well as the language's own


def split_sentences(text: str) -> Iterator[Span]:
    """Yield the sentences of a text in order, as spans of it.

    The spans do not overlap, and what lies between them is white space.
    """
    start = 0
    for gap in _PARAGRAPH_BREAK.finditer(text):
        yield from split_paragraph(text, Span(start, gap.start()))
        start = gap.end()
    yield from split_paragraph(text, Span(start, len(text)))


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
