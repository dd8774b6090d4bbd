"""What a question takes for granted, and a quote denies (English)."""

from __future__ import annotations

import re
from functools import cache

from qa.text.analysis import terms

# "Is it allowed?" takes nothing for granted; "Why is it allowed?" does.
_TAKES_FOR_GRANTED = re.compile(
    r"\b(why|how come|how (did|has|have)|what made|what (is|are|was|were) the reasons?)\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(not|never|no longer)\b|n['’]t\b", re.IGNORECASE)
_OPPOSED = (
    (
        "support favour favor endorse welcome approve accept agree embrace praise join",
        "oppose opposed opposition reject rejection refuse refusal condemn criticise criticize "
        "denounce disapprove disagree resist protest",
    ),
    (
        "allow allowed permit permitted legal",
        "forbid forbidden ban banned prohibit prohibited illegal",
    ),
    (
        "increase rise rose grow growth strengthen improve boost",
        "decrease decline fall fell shrink shrank reduce reduction weaken worsen undercut damage",
    ),
    ("abandon abandoned quit", "continue reaffirm maintain"),
    ("succeed success successful", "fail failed failure unsuccessful"),
)


def is_denied(question: str, quote: str) -> bool:
    """Return whether a quote has the opposite of what a question takes for granted, and not it.

    It tells by single words: "Why does China support it?" is denied by "despite opposition".
    """
    asked, said = terms(question), terms(quote)
    if not _TAKES_FOR_GRANTED.search(question) or _NEGATED.search(question):
        return False
    return any(
        asked & one and said & other and not (asked & other or said & one)
        for one, other in _opposed()
    )


@cache
def _opposed() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """Return the opposed words as the terms of texts, each pair both ways."""
    pairs = [(terms(one), terms(other)) for one, other in _OPPOSED]
    return (*pairs, *((other, one) for one, other in pairs))
