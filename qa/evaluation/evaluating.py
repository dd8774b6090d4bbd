"""Asking a whole question set, and judging the answers."""

from __future__ import annotations

import inspect
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from embeddings.errors import EmbeddingsError
from qa.answering import Answer
from qa.documents import Document
from qa.engine import DEFAULT_TOP_K, QA
from qa.errors import QAError, QuestionSetError, SettingsError, UnknownLanguage, WritingError
from qa.evaluation.environment import machine, of_encoder, peak_memory
from qa.evaluation.formatting import counted
from qa.evaluation.gold import check_corpus, locate
from qa.evaluation.judging.by_gold import Judge, place_of
from qa.evaluation.questions import NOT_JUDGED, Question, QuestionSet, fingerprint
from qa.evaluation.records import Record
from qa.evaluation.runs import Run, figures, figures_by_tag
from qa.passages import Passage
from qa.progress import Progress, followed
from qa.retrieval import RERANKED, RetrievedPassage
from qa.writing import LLM
from qa.writing.prompt import VERSION

System = Callable[..., Answer]
"""Answers a question: called with its text, and with `history=` if it takes that."""

DEPTH = 100
"""How many passages are ranked for the figures of retrieval."""

_HOPELESS = 3  # answers that no language model could be asked for, one after the other

BAR: dict[str, Any] = {"desc": "asking", "unit": " questions"}


