"""Short answers, compared as in SQuAD (Rajpurkar et al. 2016, 2018).

Texts are compared in lower case, without punctuation, without "a", "an" and "the", and with
single spaces.
"""

from __future__ import annotations

import re
import string
from collections import Counter

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def words(text: str) -> list[str]:
    """Return a text's words as SQuAD compares them."""
    return _ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split()


def exact_match(given: str, right: str) -> float:
    """Return 1 if two answers are the same words, else 0."""
    return float(words(given) == words(right))


def token_f1(given: str, right: str) -> float:
    """Return the F1 of the words that two answers share; if either has none, whether both do."""
    ours, theirs = words(given), words(right)
    if not ours or not theirs:
        return float(ours == theirs)
    common = (Counter(ours) & Counter(theirs)).total()
    return 2 * common / (len(ours) + len(theirs))


def holds(text: str, answer: str) -> bool:
    """Return whether an answer's words stand in a text, in a row."""
    wanted, there = words(answer), words(text)
    if not wanted:
        return False
    starts = range(len(there) - len(wanted) + 1)
    return any(there[start : start + len(wanted)] == wanted for start in starts)
