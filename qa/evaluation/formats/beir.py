"""BEIR: a folder with a corpus, queries, and qrels that judge documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import AliasChoices, BeforeValidator, Field

from qa.documents import Document
from qa.errors import LoadError, QuestionSetError
from qa.evaluation.formats.validation import Id, Lenient, Reading, Words, read_lines
from qa.evaluation.questions import Place, Question, QuestionSet, brief, fingerprint

CORPUS, QUERIES, QRELS = "corpus.jsonl", "queries.jsonl", "qrels"

_HEADERS = {"query-id", "query_id", "queryid", "qid"}  # of qrels
_GRADE = re.compile(r"[+-]?[0-9]{1,9}")


class _Text(Lenient):
    id: Id = Field(alias="_id")
    title: str | None = None
    text: str


class _Turn(Lenient):
    role: str
    text: str = Field(validation_alias=AliasChoices("text", "content"))


class _Reference(Lenient):
    document: Words = Field(validation_alias=AliasChoices("doc", "document"))
    start: Annotated[int, Field(ge=0)]
    end: int


def _as_turn(turn: object) -> object:
    return {"role": "user", "text": turn} if isinstance(turn, str) else turn


class _Query(Lenient):
    id: Id = Field(alias="_id")
    text: Words
    answerable: bool | None = None
    answers: list[str] | None = None
    history: list[Annotated[_Turn, BeforeValidator(_as_turn)]] | None = None
    tags: list[Words] | None = None
    references: list[_Reference] | None = None


Grades = dict[str, int]


class _Judgement(NamedTuple):
    """A line of qrels, and its place in the file."""

    where: str
    query_id: str
    document_id: str
    grade: int


def is_qrels(path: Path) -> bool:
    """Return whether a file is the qrels of a folder in this form."""
    if path.suffix.lower() != ".tsv":
        return False
    beside = path.name.startswith(QRELS) and (path.parent / CORPUS).exists()
    return beside or path.parent.name == QRELS


def read(path: Path) -> QuestionSet:
    """Read a folder, or the folder of a file of qrels by these.

    A query that is not judged is left out, unless it says itself that it is not answerable, or
    where its answer stands. A `QuestionSetError` names all faults.
    """
    folder, qrels_path = _files(path)
    reading = Reading(folder, "fault")
    corpus, empty = _read_corpus(folder, reading)
    queries = _read_queries(folder, reading)
    label = qrels_path.relative_to(folder).as_posix()
    judgements = _judgements(qrels_path, label, reading)
    qrels = _judged(judgements, corpus, empty, queries, reading)
    for where, query in queries.values():
        grades = qrels.get(query.id, {})
        if grades or query.references or query.answerable is False:
            _check(reading, where, query, grades)
            reading.add(_question(query, grades), where)
    questions = reading.finish()
    documents = tuple(corpus.values())
    return QuestionSet(folder.resolve().name, questions, fingerprint(documents), documents)


def _files(path: Path) -> tuple[Path, Path]:
    """Return the folder and its file of qrels."""
    if path.is_file():
        return (path.parent.parent if path.parent.name == QRELS else path.parent), path
    for name in (CORPUS, QUERIES):
        if not (path / name).is_file():
            raise QuestionSetError(
                f"{path} has no {name}: a folder is read in the form of BEIR, "
                f"with {CORPUS}, {QUERIES} and {QRELS}.tsv"
            )
    for name in (f"{QRELS}.tsv", f"{QRELS}/test.tsv", f"{QRELS}/dev.tsv"):
        if (path / name).is_file():
            return path, path / name
    found = sorted(file for file in (path / QRELS).glob("*.tsv") if file.is_file())
    if len(found) == 1:
        return path, found[0]
    if not found:
        raise QuestionSetError(f"{path} has no judgements: put them in {QRELS}.tsv")
    names = ", ".join(file.name for file in found)
    raise QuestionSetError(f"{path / QRELS} has several files: name one of them: {names}")


def _read_corpus(folder: Path, reading: Reading) -> tuple[dict[str, Document], dict[str, str]]:
    """Return the documents by id, and the ids of those without text, each with its place."""
    corpus: dict[str, Document] = {}
    empty: dict[str, str] = {}
    for number, line in read_lines(folder / CORPUS):
        where = f"{CORPUS} line {number}"
        text = reading.parse(_Text, line, where, json=True)
        if text is None:
            continue
        if text.id in corpus or text.id in empty:
            reading.fault(where, f"the id “{brief(text.id)}” is there twice")
        elif not text.text or text.text.isspace():
            empty[text.id] = where
        else:
            try:
                corpus[text.id] = Document(text.id, text.text, text.title or "")
            except LoadError as error:
                reading.fault(where, brief(str(error)))
    return corpus, empty


def _read_queries(folder: Path, reading: Reading) -> dict[str, tuple[str, _Query]]:
    queries: dict[str, tuple[str, _Query]] = {}
    for number, line in read_lines(folder / QUERIES):
        where = f"{QUERIES} line {number}"
        query = reading.parse(_Query, line, where, json=True)
        if query is None:
            continue
        if query.id in queries:
            first = queries[query.id][0]
            reading.fault(where, f"the id “{brief(query.id)}” is there twice, first in {first}")
        queries.setdefault(query.id, (where, query))
    return queries


def _judgements(path: Path, label: str, reading: Reading) -> Iterator[_Judgement]:
    """Yield the judgements of a file, and note its faults under a label.

    A line has query, document and grade, as in BEIR, or an iteration after the query, as in
    TREC. Tabs separate them, or where there are none, white space.
    """
    for index, (number, line) in enumerate(read_lines(path)):
        where = f"{label} line {number}"
        cells = [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()
        if index == 0 and cells[0].lower() in _HEADERS:
            continue
        if len(cells) not in (3, 4):
            reading.fault(where, f"has {len(cells)} columns: write query, document and grade")
        elif not _GRADE.fullmatch(cells[-1]):
            reading.fault(where, f"the grade “{brief(cells[-1])}” is not a whole number")
        else:
            yield _Judgement(where, cells[0], cells[-2], int(cells[-1]))


def _judged(
    judgements: Iterable[_Judgement],
    corpus: Mapping[str, Document],
    empty: Mapping[str, str],
    queries: dict[str, tuple[str, _Query]],
    reading: Reading,
) -> dict[str, Grades]:
    """Return the grades of each query's documents, as far as they are in the corpus."""
    whole = not reading.faults  # else an unknown name may be that of a bad line
    qrels: dict[str, Grades] = {}
    for where, query_id, document_id, grade in judgements:
        known = document_id in corpus or document_id in empty
        if query_id not in queries or (grade > 0 and not known):
            if whole:
                missing = (QUERIES, query_id) if query_id not in queries else (CORPUS, document_id)
                reading.fault(where, f"{missing[0]} has no “{brief(missing[1])}”")
            continue
        if grade > 0 and document_id in empty:
            reading.fault(empty[document_id], "the text is empty, but judged relevant")
        grades = qrels.setdefault(query_id, {})
        if known and grades.setdefault(document_id, grade) != grade:
            reading.fault(where, f"“{brief(document_id)}” was judged before, with another grade")
    return qrels


def _check(reading: Reading, where: str, query: _Query, grades: Grades) -> None:
    """Note where a query contradicts its judgements."""
    relevant = any(grade > 0 for grade in grades.values())
    if query.answerable is False and (relevant or query.references):
        reading.fault(where, "answerable is false, but what answers it is judged")
    if query.answerable and not (relevant or query.references):
        reading.fault(where, "answerable is true, but no document is judged relevant")
    for reference in query.references or ():
        if reference.start >= reference.end:
            reading.fault(where, f"[{reference.start}, {reference.end}) is not a span")


def _question(query: _Query, grades: Grades) -> Question:
    references = query.references or []
    relevant = any(grade > 0 for grade in grades.values())
    answerable = bool(relevant or references)
    turns = [turn.text for turn in query.history or () if turn.role.lower() == "user"]
    return Question(
        id=query.id,
        text=query.text,
        answerable=answerable,
        history=tuple(text for text in turns if text.strip()),
        tags=tuple(query.tags or ()),
        answers=tuple(a for a in query.answers or () if answerable and a.strip()),
        places=tuple((Place(one.document, one.start, one.end),) for one in references),
        relevant=tuple(grades.items()),
    )
