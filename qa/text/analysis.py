"""The content words of a text."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

_WORD = re.compile(r"\w+")
_STOP_WORDS = """
a about an and are as at be because been being but by can could did do does doing for from had has
have having he her his how i if in into is it its may me might my no nor not of on or our she
should so some such than that the their them then there these they this those to too us was we
were what when where whether which while who whom whose why will with would you your
"""
_STOPPED = frozenset(_STOP_WORDS.split())
_INDEXED = re.compile(r"[^\W_]+")
_ACCENTS = re.compile("[\u0300-\u036f]")


def words(text: str) -> Iterator[tuple[int, int]]:
    """Yield the place of each word of a text: `[start, end)`."""
    return (word.span() for word in _WORD.finditer(text))


def content_words(text: str) -> list[str]:
    """Return a text's words, once each and in lower case, without English stop words.

    Question words, such as "how", are stop words.
    """
    unique = dict.fromkeys(_WORD.findall(text.lower()))
    return [word for word in unique if word not in _STOPPED]


def terms(text: str) -> frozenset[str]:
    """Return the stems of a text's content words (English)."""
    return frozenset(map(_stem, content_words(text)))


def indexed_words(text: str) -> list[str]:
    """Return all words of a text, as the inverted index has them.

    They have no accents, and `snake_case` is two words.
    """
    return _INDEXED.findall(_folded(text))


def indexed_term(word: str) -> str | None:
    """Return the stem of such a word; None for a stop word, which is not searched for."""
    return None if word in _STOPPED else _stem(word)


def query_terms(query: str) -> Counter[str]:
    """Return a query's terms; a term counts once for each of its different words."""
    found = map(indexed_term, dict.fromkeys(indexed_words(query)))
    return Counter(term for term in found if term is not None)


def _folded(text: str) -> str:
    """Put a text in lower case, without accents."""
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", text)
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", apart))
    return text.casefold()


class Idf:
    """The inverse document frequency of terms among some texts, smoothed."""

    def __init__(self, texts: Sequence[frozenset[str]]) -> None:
        self._texts = len(texts)
        self._counts = Counter(term for text in texts for term in text)

    def weight(self, term: str) -> float:
        """Return the IDF of a term; it is highest for a term in no text."""
        return math.log((self._texts + 1) / (self._counts[term] + 0.5))


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english", 0)  # `_stem` remembers words
