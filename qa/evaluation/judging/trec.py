"""Scoring a TREC run against a question set."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from qa.documents import Document
from qa.errors import LoadError, QuestionSetError, RunError
from qa.evaluation.gold import check_corpus, locate
from qa.evaluation.judging.by_gold import Judge
from qa.evaluation.questions import Place, QuestionSet, brief
from qa.evaluation.records import Record, Retrieved
from qa.evaluation.runs import Run, figures, figures_by_tag
from qa.regular_files import read_regular

MAX_BYTES = 1_000_000_000
"""The largest run that is read."""

UNKNOWN = ("quotes", "short answers", "abstention", "confidence", "time")
"""What a run does not tell of."""

_PASSAGE = re.compile(r"(.+):(\d{1,12})-(\d{1,12})", re.DOTALL)

Ranking = Sequence[tuple[str, float]]
"""Ids with their scores, best first."""


def read_trec_run(path: str | Path) -> dict[str, Ranking]:
    """Read rankings by query id, as trec_eval does: by score, and equal ones by id, backwards.

    Raises:
        RunError: the file cannot be read, or a line has not six columns with a number as score.
    """
    path = Path(path).expanduser()
    try:
        lines = read_regular(path, MAX_BYTES).decode("utf-8-sig").split("\n")
    except LoadError as error:
        raise RunError(str(error)) from error
    except UnicodeDecodeError as error:
        raise RunError(f"{path} is not UTF-8 text: save it as that") from error
    found: dict[str, dict[str, float]] = {}
    for number, line in enumerate(lines, 1):
        if cells := line.split():
            query, key, score = _cells(cells, f"line {number} of {path}")
            found.setdefault(query, {}).setdefault(key, score)
    if not found:
        raise RunError(f"{path} has no ranking in it")
    return {query: _ranked(scores) for query, scores in found.items()}


def score_run(
    rankings: Mapping[str, Ranking],
    documents: Iterable[Document],
    questions: QuestionSet,
    *,
    name: str,
    any_corpus: bool = False,
    seed: int = 0,
) -> Run:
    """Measure the retrieval of rankings; a question without one counts as missed.

    An id is that of a document, or of a passage as "document:start-end".

    Raises:
        RunError: no ranking is of a question of the set, or no id is of a document.
        QuestionSetError: the set was made for other documents, or its gold is not in them,
            or it has none to measure retrieval against.
    """
    corpus = {document.id: document for document in documents}
    mismatch = check_corpus(questions, corpus.values())
    if mismatch and not any_corpus:
        raise QuestionSetError(f"{mismatch}; name its documents, or add --any-corpus")
    judge = Judge(corpus, locate(questions, corpus.values()), lambda _: ())
    records, lost = [], 0
    for question in questions:
        places = [(_place(key, corpus), score) for key, score in rankings.get(question.id, ())]
        lost += sum(place.document_id not in corpus for place, _ in places)
        known = judge.known(question, [one for one, _ in places if one.document_id in corpus])
        ranking = tuple(Retrieved(*place, score) for place, score in places)
        records.append(
            Record(**known, abstained=False, ranking=ranking, in_use=len(ranking), unknown=UNKNOWN)
        )
    if not any(record.gold or record.relevant for record in records):
        raise QuestionSetError(
            "no question of the set has a quote, a span or a relevant document: retrieval cannot "
            "be measured against short answers"
        )
    notes = [*filter(None, [mismatch]), *_notes(rankings, records, lost)]
    settings = {"question_set": questions.name, "documents": len(corpus), "notes": notes}
    return Run(
        name,
        settings,
        tuple(records),
        figures(records, seed=seed),
        figures_by_tag(records, seed=seed),
    )


def _cells(cells: Sequence[str], where: str) -> tuple[str, str, float]:
    try:
        query, _, key, _, score, _ = cells
        number = float(score)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RunError(
            f"{where} is not of a TREC run: it needs a query, Q0, a document, a rank, a score that "
            "is a number, and a tag"
        )
    return unquote(query), unquote(key), number


def _ranked(scores: Mapping[str, float]) -> Ranking:
    by_id = sorted(scores.items(), key=lambda one: one[0], reverse=True)
    return sorted(by_id, key=lambda one: -one[1])


def _place(key: str, corpus: Mapping[str, Document]) -> Place:
    """Return the span that an id names; an empty one for a document that is not there."""
    if key in corpus:
        return Place(key, 0, len(corpus[key].text))
    passage = _PASSAGE.fullmatch(key)
    if passage and passage[1] in corpus:
        return Place(passage[1], int(passage[2]), int(passage[3]))
    return Place(key, 0, 0)


def _notes(rankings: Mapping[str, Ranking], records: Sequence[Record], lost: int) -> list[str]:
    """Return what a reader must know; a `RunError` if the run is of something else."""
    asked = {record.question_id for record in records}
    ranked = sum(len(record.ranking) for record in records)
    if not asked & rankings.keys():
        raise RunError(
            f"no ranking is of a question of the set: the run has {brief(next(iter(rankings)))}, "
            f"the set {brief(next(iter(sorted(asked))))}"
        )
    if ranked and lost == ranked:
        first = next(one.document_id for record in records for one in record.ranking)
        raise RunError(f"no document of the run is in the corpus: it has {brief(first)}")
    counts = {
        "rankings of no question of the set": len(rankings.keys() - asked),
        "questions without a ranking, which count as missed": len(asked - rankings.keys()),
        "results that name no document of the corpus, which count as not relevant": lost,
    }
    return [f"{what}: {count:,}" for what, count in counts.items() if count]
