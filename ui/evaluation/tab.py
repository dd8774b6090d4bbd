"""The tab that evaluates: a question set goes in, a report comes out."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Annotated, Any

import gradio as gr
from pydantic import Field

from qa import QA
from qa.answering import ExtractiveAnswerer
from qa.engine import DEFAULT_TOP_K
from qa.errors import QuestionSetError
from qa.evaluation import QuestionSet, Run
from qa.evaluation.formats import FORMATS
from qa.progress import Progress
from ui.assets import markup
from ui.chat.user_documents import AllUserDocuments
from ui.evaluation import view
from ui.evaluation.evaluating import Session, read_questions, run_of, shipped_questions
from ui.evaluation.history import AllRuns, RunHandlers
from ui.strings import say
from ui.visitors.background import Finished, Step, Stopped, in_background
from ui.visitors.cookies import HasCookies, visitor_of
from ui.visitors.errors import sentence
from ui.visitors.fair_work import LongWork
from ui.visitors.limits import LONG_STARTED
from ui.visitors.messages import Data, Request, RequestError, parsed
from ui.visitors.uploads import UploadedFile, Uploads

_MOST_PASSAGES = 30
_UNCHANGED = gr.skip()

Token = Annotated[str, Field(max_length=100)]


def evaluate_tab(
    qa: QA,
    title: str,
    all_documents: AllUserDocuments,
    all_runs: AllRuns,
    uploads: Uploads,
    work: LongWork,
) -> None:
    """Build what an evaluation needs, inside of the Gradio blocks that are open.

    Runs take turns in `work`, and wait for no question of the chat. `qa` and its answerer stay as
    they are.
    """
    handlers = Handlers(qa, title, all_documents, all_runs, uploads, work)
    shipped = len(handlers.shipped) if handlers.shipped else None
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    with gr.Column(elem_classes="iq-eval"):
        session = gr.State(None, delete_callback=lambda kept: kept and kept.close())
        _html(f"{view.introduction(title, shipped)}")
        questions = _question_set(is_optional=shipped is not None)
        threshold, tentative, top_k = _settings(handlers.answerer)
        with gr.Row(elem_classes="iq-eval-buttons"):
            start = gr.Button(say("evaluate.run"), variant="primary", elem_classes="iq-eval-run")
            end = gr.Button(say("evaluate.stop"), visible=False, elem_classes="iq-eval-stop")
        status, runs = _html(), _runs(all_runs)
        start.click(
            handlers.begin,
            [session, questions],
            [session, status, start, end],
            js="async (session) => [session, await window.inquote.questionSet()]",
            concurrency_limit=None,
            **private,
        ).then(
            handlers.run,
            [session, threshold, tentative, top_k],
            [status, runs, start, end],
            concurrency_id="evaluate",
            concurrency_limit=LONG_STARTED,
            **private,
        )
        end.click(handlers.stop, [session], None, concurrency_limit=None, **private)


class _Sent(Request):
    """What the page's script sends with a click on Run."""

    file: UploadedFile | None = None
    own: bool = False
    token: Token | None = None
    runs: Token | None = None
    error: Annotated[str, Field(max_length=1_000)] | None = None


