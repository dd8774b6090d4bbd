"""Statistics as functions of weights.

Facts come first: a column for each, with a value for each question. A statistic is then a
function of weights: how often each question counts, a row for each resample. Each once gives
the figure itself; drawn with replacement, its bootstrap; and over the questions of two systems
together, counted for one or for the other, their randomisation test. So a statistic is written
once, and is tested for what it is, be it a mean, an F1 or an area under a curve.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

Columns = Mapping[str, Array]
"""Facts by name, each an array with one value a question; NaN where it does not apply."""

Statistic = Callable[[Array], Array]
"""Weights, whole numbers of shape (resamples, questions), to values of shape (resamples,).

A value is NaN where nothing counts.
"""

BINS = 10


def mean(column: str) -> Callable[[Columns], Statistic]:
    """Return the mean of a column over the questions that it applies to."""

    def over(facts: Columns) -> Statistic:
        applies = np.isfinite(facts[column])
        values = np.where(applies, facts[column], 0.0)
        return lambda weights: _ratio(weights @ values, weights @ applies.astype(float))

    return over


def quantile(column: str, share: float) -> Callable[[Columns], Statistic]:
    """Return the smallest value that at least a share of the questions do not exceed."""

    def over(facts: Columns) -> Statistic:
        order = np.argsort(facts[column], kind="stable")
        order = order[np.isfinite(facts[column][order])]
        values = facts[column][order]

        def statistic(weights: Array) -> Array:
            if not len(values):
                return np.full(len(weights), np.nan)
            counted = np.cumsum(weights[:, order], axis=1)
            reached = counted >= share * counted[:, -1:] - 1e-9
            found = values[np.argmax(reached & (counted > 0), axis=1)]
            return np.where(counted[:, -1] > 0, found, np.nan)

        return statistic

    return over


def share(part: str, whole: str) -> Callable[[Columns], Statistic]:
    """Return the sum of one column over that of another; where they do not apply, they are 0."""

    def over(facts: Columns) -> Statistic:
        above, below = np.nan_to_num(facts[part]), np.nan_to_num(facts[whole])
        return lambda weights: _ratio(weights @ above, weights @ below)

    return over


def abstention_precision(facts: Columns) -> Statistic:
    """Return the share of abstentions that are right; 0 where there is none."""
    correct, abstained = _correct_abstentions(facts), facts["abstained"]
    defined = abstention_recall(facts)

    def statistic(weights: Array) -> Array:
        precision = _ratio(weights @ correct, weights @ abstained, nothing=0.0)
        return np.where(np.isnan(defined(weights)), np.nan, precision)

    return statistic


def abstention_recall(facts: Columns) -> Statistic:
    """Return the share of unanswerable questions that are abstained from."""
    correct, unanswerable = _correct_abstentions(facts), 1 - facts["answerable"]
    return lambda weights: _ratio(weights @ correct, weights @ unanswerable)


def abstention_f1(facts: Columns) -> Statistic:
    """Return the harmonic mean of abstention's precision and recall."""
    precision, recall = abstention_precision(facts), abstention_recall(facts)
    return lambda weights: _harmonic(precision(weights), recall(weights))


def balanced_score(facts: Columns) -> Statistic:
    """Return the harmonic mean of what is right among answerable and unanswerable questions."""
    answerable = facts["answerable"]
    right = facts["right"] * (1 - facts["abstained"])
    recall = abstention_recall(facts)
    return lambda weights: _harmonic(_ratio(weights @ right, weights @ answerable), recall(weights))


def auroc(facts: Columns) -> Statistic:
    """Return how often an answerable question has the higher confidence; ties count half."""
    order, starts = _ties(facts["rank"])
    answerable = facts["answerable"][order]

    def statistic(weights: Array) -> Array:
        weights = weights[:, order]
        positive = np.add.reduceat(weights * answerable, starts, axis=1)
        negative = np.add.reduceat(weights * (1 - answerable), starts, axis=1)
        below = np.cumsum(negative, axis=1) - negative / 2
        pairs = positive.sum(axis=1) * negative.sum(axis=1)
        return _ratio((positive * below).sum(axis=1), pairs)

    return statistic


def aurc(facts: Columns) -> Statistic:
    """Return the mean, over every coverage, of the share that is wrong among what is answered.

    Questions are answered in order of confidence; equals count as if in any order.
    """
    order, starts = _ties(-facts["rank"])
    wrong = 1 - facts["right"][order]

    def statistic(weights: Array) -> Array:
        weights = weights[:, order]
        counts = np.add.reduceat(weights, starts, axis=1)
        errors = np.add.reduceat(weights * wrong, starts, axis=1)
        after = np.cumsum(counts, axis=1)
        before, errors_before = after - counts, np.cumsum(errors, axis=1) - errors
        rate = _ratio(errors, counts, nothing=0.0)
        # Within a tie the risk at coverage N + j is (E + j * rate) / (N + j), summed over j.
        size = int(after[:, -1].max(initial=0))
        harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, size + 1))])
        steps = harmonic[after.astype(int)] - harmonic[before.astype(int)]
        risks = counts * rate + (errors_before - rate * before) * steps
        return _ratio(risks.sum(axis=1), after[:, -1])

    return statistic


def ece(facts: Columns) -> Statistic:
    """Return how far confidence is from the share that is right, over ten bins of confidence."""
    bins = bin_of(facts["confidence"])
    excess = np.zeros((len(bins), BINS))
    excess[np.arange(len(bins)), bins] = facts["confidence"] - facts["right"]
    return lambda weights: _ratio(np.abs(weights @ excess).sum(axis=1), weights.sum(axis=1))


def ranks(confidence: Array) -> Array:
    """Return each confidence's rank among a system's own, from 1; equals share their mean rank.

    The curves depend on order alone. A test that swaps results between two systems must not see
    that one of them is bolder in all that it says.
    """
    _, inverse, counts = np.unique(confidence, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def bin_of(confidence: Array) -> NDArray[np.intp]:
    """Return each confidence's bin, from 0; a bin holds its upper edge, as in the source."""
    return np.clip(np.ceil(confidence * BINS).astype(np.intp) - 1, 0, BINS - 1)


def _correct_abstentions(facts: Columns) -> Array:
    return facts["abstained"] * (1 - facts["answerable"])


def _ties(values: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the ascending order of some values, and where in it each group of equals starts."""
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    return order, np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))


def _ratio(numerator: Array, denominator: Array, *, nothing: float = np.nan) -> Array:
    out = np.full(np.shape(numerator), nothing)
    np.divide(numerator, denominator, out=out, where=denominator > 0)
    return out


def _harmonic(one: Array, other: Array) -> Array:
    both = one + other
    result = _ratio(2 * one * other, both, nothing=0.0)
    return np.where(np.isnan(both), np.nan, result)
