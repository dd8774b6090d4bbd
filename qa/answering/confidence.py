"""How likely it is that what would be quoted answers the question: logistic regression.

A fixed cosine threshold does not carry over from one corpus to another. A few features together
do. `benchmarks/learn.py` fits the weights; `docs/quality.md` has the calibration.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from qa.answering.candidates import Candidate

CONFIDENCE_FEATURES = ("maxsim_mean", "cosine", "reader_logit", "thorough_logit")
"""The features; `confidence_features` says what each is."""


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


def confidence_features(ranked: Sequence[Candidate]) -> dict[str, float]:
    """Return the features by which the best candidate is judged.

    `maxsim_mean` and `cosine` are those of the best candidate: how similar it is to the question
    token by token, and as a whole. `reader_logit` and `thorough_logit` are the highest of any.
    """
    best = ranked[0]
    return {
        "maxsim_mean": best.features["maxsim_mean"],
        "cosine": best.features["cosine"],
        **{
            name: max(candidate.features[name] for candidate in ranked)
            for name in ("reader_logit", "thorough_logit")
        },
    }
