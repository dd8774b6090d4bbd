"""Evaluations for the page: reading sets, and asking them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from qa import QA
from qa.answering import ExtractiveAnswerer
from qa.bundled import questions_path
from qa.documents import Document
from qa.errors import QuestionSetError
from qa.evaluation import QuestionSet, Run, evaluate, load_questions
from qa.evaluation.gold import check_corpus, locate
from qa.progress import Progress
from ui.strings import say
from ui.visitors.uploads import Upload


class Session:
    """One visit: the set that is to be asked next, and of what.

    Attributes:
        questions: the set; None if there is none to ask.
        asked: the documents to ask; None for the page's corpus. It is closed with the visit.
        runs: the token of the visitor's earlier runs.
        stop: set to end the run.
        busy: whether a run goes on.
    """

    def __init__(self) -> None:
        self.questions: QuestionSet | None = None
        self.asked: QA | None = None
        self.runs: str | None = None
        self.stop = threading.Event()
        self.busy = False

    def close(self) -> None:
        """Stop what runs, and let go of the documents."""
        self.stop.set()
        self.release()

    def release(self) -> None:
        """Let go of the documents."""
        asked, self.asked = self.asked, None
        if asked is not None:
            asked.close()


def shipped_questions(qa: QA) -> QuestionSet | None:
    """Return the question set that comes with the installation, if its corpus is the one asked."""
    if len(qa.index.document_ids()) != 1:
        return None
    questions = load_questions(questions_path())
    return None if check_corpus(questions, _documents(qa)) else questions


def read_set(upload: Upload, read: Callable[[Path], QuestionSet]) -> QuestionSet:
    """Read an uploaded question set; it and its faults have the visitor's name for it."""
    try:
        questions = read(upload.path)
    except QuestionSetError as error:
        error.args = (upload.renamed(str(error)),)
        raise
    if questions.name == upload.path.stem:
        return replace(questions, name=PurePosixPath(upload.name).stem)
    return questions


def read_questions(qa: QA, upload: Upload) -> QuestionSet:
    """Read an uploaded question set; its answers must stand in the corpus."""
    questions = read_set(upload, load_questions)
    if not questions:
        raise QuestionSetError(f"{upload.name} has no questions in it")
    documents = _documents(qa)
    if mismatch := check_corpus(questions, documents):
        raise QuestionSetError(mismatch)
    locate(questions, documents)
    return questions


def run_of(
    qa: QA,
    questions: QuestionSet,
    *,
    threshold: float,
    tentative: float,
    top_k: int,
    progress: Progress,
) -> Run:
    """Evaluate a corpus with the visitor's settings, which change no one else's answers.

    Only an `ExtractiveAnswerer` has thresholds; `progress` may raise to stop.
    """
    name = say("evaluate.name", set=questions.name, count=top_k)
    asked = qa
    if isinstance(qa.answerer, ExtractiveAnswerer):
        answerer = ExtractiveAnswerer(
            qa.encoder,
            threshold=threshold,
            tentative=tentative,
            max_quotes=qa.answerer.max_quotes,
        )
        asked = QA(qa.index, qa.encoder, answerer, qa.reranker)
        name = say(
            "evaluate.name_with_thresholds",
            set=questions.name,
            threshold=f"{threshold:g}",
            tentative=f"{tentative:g}",
            count=top_k,
        )
    return evaluate(asked, questions, top_k=top_k, name=name, progress=progress)


def _documents(qa: QA) -> list[Document]:
    return [qa.index.document(id_) for id_ in qa.index.document_ids()]
