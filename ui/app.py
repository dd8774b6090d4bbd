"""The page: a question goes in, quotes come out, beside the document that they stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from qa import QA
from ui.assets import markup
from ui.chat.feedback import Feedback
from ui.chat.handlers import ChatHandlers
from ui.chat.page_files import CorpusFiles
from ui.chat.user_documents import AllUserDocuments
from ui.evaluation.reviewing import ReviewHandlers
from ui.evaluation.tab import evaluate_tab
from ui.server import endpoints
from ui.server.gradio_patches.files import refuse_files
from ui.visitors import limits
from ui.visitors.background import regularly
from ui.visitors.fair_work import LongWork
from ui.visitors.uploads import Uploads

_CLEARED_EVERY = 600  # seconds
_LISTED = 200  # documents that may be chosen from
_PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


@contextmanager
def built(
    qa: QA,
    *,
    title: str,
    folder: Path,
    uploads: Uploads,
    feedback: Path,
    examples: Sequence[str] = (),
    files: CorpusFiles | None = None,
) -> Iterator[gr.Blocks]:
    """Build the page for a corpus; what visitors bring is kept until the block ends.

    Args:
        qa: the corpus to ask.
        title: what it is called on the page.
        folder: a private folder for all that visitors bring.
        uploads: the files that wait to be read.
        feedback: the file for ratings; it need not exist yet.
        examples: questions to offer before the first one is asked.
        files: the PDF files of the corpus, whose pages can be shown.
    """
    refuse_files()
    work = LongWork()
    with (
        AllUserDocuments(qa, folder) as all_documents,
        ReviewHandlers(qa, folder, uploads, work) as review,
        regularly(uploads.clear_out, _CLEARED_EVERY),
    ):
        thumbs = Feedback(feedback, qa)
        handlers = ChatHandlers(qa, title, all_documents, thumbs, uploads, work, files)
        with gr.Blocks(title="inquote", analytics_enabled=False) as page:
            endpoints.register(qa)  # first, so that nothing else takes their names
            gr.HTML(
                markup("head.html"), elem_id="iq-head", js_on_load=None, apply_default_css=False
            )
            with gr.Tabs(elem_id="iq-tabs"):
                with gr.Tab("Ask", elem_id="iq-tab-ask"):
                    _ask_tab(handlers, title, examples)
                with gr.Tab("Evaluate", elem_id="iq-tab-evaluate"):
                    evaluate_tab(qa, title, folder, uploads, work)
                with gr.Tab("Review", elem_id="iq-tab-review"):
                    _review_tab(review, qa.index.document_ids()[:_LISTED])
        page.queue(max_size=limits.MAX_WAITING_IN_ALL)
        yield page


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
        documents=list(documents),
    )
    _queue(review.begin, handlers.begin, review, "beginFailed()")


def _ask_tab(handlers: ChatHandlers, title: str, examples: Sequence[str]) -> None:
    """Lay out the conversation and the document, which the page's own scripts draw.

    Gradio's queue carries questions and uploads, and its server functions what takes no time.
    """
    added = gr.HTML(
        elem_id="iq-added",
        html_template="",
        js_on_load="watch('value', () => window.inquote.added(props.value));",
        visible="hidden",
    )
    chat = gr.HTML(
        elem_id="iq-ask",
        html_template=markup("ask.html"),
        js_on_load="""
            window.inquote.start(element, {props, server, trigger: (name, data) =>
                name === 'ask' ? trigger('ask', data) : trigger('bring', data)});
            watch('value', () => window.inquote.answered(props.value));""",
        apply_default_css=False,
        server_functions=handlers.server_functions(),
        about={
            "title": title,
            "examples": list(examples),
            "most_bytes": limits.MAX_UPLOAD_BYTES,
            "most_documents": limits.MAX_DOCUMENTS,
        },
    )
    asked = handlers.ask, chat, "failed('ask')"
    _queue(chat.ask, *asked, limit=limits.ANSWERED_AT_ONCE, line=endpoints.SHARED)
    _queue(chat.bring, handlers.bring, added, "failed('bring')")


def _queue(
    event: Callable[..., Any],
    handler: Callable[..., Any],
    output: gr.HTML,
    failed: str,
    *,
    limit: int = limits.LONG_STARTED,
    line: str = "bring",
) -> None:
    """Have an event handled in a line of the queue, so many at once; call a script if it fails."""
    handled = event(
        handler,
        outputs=output,
        trigger_mode="multiple",
        concurrency_limit=limit,
        concurrency_id=line,
        **_PRIVATE,
    )
    handled.failure(fn=None, js=f"() => window.inquote.{failed}", **_PRIVATE)
