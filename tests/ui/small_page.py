"""Serves a small page with an encoder that needs no model."""

from __future__ import annotations

import json
import re
import resource
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.routing import BaseRoute, Mount

from embeddings import Tokens
from qa import QA, Answer, Document
from qa.answering import DEFAULT_THRESHOLD, ExtractiveAnswerer
from qa.errors import IndexUnreachable
from qa.index import Index, update_index
from qa.loaders import find_all, loaded
from tests.fakes import FakeEncoder
from tests.ui.serving import TEXT
from ui.app import built
from ui.chat.page_files import CorpusFiles
from ui.server import access, tools
from ui.server.accounts import Accounts
from ui.server.endpoints import Endpoints
from ui.server.server import Server, Serving, address, stop_event
from ui.visitors import limits
from ui.visitors.folder import private_folder
from ui.visitors.library import Library
from ui.visitors.uploads import Uploads


class SlowEncoder(FakeEncoder):
    """Takes its time to encode passages with the word "slowly"."""

    def encode_with_tokens(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[Tokens]]:
        time.sleep(0.3 if any("slowly" in text for text in texts) else 0)
        return super().encode_with_tokens(texts)


class SlowQA(QA):
    """Takes its time to answer, and cannot at the first try."""

    seconds = 0.0

    slow = ""  # a word of the questions that take it

    gone = ""  # a word of the questions whose first try finds no index

    def ask(self, question: str, **options: Any) -> Answer:
        if self.gone and self.gone in question:
            SlowQA.gone = ""
            raise IndexUnreachable("the index on milvus cannot be used: it is away", folder="")
        time.sleep(self.seconds if self.slow in question else 0)
        return super().ask(question, **options)


def serve(tmp: Path, settings: dict[str, Any], said: Connection) -> None:
    """Serve a page until a signal.

    Send where it is and which routes it has. At the end, write of how many calls Gradio still
    knows.
    """
    if files := settings.pop("files", None):
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    encoder = SlowEncoder()
    given = settings.pop("documents", {"small.txt": TEXT})
    found = [] if isinstance(given, dict) else find_all(given)
    texts = given if isinstance(given, dict) else {}
    documents = [loaded(one) for one in found] + [Document(*each) for each in texts.items()]
    update_index(tmp / "index", documents, encoder=encoder)
    answerer = ExtractiveAnswerer(encoder, threshold=settings.pop("threshold", DEFAULT_THRESHOLD))
    with (
        private_folder() as folder,
        SlowQA(Index.open(tmp / "index"), encoder, answerer, llm=settings.pop("llm", None)) as qa,
        _pages(settings.pop("pages", None)) as more,
    ):
        access._WRONG_COSTS_SECONDS = 0
        SlowQA.seconds = settings.pop("seconds", 0.0)
        SlowQA.slow = settings.pop("slow", "")
        SlowQA.gone = settings.pop("gone", "")
        for name, value in settings.pop("limits", {}).items():
            setattr(limits, name, value)
        tools.WAITING_AT_MOST = waiting = settings.pop("waiting", 64)
        sessions = settings.pop("sessions", 2_000)
        accounts = settings.pop("accounts", None)
        if days := settings.pop("days", 0):
            (library := tmp / "library").mkdir(0o700, exist_ok=True)
            more["library"] = Library(library, days)
        stop = stop_event()
        serving = Serving(
            uploads=(uploads := Uploads(folder)),
            accounts=Accounts(accounts) if accounts else None,
            tools=Endpoints(qa) if settings.pop("mcp", True) else None,
            **settings,
        )
        with built(
            qa,
            title="small",
            folder=folder,
            uploads=uploads,
            feedback=tmp / "feedback.jsonl",
            links=tmp / "links.sqlite",
            login=accounts is not None,
            files=CorpusFiles(found),
            **more,
        ) as page:
            page.queue(max_size=waiting)
            server = Server(page, serving)
            ways = sorted(set(every_way(server.app.routes)))
            queue: Any = page._queue
            queue.pending_event_ids_session.max_size = sessions
            url = address(serving.host, serving.port)
            said.send({"url": url, "folder": str(folder), "ways": ways})
            stop.wait()
            server.stop()
            known = len(queue.pending_event_ids_session), len(queue.event_analytics)
            (tmp / "known.json").write_text(json.dumps(known))


@contextmanager
def _pages(pages: dict[str, str] | None) -> Iterator[dict[str, Any]]:
    """Serve a made-up web, of pages by their paths, to what the page fetches for visitors."""
    if pages is None:
        yield {}
        return
    from tests.ui.web_server import sent, web

    with web() as made:
        made.answers |= {path: sent(text.encode()) for path, text in pages.items()}
        yield {"with_urls": True}


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
