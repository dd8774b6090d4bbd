"""How likely it is that what would be quoted answers the question: logistic regression.

A fixed cosine threshold does not carry over from one corpus to another. A few features together
do. `benchmarks/learn.py` fits the weights; `docs/quality.md` has the calibration.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from qa.answering.candidates import Candidate

_OF_CANDIDATES = ("maxsim_mean", "cosine", "reader_logit", "thorough_logit")
CONFIDENCE_FEATURES = (*_OF_CANDIDATES, "size", *(f"{name}*size" for name in _OF_CANDIDATES))
"""The features; `confidence_features` says what each is."""

_LARGE = 10_000  # passages, from where on a corpus is as large as any

ANSWERABLE = 0.7
"""The share of the questions that the weights were fitted on that have an answer."""


def confidence(
    features: Mapping[str, float], weights: Mapping[str, float], answerable: float = ANSWERABLE
) -> float:
    """Return the probability, from 0 to 1, that the best candidate answers.

    `answerable` is the share of questions, between 0 and 1, that have an answer: the prior.
    """
    odds = weights["intercept"] + sum(weights[name] * value for name, value in features.items())
    odds += math.log(answerable / (1 - answerable)) - math.log(ANSWERABLE / (1 - ANSWERABLE))
    # The last digits depend on what the vectors were encoded with; the answer must not.
    return round(1 / (1 + math.exp(-odds)), 5)


def confidence_features(ranked: Sequence[Candidate], searched: int = 0) -> dict[str, float]:
    """Return the features by which the best candidate is judged.

    `maxsim_mean` and `cosine` are those of the best candidate: how similar it is to the question
    token by token, and as a whole. `reader_logit` and `thorough_logit` are the highest of any.
    `size` is the logarithm of how many passages were searched, 1 for `_LARGE` and more, and
    where that is not known. It counts with each of the others as well: in a page everything is
    similar to a question about it, and a reader must tell; in a library similarity tells.
    """
    best = ranked[0]
    found = {
        "maxsim_mean": best.features["maxsim_mean"],
        "cosine": best.features["cosine"],
        **{
            name: max(candidate.features[name] for candidate in ranked)
            for name in ("reader_logit", "thorough_logit")
        },
    }
    size = min(math.log(searched, _LARGE), 1.0) if searched else 1.0
    return {**found, "size": size, **{f"{name}*size": of * size for name, of in found.items()}}
