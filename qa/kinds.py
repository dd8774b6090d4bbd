"""The kind of thing a question asks for, and whether a sentence offers one (English)."""

from __future__ import annotations

import re

_ASKS = {
    "time": r"\bwhen\b|\b(what|which) (year|date|day|month|century)\b",
    "number": r"\bhow (many|much|long|old|far|tall|often|big|large)\b|\bwhat (number|percentage)\b",
    "person": r"\bwho(m|se)?\b",
    "place": r"\bwhere\b|\b(what|which) (city|country|place|region)\b",
    "reason": r"\bwhy\b",
}
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand|million|billion|half"
)
_OFFERS = {
    "time": rf"(?i)\b(1\d|20)\d\d\b|\b\d{{1,2}}(st|nd|rd|th)\b|\bcentury\b|\b({_MONTHS})\b",
    "number": rf"(?i)\d|\b({_NUMBER_WORDS}|percent)\b",
    "person": r"(?<=\s)[A-Z][a-z]+",
    "place": r"\b(in|at|near|from|to|of) (the )?[A-Z]",
    "reason": r"(?i)\b(because|since|due to|in order|so that|reason|caus|result|therefore|driv)",
}
_ASKS_PATTERNS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _ASKS.items()}
_OFFERS_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _OFFERS.items()}


def kind_asked(question: str) -> str | None:
    """Give the kind of thing that a question asks for; None where its words do not tell."""
    return next((k for k, pattern in _ASKS_PATTERNS.items() if pattern.search(question)), None)


def offers(text: str, kind: str | None) -> bool:
    """Tell whether a text holds a thing of some kind, by its looks."""
    return kind is not None and bool(_OFFERS_PATTERNS[kind].search(text))
