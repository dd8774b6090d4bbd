"""The measures: what each means, and which statistic of which facts it is.

Sources of the definitions: docs/measures.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from qa.evaluation.measures import weighted_statistics as weighted
from qa.evaluation.measures.quoting import quote_facts
from qa.evaluation.measures.ranking import RETRIEVAL, ranking_columns
from qa.evaluation.measures.short_answers import short_answer_facts
from qa.evaluation.measures.weighted_statistics import Array, Columns, Statistic
from qa.evaluation.measures.writing import statement_facts
from qa.evaluation.records import Record

Group = Literal["retrieval", "quotes", "short answers", "statements", "abstention", "time"]

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
        statistic: takes columns, returns the statistic over them.
        better: 1 if more is better, -1 if less is, 0 if it only describes.
        yes_no: whether it is the mean of a column of 0 and 1.
        over: the column that has a value for the questions that count; for a mean, its column.
        needs: what a system must tell for it to be measured; by default what `group` is about.
    """

    name: str
    group: Group
    meaning: str
    statistic: Callable[[Columns], Statistic]
    better: int = 1
    yes_no: bool = False
    over: str = "answerable"
    needs: str = ""

    @property
    def left_out(self) -> str:
        """The column that says where a system does not tell what is needed."""
        return f"unknown {self.needs or self.group}"


def columns(records: Sequence[Record]) -> dict[str, Array]:
    """Return the facts that the statistics are made of, a value for each record."""
    facts = [_facts(record) for record in records]
    names = dict.fromkeys([*_FACTS, *(measure.over for measure in MEASURES.values())])
    arrays = {name: np.array([one.get(name, np.nan) for one in facts], float) for name in names}
    for name in {measure.left_out for measure in MEASURES.values()}:
        untold = [name.removeprefix("unknown ") in record.unknown for record in records]
        arrays[name] = np.array(untold, float)
    ranks = {"rank": weighted.ranks(arrays["confidence"])}
    return arrays | ranks | ranking_columns(records)


def values(
    measures: Iterable[Measure], facts: Columns
) -> tuple[dict[str, Statistic], dict[str, float]]:
    """Return the statistics and the values of the measures that are defined, by name.

    What a system does not tell of is left out.
    """
    once = np.ones((1, len(facts["answerable"])))
    told = (measure for measure in measures if not facts[measure.left_out].any())
    statistics = {measure.name: measure.statistic(facts) for measure in told}
    found = {name: float(statistic(once)[0]) for name, statistic in statistics.items()}
    defined = {name: value for name, value in found.items() if np.isfinite(value)}
    return {name: statistics[name] for name in defined}, defined


def is_share(measure: Measure) -> bool:
    """Return whether a measure is the mean over questions of values from 0 to 1."""
    return bool(measure.better) and measure.group != "time" and measure.over != "answerable"


def _facts(record: Record) -> dict[str, float]:
    facts: dict[str, float] = {
        "answerable": record.answerable,
        "abstained": record.abstained,
        "confidence": record.confidence,
        "right": record.right,
        "shown": len(record.quotes),
        "verified": record.verified,
    }
    if record.abstained:
        facts["abstentions"] = not record.answerable
    if record.answerable:
        facts["false abstentions"] = record.abstained
    else:
        facts["abstention recall"] = record.abstained
        facts["tentative on unanswerable"] = record.tentative
        facts["false answers"] = not (record.abstained or record.tentative)
    seconds = {
        f"seconds {stage if stage != 'total' else ''}".strip(): s
        for stage, s in record.seconds.items()
    }
    facts |= seconds | quote_facts(record) | short_answer_facts(record)
    return facts | statement_facts(record)


def _mean(group: Group, name: str, meaning: str, better: int = 1) -> Measure:
    yes_no = "hit@" in name or name in _YES_NO
    return Measure(name, group, meaning, weighted.mean(name), better, yes_no, over=name)


def _quantile(stage: str, what: str, percent: int, how: str) -> Measure:
    column = f"seconds {stage}".strip()
    statistic = weighted.quantile(column, percent / 100)
    return Measure(f"{column} p{percent}", "time", f"{what}: {how}", statistic, -1, over=column)