def evaluate(
    system: QA | System,
    questions: QuestionSet | Iterable[Question],
    *,
    documents: Iterable[Document] | None = None,
    top_k: int = DEFAULT_TOP_K,
    write: bool = False,
    name: str = "",
    settings: Mapping[str, Any] | None = None,
    any_corpus: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Run:
    """Ask every question, and judge retrieval, quotes, short answers, abstention and time.

    Args:
        system: a corpus to ask, or anything that takes a question and gives an `Answer`. Its
            `passages` are the ranking that is judged, best first; its citations are the quotes.
        questions: the set; what answers its questions must stand in the corpus.
        documents: the corpus of a system that is no `QA`; those of the set if it brings them.
        top_k: passages that a `QA` makes an answer from.
        write: whether the language model of a `QA` writes the answers.
        name: what reports call the run; by default that of the question set.
        settings: of the system, to keep with the run.
        any_corpus: go on, with a note, if the set says that it was made for another corpus.
        seed: of the bootstrap.
        progress: called with how many questions are asked, of all; it may raise to stop.

    Raises:
        SettingsError: a setting cannot be used, or not be kept as JSON; or a `QA` is to write and
            has no language model.
        QuestionSetError: the set is empty, was made for another corpus, or names an answer that
            is not in this one.
        WritingError: the language model was to write, and could not be asked for any answer.
    """
    if seed < 0 or top_k < 1:
        raise SettingsError(f"seed is {seed} and top_k {top_k}: take 0 or more, and 1 or more")
    asked, unjudged = _judged(_as_set(questions))
    given = _plain(settings or {})
    subject = _of_qa(system, top_k, write=write) if isinstance(system, QA) else _of_callable(system)
    sources = _sources(documents or subject.documents, asked.documents)
    mismatch = check_corpus(asked, sources.values())
    if mismatch and not any_corpus:
        raise QuestionSetError(
            f"{mismatch}; name the corpus that it was made for, or go on all the same with "
            "any_corpus=True (--any-corpus)"
        )
    judge = Judge(sources, locate(asked, sources.values()), subject.passages_of)
    started = time.perf_counter()
    records, quoted = _as_written(_asked(subject, asked, judge, progress))
    seconds = time.perf_counter() - started
    untold: list[str] = []
    if not isinstance(system, QA):
        records, untold = _without_retrieval(records)
    notes = [*filter(None, [mismatch]), *unjudged, *untold, *quoted, *_failures(records)]
    about = {**_about(asked, sources, seed), **subject.settings, **given}
    return Run(
        name=name or asked.name,
        settings=about | {"notes": [*notes, *given.get("notes", [])]},
        records=records,
        figures=figures(records, seed=seed),
        by_tag=figures_by_tag(records, seed=seed),
        costs={"questions seconds": seconds} | peak_memory(),
    )


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is evaluated: how to ask it, and what is known beyond its answers."""

    ask: Callable[[Question], Answer]
    rank: Callable[[Question], Sequence[RetrievedPassage]]
    passages_of: Callable[[str], Iterable[Passage]]
    documents: tuple[Document, ...]
    settings: Mapping[str, Any]


def _of_qa(qa: QA, top_k: int, *, write: bool) -> _Subject:
    manifest = qa.index.manifest
    if write and qa.llm is None:
        raise SettingsError("no language model is named to write: open with llm=…, or --llm")
    writing = {"llm": _about_llm(qa.llm)} if write and qa.llm else {}
    reranker = {}
    if qa.reranker is not None:
        named, digest = qa.reranker.model, qa.reranker.digest
        reranker = {"reranker": named, "reranker_digest": digest, "reranked": RERANKED}
    chosen = ("threshold", "tentative", "max_quotes")
    return _Subject(
        ask=lambda question: qa.ask(
            question.text, history=question.history, top_k=top_k, write=write
        ),
        rank=lambda question: qa.retrieve(question.text, history=question.history, top_k=DEPTH),
        passages_of=qa.index.passages_of,
        documents=tuple(qa.index.document(id_) for id_ in qa.index.document_ids()),
        settings={
            "model": manifest.model,
            "model_digest": manifest.digest,
            **of_encoder(qa.encoder),
            **reranker,
            **writing,
            "chunking": manifest.chunking.to_dict(),
            **({"indexed_in": ", ".join(manifest.precisions)} if manifest.precisions else {}),
            "store": manifest.store if qa.store is None else type(qa.store).__name__,
            "passages": len(qa.index),
            "top_k": top_k,
            "answerer": type(qa.answerer).__name__,
            **{key: getattr(qa.answerer, key) for key in chosen if hasattr(qa.answerer, key)},
        },
    )


def _about_llm(llm: LLM) -> dict[str, Any]:
    """Return what is kept of a language model; neither its address nor its key is."""
    where = "local" if llm.is_local else "remote"
    return {"model": llm.model, "host": where, "context": llm.context, "prompt": VERSION}


def _of_callable(system: System) -> _Subject:
    takes = inspect.signature(system).parameters.values()
    takes_history = any(p.name == "history" or p.kind is p.VAR_KEYWORD for p in takes)

    def ask(question: Question) -> Answer:
        if takes_history:
            return system(question.text, history=question.history)
        return system(question.text)

    named = getattr(system, "__qualname__", type(system).__qualname__)
    return _Subject(ask, lambda _: (), lambda _: (), (), {"system": named})


def _asked(
    subject: _Subject, questions: QuestionSet, judge: Judge, progress: Progress | None
) -> list[Record]:
    """Ask the questions; give up where a language model cannot be asked for the first answers."""
    records: list[Record] = []
    unwritten: list[str] = []
    is_written = False
    for question in followed(questions, progress, **BAR):
        record = _ask(subject, question, judge, first=not records)
        records.append(record)
        is_written = is_written or record.statements is not None
        if record.is_unwritten:
            unwritten.append(record.problem)
        if not is_written and len(unwritten) == _HOPELESS and len({*unwritten}) == 1:
            break
    if unwritten and not is_written:
        raise WritingError(f"no answer could be written: {_causes(unwritten)}")
    return records


def _causes(problems: Iterable[str]) -> str:
    """Return what went wrong, the most frequent first; with how often where it is not one."""
    (cause, _), *others = counts = Counter(problems).most_common()
    return ", ".join(f"{each} ({times:,})" for each, times in counts) if others else cause


def _ask(subject: _Subject, question: Question, judge: Judge, *, first: bool) -> Record:
    """Ask a question and judge its answer.

    What a system raises is kept with the question, so that one failure does not lose the rest;
    on the first question it is raised, as it will then be on all of them.
    """
    try:
        started = time.perf_counter()
        try:
            answer = subject.ask(question)
        except UnknownLanguage:  # an abstention that says why
            answer = Answer(question.text, question.text, confidence=0.0)
        if not isinstance(answer, Answer):
            raise TypeError(f"a system gives an Answer, and this gave a {type(answer).__name__}")
        seconds = {**answer.seconds, "total": time.perf_counter() - started}
        used = list(answer.passages)
        ranked = {place_of(hit.passage) for hit in used}
        deeper = [hit for hit in subject.rank(question) if place_of(hit.passage) not in ranked]
    except SettingsError:  # of all questions alike
        raise
    except (QAError, EmbeddingsError) as error:
        return judge.failure(question, str(error))
    except Exception as error:
        if first:
            raise
        return judge.failure(question, f"{type(error).__name__}: {error}")
    return judge.record(question, answer, used + deeper, seconds)


def _without_retrieval(records: tuple[Record, ...]) -> tuple[tuple[Record, ...], list[str]]:
    """Mark retrieval as unknown if no answer has passages, with a note."""
    answered = [record for record in records if not record.error]
    if not answered or any(record.ranking for record in answered):
        return records, []
    note = "the system tells no passages, so that its retrieval is not measured"
    return tuple(replace(record, unknown=("retrieval",)) for record in records), [note]


def _as_written(records: Sequence[Record]) -> tuple[tuple[Record, ...], list[str]]:
    """Mark every record of a run in which a model wrote, with notes on where it did not."""
    if all(record.statements is None for record in records):
        return tuple(records), []
    asked = [record for record in records if not record.is_unwritten]
    notes = []
    if unwritten := [record.problem for record in records if record.is_unwritten]:
        answers = f"{counted(len(unwritten), 'answer')} that could not be written"
        notes.append(f"statements are measured without {answers}: {_causes(unwritten)}")
    if cut := [record.problem for record in asked if record.problem and record.statements]:
        notes.append(f"{counted(len(cut), 'answer')} may lack statements: {_causes(cut)}")
    if quoted := sum(not (r.abstained or r.error or r.shown_statements) for r in asked):
        answers = f"{counted(quoted, 'answer')} stayed in quotes"
        notes.append(f"{answers}, as nothing that the language model wrote was shown")
    marked = (
        record if record.is_unwritten else replace(record, statements=record.statements or ())
        for record in records
    )
    return tuple(marked), notes


def _sources(*corpora: Iterable[Document]) -> dict[str, Document]:
    """Return the first corpus that has any document, by id."""
    for corpus in corpora:
        if sources := {document.id: document for document in corpus}:
            return sources
    raise QuestionSetError("which corpus is asked? Give its documents to evaluate()")


def _judged(questions: QuestionSet) -> tuple[QuestionSet, list[str]]:
    """Leave out what nobody has judged, with a note; nothing can be compared with it."""
    judged = tuple(one for one in questions if NOT_JUDGED not in one.tags)
    left_out = len(questions) - len(judged)
    if not left_out:
        return questions, []
    if not judged:
        raise QuestionSetError(
            f"no question of {questions.name} is judged yet: judge them with eval --review, or "
            "on the page, under Review"
        )
    one, many = "question that nobody has judged is", "questions that nobody has judged are"
    note = f"{left_out:,} {one if left_out == 1 else many} left out"
    return replace(questions, questions=judged), [note]


def _as_set(questions: QuestionSet | Iterable[Question]) -> QuestionSet:
    if not isinstance(questions, QuestionSet):
        questions = QuestionSet("questions", tuple(questions))
    if not questions:
        raise QuestionSetError("the question set has no questions in it")
    for id_, times in Counter(question.id for question in questions).items():
        if times > 1:
            raise QuestionSetError(f"the question id {id_!r} is there {times} times")
    for one in questions:
        judged = any(grade > 0 for _, grade in one.relevant)
        if one.answerable and not (one.quotes or one.places or one.answers or judged):
            raise QuestionSetError(
                f"question {one.id!r} is answerable: say by which quote, or what the answer is"
            )
    return questions


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON has them, with their notes as a list."""
    try:
        plain: dict[str, Any] = json.loads(json.dumps(dict(settings)))
    except (TypeError, ValueError) as error:
        raise SettingsError(f"settings are kept as JSON, and these cannot be: {error}") from error
    if isinstance(notes := plain.get("notes"), str):
        plain["notes"] = [notes]
    return plain


def _failures(records: Sequence[Record]) -> list[str]:
    failed = [record for record in records if record.error]
    if not failed:
        return []
    first = f"{failed[0].question_id}: {failed[0].error}"
    many = "1 question" if len(failed) == 1 else f"{len(failed):,} questions"
    return [f"{many} could not be asked, and missed on every measure ({first})"]


def _about(questions: QuestionSet, documents: Mapping[str, Document], seed: int) -> dict[str, Any]:
    return {
        "question_set": questions.name,
        "questions": len(questions),
        "corpus": fingerprint(documents.values()),
        "documents": len(documents),
        "seed": seed,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **machine(),
    }
