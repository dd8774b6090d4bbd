"""An endpoint on this machine that writes what it is told, and a scorer without a model."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Said = tuple[str, Sequence[str]]
"""A sentence, and words of each numbered sentence that it cites."""

Script = Callable[[str], Sequence[Said]]
"""Returns what is said to a prompt."""


@contextmanager
def scripted(script: Script) -> Iterator[str]:
    """Serve the script; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            prompt = asked["messages"][1]["content"]
            is_again = len(asked["messages"]) > 2
            said = [] if is_again else [_statement(one, prompt) for one in script(prompt)]
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            chunk = {
                "choices": [{"index": 0, "delta": {"content": json.dumps({"statements": said})}}]
            }
            self.wfile.write(f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode())

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _statement(said: Said, prompt: str) -> dict[str, Any]:
    lines = dict(re.findall(r"^(\d+)\. (.*)", prompt, re.MULTILINE))
    cites = [int(n) for words in said[1] for n, line in lines.items() if words in line]
    return {"sentence": said[0], "cites": cites}


class WordScorer:
    """Scores a statement by the share of its words that the premise has."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        return [_share(premise, statement) for premise, statement in pairs]


def _share(premise: str, statement: str) -> float:
    said, there = ({*re.findall(r"\w+", text.lower())} for text in (statement, premise))
    return len(said & there) / len(said)
