"""Words found in a document, whatever their case, their accents and the breaks between them."""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator
from functools import lru_cache

from qa import Document
from qa.documents import Span

MOST_FOUND = 2_000
"""How many places are told at most."""

_MANY = 200  # characters to be folded, from where on all are looked up at once


class FoldedText:
    """A document's text with small letters and without accents.

    Each character stands for one of the text; combining accents are left out, and then it is kept
    where each character was.
    """

    def __init__(self, document: Document) -> None:
        self.text = folded(document.text)
        self._places: array[int] | None = None
        if marks := {c for c in set(self.text) if _is_mark(c)}:
            kept = [at for at, c in enumerate(self.text) if c not in marks]
            self._places = array("I", [*kept, len(self.text)])
            self.text = self.text.translate(dict.fromkeys(map(ord, marks)))

    def span(self, start: int, end: int) -> Span:
        """Return the span of the document's text for one of this text."""
        if self._places is None:
            return Span(start, end)
        return Span(self._places[start], self._places[end - 1] + 1)


def find(document: Document, words: str) -> tuple[list[Span], bool]:
    """Return where words stand in a document, and whether there are more than `MOST_FOUND`.

    The first time takes about 0.1 s for 5 million characters, and the next ones a few ms.
    """
    text = _folded_text(document)
    pattern = _pattern(words)
    if pattern is None:
        return [], False
    spans: list[Span] = []
    for start, end in _matches(pattern, text.text):
        if len(spans) == MOST_FOUND:
            return spans, True
        spans.append(text.span(start, end))
    return spans, False


def folded(text: str) -> str:
    """Return a text with small letters, without accents and with spaces for all white space.

    It has as many characters.
    """
    table = {ord(c): like for c in set(text) if (like := _folded_character(c)) != c}
    if len(table) > _MANY:
        return text.translate(table)
    for code, like in table.items():
        text = text.replace(chr(code), like)
    return text


def _folded_character(character: str) -> str:
    if character.isspace():
        return " "
    bare = "".join(c for c in unicodedata.normalize("NFKD", character) if not _is_mark(c))
    like = bare if len(bare) == 1 else character
    small = like.casefold()
    return small if len(small) == 1 else like


def _is_mark(character: str) -> bool:
    return unicodedata.combining(character) != 0


def _pattern(words: str) -> str | re.Pattern[str] | None:
    """Return what to look for: a text, or words with any spaces between them."""
    low = "".join(c for c in folded(words) if not _is_mark(c)).split()
    if len(low) < 2:
        return low[0] if low else None
    return re.compile(" +".join(map(re.escape, low)))


def _matches(pattern: str | re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    if isinstance(pattern, re.Pattern):
        for match in pattern.finditer(text):
            yield match.span()
        return
    at = text.find(pattern)
    while at >= 0:
        yield at, at + len(pattern)
        at = text.find(pattern, at + len(pattern))


@lru_cache(maxsize=4)
def _folded_text(document: Document) -> FoldedText:
    return FoldedText(document)
