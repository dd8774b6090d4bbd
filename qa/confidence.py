"""How likely it is that what would be quoted answers the question: logistic regression.

A fixed cosine does not travel from one corpus to another, so several signs are weighed together,
and few, so that they do. `benchmarks/learn.py` fits them; `docs/quality.md` tells how far the
result can be trusted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from qa.selection import Candidate

SIGNS = ("all", "lowest", "cosine", "read")
"""What is weighed; `signs` says what each is."""


def confidence(signs: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Give the probability, from 0 to 1, that the best candidate answers."""
    odds = weights["intercept"] + sum(weights[name] * value for name, value in signs.items())
    # The last digits depend on what the vectors were encoded with; the answer must not.
    return round(1 / (1 + math.exp(-odds)), 5)


def signs(ranked: Sequence[Candidate]) -> dict[str, float]:
    """Give what tells whether the best candidate answers.

    `all`, `lowest` and `cosine` are those of the best candidate: how much of the question it
    meets, how well it meets what it meets worst, and how near it is as a whole. `read` is the
    most that the reader makes of any candidate.
    """
    best = ranked[0]
    return {
        "all": best.features["all"],
        "lowest": best.signs["lowest"],
        "cosine": best.signs["cosine"],
        "read": max(candidate.features["read"] for candidate in ranked),
    }
