"""Retrieval as TREC measures it, by ir-measures."""

from __future__ import annotations

from collections.abc import Sequence

import ir_measures
import numpy as np
from ir_measures import AP, RR, P, R, Success, nDCG
from numpy.typing import NDArray

from qa.evaluation.records import Record

RETRIEVAL = {
    **{f"hit@{k}": (Success @ k, f"a relevant one is among the first {k}") for k in (1, 3, 5, 10)},
    **{f"recall@{k}": (R @ k, f"share of the relevant among the first {k}") for k in (5, 10)},
    "precision@5": (P @ 5, "share of the first 5 that is relevant"),
    "MRR@10": (RR @ 10, "1 / rank of the first relevant one, 0 beyond rank 10"),
    "nDCG@10": (nDCG @ 10, "discounted gain of the first 10, over that of the best order"),
    "MAP": (AP, "average precision over the whole ranking"),
}
"""Measures of ir-measures with what they mean, by our name."""

RELATIVE = ("recall@5", "recall@10", "precision@5", "nDCG@10", "MAP")
"""Those that depend on how many passages are relevant, and so on how a corpus is cut."""


def ranking_columns(records: Sequence[Record]) -> dict[str, NDArray[np.float64]]:
    """Measure each ranking; NaN for a question of which nothing relevant is known.

    A question with something relevant and no result counts 0.
    """
    row = {record.question_id: number for number, record in enumerate(records)}
    name = {str(measure): ours for ours, (measure, _) in RETRIEVAL.items()}
    values = {ours: np.full(len(records), np.nan) for ours in RETRIEVAL}
    qrels, ranking = qrels_of(records), ranking_of(records)
    if not qrels:
        return values
    # A question without any result is unknown to the engines, which would leave it out.
    found = {id_: ranking.get(id_) or {"": 0.0} for id_ in qrels}
    wanted = [measure for measure, _ in RETRIEVAL.values()]
    for metric in ir_measures.iter_calc(wanted, qrels, found):
        values[name[str(metric.measure)]][row[metric.query_id]] = metric.value
    return values


def qrels_of(records: Sequence[Record]) -> dict[str, dict[str, int]]:
    """Return what is relevant to each question of which anything relevant is known."""
    return {
        record.question_id: dict(record.relevant)
        for record in records
        if any(grade > 0 for grade in record.relevant.values())
    }


def ranking_of(records: Sequence[Record]) -> dict[str, dict[str, float]]:
    """Return what was retrieved, scored by minus its rank, so that ties keep their order."""
    return {
        record.question_id: {key: -float(rank) for rank, key in enumerate(record.keys(), 1)}
        for record in records
    }
