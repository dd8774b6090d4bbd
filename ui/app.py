"""The page: a question goes in, quotes come out, beside the document that they stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from qa import QA
from qa.answering import ExtractiveAnswerer
from ui.assets import markup
from ui.chat.choosing import Search
from ui.chat.feedback import Feedback
from ui.chat.handlers import ChatHandlers
from ui.chat.page_files import CorpusFiles
from ui.chat.seals import Seals
from ui.chat.sharing import SharedTurns, SharingHandlers
from ui.chat.user_documents import AllUserDocuments
from ui.chat.welcome import WelcomeHandlers
from ui.chat.writing import WritingHandlers
from ui.evaluation.history import AllRuns
from ui.evaluation.reviewing import ReviewHandlers
from ui.evaluation.tab import evaluate_tab
from ui.server import endpoints
from ui.server.gradio_patches.files import refuse_files
from ui.strings import say
from ui.visitors import limits
from ui.visitors.background import regularly
from ui.visitors.fair_work import LongWork
from ui.visitors.library import Library
from ui.visitors.messages import ServerFunction
from ui.visitors.uploads import Uploads
from ui.visitors.web_pages import WebPages

_CLEARED_EVERY = 600  # seconds
_PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


@contextmanager
def built(
    qa: QA,
    *,
    title: str,
    folder: Path,
    uploads: Uploads,
    feedback: Path,
    links: Path,
    examples: Sequence[str] = (),
    login: bool = False,
    library: Library | None = None,
    with_urls: bool = False,
    files: CorpusFiles | None = None,
) -> Iterator[gr.Blocks]:
    """Build the page for a corpus; what visitors bring is kept until the block ends, or longer.

    Args:
        qa: the corpus to ask.
        title: what it is called on the page.
        folder: a private folder for all that visitors bring.
        uploads: the files that wait to be read.
        feedback: the file for ratings; it need not exist yet.
        links: the file for answers that have a link; it need not exist yet.
        examples: questions to offer before the first one is asked.
        login: whether visitors log in, and so may log out.
        library: where visitors' documents are kept, and for how long; None is until the end.
        with_urls: whether visitors may add web pages by their addresses.
        files: the PDF files of the corpus, whose pages can be shown.
    """
    refuse_files()
    work = LongWork()
    with (
        _documents(qa, folder, library) as all_documents,
        AllRuns(folder) as all_runs,
        ReviewHandlers(qa, all_documents, folder, uploads, work) as review,
        regularly(uploads.clear_out, _CLEARED_EVERY),
        regularly(all_documents.clear_out, _CLEARED_EVERY),
    ):
        web = WebPages(uploads) if with_urls else None
        ratings = Feedback(feedback, qa)
        handlers = ChatHandlers(qa, title, all_documents, ratings, uploads, work, web, files)
        seals = Seals(links.with_suffix(".key"))
        sharing = SharingHandlers(qa, SharedTurns(links), seals)
        writing = WritingHandlers(handlers.answered, handlers.written, seals)
        welcome = WelcomeHandlers(qa, all_documents, examples)
        with gr.Blocks(title="inquote", analytics_enabled=False) as page:
            endpoints.register(qa)  # first, so that nothing else takes their names
            gr.HTML(
                elem_id="iq-head",
                html_template=markup("head.html"),
                js_on_load="window.inquote.startShell(element, props);",
                apply_default_css=False,
                login=login,
            )
            with gr.Tabs(elem_id="iq-tabs"):
                with gr.Tab(say("head.ask"), elem_id="iq-tab-ask"):
                    settings = isinstance(qa.answerer, ExtractiveAnswerer)
                    about: dict[str, Any] = {
                        "title": title,
                        "settings": settings,
                        "urls": with_urls,
                        "llm": qa.llm and {"model": qa.llm.model, "host": qa.llm.host},
                    }
                    about |= {"kept_days": library.days if library else 0}
                    _ask_tab(
                        handlers,
                        writing,
                        [*sharing.server_functions(), *welcome.server_functions()],
                        about,
                    )
                with gr.Tab(say("head.evaluate"), elem_id="iq-tab-evaluate"):
                    evaluate_tab(qa, title, all_documents, all_runs, uploads, work)
                with gr.Tab(say("head.review"), elem_id="iq-tab-review"):
                    _review_tab(review, qa.index.document_ids())
        page.queue(max_size=limits.MAX_WAITING_IN_ALL)
        yield page


def _documents(qa: QA, folder: Path, library: Library | None) -> AllUserDocuments:
    if library is None:
        return AllUserDocuments(qa, folder)
    kept = library.days * 86_400
    return AllUserDocuments(qa, library.folder, idle_seconds=kept, lasting=True)


def _review_tab(handlers: ReviewHandlers, documents: Sequence[str]) -> None:
    review = gr.HTML(
        elem_id="iq-review",
        html_template=markup("review.html"),
        js_on_load="""
            window.inquote.startReview(element, {props, server,
                trigger: (_, data) => trigger('begin', data)});
            watch('value', () => window.inquote.begun(props.value));""",
        apply_default_css=False,
        server_functions=handlers.server_functions(),
        documents=Search().page_of(documents),
    )
    _queue(review.begin, handlers.begin, review, "beginFailed()")


def _ask_tab(
    handlers: ChatHandlers,
    writing: WritingHandlers,
    functions: Sequence[ServerFunction],
    about: dict[str, Any],
) -> None:
    """Lay out the conversation and the document, which the page's own scripts draw.

    Gradio's queue carries uploads, and its server functions all that is answered at once.
    """
    added, written = (
        gr.HTML(
            elem_id=f"iq-{what}",
            html_template="",
            js_on_load=f"watch('value', () => window.inquote.{what}(props.value));",
            visible="hidden",
        )
        for what in ("added", "written")
    )
    chat = gr.HTML(
        elem_id="iq-ask",
        html_template=markup("ask.html"),
        js_on_load="""
            window.inquote.start(element, {props, server,
                bring: (data) => trigger('bring', data),
                write: (data) => trigger('write', data)});""",
        apply_default_css=False,
        server_functions=[*handlers.server_functions(), *writing.server_functions(), *functions],
        about={
            "most_bytes": limits.MAX_UPLOAD_BYTES,
            "most_documents": limits.MAX_DOCUMENTS,
        }
        | about,
    )
    _queue(chat.bring, handlers.bring, added, "failed()")
    _queue(chat.write, writing.write, written, "writingFailed()", limits.WRITTEN_AT_ONCE, "write")


def _queue(
    event: Callable[..., Any],
    handler: Callable[..., Any],
    output: gr.HTML,
    failed: str,
    at_once: int = limits.LONG_STARTED,
    line: str = "bring",
) -> None:
    """Have long work done in a line of the queue, so much at once; call a script if it fails."""
    handled = event(
        handler,
        outputs=output,
        trigger_mode="multiple",
        concurrency_limit=at_once,
        concurrency_id=line,
        **_PRIVATE,
    )
    handled.failure(fn=None, js=f"() => window.inquote.{failed}", **_PRIVATE)
