"""The page: a question goes in, quotes come out."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
from gradio.events import api
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from embeddings import EmbeddingsError
from qa import QA, Answer, QAError
from qa.retrieval import check_question
from ui.render import conversation, exact, heading

_HERE = Path(__file__).parent
_ASKED_AT_ONCE = 2
_WAITING_AT_MOST = 64
_TOAST_SECONDS = 6

# The page asks nothing of any other host; the browser holds it to that. Gradio's own HTML
# component compiles its template, and so needs 'unsafe-eval'.
_CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

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
        with _explained():
            check_question(question, qa.encoder)
        yield conversation(turns, question), turns, "", gr.update(visible=False)
        try:
            with _explained():
                answer = qa.ask(question, history=[turn.question for turn in turns])
        except gr.Error:
            yield conversation(turns), turns, question, gr.update(visible=not turns)
            raise
        turns = (*turns, answer)
        yield conversation(turns), turns, "", gr.update(visible=False)

    def ask(question: str, history: list[str] | None = None) -> dict[str, Any]:
        """Answer a question in quotes; `history` are the questions asked before it."""
        asked = [question, *(history or [])]
        if not all(isinstance(text, str) for text in asked):
            raise gr.Error(
                "A question is text, and so is each in its history.", print_exception=False
            )
        with _explained():
            return qa.ask(question, history=asked[1:]).to_dict()

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
            "concurrency_limit": _ASKED_AT_ONCE,
            "concurrency_id": "ask",
        }
        question.submit(converse, **settings)
        for button in buttons:
            button.click(converse, **settings | {"inputs": [button, turns]})
        api(ask, api_name="ask", concurrency_limit=_ASKED_AT_ONCE, concurrency_id="ask")
    page.queue(max_size=_WAITING_AT_MOST)
    return page  # type: ignore[no-any-return]


def serve(page: gr.Blocks, host: str, port: int) -> None:
    """Start the page's server, in threads of its own."""
    _keep_loopback_direct()
    page.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        inline=False,
        inbrowser=False,
        share=False,
        show_error=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        ssr_mode=False,
        num_workers=0,
        theme=gr.themes.Base(
            primary_hue="teal",
            neutral_hue="stone",
            font=["system-ui", "sans-serif"],
            font_mono=["ui-monospace", "monospace"],
        ),
        head=f"<style>{(_HERE / 'style.css').read_text(encoding='utf-8')}</style>",
        app_kwargs={
            "docs_url": None,
            "redoc_url": None,
            "openapi_url": None,
            "middleware": [
                Middleware(_KeptToThisHost),
                Middleware(TrustedHostMiddleware, allowed_hosts=_names_of(host)),
            ],
        },
    )


def stop_event() -> threading.Event:
    """Give an event that is set when the process is told to stop, by Ctrl-C or SIGTERM."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return stop


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


@contextmanager
def _explained() -> Iterator[None]:
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


class _KeptToThisHost:
    """Adds the headers that keep the page to its own host to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _CONTENT_POLICY
                headers["Referrer-Policy"] = "no-referrer"
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _names_of(host: str) -> list[str]:
    """Give the names that the page may be asked by; any, if it listens on every address."""
    return ["*"] if host in {"0.0.0.0", "::"} else [host, "127.0.0.1", "localhost"]  # noqa: S104


def _keep_loopback_direct() -> None:
    """Keep requests to this machine away from a proxy: Gradio asks its own page as it starts."""
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        os.environ[name] = ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost"]))
