"""The words of a quote that answer, such as a date, a number or a name.

Where the thorough reader has read, they are those between the likeliest start and end. Else, where
a question asks for a date, a number or a name, they are the expression of that kind in the sentence
whose tokens the quick reader finds likeliest. What that is worth: docs/quality.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa.answering.candidates import ScoredPassage
from qa.documents import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = rf"""
    \b(?:{_DAY}\ )?{_MONTH}(?:\ {_DAY})?(?:,?\ \d{{4}})?\b
    | \b(?:early\ |late\ |mid-)?(?:1\d|20)\d\ds?\b | \b{_DAY}\ century\b | \b\d{{1,2}}[:.]\d\d\b
    | \b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b
"""
_WORDS = "|".join(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "hundred thousand million half".split()
)
_NUMBER = rf"""
    (?:[$€£]\ ?)?\b\d(?:[\d,.]*\d)?(?:\ ?%|\ per\ ?cent|\ (?:hundred|thousand|million|billion)\b)?
    | \b(?:{_WORDS})(?:[- ](?:{_WORDS}))*\b
"""
_NAME = r"\b[A-Z][\w’'.-]*\b(?:(?:\ (?:of|de|van|von|the|al|bin))?\ [A-Z][\w’'-]*)*"

_KINDS = [
    (re.compile(asked, re.IGNORECASE), re.compile(expression, re.VERBOSE))
    for asked, expression in [
        (
            r"\bhow (?:many|much|old|long|far|tall|big|large|high|fast|deep|heavy)\b"
            r"|\bwhat (?:percentage|percent|number|amount)\b",
            _NUMBER,
        ),
        (r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade)\b", _DATE),
        (r"^\W*who\b|\bwhose\b", _NAME),
    ]
]


_CLEAR = 0.3  # how likely start and end are, together, if the sentence answers
_LONGEST = 24  # tokens
_CURRENCIES = "$€£¥"


def short_answer(question: str, scored: ScoredPassage, sentence: Span) -> Span | None:
    """Return where the words that answer a question stand in the document.

    Args:
        question: as it was asked.
        scored: the passage, read.
        sentence: where the sentence that answers stands in the document.

    Returns:
        A span inside the sentence; None if no words stand out, or if the passage was not read. With
        the quick reader, also if the question asks for no date, number or name, or if the sentence
        has none that the question itself has not.
    """
    if scored.thorough and scored.thorough.ends is not None:
        return _between_ends(scored, scored.thorough.ends, sentence)
    expression = next((kind for asked, kind in _KINDS if asked.search(question)), None)
    if expression is None or scored.reading.tokens is None:
        return None
    passage = scored.match.passage
    text = passage.text[sentence.start - passage.start : sentence.end - passage.start]
    before = len(passage.text_in_context) - len(passage.text) - passage.start
    starts, ends = (scored.match.tokens.spans - before).T
    best, likeliest = None, float("-inf")
    for found in expression.finditer(text):
        span = Span(sentence.start + found.start(), sentence.start + found.end())
        inside = (starts < span.end) & (span.start < ends)
        if inside.any() and found[0].lower() not in question.lower():
            logit = float(scored.reading.tokens[inside].max())
            if logit > likeliest:
                best, likeliest = span, logit
    return best


def _rounded_off(text: str, words: Span, within: Span) -> Span:
    """Widen words to whole ones, with a currency before, and a bracket that closes one in them."""
    start, end = words
    while start > within.start and text[start - 1 : start + 1].isalnum():
        start -= 1
    while end < within.end and text[end - 1 : end + 1].isalnum():
        end += 1
    if start > within.start and text[start - 1] in _CURRENCIES:
        start -= 1
    is_open = text.count("(", start, end) > text.count(")", start, end)
    if is_open and end < within.end and text[end] == ")":
        end += 1
    return Span(start, end)


def _between_ends(scored: ScoredPassage, ends: NDArray[np.float32], sentence: Span) -> Span | None:
    """Return the likeliest words of a sentence, if they are likely, and not all of it."""
    import numpy as np

    passage, at = scored.match.passage, scored.match.passage.start
    spans = scored.match.tokens.spans - (len(passage.text_in_context) - len(passage.text) - at)
    inside = np.flatnonzero((spans[:, 0] >= sentence.start) & (spans[:, 1] <= sentence.end))
    if not len(inside):
        return None
    chances = np.exp(ends[inside] - ends[inside].max(axis=0))
    first, last = (chances / chances.sum(axis=0)).T
    together = np.triu(np.outer(first, last)) - np.triu(np.outer(first, last), _LONGEST)
    start, end = np.unravel_index(int(together.argmax()), together.shape)
    words = Span(int(spans[inside[start], 0]) - at, int(spans[inside[end], 1]) - at)
    found = _rounded_off(passage.text, words, Span(sentence.start - at, sentence.end - at))
    is_whole = len(inside) == end - start + 1
    is_clear = together[start, end] >= _CLEAR and not is_whole
    return Span(at + found.start, at + found.end) if is_clear else None