class Handlers:
    """What happens at a click; all that lasts is in the visitor's `Session`."""

    def __init__(
        self,
        qa: QA,
        title: str,
        all_documents: AllUserDocuments,
        all_runs: AllRuns,
        uploads: Uploads,
        work: LongWork | None = None,
    ) -> None:
        self._work = work or LongWork()
        self.shipped = shipped_questions(qa)
        self.answerer = qa.answerer if isinstance(qa.answerer, ExtractiveAnswerer) else None
        self._qa = qa
        self._title = title
        self._all_documents = all_documents
        self._all_runs = all_runs
        self._uploads = uploads

    def begin(self, session: Session | None, sent: object, visitor: gr.Request) -> tuple[Any, ...]:
        """Read the question set; where it cannot be read, say so and start nothing."""
        session = session or Session()
        if session.busy:
            return session, *[_UNCHANGED] * 3
        try:
            self._choose(session, parsed(_Sent, sent or {}), visitor)
        except Exception as error:
            session.questions = None
            session.release()
            return session, view.failure(_explained(error)), *_buttons(running=False)
        session.busy = True
        session.stop.clear()
        return session, view.waiting(), *_buttons(running=True)

    def run(
        self,
        session: Session | None,
        threshold: float,
        tentative: float,
        top_k: int,
        visitor: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """Ask the set that `begin` has read; show the progress, and then the results."""
        questions = session.questions if session else None
        if session is None or questions is None:
            yield (_UNCHANGED,) * 4
            return
        session.questions = None
        asked: Step | None = None
        try:
            client = visitor.username or ""
            work = functools.partial(
                self._evaluated, session, questions, client, threshold, tentative, int(top_k)
            )
            for step in in_background(work, session.stop, self._work, client):
                if isinstance(step, Finished):
                    run, told = step.result
                    seconds = run.costs["questions seconds"]
                    said = view.done(len(run.records), seconds)
                    yield said, told, *_buttons(running=False)
                else:
                    asked = step
                    yield view.progress(asked), *[_UNCHANGED] * 3
        except Stopped:
            yield view.stopped(asked), _UNCHANGED, *_buttons(running=False)
        except Exception as error:
            yield view.failure(_explained(error)), _UNCHANGED, *_buttons(running=False)
        finally:
            session.stop.set()  # also where the visitor has left the page
            session.busy = False
            session.release()

    def stop(self, session: Session | None) -> None:
        """End the run at its next question."""
        if session:
            session.stop.set()

    def _evaluated(
        self,
        session: Session,
        questions: QuestionSet,
        client: str,
        threshold: float,
        tentative: float,
        top_k: int,
        progress: Progress,
    ) -> tuple[Run, Data]:
        """Ask a set and keep the run; return it, and what the page needs to find it."""
        run = run_of(
            session.asked or self._qa,
            questions,
            threshold=threshold,
            tentative=tentative,
            top_k=top_k,
            progress=progress,
        )
        runs = self._all_runs.of(session.runs, client)
        kept = runs.keep(run, say("documents.own") if session.asked else self._title)
        return run, {"token": runs.token, "run": kept.id}

    def _choose(self, session: Session, sent: _Sent, visitor: gr.Request) -> None:
        """Take the set and the documents that the visitor chose."""
        if sent.error is not None:
            raise RequestError(sent.error)
        session.release()
        session.runs = sent.runs
        self._all_runs.check(sent.runs, visitor.username or "")
        if sent.own:
            session.asked = self._all_documents.find(sent.token or "").opened()
        session.questions = self._set(sent, visitor, session.asked)

    def _set(self, sent: _Sent, visitor: HasCookies, own: QA | None) -> QuestionSet:
        if sent.file is not None:
            with self._uploads.taken(visitor_of(visitor), [sent.file]) as (upload,):
                return read_questions(own or self._qa, upload)
        if own is not None or self.shipped is None:
            raise QuestionSetError("no question set is chosen: choose a file first")
        return self.shipped


def _question_set(*, is_optional: bool) -> gr.HTML:
    """Return the choice of a file; its script uploads the file when Run is clicked."""
    return gr.HTML(
        html_template=markup("evaluate.html"),
        js_on_load="window.inquote.startEvaluate(element, props);",
        apply_default_css=False,
        elem_id="iq-question-set",
        elem_classes="iq-eval-html",
        suffixes=list(FORMATS),
        optional=is_optional,
    )


def _settings(answerer: ExtractiveAnswerer | None) -> tuple[gr.Slider, ...]:
    with gr.Row(elem_classes="iq-eval-settings"):
        threshold = gr.Slider(
            0,
            1,
            value=answerer.threshold if answerer else 0,
            step=0.05,
            label=say("evaluate.tentative_below"),
            visible=answerer is not None,
        )
        tentative = gr.Slider(
            0,
            1,
            value=answerer.tentative if answerer else 0,
            step=0.05,
            label=say("evaluate.abstains_below"),
            visible=answerer is not None,
        )
        top_k = gr.Slider(
            1, _MOST_PASSAGES, value=DEFAULT_TOP_K, step=1, label=say("evaluate.passages")
        )
    return threshold, tentative, top_k


def _runs(all_runs: AllRuns) -> gr.HTML:
    """Return the visitor's runs, of which the one that has just been made is shown."""
    return gr.HTML(
        html_template=markup("runs.html"),
        js_on_load="""
            window.inquote.startRuns(element, server);
            watch('value', () => window.inquote.ran(props.value));""",
        apply_default_css=False,
        elem_id="iq-runs",
        elem_classes="iq-eval-html",
        server_functions=RunHandlers(all_runs).server_functions(),
    )


def _html(value: str = "") -> gr.HTML:
    return gr.HTML(value, js_on_load=None, apply_default_css=False, elem_classes="iq-eval-html")


def _buttons(*, running: bool) -> tuple[Any, Any]:
    """Return the states of Run and Stop."""
    return gr.update(interactive=not running), gr.update(visible=running)


def _explained(error: Exception) -> str:
    """Return an error as one sentence; of several faults the first, and how many more."""
    if isinstance(error, QuestionSetError) and error.faults:
        more = f" (and {len(error.faults) - 1:,} more)" if len(error.faults) > 1 else ""
        first = str(error).partition("\n")[0]
        return sentence(QuestionSetError(f"{first} {error.faults[0]}{more}"))
    return sentence(error)
