"""The page: a question goes in, quotes come out, beside the document that they stand in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr

from qa import QA
from ui import endpoints, limits
from ui.asking import Desk
from ui.assets import markup
from ui.evaluate import evaluate_tab
from ui.feedback import Feedback
from ui.shelves import Shelves

_WAITING_AT_MOST = 64
_BROUGHT_AT_ONCE = 1


def build(
    qa: QA,
    *,
    title: str,
    shelves: Shelves,
    feedback: Feedback,
    uploads: Path,
    examples: Sequence[str] = (),
) -> gr.Blocks:
    """Build the page for a corpus.

    Args:
        qa: the corpus to ask.
        title: what it is called on the page.
        shelves: the visitors' own documents.
        feedback: where thumbs go.
        uploads: the folder that Gradio puts uploaded files in.
        examples: questions to offer before the first one is asked.
    """
    with gr.Blocks(title="inquote", analytics_enabled=False) as page:
        gr.HTML(markup("head.html"), elem_id="iq-head", js_on_load=None, apply_default_css=False)
        with gr.Tabs(elem_id="iq-tabs"):
            with gr.Tab("Ask", elem_id="iq-tab-ask"):
                _ask_tab(Desk(qa, title, shelves, feedback, uploads), title, examples)
            with gr.Tab("Evaluate", elem_id="iq-tab-evaluate"):
                evaluate_tab(qa, title)
        endpoints.register(qa)
    page.queue(max_size=_WAITING_AT_MOST)
    return page  # type: ignore[no-any-return]


def _ask_tab(desk: Desk, title: str, examples: Sequence[str]) -> None:
    """Lay out the conversation and the document.

    Both are of the page's own scripts; Gradio's queue carries the questions and the uploads, and
    its server functions what takes no time.
    """
    settings: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
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
            window.inquote.start(element, {props, server, upload, trigger: (name, data) =>
                name === 'ask' ? trigger('ask', data) : trigger('bring', data)});
            watch('value', () => window.inquote.answered(props.value));""",
        apply_default_css=False,
        server_functions=desk.server_functions(),
        about={
            "title": title,
            "examples": list(examples),
            "most_bytes": limits.MAX_UPLOAD_BYTES,
            "most_documents": limits.MAX_DOCUMENTS,
        },
    )
    chat.ask(
        desk.ask,
        outputs=chat,
        trigger_mode="multiple",
        concurrency_limit=limits.ASKED_AT_ONCE,
        concurrency_id=endpoints.SHARED,
        **settings,
    ).failure(fn=None, js="() => window.inquote.failed('ask')", **settings)
    chat.bring(
        desk.bring,
        outputs=added,
        trigger_mode="multiple",
        concurrency_limit=_BROUGHT_AT_ONCE,
        concurrency_id="bring",
        **settings,
    ).failure(fn=None, js="() => window.inquote.failed('bring')", **settings)
