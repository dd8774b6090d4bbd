"""Follow-up questions."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LEANING_START = re.compile(
    r"^\s*(and|but|or|so|also|then|what about|how about|why( not)?\s*\?|why so|how so|since when"
    r"|where\s*\?|when\s*\?|who\s*\?|how\s*\?|which ones?\b|in what way\s*\?)",
    re.IGNORECASE,
)
_POINTING_WORD = re.compile(
    r"\b(it|its|they|them|their|theirs|he|him|his|she|her|hers|this|these|those|the former"
    r"|the latter|the same|that\s*\?|do so|does so|did so)(?!\w)",
    re.IGNORECASE,
)
_FEW_WORDS = 3
_LOOK_BACK = 3


def leans_on_history(question: str) -> bool:
    """Tell whether a question can only be understood from those before it."""
    return bool(
        _LEANING_START.search(question)
        or _POINTING_WORD.search(question)
        or len(question.split()) <= _FEW_WORDS
    )


def standalone_query(question: str, history: Sequence[str]) -> str:
    """Give the query to search for: a question that leans on others comes with them before it.

    Args:
        question: the last question.
        history: the questions before it, oldest first.
    """
    parts = [question]
    for earlier in reversed(history[-_LOOK_BACK:]):
        if not leans_on_history(parts[0]):
            break
        parts.insert(0, earlier)
    return " ".join(part.strip() for part in parts)
