"""Typing mistakes: words that nothing is known of, read as the nearest ones of the documents.

A word stays as it is where the documents have it, where it is common English (one token of the
model), and where nothing is very near: by Damerau-Levenshtein distance (optimal string
alignment), with the same first letter and the same end.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from qa.asking.common_words import CommonWords
from qa.asking.languages import foreign_language
from qa.index.protocol import AnyIndex
from qa.text.analysis import query_terms

_WORD = re.compile(r"(?<!\S)\(?([^\W\d_]{3,30})(?=(?:['’]s)?[?!.,;:)]{0,3}(?:\s|$))")
_LETTERS = re.compile(r"[^\W\d_]+")
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|`[^`]*`")
_FUNCTION_WORDS = """
about after and are because before between can could did does for from had has have how into
should than that the their there these they this those was were what when where which who whose
why will with would you your
"""
_FUNCTIONS = tuple(_FUNCTION_WORDS.split())

# Letters that are taken for each other: by sound, or as neighbours on a keyboard.
_SOUNDS = ("aeiouy", "csz", "ckq", "fv", "gj")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")

_MOST = 8  # unknown words in a question: more are no typing mistakes
_SHORTLIST = 6  # terms, whose words are looked up
_LOOKED_UP = 3  # passages, for the words of a term
_SMALL = 25_000  # passages: in a larger index, no more terms are read than start with three letters
_LONGEST_ENDING = 4  # letters that a stem has less than its word
_PART = 5  # letters of a word that was joined with another


class _Near(NamedTuple):
    """How near a word is to a mistyped one, the nearest first; and the word."""

    distance: int
    other_letters: int
    rarity: int
    word: str


class Spelling:
    """Corrects questions by the words of an index."""

    def __init__(self, index: AnyIndex, common: CommonWords) -> None:
        self._index = index
        self._common = common
        self._terms = lru_cache(maxsize=64)(index.terms)

    def corrected(self, question: str) -> str:
        """Return a question with its typing mistakes corrected; any other as it is."""
        if foreign_language(question):
            return question
        unknown = self._unknown(question)
        for place in reversed(unknown if len(unknown) <= _MOST else []):
            start, end = place.span(1)
            word = place[1].lower()
            if found := self._nearest(place[1]) or self._split(word):
                found = found if place[1] == word else found.capitalize()
                question = f"{question[:start]}{found}{question[end:]}"
        return question

    def knows(self, word: str) -> bool:
        """Return whether the documents have a word, or another form of it."""
        return all(term in self._terms(term) for term in query_terms(word))

    def unknown(self, question: str) -> list[str]:
        """Return the words that are neither in the documents nor common English."""
        return [place[1] for place in self._unknown(question)]

    def _unknown(self, question: str) -> list[re.Match[str]]:
        unquoted = _QUOTED.sub(lambda match: "-" * len(match[0]), question)
        places = [place for place in _WORD.finditer(unquoted) if _is_plain(place[1])]
        uncommon = [place for place in places if place[1] not in self._common]
        return [place for place in uncommon if not self.knows(place[1])]

    def _nearest(self, word: str) -> str | None:
        """Return the word that a mistyped one is read as; None if none is near enough."""
        candidates = [*self._function_words(word), *self._words_near(word)]
        return min(candidates).word if candidates else None

    def _function_words(self, word: str) -> Iterator[_Near]:
        """Yield words such as "which", that no index has."""
        for other in _FUNCTIONS if word == word.lower() else ():
            near = _near(word, other, 0)
            is_sure = _limit(word) > 0 or near.other_letters == 0
            if is_sure and near.distance <= 1 and _is_mistyped(word, other):
                yield near

    def _words_near(self, word: str) -> Iterator[_Near]:
        lower, limit = word.lower(), _limit(word)
        if not limit:
            return
        start = lower[: 1 if len(self._index) <= _SMALL else 3]
        terms = self._terms(start)
        for term in _shortlist(lower, terms, limit):
            for other in {*self._forms(term), *self._with_ending_of(lower, term)}:
                near = _near(lower, other, -terms[term])
                if near.distance <= limit and _is_mistyped(lower, other):
                    yield near

    def _forms(self, term: str) -> list[str]:
        """Return the words of a term, in lower case."""
        passages = self._index.passages_with(term, _LOOKED_UP)
        text = " ".join(passage.text_in_context for passage in passages).lower()
        return sorted(word for word in {*_LETTERS.findall(text)} if term in query_terms(word))

    def _with_ending_of(self, word: str, term: str) -> list[str]:
        """Return the common word of a term that ends as a mistyped one: "opposes", for "oposes".

        It is not in the documents, so that a wrong letter, as in "riled" and "ruled", is none.
        """
        stem = next(iter(query_terms(word)), word)
        form = term + word[len(stem) :]
        is_word = word.startswith(stem) and query_terms(form).keys() == {term}
        is_near = _near(word, form, 0) < (1, 2)
        return [form] if is_word and is_near and form in self._common else []

    def _split(self, word: str) -> str | None:
        """Return two words of the documents that were typed as one; None if it is not that."""
        for at in range(_PART, len(word) - _PART + 1):
            parts = word[:at], word[at:]
            if all(query_terms(part) and self.knows(part) for part in parts):
                return " ".join(parts)
        return None


def _is_plain(word: str) -> bool:
    """Return whether a word is in Latin letters, and no acronym or code."""
    return word[1:] == word[1:].lower() and all(letter <= "\u024f" for letter in word)


def _limit(word: str) -> int:
    """Return how many mistakes there may be in a word; names and short words have few letters."""
    if word != word.lower():
        return int(len(word) > 5)
    return int(len(word) > 3) + int(len(word) > 7)


def _shortlist(word: str, terms: Mapping[str, int], limit: int) -> list[str]:
    """Return the terms that may be of a word near this one, the nearest first."""
    from rapidfuzz.distance import OSA

    stem = next(iter(query_terms(word)), word)
    found = []
    for term in terms:
        if -limit <= len(word) - len(term) <= _LONGEST_ENDING + limit:
            of_stem = OSA.distance(stem, term, score_cutoff=limit)
            distance = min(of_stem, OSA.distance(word[: len(term)], term, score_cutoff=limit))
            if distance <= limit:
                found.append((distance, -terms[term], term))
    return [term for _, _, term in sorted(found)[:_SHORTLIST]]


def _near(word: str, other: str, rarity: int) -> _Near:
    """Compare two words; swapped letters are nearer than a missing one, and that than a wrong."""
    from rapidfuzz.distance import OSA

    ours, theirs = Counter(word), Counter(other)
    other_letters = (ours - theirs).total() + (theirs - ours).total()
    return _Near(OSA.distance(word, other), other_letters, rarity, other)


def _is_mistyped(word: str, other: str) -> bool:
    """Return whether one word is likely to be typed for another, and not to be another word.

    Another ending is another form, and mostly another meaning: "insurer", "insured". So is
    another letter, if it neither sounds like the right one nor is beside it: "repel", "rebel".
    """
    ours, theirs = Counter(word), Counter(other)
    wrong, right = "".join((ours - theirs).elements()), "".join((theirs - ours).elements())
    ends_alike = word[-1] == other[-1] or sorted(word[-2:]) == sorted(other[-2:])
    if not ends_alike and other[:-1] != word:
        return False
    if wrong and right:
        return len(wrong) == len(right) == 1 and _sound_alike(wrong, right)
    return len(wrong) + len(right) <= 2


def _sound_alike(one: str, other: str) -> bool:
    """Return whether two letters are taken for each other."""
    pair = {f"{one}{other}", f"{other}{one}"}
    neighbours = any(each in row for each in pair for row in _ROWS)
    return neighbours or any(one in sound and other in sound for sound in _SOUNDS)
