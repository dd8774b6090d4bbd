"""A visitor of the page without a browser: brings documents and asks them, as its scripts do."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

_API = "/gradio_api"


class PageClient:
    """One visitor with a conversation, and documents of its own. Use it in a `with` block.

    Args:
        url: where the page is.
        patience: how many seconds it waits for an answer.
        source: the address of this machine that it comes from.
    """

    def __init__(self, url: str, *, patience: float = 300.0, source: str = "127.0.0.1") -> None:
        transport = httpx.HTTPTransport(local_address=source)
        self._client = httpx.Client(
            base_url=url, trust_env=False, timeout=patience, transport=transport
        )
        self._session = secrets.token_hex(8)
        config = self._client.get("/config").raise_for_status().json()
        self._functions = {
            event: (function["id"], component)
            for function in config["dependencies"]
            for component, event in function["targets"]
            if event in ("ask", "bring")
        }
        self._token: str | None = None
        self._history: list[str] = []

    def bring(self, name: str, text: str) -> dict[str, Any]:
        """Add a document of one's own; return what the page is told."""
        return self.hand_in(self.send(name, text.encode()))

    def send(self, name: str, content: bytes) -> str:
        """Upload a file, and return its token."""
        sent = self._client.post("/uploads", params={"name": name}, content=content)
        return str(sent.raise_for_status().json()["token"])

    def hand_in(self, *tokens: str) -> dict[str, Any]:
        """Have uploaded files added to one's documents; return what the page is told."""
        files = [{"token": token} for token in tokens]
        told = self._run("bring", {"token": self._token, "files": files})
        self._token = told.get("token", self._token)
        return told

    def ask(self, question: str, *, own: bool = True) -> dict[str, Any]:
        """Ask, with the questions before; return the turn, or raise what went wrong."""
        asked = {
            "id": secrets.token_hex(8),
            "question": question,
            "history": self._history[-8:],
            "token": self._token,
            "own": own,
            "documents": None,
        }
        told = self._run("ask", asked)
        if "error" in told:
            raise RuntimeError(told["error"])
        self._history.append(question)
        turn: dict[str, Any] = told["turn"]
        return turn

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def _run(self, event: str, data: dict[str, Any]) -> dict[str, Any]:
        """Send an event through the queue, and wait for what comes of it."""
        function, component = self._functions[event]
        joined = {
            "data": [],
            "event_data": data,
            "fn_index": function,
            "trigger_id": component,
            "session_hash": self._session,
        }
        self._client.post(f"{_API}/queue/join", json=joined).raise_for_status()
        for message in self._messages():
            if message["msg"] == "process_completed":
                if not message["success"]:
                    raise RuntimeError(message["output"].get("error") or "it failed")
                told: dict[str, Any] = message["output"]["data"][0]
                return told
        raise RuntimeError("the server said nothing")

    def _messages(self) -> Iterator[dict[str, Any]]:
        place = f"{_API}/queue/data"
        with self._client.stream("GET", place, params={"session_hash": self._session}) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))


def quotes(turn: dict[str, Any]) -> Sequence[str]:
    """Return a turn's quotes, or in an abstention what is near."""
    answer = turn["answer"]
    return [citation["quote"] for citation in answer["citations"] or answer["near"]]
