"""The page: a question goes in, quotes come out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr

from qa import QA, Answer
from qa.retrieval import check_question
from ui.endpoints import ASKED_AT_ONCE, SHARED, explained, register
from ui.render import conversation, heading

_HERE = Path(__file__).parent
_WAITING_AT_MOST = 64

Turns = tuple[Answer, ...]


def build(qa: QA, *, title: str, examples: Sequence[str] = ()) -> gr.Blocks:
    """Build the page for a corpus.

    Args:
        qa: the corpus to ask.
        title: what it is called on the page.
        examples: questions to offer before the first one is asked.
    """

    def converse(question: str, turns: Turns) -> Iterator[tuple[Any, ...]]:
        """Show the question at once, and its answer when it is there."""
        with explained():
            check_question(question, qa.encoder)
        yield conversation(turns, question), turns, "", gr.update(visible=False)
        try:
            with explained():
                answer = qa.ask(question, history=[turn.question for turn in turns])
        except gr.Error:
            yield conversation(turns), turns, question, gr.update(visible=not turns)
            raise
        turns = (*turns, answer)
        yield conversation(turns), turns, "", gr.update(visible=False)

    with gr.Blocks(title="inquote", analytics_enabled=False) as page:
        turns = gr.State(())
        gr.HTML(heading(title), elem_id="iq-head", js_on_load=None, apply_default_css=False)
        shown = gr.HTML(
            conversation(()),
            elem_id="iq-conversation",
            js_on_load=(_HERE / "page.js").read_text(encoding="utf-8"),
            apply_default_css=False,
        )
        with gr.Row(elem_id="iq-examples", visible=bool(examples)) as offered:
            buttons = [gr.Button(example, size="sm") for example in examples]
        with gr.Column(elem_id="iq-ask"):
            question = _question_box()
        settings: dict[str, Any] = {
            "inputs": [question, turns],
            "outputs": [shown, turns, question, offered],
            "api_visibility": "private",
            "show_progress": "hidden",
            "concurrency_limit": ASKED_AT_ONCE,
            "concurrency_id": SHARED,
        }
        question.submit(converse, **settings)
        for button in buttons:
            button.click(converse, **settings | {"inputs": [button, turns]})
        register(qa)
    page.queue(max_size=_WAITING_AT_MOST)
    return page  # type: ignore[no-any-return]


def _question_box() -> gr.Textbox:
    return gr.Textbox(
        label="Your question",
        placeholder="Ask the document",
        elem_id="iq-question",
        lines=1,
        max_lines=4,
        autofocus=True,
        submit_btn="Ask",
        container=False,
        html_attributes=gr.InputHTMLAttributes(autocomplete="off"),
    )
