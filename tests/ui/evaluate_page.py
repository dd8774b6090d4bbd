"""A page that has the evaluation alone: `python -m tests.ui.evaluate_page DOCUMENT PORT`."""

from __future__ import annotations

import sys

from qa import QA
from ui.folder import private_folder


def main(document: str, port: str) -> None:
    """Serve the page until the process is told to stop."""
    with private_folder() as folder, QA.open(document) as qa:
        import gradio as gr

        from ui.evaluate import evaluate_tab
        from ui.server import Serving, serve, stop_event

        with gr.Blocks(title="inquote", analytics_enabled=False) as page:
            evaluate_tab(qa, "<b>the lighthouse</b>")
        page.queue()
        stop = stop_event()
        server = serve(page, Serving("127.0.0.1", int(port), folder))
        stop.wait()
        server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
