"""Acronyms: a question that has one form of a name gets the other beside it.

What a short form stands for is told by definitions, "Long Form (LF)" and "LF (Long Form)"
(Schwartz and Hearst 2003), or by a phrase with these initials.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from qa.asking.common_words import CommonWords
from qa.index.protocol import AnyIndex
from qa.text.analysis import query_terms

_SHORT = r"[A-Za-z0-9]+(?: ?& ?[A-Za-z0-9]+|[-./][A-Za-z0-9]+)*"
_BRACKETS = re.compile(r"\(([^()\n]{2,100})\)")
_IN_QUESTION = re.compile(rf"(?<![\w&])(?:{_SHORT})(?![\w&])")
_ENDS_SHORT = re.compile(rf"(?:^|\s)({_SHORT})\s?$")
_SPACES = r"\s+"
_LINKS = r"(?:of|and|the|for|in|to|&)"
_BETWEEN = rf"(?:[ \-]{{1,3}}|\n)(?:{_LINKS} ){{0,2}}"

_LONGEST = 10  # characters of a short form
_LONGEST_LOWER = 5  # of one that is typed in small letters
_SHOUTED = 2  # words in capitals: more are no acronyms
_BEFORE = 150  # characters of a long form, at most
_SMALL = 2_000  # passages, about two million characters: of a larger index, the nearest are read
_NEAREST, _FEWER = 50, 20  # fewer if the query has no short form
_MOST = 3  # forms that are put in

Definitions = dict[str, Counter[str]]
"""How often each long form is given, by short form."""


class Acronyms:
    """The acronyms of an index, found when a question has one of their forms."""

    def __init__(self, index: AnyIndex, common: CommonWords) -> None:
        self._index = index
        self._common = common
        self._defined_in = lru_cache(maxsize=4)(self._read_definitions)
        self._spelt_out = lru_cache(maxsize=256)(self._find_initials)

    def expanded(self, query: str, documents: Sequence[str] | None = None) -> str:
        """Return a query with the other form of its acronyms and of its names in brackets."""
        among = self._all_read(documents) if len(self._index) <= _SMALL else ()
        short = [m for m in _IN_QUESTION.finditer(query) if self._may_be_short(m[0], query)]
        most = _NEAREST if short else _FEWER
        near = () if among else self._near(query, most, documents)
        defined = self._defined_in(among) if among else definitions(near)
        found = self._long_forms(query, short, defined, among) or self._short_forms(query, defined)
        for end, form in sorted(found[:_MOST], reverse=True):
            query = f"{query[:end]} ({form}){query[end:]}"
        return query

    def _all_read(self, documents: Sequence[str] | None) -> tuple[str, ...]:
        there, named = self._index.document_ids(), {*(documents or ())}
        return tuple(id_ for id_ in there if documents is None or id_ in named)

    def _long_forms(
        self,
        query: str,
        short: Iterable[re.Match[str]],
        defined: Definitions,
        among: tuple[str, ...],
    ) -> list[tuple[int, str]]:
        """Find the long forms of a query's short ones, and where each is to be put."""
        found = []
        for place in short:
            forms = defined.get(_key(place[0]))
            long = forms.most_common(1)[0][0] if forms else self._spelt_out(place[0], among)
            if long and _plain(long) not in _plain(query):
                found.append((place.end(), long))
        return found

    def _may_be_short(self, word: str, query: str) -> bool:
        """Return whether a word may be an acronym, and is no common word as it stands."""
        is_shouted = query == query.upper() and len(query.split()) > _SHOUTED
        if _is_short(word) and word == word.upper() and not is_shouted:
            return True
        is_lower = 2 < len(word) <= _LONGEST_LOWER and word == word.lower()
        return is_lower and word not in self._common

    def _short_forms(self, query: str, defined: Definitions) -> list[tuple[int, str]]:
        """Find the short forms of the names that a query has, and where each is to be put.

        One that stands in a single passage, where it is defined, finds no other.
        """
        found = []
        lower = _plain(query)
        for short, forms in defined.items():
            for long in forms:
                if _plain(long) in lower and short not in query and self._is_used(short):
                    found += [
                        (match.end(), short) for match in [_pattern(long).search(query)] if match
                    ]
                    break
        return found

    def _is_used(self, short: str) -> bool:
        terms = query_terms(short)
        return all(len(t) > 1 and self._index.terms(t).get(t, 0) > 1 for t in terms)

    def _read_definitions(self, among: tuple[str, ...]) -> Definitions:
        return definitions(self._index.document(id_).text for id_ in among)

    def _near(self, query: str, most: int, documents: Sequence[str] | None) -> Iterator[str]:
        among = None if documents is None else self._index.numbers_of(documents)
        numbers = [n for n, _ in self._index.search_words(query, most, among)]
        yield from (passage.text_in_context for passage in self._index.passages(numbers))

    def _find_initials(self, short: str, among: tuple[str, ...]) -> str | None:
        """Return the phrase that has these initials; the one that is there most often.

        Words that are no name count for an acronym of three letters or more that the documents
        do not have.
        """
        known = all(term in self._index.terms(term) for term in query_terms(short))
        letters = re.sub(r"\W", "", short)
        if not 2 <= len(letters) <= _LONGEST or not letters.isalpha():
            return None
        words = (rf"{letter}[\w'’]{{1,30}}" for letter in letters.upper())
        phrase = re.compile(rf"\b{_BETWEEN.join(words)}", re.IGNORECASE)
        counts = Counter[str]()
        for id_ in among:
            counts.update(match[0] for match in phrase.finditer(self._index.document(id_).text))
        named = {text: count for text, count in counts.items() if _is_name(text)}
        if not named and (known or len(letters) < 3):
            return None
        found = named or counts
        return max(found, key=lambda text: (found[text], text)) if found else None