_FACTS = (
    "answerable",
    "abstained",
    "confidence",
    "right",
    "shown",
    "verified",
    "statements shown",
)
_YES_NO = {
    "exact match",
    "answer-in-quote@1",
    "answer-in-quote@3",
    "written-contains-gold",
    "abstention recall",
    "false answers",
    "tentative on unanswerable",
    "false abstentions",
}

_ALL = [
    *(_mean("retrieval", name, meaning) for name, (_, meaning) in RETRIEVAL.items()),
    _mean(
        "retrieval",
        "span recall@5",
        "share of the gold characters that the first 5 passages hold",
    ),
    _mean(
        "retrieval",
        "span precision@5",
        "share of the first 5 passages' characters that are gold",
    ),
    _mean("quotes", "quote-hit@1", "the first quote shares a character with a gold quote"),
    _mean("quotes", "quote-hit@3", "one of the first 3 quotes does"),
    _mean("quotes", "citation precision", "share of the quoted characters that are gold"),
    _mean("quotes", "citation recall", "share of the gold characters that are quoted"),
    _mean("quotes", "citation F1", "harmonic mean of the two, question by question"),
    Measure(
        "quotes verified",
        "quotes",
        "share of the quotes shown, near ones included, that verify; must be 1",
        weighted.share("verified", "shown"),
    ),
    _mean("quotes", "quotes per answer", "quotes in an answer that is no abstention", 0),
    _mean(
        "quotes",
        "characters per answer",
        "characters quoted in an answer that is no abstention",
        better=0,
    ),
    _mean(
        "short answers",
        "exact match",
        "the first quote is a right short answer, by SQuAD's normalising",
    ),
    _mean(
        "short answers",
        "token F1",
        "overlap in words of the first quote and the nearest short answer",
    ),
    _mean(
        "short answers",
        "answer-in-quote@1",
        "the first quote holds a right short answer, word for word",
    ),
    _mean("short answers", "answer-in-quote@3", "one of the first 3 quotes does"),
    Measure(
        "statements-supported",
        "statements",
        "share of the sentences written that their quotes, or an answer's contexts, support",
        weighted.share("statements shown", "statements"),
        over="statements",
    ),
    _mean(
        "statements",
        "written-citation-precision",
        "share of the quotes that statements cite that share a character with gold",
    ),
    _mean(
        "statements",
        "written-citation-recall",
        "share of the parts of the gold that statements cite",
    ),
    _mean(
        "statements",
        "written-contains-gold",
        "a statement holds a right short answer, word for word",
    ),
    _mean(
        "statements",
        "written-F1",
        "overlap in words of the text shown and the nearest short answer",
    ),
    _mean(
        "statements",
        "statements-left-out",
        "statements left out of an answer that is no abstention",
        0,
    ),
    _mean("abstention", "false answers", "share of the unanswerable questions answered", -1),
    _mean(
        "abstention",
        "tentative on unanswerable",
        "share of the unanswerable questions with a tentative answer",
        -1,
    ),
    _mean(
        "abstention",
        "false abstentions",
        "share of the answerable questions that are abstained from",
        -1,
    ),
    Measure(
        "balanced score",
        "abstention",
        "harmonic mean of the shares that come out right: of the answerable questions by their "
        "first quote, of the unanswerable ones by an abstention",
        weighted.balanced_score,
    ),
    Measure(
        "abstention precision",
        "abstention",
        "share of the abstentions that are right",
        weighted.abstention_precision,
        over="abstentions",
    ),
    _mean(
        "abstention",
        "abstention recall",
        "share of the unanswerable questions that are abstained from",
    ),
    Measure("abstention F1", "abstention", "harmonic mean of the two", weighted.abstention_f1),
    Measure(
        "AUROC",
        "abstention",
        "how often an answerable question has a higher confidence than an unanswerable one",
        weighted.auroc,
        needs="confidence",
    ),
    Measure(
        "AURC",
        "abstention",
        "share that is wrong among what is answered, as a mean over every coverage",
        weighted.aurc,
        better=-1,
        needs="confidence",
    ),
    Measure(
        "ECE",
        "abstention",
        "distance of confidence from the share that is right, over 10 bins",
        weighted.ece,
        better=-1,
        needs="confidence",
    ),
    *(
        _quantile(stage, what, percent, how)
        for stage, what in STAGES.items()
        for percent, how in [(50, "median"), (95, "95th percentile")]
    ),
]

MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in _ALL}
"""Every measure, by name."""
