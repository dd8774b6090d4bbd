"""A run and a comparison made by hand, and words that would like to be markup."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qa.answering.statements import Statement
from qa.evaluation.comparison.comparing import Comparison, Difference, Flip, Verdict
from qa.evaluation.records import Excerpt, Record, Retrieved
from qa.evaluation.runs import Figure, Run

TEXT = "Tickets cost five euros. Cats are not let in."
HOSTILE = (
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "\"quoted\" & 'single' &amp; </article>",
    "{{ 7 * 7 }} {% include 'x' %} ${x}",
    "\u202eRTL\u202c \u05e9\u05dc\u05d5\u05dd",
    "carriage\rreturn\r\nand\nfeed",
)


def excerpt(start: int, end: int, document: str = "museum") -> Excerpt:
    return Excerpt(document, start, end, TEXT[start:end])


def record(id_: str, **facts: Any) -> Record:
    """Return a record of an answerable question with gold "five euros", answered rightly."""
    known: dict[str, Any] = {
        "question": "What do tickets cost?",
        "answerable": True,
        "gold": ((excerpt(13, 23),),),
        "quotes": (excerpt(0, 24),),
        "ranking": (Retrieved("museum", 25, 45, 0.9), Retrieved("museum", 0, 24, 0.8)),
        "in_use": 2,
        "query": "What do tickets cost?",
        "abstained": False,
        "confidence": 0.75,
        "verified": 1,
        "seconds": {"total": 0.02},
    }
    return Record(id_, **(known | facts))


UNANSWERABLE = {"question": "Who built it?", "answerable": False, "gold": ()}
RECORDS = (
    record("right", tags=("plain",)),
    record("refused", **UNANSWERABLE, abstained=True),
    record("other", quotes=(excerpt(25, 45),)),
    record("missed", quotes=(excerpt(25, 45),), in_use=1),
    record("silent", abstained=True),
    record("loud", **UNANSWERABLE),
)
FIGURES = {
    "hit@5": Figure("hit@5", 0.5, 0.25, 0.75, 4),
    "quote-hit@1": Figure("quote-hit@1", 0.25, 0.0, 0.5, 4),
    "abstention recall": Figure("abstention recall", 0.5, 0.125, 1.0, 6),
    "quotes per answer": Figure("quotes per answer", 1.0, 1.0, 1.0, 4),
    "seconds p50": Figure("seconds p50", 0.02, 0.01, 1.5, 6),
}
RUN = Run(
    "base",
    {"model": "small", "versions": {"numpy": "2.4"}, "notes": ["another corpus"]},
    RECORDS,
    FIGURES,
    {"plain": {"hit@5": Figure("hit@5", 1.0, 1.0, 1.0, 1)}},
    {"questions seconds": 0.12},
)


def difference_of(
    measure: str, run: str, baseline: float, value: float, verdict: Verdict
) -> Difference:
    """Return a difference with an interval of an eighth to either side."""
    tested = verdict != "not tested"
    low, high = value - baseline - 0.125, value - baseline + 0.125
    return Difference(
        measure,
        run,
        baseline,
        value,
        low,
        high,
        4,
        "McNemar" if tested else "",
        0.0004 if tested else None,
        0.02 if tested else None,
        verdict,
    )


NO_EVIDENCE: Verdict = "no evidence of a difference"
LOST = replace(RECORDS[0], abstained=True)
GAINED = replace(RECORDS[2], quotes=(excerpt(13, 24),))
AFTER = replace(RUN, name="new", records=(LOST, *RECORDS[1:2], GAINED, *RECORDS[3:]))
COMPARISON = Comparison(
    (RUN, AFTER),
    (
        difference_of("hit@5", "new", 0.5, 0.75, "better"),
        difference_of("quote-hit@1", "new", 0.25, 0.25, NO_EVIDENCE),
        difference_of("ECE", "new", 0.25, 0.5, "worse"),
        difference_of("seconds p50", "new", 0.25, 0.5, "not tested"),
    ),
    (Flip("new", RECORDS[2], GAINED), Flip("new", RECORDS[0], LOST)),
    ("base has other settings",),
    0.05,
    0,
)


def hostile_run(words: str) -> Run:
    """Return a run that says the words wherever a run can say something."""
    quote = Excerpt(words, 0, len(words), words)
    asked = record(
        words,
        question=words,
        history=(words,),
        tags=(words,),
        answers=(words,),
        gold=((quote,),),
        quotes=(quote,),
        query=f"{words}?",
        text=words,
        statements=(Statement(words, (1,), 0.9), Statement(words, (), 0.1, "name", words)),
        problem=words,
    )
    failed = replace(asked, question_id=f"{words}2", error=words)
    figure = Figure(words, 0.5, 0.25, 0.75, 1)
    settings = {words: words, "list": [words], "notes": [words]}
    return Run(words, settings, (asked, failed), {words: figure}, {words: FIGURES}, {words: 1.0})
