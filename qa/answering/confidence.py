"""How likely it is that what would be quoted answers the question: logistic regression.

A fixed cosine does not travel from one corpus to another, so several signs are weighed together,
and few, so that they do. `benchmarks/learn.py` fits them; `docs/quality.md` tells how far the
result can be trusted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from qa.answering.candidates import Candidate

SIGNS = ("all", "cosine", "read")
"""What is weighed; `signs` says what each is."""


def confidence(signs: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Give the probability, from 0 to 1, that the best candidate answers."""
    odds = weights["intercept"] + sum(weights[name] * value for name, value in signs.items())
    # The last digits depend on what the vectors were encoded with; the answer must not.
    return round(1 / (1 + math.exp(-odds)), 5)


def signs(ranked: Sequence[Candidate]) -> dict[str, float]:
    """Give what tells whether the best candidate answers.

    `all` and `cosine` are those of the best candidate: how well it meets the question token by
    token, and how near it is as a whole. `read` is the most that the reader makes of any.
    """
    best = ranked[0]
    return {
        "all": best.features["all"],
        "cosine": best.cosine,
        "read": max(candidate.features["read"] for candidate in ranked),
    }
