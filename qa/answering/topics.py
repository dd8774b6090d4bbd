"""Candidates for a topic: the sentences that say most about a word, a name or a thing.

A topic asks nothing, so that no sentence answers it more than another. What holds its words does,
above all where they stand near the start, where the subject of a sentence is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from qa.answering.candidates import Candidate
from qa.text.analysis import terms, words

_SAYS_IT = 4.0  # of score, for a sentence that holds the topic,
_IS_ITS_SUBJECT = 1.0  # and for one that has it near its start
_NEAR_START = 8  # words
_BESIDE = 3  # words that a sentence must have beside the topic
_EXACT, _BY_STEMS, _NOWHERE = 0.9, 0.8, 0.2  # confidence


def about(topic: str, ranked: Sequence[Candidate]) -> list[Candidate]:
    """Put the candidates that say something about a topic first, best first."""
    asked = terms(topic)

    def scored(candidate: Candidate) -> Candidate:
        gain = _gain(asked, candidate)
        return replace(candidate, score=round(candidate.score + gain, 5)) if gain else candidate

    return sorted(map(scored, ranked), key=lambda c: (-c.score, c.document_id, c.span))


def topic_confidence(topic: str, ranked: Sequence[Candidate], likely: float) -> float:
    """Return how likely the best candidate is about a topic.

    Where no candidate holds a word of it, it is not; where one holds some, that is as `likely` as
    for any question.
    """
    asked = terms(topic)
    if not any(asked & terms(candidate.text) for candidate in ranked):
        return min(likely, _NOWHERE)
    if not _gain(asked, ranked[0]):
        return likely
    is_exact = re.search(rf"\b{re.escape(topic)}\b", ranked[0].text, re.IGNORECASE)
    return max(likely, _EXACT if is_exact else _BY_STEMS)


def _gain(asked: frozenset[str], candidate: Candidate) -> float:
    text = candidate.text
    spans = list(words(text))
    is_pair = bool(candidate.features["pair"])
    if is_pair or len(spans) < len(asked) + _BESIDE or not asked <= terms(text):
        return 0.0
    start = terms(text[: spans[min(_NEAR_START, len(spans)) - 1][1]])
    return _SAYS_IT + _IS_ITS_SUBJECT * bool(asked & start)
