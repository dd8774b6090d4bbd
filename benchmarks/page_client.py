"""Visitors of the page without a browser, who bring documents and ask, as the page's scripts do."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

_API = "/gradio_api"
_SENTENCES = (
    "The lighthouse of {town} was built in {year} by order of the harbour council.",
    "The vault of {town} is opened with the word {word}.",
    "Its keeper is called Keeper{number}, who has two dogs and a boat.",
    "The eastern pier is closed in winter, when the waves are high.",
    "Fishermen bring herring to the market in the early morning.",
)
_QUESTIONS = (
    ("When was the lighthouse of {town} built?", "{year}"),
    ("Which word opens the vault of {town}?", "{word}"),
    ("What is its keeper called?", "Keeper{number}"),
)


class PageClient:
    """One visitor with a conversation, and documents of its own. Use it in a `with` block.

    Args:
        url: the page's address.
        patience: how many seconds it waits for an answer.
        source: the address of this machine that it connects from.
    """

    def __init__(self, url: str, *, patience: float = 300.0, source: str = "127.0.0.1") -> None:
        transport = httpx.HTTPTransport(local_address=source)
        self._client = httpx.Client(
            base_url=url, trust_env=False, timeout=patience, transport=transport
        )
        self._session = secrets.token_hex(8)
        config = self._client.get("/config").raise_for_status().json()
        self._bring, self._component = next(
            (function["id"], component)
            for function in config["dependencies"]
            for component, event in function["targets"]
            if event == "bring"
        )
        self._token: str | None = None
        self._history: list[str] = []

    def bring(self, name: str, text: str) -> dict[str, Any]:
        """Upload a document and add it; return the server's reply."""
        return self.hand_in(self.send(name, text.encode()))

    def send(self, name: str, content: bytes) -> str:
        """Upload a file, and return its token."""
        sent = self._client.post("/uploads", params={"name": name}, content=content)
        return str(sent.raise_for_status().json()["token"])

    def hand_in(self, *tokens: str) -> dict[str, Any]:
        """Add uploaded files to the visitor's documents; return the server's reply."""
        files = [{"token": token} for token in tokens]
        reply = self._queue({"token": self._token, "files": files})
        self._token = reply.get("token", self._token)
        return reply

    def ask(self, question: str, *, own: bool = True) -> dict[str, Any]:
        """Ask with the questions before; return the turn, or raise a `RuntimeError`."""
        asked = {
            "id": secrets.token_hex(8),
            "question": question,
            "history": self._history[-8:],
            "token": self._token,
            "own": own,
            "documents": None,
        }
        reply = self._call("ask", asked)
        if "error" in reply:
            raise RuntimeError(reply["error"])
        self._history.append(question)
        turn: dict[str, Any] = reply["turn"]
        return turn

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._client.close()

    def _call(self, name: str, data: dict[str, Any]) -> dict[str, Any]:
        """Call a function of the page's conversation."""
        called = {
            "component_id": self._component,
            "fn_name": name,
            "session_hash": self._session,
            "data": data,
        }
        reply: dict[str, Any] = (
            self._client.post(f"{_API}/component_server", json=called).raise_for_status().json()
        )
        return reply

    def _queue(self, data: dict[str, Any]) -> dict[str, Any]:
        """Send files through the queue, and wait for the result."""
        joined = {
            "data": [],
            "event_data": data,
            "fn_index": self._bring,
            "trigger_id": self._component,
            "session_hash": self._session,
        }
        self._client.post(f"{_API}/queue/join", json=joined).raise_for_status()
        for message in self._messages():
            if message["msg"] == "process_completed":
                if not message["success"]:
                    raise RuntimeError(message["output"].get("error") or "it failed")
                reply: dict[str, Any] = message["output"]["data"][0]
                return reply
        raise RuntimeError("the server sent no result")

    def _messages(self) -> Iterator[dict[str, Any]]:
        place = f"{_API}/queue/data"
        with self._client.stream("GET", place, params={"session_hash": self._session}) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))


def quotes(turn: dict[str, Any]) -> Sequence[str]:
    """Return a turn's quotes, or the nearest ones of an abstention."""
    answer = turn["answer"]
    return [citation["quote"] for citation in answer["citations"] or answer["near"]]


@dataclass
class OwnVisitor:
    """A visitor who brings a document that nobody else has, and asks about it.

    Attributes:
        seconds: how long each answer took.
        faults: what was wrong; another visitor's words above all.
    """

    url: str
    number: int
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def facts(self) -> dict[str, object]:
        """What is true of this visitor's document alone."""
        number = self.number
        return {
            "town": f"Town{number}",
            "year": 1500 + number,
            "word": f"heron{number}",
            "number": number,
        }

    @property
    def text(self) -> str:
        """The visitor's document."""
        return "\n\n".join(sentence.format(**self.facts) for sentence in _SENTENCES)

    def visit(self) -> None:
        try:
            with PageClient(self.url) as client:
                reply = client.bring("mine.txt", self.text)
                if reply.get("problems") or "error" in reply:
                    self.faults.append(str(reply))
                self._ask(client)
        except Exception as error:
            self.faults.append(f"{type(error).__name__}: {error}")

    def _ask(self, client: PageClient) -> None:
        for question, right in _QUESTIONS:
            started = time.perf_counter()
            given = quotes(client.ask(question.format(**self.facts)))
            self.seconds.append(time.perf_counter() - started)
            self.faults += [f"not its own: {quote}" for quote in given if quote not in self.text]
            if not any(right.format(**self.facts) in quote for quote in given):
                self.faults.append(f"not answered: {question.format(**self.facts)}")
