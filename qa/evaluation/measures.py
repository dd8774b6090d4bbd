"""Figures from what was retrieved and answered.

Retrieval is measured by ir-measures, over passages: one is relevant if it shares a character
with a gold quote. A question with no result counts 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import ir_measures
import numpy as np
from ir_measures import RR, R, Success, nDCG

Qrels = Mapping[str, Mapping[str, int]]
"""Question id to passage key to 1: what is relevant."""

Run = Mapping[str, Mapping[str, float]]
"""Question id to passage key to score: what was retrieved."""

_RETRIEVAL = {
    "hit@1": Success @ 1,
    "hit@3": Success @ 3,
    "hit@5": Success @ 5,
    "recall@5": R @ 5,
    "MRR@10": RR @ 10,
    "nDCG@10": nDCG @ 10,
}


@dataclass(frozen=True, slots=True)
class Record:
    """What happened to one question.

    Attributes:
        question_id: which.
        answerable: whether the corpus answers it.
        abstained: whether the answer was an abstention.
        confidence: the answer's, from 0 to 1.
        hits: for each quote of the answer, best first, whether it overlaps a gold quote.
        shown: quotes shown, near ones included.
        verified: of these, how many verify against the source.
        seconds: from question to answer.
        text: the answer.
    """

    question_id: str
    answerable: bool
    abstained: bool
    confidence: float
    hits: tuple[bool, ...]
    shown: int
    verified: int
    seconds: float
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Give the record as plain data."""
        return asdict(self)


def retrieval_figures(qrels: Qrels, run: Run) -> dict[str, float]:
    """Give hit@1, 3 and 5 (any relevant passage), recall@5, MRR@10 and nDCG@10, as means."""
    scored = {question: run.get(question, {}) for question in qrels}
    # A question without any result is unknown to the engines, which would leave it out.
    scored = {question: found or {"": 0.0} for question, found in scored.items()}
    values = ir_measures.calc_aggregate(_RETRIEVAL.values(), qrels, scored)
    return {name: float(values[measure]) for name, measure in _RETRIEVAL.items()}


def quote_figures(records: Sequence[Record]) -> dict[str, float]:
    """Give quote-hit@1 and @3 over the answerable questions, and the share that verifies.

    An abstention is no hit. Near quotes are among those that must verify.
    """
    answerable = [record for record in records if record.answerable]
    shown = sum(record.shown for record in records)
    return {
        "quote-hit@1": _mean([any(record.hits[:1]) for record in answerable]),
        "quote-hit@3": _mean([any(record.hits[:3]) for record in answerable]),
        "quotes verified": sum(record.verified for record in records) / shown if shown else 1.0,
    }


def abstention_figures(records: Sequence[Record]) -> dict[str, float]:
    """Give precision, recall and F1 of abstaining, where not being answerable is what counts."""
    right = sum(record.abstained and not record.answerable for record in records)
    abstained = sum(record.abstained for record in records)
    unanswerable = sum(not record.answerable for record in records)
    precision = right / abstained if abstained else 0.0
    recall = right / unanswerable if unanswerable else 0.0
    both = precision + recall
    return {
        "abstention precision": precision,
        "abstention recall": recall,
        "abstention F1": 2 * precision * recall / both if both else 0.0,
    }


def time_figures(records: Sequence[Record]) -> dict[str, float]:
    """Give the median and the 95th percentile of seconds per question."""
    seconds = [record.seconds for record in records]
    return {
        "seconds, median": float(np.median(seconds)),
        "seconds, p95": float(np.percentile(seconds, 95)),
    }


def _mean(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else 0.0
