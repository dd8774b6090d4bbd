"""Endpoints that write what they are told, and a scorer without a model."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from qa.writing import LLM
from tests.qa.writing.endpoints import DONE, Asked, chunk, replies, serving

KEY = "sk-planted-0123456789abcdef"
"""A key, which nothing may show."""

Said = tuple[str, Sequence[str]]
"""A sentence, and words of each numbered sentence that it cites."""


@contextmanager
def pointing(say: Callable[[str], Sequence[Said]]) -> Iterator[str]:
    """Serve what is said to a prompt; yield the address."""

    def handle(asked: Asked) -> None:
        messages = json.loads(asked.body)["messages"]
        lines = re.findall(r"^(\d+)\. (.*)", messages[1]["content"], re.MULTILINE)
        is_again = len(messages) > 2
        said = () if is_again else say(messages[1]["content"])
        asked.write(replies(*((sentence, _numbers(words, lines)) for sentence, words in said)))

    with serving(handle) as server:
        yield server.url


def _numbers(words: Sequence[str], lines: Sequence[tuple[str, str]]) -> list[int]:
    return [int(number) for each in words for number, line in lines if each in line]


@dataclass
class Script:
    """What an endpoint does from now on.

    Attributes:
        statements: the sentences that it writes, with the numbers that each cites.
        status: what it answers with.
        silent: whether it says nothing before `goes_on` is set.
        goes_on: what it waits for after its first statement.
        asked: the requests that came.
    """

    statements: Sequence[tuple[str, Sequence[int]]] = ()
    status: int = 200
    silent: bool = False
    goes_on: threading.Event = field(default_factory=threading.Event)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.goes_on.set()

    def handle(self, asked: Asked) -> None:
        """Answer a request."""
        self.asked.append(json.loads(asked.body))
        asked.begin(self.status)
        if self.silent:
            self.goes_on.wait()
        for piece in self._pieces() if self.status == 200 else ():
            asked.wfile.write(chunk(piece))
        asked.wfile.write(DONE)

    def _pieces(self) -> Iterator[str]:
        yield '{"statements": ['
        for number, (sentence, cites) in enumerate(self.statements):
            if number == 1:
                self.goes_on.wait()
            yield json.dumps({"sentence": sentence, "cites": list(cites)})
        yield "]}"


@contextmanager
def scripted(script: Script) -> Iterator[LLM]:
    """Serve an endpoint that does what a script says."""
    with serving(script.handle) as server:
        try:
            yield LLM("scripted", server.url, key=KEY, seconds=60)
        finally:
            script.goes_on.set()


class WordScorer:
    """Scores a statement by the share of its words that the premise has."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        return [_share(premise, statement) for premise, statement in pairs]


def _share(premise: str, statement: str) -> float:
    said, there = ({*re.findall(r"\w+", text.lower())} for text in (statement, premise))
    return len(said & there) / len(said)
