"""The measures: what each means, and which statistic of which facts it is.

Sources of the definitions: docs/measures.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from qa.evaluation.measures import weighted_statistics as weighted
from qa.evaluation.measures.quoting import citation_columns, span_columns
from qa.evaluation.measures.ranking import RETRIEVAL, ranking_columns
from qa.evaluation.measures.short_answers import short_answer_columns
from qa.evaluation.measures.weighted_statistics import Array, Columns, Statistic
from qa.evaluation.records import Record

Group = Literal["retrieval", "quotes", "short answers", "abstention", "time"]

STAGES = {
    "": "from question to answer",
    "query": "checking the question, making a follow-up standalone",
    "retrieval": "encoding the query, finding passages",
    "answer": "choosing quotes, or abstaining",
}
"""The stages whose time is taken, after the whole."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured.

    Attributes:
        name: as in reports.
        group: the part of the work that it judges.
        meaning: one line.
        better: 1 if more is better, -1 if less is, 0 if it only describes.
        yes_no: whether it is the mean of a column of 0 and 1.
        statistic: takes columns, gives the statistic over them.
        over: the column that has a value for the questions that count; for a mean, its column.
    """

    name: str
    group: Group
    meaning: str
    better: int
    yes_no: bool
    statistic: Callable[[Columns], Statistic]
    over: str = "answerable"


def columns(records: Sequence[Record]) -> dict[str, Array]:
    """Return the facts that the statistics are made of, a value for each record."""
    facts = {
        "answerable": [float(record.answerable) for record in records],
        "abstained": [float(record.abstained) for record in records],
        "confidence": [record.confidence for record in records],
        "right": [float(record.right) for record in records],
        "shown": [float(len(record.quotes)) for record in records],
        "verified": [float(record.verified) for record in records],
    }
    answerable, abstained = np.array(facts["answerable"]), np.array(facts["abstained"])
    abstentions = {
        "abstentions": np.where(abstained == 1, 1 - answerable, np.nan),
        "abstention recall": np.where(answerable == 0, abstained, np.nan),
    }
    times = {
        f"seconds {stage}".strip(): [r.seconds.get(stage or "total", np.nan) for r in records]
        for stage in STAGES
    }
    return {
        **{name: np.array(values, float) for name, values in (facts | times).items()},
        "rank": weighted.ranks(np.array(facts["confidence"], float)),
        **abstentions,
        **ranking_columns(records),
        **span_columns(records),
        **citation_columns(records),
        **short_answer_columns(records),
    }


def is_share(measure: Measure) -> bool:
    """Return whether a measure is the mean over questions of values from 0 to 1."""
    return bool(measure.better) and measure.group != "time" and measure.over != "answerable"


def _means(group: Group, better: int, meanings: Mapping[str, str]) -> list[Measure]:
    def measure(name: str, meaning: str) -> Measure:
        yes_no = "hit@" in name or name in _YES_NO
        return Measure(name, group, meaning, better, yes_no, weighted.mean(name), over=name)

    return [measure(name, meaning) for name, meaning in meanings.items()]


def _times() -> list[Measure]:
    def measure(column: str, what: str, percent: int, how: str) -> Measure:
        statistic = weighted.quantile(column, percent / 100)
        name = f"{column} p{percent}"
        return Measure(name, "time", f"{what}: {how}", -1, False, statistic, over=column)

    return [
        measure(f"seconds {stage}".strip(), what, percent, how)
        for stage, what in STAGES.items()
        for percent, how in [(50, "median"), (95, "95th percentile")]
    ]


def _whole(
    name: str,
    meaning: str,
    statistic: Callable[[Columns], Statistic],
    *,
    group: Group = "abstention",
    better: int = 1,
    over: str = "answerable",
) -> Measure:
    return Measure(name, group, meaning, better, False, statistic, over)


_YES_NO = {"exact match", "answer-in-quote@1", "answer-in-quote@3", "abstention recall"}

_ALL = [
    *_means("retrieval", 1, {name: meaning for name, (_, meaning) in RETRIEVAL.items()}),
    *_means(
        "retrieval",
        1,
        {
            "span recall@5": "share of the gold characters that the first 5 passages hold",
            "span precision@5": "share of the first 5 passages' characters that are gold",
        },
    ),
    *_means(
        "quotes",
        1,
        {
            "quote-hit@1": "the first quote shares a character with a gold quote",
            "quote-hit@3": "one of the first 3 quotes does",
            "citation precision": "share of the quoted characters that are gold",
            "citation recall": "share of the gold characters that are quoted",
            "citation F1": "harmonic mean of the two, question by question",
        },
    ),
    _whole(
        "quotes verified",
        "share of the quotes shown, near ones included, that verify; must be 1",
        weighted.share_verified,
        group="quotes",
    ),
    *_means(
        "quotes",
        0,
        {
            "quotes per answer": "quotes in an answer that is no abstention",
            "characters per answer": "characters quoted in an answer that is no abstention",
        },
    ),
    *_means(
        "short answers",
        1,
        {
            "exact match": "the first quote is a right short answer, by SQuAD's normalising",
            "token F1": "overlap in words of the first quote and the nearest short answer",
            "answer-in-quote@1": "the first quote holds a right short answer, word for word",
            "answer-in-quote@3": "one of the first 3 quotes does",
        },
    ),
    _whole(
        "balanced score",
        "harmonic mean of the shares that come out right: of the answerable questions by their "
        "first quote, of the unanswerable ones by an abstention",
        weighted.balanced_score,
    ),
    _whole(
        "abstention precision",
        "share of the abstentions that are right",
        weighted.abstention_precision,
        over="abstentions",
    ),
    *_means(
        "abstention",
        1,
        {"abstention recall": "share of the unanswerable questions that are abstained from"},
    ),
    _whole("abstention F1", "harmonic mean of the two", weighted.abstention_f1),
    _whole(
        "AUROC",
        "how often an answerable question has a higher confidence than an unanswerable one",
        weighted.auroc,
    ),
    _whole(
        "AURC",
        "share that is wrong among what is answered, as a mean over every coverage",
        weighted.aurc,
        better=-1,
    ),
    _whole(
        "ECE",
        "distance of confidence from the share that is right, over 10 bins",
        weighted.ece,
        better=-1,
    ),
    *_times(),
]

MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in _ALL}
"""Every measure, by name."""
