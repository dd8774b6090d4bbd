"""Finding words in documents, whatever the white space and the quotation marks on either side."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice

from qa.documents import Document, Span
from qa.errors import SettingsError
from qa.evaluation.fuzzy_match import occurrences
from qa.evaluation.judging.numbers import number_words, numbers
from qa.evaluation.questions import Place
from qa.loaders import load_all
from qa.text.quote_bounds import Sentences

MOST_PLACES = 50
"""The most places of the same words that are looked at."""

MOST_COMPARED = 200_000_000_000
"""The most characters that are searched in one go: each search takes all documents."""

_MARKS = str.maketrans(dict.fromkeys("“”„‟«»″", '"') | dict.fromkeys("‘’‚‛′", "'"))
_SPACE = re.compile(r"\s+")
_OPENING = " \"'*_#>•·(["
_CLOSING = " \"'*_.,;:!…)]"
_BULLET = re.compile(r"[-–—+] +")
# What may stand before the words of a whole sentence: a bullet, a number, marks of emphasis.
_BEFORE = re.compile(
    r"""["'*_#>•·(\[\s]*(?:[-–—+]\s+)?(?:(?:\d{1,3}|[a-zA-Z])[.)]\s+)?["'*_(\[]*"""
)
_MOST_BEFORE = 30


def flat(text: str) -> str:
    """Return a text with straight quotation marks, and with one space for any white space."""
    return _SPACE.sub(" ", text.translate(_MARKS)).strip()


def core(words: str) -> str:
    """Return words as they are searched for: flat, without the marks and stops around them."""
    bare = flat(words).replace("\0", "\N{REPLACEMENT CHARACTER}").lstrip(_OPENING)
    bullet = _BULLET.match(bare)
    return (bare[bullet.end() :] if bullet else bare).lstrip(_OPENING).rstrip(_CLOSING)


class Corpus:
    """Documents whose words can be found; what is found is where they stand in the documents.

    Raises:
        LoadError: two documents have one id.
        SettingsError: from a search, if far too much was searched for in these documents.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents = load_all(documents)  # it refuses two of one id
        self._flats = [_Flat(document.text) for document in self.documents]
        self._text = "\0".join(each.text for each in self._flats)
        self._starts = [0]
        for each in self._flats:
            self._starts.append(self._starts[-1] + len(each.text) + 1)
        self._left = MOST_COMPARED

    @cached_property
    def by_id(self) -> dict[str, Document]:
        """The documents by their ids."""
        return {document.id: document for document in self.documents}

    @cached_property
    def numbers(self) -> frozenset[str]:
        """The numbers that stand in the documents, also those that are written in words."""
        return frozenset(
            {number.value for number in numbers(self._text)} | number_words(self._text)
        )

    def places(self, words: str) -> Iterator[Place]:
        """Yield where words stand, as whole words and numbers, in the order of the documents."""
        sought = core(words)
        if not sought:
            return
        self._count()
        for found in islice(occurrences(sought, self._text, whole=True), MOST_PLACES):
            if not _within_number(self._text, found):
                yield self._place(found)

    def passage(self, text: str) -> Place | None:
        """Return where a passage stands first, which may start and end within a word."""
        sought = flat(text)
        self._count()
        start = self._text.find(sought) if sought and "\0" not in sought else -1
        return self._place(Span(start, start + len(sought))) if start >= 0 else None

    def whole(self, place: Place) -> Place | None:
        """Return the whole sentences of which a place holds all words; None if it does not."""
        document = self.by_id[place.document_id]
        whole = Sentences.of(document).whole(Span(place.start, place.end))
        if whole is None:
            return None
        before = document.text[whole.start : place.start]
        after = document.text[place.end : whole.end]
        begins = len(before) <= _MOST_BEFORE and _BEFORE.fullmatch(before.translate(_MARKS))
        stops = not flat(after).strip(_CLOSING)  # a question mark is a word of its own
        return Place(document.id, *whole) if begins and stops else None

    def _count(self) -> None:
        """Count what is searched, and refuse to search for ever."""
        self._left -= len(self._text)
        if self._left < 0:
            raise SettingsError(
                "that is too much to look for in so many documents: judge the answers in parts"
            )

    def _place(self, found: Span) -> Place:
        number = bisect_right(self._starts, found.start) - 1
        start = self._starts[number]
        span = self._flats[number].original(Span(found.start - start, found.end - start))
        return Place(self.documents[number].id, *span)


class _Flat:
    """A text made flat, with the way back to its own offsets."""

    def __init__(self, text: str) -> None:
        self._after = array("q", [0])  # places in the flat text, each after white space, rising
        self._removed = array("q", [0])  # characters that were removed before it
        pieces: list[str] = []
        start = length = 0
        marked = text.translate(_MARKS)
        for space in _SPACE.finditer(marked):
            pieces += [marked[start : space.start()], " "]
            length += space.start() - start + 1
            start = space.end()
            if start - length != self._removed[-1]:
                self._after.append(length)
                self._removed.append(start - length)
        self.text = "".join([*pieces, marked[start:]])

    def original(self, span: Span) -> Span:
        """Return the span of the text itself; the words of a span begin and end with no space."""
        return Span(self._at(span.start), self._at(span.end - 1) + 1)

    def _at(self, position: int) -> int:
        return position + self._removed[bisect_right(self._after, position) - 1]


def _within_number(text: str, found: Span) -> bool:
    """Return whether a place starts or ends within a number such as 1,368.50."""
    before, after = text[max(found.start - 2, 0) : found.start], text[found.end : found.end + 2]
    starts = text[found.start].isdigit() and _joins(before)
    return starts or (text[found.end - 1].isdigit() and _joins(after[::-1]))


def _joins(beside: Sequence[str]) -> bool:
    """Return whether a digit and then a point or comma stand beside a number."""
    return len(beside) == 2 and beside[0].isdigit() and beside[1] in ".,"
