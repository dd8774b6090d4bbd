"""No request to the page costs it seconds, brings back many megabytes or fills its log.

Each try is a request whose cost might grow faster than its size: runs of blanks to be written as
Markdown, kept answers that claim large parts of a document, ratings as long as a request may be,
values and functions that there are not, headers that are none. It must be answered, with no
error of the server and within `PATIENCE_SECONDS`, or longer where the machine is busy. In the
end, the log must have no traceback, and the file of ratings be within its limit.
"""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from benchmarks.page_client import PageClient
from qa.answering import ABSTENTION
from tests.attacks import Outcome, patience
from tests.ui.serving import API, Running, small_page
from ui.visitors import limits

SMALL, FULL = 7, 300

PATIENCE_SECONDS = 15.0
_MOST_BACK = limits.MAX_RESTORED + limits.MAX_BODY_BYTES  # bytes
_MOST_LINES = 10
_SIZE = 10_000  # characters of the document that kept answers claim parts of
_SCORES = {"score": 1.0, "dense_score": 1.0, "lexical_score": 1.0}
_RANKS = {"rank": 1, "dense_rank": 1, "lexical_rank": 1}
_ORIGINS = ("http://[", "http://[x]", "http://]/", "//", "", "http://\u2026", "a" * 9_000)
_VALUES: tuple[object, ...] = (1e308, -1e308, None, [], {}, "x" * 99_999, True, 10**400)

Way = Callable[[], httpx.Response]


class Sender:
    """Makes requests of all these kinds."""

    def __init__(self, client: httpx.Client, token: str, rng: random.Random) -> None:
        self._client = client
        self._token = token
        self._rng = rng
        config = client.get("/config").json()
        self._components = {
            name: each["id"]
            for each in config["components"]
            for name in each["props"].get("server_fns") or ()
        }
        self._inputs = {each["id"]: len(each["inputs"]) for each in config["dependencies"]}

    def ways(self) -> tuple[Way, ...]:
        return (self.title, self.quote, self.claim, self.claims, self.rate, self.join, self.origin)

    def title(self) -> httpx.Response:
        return self._markdown(self._blanks(199_000), [])

    def quote(self) -> httpx.Response:
        size = self._rng.choice((1_000, 1_500, 2_000))
        turn = self._turn(question=self._blanks(size), query=self._blanks(size))
        return self._markdown(self._blanks(size), [turn] * 100)

    def claim(self) -> httpx.Response:
        row = {"start": self._rng.randrange(9), "end": self._rng.randrange(_SIZE // 2, _SIZE)}
        return self._restore([row] * 50, 60)

    def claims(self) -> httpx.Response:
        rows = [{"start": 0, "end": self._rng.randint(4_000, 5_000)} for _ in range(50)]
        return self._restore(rows, 100)

    def rate(self) -> httpx.Response:
        size = self._rng.choice((1_000, 2_000, 90_000))
        turn = self._turn(question="q " * (size // 2), text=ABSTENTION, abstained=True)
        history = ["h " * (size // 2)] * self._rng.choice((5, 20))
        return self._serve("rate", {"turn": turn, "history": history, "good": False})

    def join(self) -> httpx.Response:
        number = self._rng.choice([*self._inputs, 99, -1, 10**6])
        session = secrets.token_hex(8)
        values = [self._rng.choice(_VALUES) for _ in range(self._inputs.get(number, 2))]
        call = {"fn_index": number, "data": values, "session_hash": session}
        joined = self._post(f"{API}/queue/join", call)
        if joined.status_code == 200:
            with self._client.stream("GET", f"{API}/queue/data?session_hash={session}") as told:
                any("process_completed" in line for line in told.iter_lines())
        return joined

    def origin(self) -> httpx.Response:
        origin = self._rng.choice(_ORIGINS).encode()
        return self._client.get("/config", headers={b"Origin": origin})

    def _blanks(self, size: int) -> str:
        blank = self._rng.choice((" ", "\t", " \t", "\u00a0", "\n ", "\r"))
        return "a" + (blank * size)[: size - 2] + "b"

    def _restore(self, spans: list[dict[str, int]], times: int) -> httpx.Response:
        rows = [_SCORES | _RANKS | {"document_id": "long.txt"} | span for span in spans]
        turns = [self._turn(passages=rows)] * times
        return self._serve("restore", {"token": self._token, "turns": turns})

    def _turn(self, passages: Any = (), **answer: Any) -> dict[str, Any]:
        said = {"question": "x", "query": "", "text": "", "abstained": False, "confidence": 0.1}
        found = {"threshold": 0.0, "passages": list(passages), "sentences": [], "seconds": {}}
        quotes: dict[str, Any] = {"citations": [], "near": []}
        id_ = secrets.token_hex(8)
        return {"id": id_, "own": True, "answer": said | quotes | answer, "found": found} | (
            {"own": False} if answer.get("abstained") else {}
        )

    def _markdown(self, title: str, turns: list[Any]) -> httpx.Response:
        return self._serve("markdown", {"conversations": [{"title": title, "turns": turns}]})

    def _serve(self, name: str, data: object) -> httpx.Response:
        called = {"component_id": self._components[name], "fn_name": name, "session_hash": "a"}
        return self._post(f"{API}/component_server", called | {"data": data})

    def _post(self, path: str, data: object) -> httpx.Response:
        kind = {"Content-Type": "application/json"}
        return self._client.post(path, content=json.dumps(data), headers=kind)


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Send requests of each kind in turn."""
    with small_page(folder, mcp=False) as page:
        with page.client() as client, PageClient(page.url) as visitor:
            text = "The gate is red. ".ljust(80) + "\n"
            token = visitor.bring("long.txt", (text * (_SIZE // len(text) + 1)))["token"]
            client.timeout = httpx.Timeout(patience(PATIENCE_SECONDS))
            sender = Sender(client, token, rng)
            ways = sender.ways()
            told = [_sent(ways[number % len(ways)]) for number in range(tries)]
        told += _left(page, folder)
    return Outcome(tries, tuple(filter(None, told)))


def _sent(way: Way) -> str:
    """Make one try; return what it did that it must not."""
    started = time.monotonic()
    try:
        response = way()
    except httpx.HTTPError as error:
        return f"{way.__name__}: {type(error).__name__} after {time.monotonic() - started:.1f} s"
    if response.status_code >= 500:
        return f"{way.__name__}: {response.status_code} {response.text[:100]}"
    if len(response.content) > _MOST_BACK:
        return f"{way.__name__}: {len(response.content):,} bytes came back"
    return ""


def _left(page: Running, folder: Path) -> list[str]:
    """Return what the page has kept or said that it must not."""
    lines, thumbs = page.complaints(), folder / "feedback.jsonl"
    told = [f"the log has a traceback: {lines[-1]}"] if "Traceback" in "".join(lines) else []
    if len(lines) > _MOST_LINES:
        told.append(f"the log has {len(lines)} lines: {lines[-1]}")
    size = thumbs.stat().st_size if thumbs.exists() else 0
    if size > limits.MAX_SET_BYTES:
        told.append(f"the file of ratings has {size:,} bytes")
    return told
