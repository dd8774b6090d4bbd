"""Serves a small page with an encoder that needs no model: `python -m tests.ui.small_page`.

It takes a folder and its settings as JSON, prints where it is and which routes it has, stops at a
signal, and prints of how many calls Gradio still knows.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute, Mount

from qa import QA, Answer, Document
from qa.index import Index, update_index
from tests.fakes import FakeEncoder
from tests.ui.serving import TEXT
from ui.server.accounts import Accounts
from ui.visitors import limits
from ui.visitors.folder import private_folder


class SlowQA(QA):
    """Takes its time to answer."""

    seconds = 0.0

    slow = ""  # a word of the questions that take it

    def ask(self, question: str, **options: Any) -> Answer:
        time.sleep(self.seconds if self.slow in question else 0)
        return super().ask(question, **options)


def main() -> None:
    tmp, settings = Path(sys.argv[1]), json.loads(sys.argv[2])
    if files := settings.pop("files", None):
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    encoder = FakeEncoder()
    update_index(tmp / "index", [Document("small.txt", TEXT)], encoder=encoder)
    with private_folder() as folder, SlowQA(Index.open(tmp / "index"), encoder) as qa:
        from ui.app import built
        from ui.server import access
        from ui.server.endpoints import Endpoints
        from ui.server.server import Server, Serving, address, stop_event
        from ui.visitors.uploads import Uploads

        access._WRONG_COSTS_SECONDS = 0
        SlowQA.seconds = settings.pop("seconds", 0.0)
        SlowQA.slow = settings.pop("slow", "")
        for name, value in settings.pop("limits", {}).items():
            setattr(limits, name, value)
        waiting = settings.pop("waiting", 64)
        mcp = settings.pop("mcp", True)
        if mcp:
            from ui.server import tools

            tools.WAITING_AT_MOST = waiting
        sessions = settings.pop("sessions", 2_000)
        accounts = settings.pop("accounts", None)
        stop = stop_event()
        serving = Serving(
            uploads=(uploads := Uploads(folder)),
            accounts=Accounts(accounts) if accounts else None,
            tools=Endpoints(qa) if mcp else None,
            **settings,
        )
        thumbs = tmp / "feedback.jsonl"
        with built(qa, title="small", folder=folder, uploads=uploads, feedback=thumbs) as page:
            page.queue(max_size=waiting)
            server = Server(page, serving)
            ways = sorted(set(every_way(server.app.routes)))
            queue: Any = page._queue
            queue.pending_event_ids_session.max_size = sessions
            url = address(serving.host, serving.port)
            print(json.dumps({"url": url, "folder": str(folder), "ways": ways}), flush=True)
            stop.wait()
            server.stop()
            known = len(queue.pending_event_ids_session), len(queue.event_analytics)
            print(json.dumps(known))


def every_way(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the methods and paths of all routes of an app, and of what is mounted in it."""
    for route in routes:
        path = prefix + re.sub(r"\{[^}]*\}", "1", str(getattr(route, "path", "")))
        if isinstance(route, Mount):
            yield "GET", f"{path}/"
            yield from every_way(route.routes, path.rstrip("/"))
        elif nested := getattr(route, "original_router", None):
            yield from every_way(nested.routes, prefix)
        else:
            for method in getattr(route, "methods", None) or {"GET"}:
                yield method, path


if __name__ == "__main__":
    main()
