"""One visitor who asks for all that there is keeps no other waiting.

Each try is a request of a greedy visitor: long documents under ever new tokens, slow questions by
every way, answers of thousands of quotes to check, calls whose results are never fetched. Several
are under way at any time. Meanwhile a visitor at another address brings documents and asks; each
of that must come within `PATIENCE_SECONDS`, or longer where the machine is busy at the start.
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from benchmarks.page_client import PageClient, quotes
from tests.attacks import Outcome, patience
from tests.ui.serving import API, QUESTION, Running, small_page

SMALL, FULL = 8, 600

PATIENCE_SECONDS = 6.0
_VISITS_EACH = 15  # fewer than the documents that one may have
_AT_ONCE = 30  # at most
_SLOW = "How slowly does the bridge of Bern burn?"
_CITATION = {
    "number": 1, "quote": "stone", "start": 0, "end": 5, "document_id": "small.txt",
    "title": "small", "source": None, "sha256": "", "byte_start": 0, "byte_end": 5, "line": 1,
    "page": None, "occurrence": 1, "occurrences": 1,
}  # fmt: skip
_ANSWER = {"question": "", "text": "", "abstained": False, "near": []}
_DOCUMENT = "The gate of {n} is painted red in the year {n}, and the pier of {n} is closed. "


class Greedy:
    """Makes one request after another, each of another kind, and looks at no answer."""

    def __init__(self, page: Running, rng: random.Random) -> None:
        self._page = page
        self._rng = rng
        self._component = next(
            each["id"]
            for each in httpx.get(f"{page.url}config", trust_env=False).json()["components"]
            if each["props"].get("elem_id") == "iq-ask"
        )

    def ask_for(self, tries: int) -> None:
        ways: list[Callable[[httpx.Client], object]] = [
            *(self._bring, self._ask, self._verify, self._leave_unread, self._restore),
            *(self._use_tool, self._reload, self._ask_on_page),
        ]
        with self._page.client() as client:
            for _ in range(tries):
                with suppress(httpx.HTTPError, RuntimeError, ValueError, KeyError):
                    self._rng.choice(ways)(client)

    def _bring(self, _: httpx.Client) -> None:
        text = "".join(_DOCUMENT.format(n=self._rng.random()) for _ in range(1_000))
        with PageClient(self._page.url, patience=30) as visitor:
            visitor.bring("long.txt", text)

    def _ask(self, client: httpx.Client) -> None:
        joined = client.post(f"{API}/call/ask", json={"data": [_SLOW, None, 8, False]})
        client.get(f"{API}/call/ask/{joined.json()['event_id']}")

    def _verify(self, client: httpx.Client) -> None:
        answer = _ANSWER | {"citations": [_CITATION] * 5_000}
        joined = client.post(f"{API}/call/verify", json={"data": [answer]})
        client.get(f"{API}/call/verify/{joined.json()['event_id']}")

    def _leave_unread(self, client: httpx.Client) -> None:
        client.post(f"{API}/call/ask", json={"data": [_SLOW, None, 8, False]})

    def _restore(self, client: httpx.Client) -> None:
        turn = {
            "id": "a",
            "answer": _ANSWER | {"query": "", "confidence": 1.0, "citations": [_CITATION] * 12},
            "found": {"threshold": 0.0, "passages": [], "sentences": [], "seconds": {}},
        }
        self._serve(client, "restore", {"token": None, "turns": [turn] * 400})

    def _ask_on_page(self, client: httpx.Client) -> None:
        self._serve(client, "ask", {"id": secrets.token_hex(8), "question": _SLOW})

    def _serve(self, client: httpx.Client, name: str, data: dict[str, Any]) -> None:
        asked = {
            "session_hash": secrets.token_hex(8),
            "component_id": self._component,
            "fn_name": name,
            "data": data,
        }
        client.post(f"{API}/component_server", json=asked)

    def _reload(self, client: httpx.Client) -> None:
        for path in ("/", "/config", f"{API}/info", f"{API}/openapi.json"):
            client.get(path)

    def _use_tool(self, client: httpx.Client) -> None:
        params = {"name": "ask", "arguments": {"question": _SLOW}}
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        accepted = {"Accept": "application/json, text/event-stream"}
        client.post("/mcp", json=call, headers=accepted)


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Have one visitor make so many requests, and another one use the page."""
    with small_page(folder, seconds=0.2, slow="slowly") as page:
        visits = _visits(page, patience(PATIENCE_SECONDS))
        survivors = next(visits)  # what is loaded at first use is loaded
        at_once = min(tries, _AT_ONCE)
        share = -(-tries // at_once)
        greedy = [Greedy(page, random.Random(rng.random())) for _ in range(at_once)]
        threads = [threading.Thread(target=each.ask_for, args=(share,)) for each in greedy]
        for thread in threads:
            thread.start()
        survivors += next(visits)
        while any(thread.is_alive() for thread in threads):
            survivors += next(visits)
        for thread in threads:
            thread.join()
    return Outcome(share * at_once, tuple(survivors))


def _visits(page: Running, seconds: float) -> Iterator[list[str]]:
    """Use the page from other addresses, as people would; yield what went wrong with each visit."""
    for person in range(2, 255):
        with PageClient(page.url, patience=60, source=f"127.0.0.{person}") as visitor:
            for number in range(_VISITS_EACH):
                yield _visit(visitor, f"The tower of person {person}, ", number, seconds)


def _visit(visitor: PageClient, own: str, number: int, seconds: float) -> list[str]:
    """Bring a document that begins as all of one's own do, and ask; return what went wrong."""
    said = f"{own}{number} years old, is of marble."
    faults: list[str] = []
    for what, use in (
        ("a document", lambda: _brought(visitor.bring("mine.txt", said))),
        ("a question to it", lambda: _quoted(visitor.ask("Of what is the tower?"), own)),
        ("a question", lambda: visitor.ask(QUESTION, own=False)),
    ):
        started = time.monotonic()
        try:
            use()
        except (httpx.HTTPError, RuntimeError) as error:
            faults.append(f"{what}, {own}{number}: {type(error).__name__} {error}")
        took = time.monotonic() - started
        if took > seconds:
            faults.append(f"{what}, {own}{number}: it took {took:.1f} s")
    return faults


def _brought(told: dict[str, Any]) -> None:
    if told.get("error") or told.get("problems"):
        raise RuntimeError(str(told))


def _quoted(turn: dict[str, Any], own: str) -> None:
    found = quotes(turn)
    if not found or not all(quote.startswith(own) for quote in found):
        raise RuntimeError(f"the quotes are {found}")
