"""SQuAD, 1.1 and 2.0: questions on paragraphs, which are the corpus."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from pydantic_core import from_json

from qa.documents import Document
from qa.errors import LoadError, QuestionSetError
from qa.evaluation.formats.validation import Id, Lenient, Reading, Words, read_text
from qa.evaluation.fuzzy_match import nearest, occurrences
from qa.evaluation.questions import Place, Question, QuestionSet, brief, fingerprint

_SHOWN = 60
_EXPLAINED = 50  # faults for which the nearest text is looked for, which takes a while


class _Article(Lenient):
    title: str = ""
    paragraphs: list[Any]


class _Paragraph(Lenient):
    context: Words
    qas: list[Any]


class _Answer(Lenient):
    text: Words
    answer_start: Annotated[int, Field(ge=0)]


class _Asked(Lenient):
    id: Id
    question: Words
    answers: list[_Answer] = Field(default_factory=list)
    is_impossible: bool = False


def read(path: Path) -> QuestionSet:
    """Read a file in the form of SQuAD; each paragraph is a document of its corpus.

    A `QuestionSetError` names all faults.
    """
    reading = Reading(path, "fault")
    documents: list[Document] = []
    paragraphs: Counter[str] = Counter()
    for index, raw in enumerate(_articles(path)):
        where = f"data[{index}]"
        article = reading.parse(_Article, raw, where)
        if article is None:
            continue
        for number, paragraph in enumerate(article.paragraphs):
            paragraphs[article.title] += 1
            id_ = f"{article.title}#{paragraphs[article.title]}"
            at = f"{where}.paragraphs[{number}]"
            document = _read_paragraph(reading, paragraph, at, id_, article.title)
            documents += [document] if document else []
    questions = reading.finish()
    return QuestionSet(path.stem, questions, fingerprint(documents), tuple(documents))


def _articles(path: Path) -> list[Any]:
    try:
        data = from_json(read_text(path))
    except ValueError as error:
        raise QuestionSetError(f"{path} is not JSON: {error}") from error
    articles = data.get("data") if isinstance(data, dict) else None
    if not isinstance(articles, list):
        raise QuestionSetError(
            f"{path} is not in the form of SQuAD, an object with a list `data`: "
            "questions of another form go into a .jsonl or .csv file"
        )
    return articles


def _read_paragraph(
    reading: Reading, raw: object, where: str, id_: str, title: str
) -> Document | None:
    """Read a paragraph and its questions; return it as a document, or None where that fails."""
    paragraph = reading.parse(_Paragraph, raw, where)
    if paragraph is None:
        return None
    try:
        document = Document(id_, paragraph.context, title)
    except LoadError as error:
        reading.fault(where, str(error))
        return None
    for index, asked in enumerate(paragraph.qas):
        _read_question(reading, asked, f"{where}.qas[{index}]", document)
    return document


def _read_question(reading: Reading, raw: object, where: str, document: Document) -> None:
    asked = reading.parse(_Asked, raw, where)
    if asked is None:
        return
    where = f"{where}, question “{brief(asked.id)}”"
    if asked.is_impossible and asked.answers:
        reading.fault(where, "is_impossible is true, but it has answers")
    if not asked.is_impossible and not asked.answers:
        reading.fault(where, "has no answers, but is_impossible is not true")
    places = dict.fromkeys(_place(reading, answer, where, document) for answer in asked.answers)
    question = Question(
        id=asked.id,
        text=asked.question,
        answerable=not asked.is_impossible,
        answers=tuple(dict.fromkeys(answer.text for answer in asked.answers)),
        places=(tuple(places),) if places else (),
    )
    reading.add(question, where)


def _place(reading: Reading, answer: _Answer, where: str, document: Document) -> Place:
    """Return the place of an answer, and note a fault if it does not stand there."""
    start, end = answer.answer_start, answer.answer_start + len(answer.text)
    if not document.text.startswith(answer.text, start):
        explain = len(reading.faults) < _EXPLAINED
        reading.fault(where, _misplaced(answer, document, explain=explain))
    return Place(document.id, start, end)


def _misplaced(answer: _Answer, document: Document, *, explain: bool) -> str:
    start, end = answer.answer_start, answer.answer_start + len(answer.text)
    here = brief(document.text[start:end], _SHOWN)
    stands = f"“{here}” stands" if here else "the paragraph has ended"
    fault = f"the answer “{brief(answer.text, _SHOWN)}” is not at {start}, where {stands}"
    if not explain:
        return fault
    found = [Place(document.id, *span) for span in occurrences(answer.text, document.text)]
    near = min(found, key=lambda place: abs(place.start - start), default=None)
    near = near or nearest(answer.text, [document])
    way_out = "nothing like it is in the paragraph"
    if near:
        text = brief(document.text[near.start : near.end], _SHOWN)
        way_out = f"the nearest, at {near.start}, is “{text}”"
    return f"{fault}; {way_out}"