def definitions(texts: Iterable[str]) -> Definitions:
    """Find the acronyms that texts define: by short form, how often each long form is given."""
    found: Definitions = {}
    for text in texts:
        for brackets in _BRACKETS.finditer(text):
            before = text[max(0, brackets.start() - _BEFORE) : brackets.start()].rstrip(" ")
            if pair := _defined(before.rsplit("\n", 1)[-1], brackets[1].strip()):
                found.setdefault(_key(pair[0]), Counter())[pair[1]] += 1
    return found


def _defined(before: str, inside: str) -> tuple[str, str] | None:
    """Return the short and the long form that brackets, and what is before them, give."""
    if _is_short(inside):
        words = before.split(" ")
        most = min(len(inside) + 5, 2 * len(inside))
        long = _long_form(inside, " ".join(words[-most:]))
        return (inside, long) if long else None
    short = _ENDS_SHORT.search(before)
    if short and _is_short(short[1]):
        long = _long_form(short[1], inside)
        return (short[1], long) if long == inside else None
    return None


def _is_short(text: str) -> bool:
    capitals = sum(letter.isupper() for letter in text)
    return 2 <= len(text) <= _LONGEST and capitals > 1 and bool(re.fullmatch(_SHORT, text))


def _long_form(short: str, text: str) -> str | None:
    """Match the characters of a short form from the last; the first one starts a word."""
    at = len(text)
    letters = [letter for letter in short.lower() if letter.isalnum()]
    for n, letter in reversed([*enumerate(letters)]):
        at -= 1
        while at >= 0 and (
            text[at].lower() != letter or (n == 0 and at > 0 and text[at - 1].isalnum())
        ):
            at -= 1
        if at < 0:
            return None
    long = text[at:].rstrip('"”')
    return long if len(long) > len(short) and _plain(short) not in _plain(long).split() else None


def _pattern(long: str) -> re.Pattern[str]:
    """Match a long form, with "and" or "&", in any case."""
    words = ("(?:and|&)" if word in ("and", "&") else re.escape(word) for word in long.split())
    return re.compile(rf"\b{_SPACES.join(words)}(?!\w)", re.IGNORECASE)


def _is_name(text: str) -> bool:
    return all(
        word[0].isupper() or re.fullmatch(_LINKS, word) for word in re.split(r"[ \-]+", text)
    )


def _key(short: str) -> str:
    return re.sub(r"\s", "", short).upper()


def _plain(text: str) -> str:
    return " ".join(text.replace("&", "and").lower().split())
