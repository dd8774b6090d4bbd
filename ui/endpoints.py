"""What programs may call: named, typed endpoints beside the page."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
from gradio.events import api

from embeddings import EmbeddingsError
from qa import QA, QAError
from ui.render import exact

ASKED_AT_ONCE = 2
"""How many questions are worked on at once, from the page and from programs together."""

SHARED = "ask"
"""The `concurrency_id` that all work on questions goes by."""

_TOAST_SECONDS = 6


def register(qa: QA) -> None:
    """Add the endpoints for a corpus; call it where the page's `Blocks` are open."""

    def ask(question: str, history: list[str] | None = None) -> dict[str, Any]:
        """Answer a question in quotes; `history` are the questions asked before it."""
        asked = [question, *(history or [])]
        if not all(isinstance(text, str) for text in asked):
            raise gr.Error(
                "A question is text, and so is each in its history.", print_exception=False
            )
        with explained():
            return qa.ask(question, history=asked[1:]).to_dict()

    api(ask, api_name="ask", concurrency_limit=ASKED_AT_ONCE, concurrency_id=SHARED)


@contextmanager
def explained() -> Iterator[None]:
    """Turn whatever goes wrong into one sentence for the reader, which Gradio takes as HTML."""
    try:
        yield
    except (QAError, EmbeddingsError) as error:
        message = str(error)
    except Exception as error:
        print(f"inquote: {type(error).__name__}: {error}", file=sys.stderr)
        message = "the question could not be answered; the terminal that runs inquote says why"
    else:
        return
    raise gr.Error(
        exact(message[:1].upper() + message[1:]),
        duration=_TOAST_SECONDS,
        print_exception=False,
    )
