"""Evaluations for the page: reading sets, asking them, and keeping a visitor's runs."""

from __future__ import annotations

import io
import shutil
import tempfile
import threading
import weakref
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from qa import QA
from qa.answering import ExtractiveAnswerer
from qa.bundled import questions_path
from qa.documents import Document
from qa.errors import QuestionSetError, RunError
from qa.evaluation import Comparison, QuestionSet, Run, compare, evaluate, load_questions, load_run
from qa.evaluation.folders import keep_run
from qa.evaluation.formatting import counted
from qa.evaluation.gold import check_corpus, locate
from qa.evaluation.measures import MEASURES
from qa.evaluation.report.wording import HEADLINES
from qa.evaluation.runs import REPORT_PAGE
from qa.progress import Progress
from ui.visitors.uploads import Upload

_KEPT = 2  # runs of a visitor: the last, and the one that it is compared with

# Times depend on what else the machine does, such as answering in the chat.
_COMPARED = [name for name in HEADLINES if MEASURES[name].group != "time"]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A finished evaluation: its report as a whole page, and the folder of its run as a ZIP file.

    `comparison` is with the run before, if there is one with common questions.
    """

    run: Run
    report: str
    archive: bytes
    comparison: Comparison | None = None


class Session:
    """What belongs to one visitor: the set that is to be asked, and the last runs.

    Runs are kept in a new folder within `folder`, which goes with the session or the process.
    """

    def __init__(self, folder: Path) -> None:
        self.questions: QuestionSet | None = None
        self.stop = threading.Event()
        self.busy = False
        self._folder = Path(tempfile.mkdtemp(prefix="evaluation-", dir=folder))
        self._runs: list[Path] = []
        self._made = 0
        self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def keep(self, run: Run) -> Evaluated:
        """Keep a run, and compare it with the one before."""
        before = load_run(self._runs[-1]) if self._runs else None
        self._made += 1
        folder = self._folder / f"run-{self._made}"
        keep_run(run, folder)
        self._runs.append(folder)
        while len(self._runs) > _KEPT:
            shutil.rmtree(self._runs.pop(0), ignore_errors=True)
        report = (folder / REPORT_PAGE).read_text(encoding="utf-8")
        return Evaluated(run, report, _zipped(folder), _compared(before, run))

    def close(self) -> None:
        """Stop what runs, and remove what was kept."""
        self.stop.set()
        self._remove()


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
    settings = counted(top_k, "passage")
    asked = qa
    if isinstance(qa.answerer, ExtractiveAnswerer):
        answerer = ExtractiveAnswerer(
            qa.encoder,
            threshold=threshold,
            tentative=tentative,
            max_quotes=qa.answerer.max_quotes,
        )
        asked = QA(qa.index, qa.encoder, answerer, qa.reranker)
        settings = f"threshold {threshold:g}, tentative {tentative:g}, {settings}"
    name = f"{questions.name}: {settings}"
    return evaluate(asked, questions, top_k=top_k, name=name, progress=progress)


def _documents(qa: QA) -> list[Document]:
    return [qa.index.document(id_) for id_ in qa.index.document_ids()]


def _compared(before: Run | None, run: Run) -> Comparison | None:
    if before is None:
        return None
    try:
        return compare(before, run, measures=[name for name in _COMPARED if name in run.figures])
    except RunError:  # they have no question in common
        return None


def _zipped(folder: Path) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        for path in sorted(folder.iterdir()):
            written.write(path, f"run/{path.name}")
    return archive.getvalue()
