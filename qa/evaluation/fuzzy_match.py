"""Finding words in texts: where they stand, or else what is most like them."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator

from rapidfuzz import fuzz

from qa.documents import Document, Span
from qa.evaluation.questions import Place

_MOST = 400  # characters of a quote that are looked for
_DOCUMENTS = 3
_ALIKE = 60  # of 100: less is not alike
_LONGEST_WORD = 40

_WORD = re.compile(r"\w+")
_TWO_LETTERS = re.compile(r"\w\w")


def occurrences(words: str, text: str, *, whole: bool = False) -> Iterator[Span]:
    """Yield the places where words stand in a text, from the left, without overlap.

    Args:
        words: what to find.
        text: where.
        whole: whether a place must not start or end within a word.
    """
    start = text.find(words)
    while start >= 0:
        end = start + len(words)
        fits = not whole or not (_within_word(text, start) or _within_word(text, end))
        if fits:
            yield Span(start, end)
        start = text.find(words, end if fits else start + 1)


def lower(text: str) -> str:
    """Put a text in lower case, each character at the place that it had."""
    return text.replace("İ", "i").lower()  # the one that would become two


def nearest(quote: str, documents: Iterable[Document]) -> Place | None:
    """Return the stretch of a corpus most like a quote, in whole words; None if nothing is.

    It is looked for by edit distance, in the documents that hold the most of the quote's words.
    Of a long quote, the first part is looked for.
    """
    sought = lower(quote.strip()[:_MOST])
    found = [_stretch(sought, document) for document in _ranked(sought, list(documents))]
    likeness, place = max(found, key=lambda one: one[0], default=(0.0, None))
    return place if likeness >= _ALIKE else None


def _ranked(quote: str, documents: list[Document]) -> list[Document]:
    """Return the few documents that hold the most of a quote's words, best first."""
    if len(documents) <= _DOCUMENTS:
        return documents
    words = set(_WORD.findall(quote))
    texts = (lower(document.text) for document in documents)
    counts = [sum(len(word) for word in words if word in text) for text in texts]
    best = heapq.nlargest(_DOCUMENTS, range(len(documents)), key=lambda i: (counts[i], -i))
    return [documents[i] for i in best]


def _stretch(quote: str, document: Document) -> tuple[float, Place | None]:
    """Return how similar a document's nearest stretch is to a quote, 0 to 100, and its place."""
    text = lower(document.text)
    found = fuzz.partial_ratio_alignment(quote, text)
    if found is None:
        return 0.0, None
    # What was found is as long as the quote. The words that are most like it may be more or fewer.
    near = Span(max(0, found.dest_start - len(quote)), found.dest_end + len(quote))
    likeness, span = max(
        (
            (fuzz.ratio(quote, text[start:end]), Span(start, end))
            for start, end in _runs(text, near)
        ),
        key=lambda one: (one[0], one[1].start - one[1].end, -one[1].start),
        default=(0.0, Span(0, 0)),
    )
    return likeness, Place(document.id, *span)


def _runs(text: str, near: Span) -> Iterator[Span]:
    """Yield the runs of whole words of a stretch, with the sign before and after or without."""
    words = [Span(*word.span()) for word in _WORD.finditer(text, *near)]
    whole = [w for w in words if not (_within_word(text, w.start) or _within_word(text, w.end))]
    if any(word.end - word.start > _LONGEST_WORD for word in words):  # no spaces between them
        whole = [Span(at, at + 1) for word in words for at in range(*word)]
    starts = {start - sign for start, _ in whole for sign in (0, 1) if start >= sign}
    ends = {end + sign for _, end in whole for sign in (0, 1) if end + sign <= len(text)}
    starts = {at for at in starts if not text[at].isspace()}
    ends = {at for at in ends if not text[at - 1].isspace()}
    return (Span(start, end) for start in sorted(starts) for end in sorted(ends) if start < end)


def _within_word(text: str, position: int) -> bool:
    return 0 < position < len(text) and bool(_TWO_LETTERS.match(text, position - 1))
