"""The page's server: where it listens, what it sends with every response, how it stops."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.assets import head

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
        head=head(),
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
