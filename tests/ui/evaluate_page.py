"""A page that has the evaluation alone: `python -m tests.ui.evaluate_page DOCUMENT PORT`."""

from __future__ import annotations

import sys

import gradio as gr

from qa import QA
from ui.app import serve, stop_event
from ui.evaluate import evaluate_tab


def main(document: str, port: str) -> None:
    """Serve the page until the process is told to stop."""
    with QA.open(document) as qa:
        with gr.Blocks(title="inquote", analytics_enabled=False) as page:
            evaluate_tab(qa, "<b>the lighthouse</b>")
        page.queue()
        stop = stop_event()
        serve(page, "127.0.0.1", int(port))
        stop.wait()
        page.close(verbose=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
