"""How likely it is that what would be quoted answers the question: logistic regression.

A fixed cosine does not travel from one corpus to another, so several signs are weighed together:
how much of the question is met and what is met worst, whether the best passage stands out from
the others, and what the reader makes of it. `benchmarks/learn.py` fits it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from qa.selection import Candidate, Held, apart

SIGNS = ("rare", "all", "lowest", "cosine", "ahead", "stands out", "read", "read anywhere")
"""What is weighed; `signs` says what each is."""


def confidence(signs: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Give the probability, from 0 to 1, that the best candidate answers."""
    odds = weights["intercept"] + sum(weights[name] * value for name, value in signs.items())
    # The last digits depend on what the vectors were encoded with; the answer must not.
    return round(1 / (1 + math.exp(-odds)), 5)


def signs(ranked: Sequence[Candidate], passages: Sequence[Sequence[Held]]) -> dict[str, float]:
    """Give what tells whether the best candidate answers.

    `rare`, `all`, `lowest`, `cosine` and `read` are those of the best candidate; `ahead`: how far
    its score is above that of the next one that does not overlap it; `stands out`: how far the
    best passage's cosine is above the mean of the others; `read anywhere`: the most that the
    reader makes of any sentence.
    """
    best, *others = apart(ranked, 2)
    cosines = sorted(max(held.match.cosine for held in each) for each in passages)
    rest = cosines[:-1]
    return {
        "rare": best.features["rare"],
        "all": best.features["all"],
        "lowest": best.signs["lowest"],
        "cosine": best.signs["cosine"],
        "ahead": best.score - others[0].score if others else 0.0,
        "stands out": cosines[-1] - sum(rest) / len(rest) if rest else 0.0,
        "read": best.features["read"],
        "read anywhere": max(candidate.features["read"] for candidate in ranked),
    }
