"""What programs may call: named, typed endpoints beside the page."""

from collections.abc import Callable, Iterator
from functools import wraps
from inspect import isgeneratorfunction, signature
from typing import Any, get_args

import gradio as gr

from qa import QA, Answer, verify
from qa.errors import AnswerFileError, QuestionError, SettingsError
from qa.verification.answer_files import parse_answer
from ui.server.gradio_patches.page import explained, function_description
from ui.visitors.drafts import Draft
from ui.visitors.limits import ANSWERED_AT_ONCE, MAX_TOP_K, WRITTEN_AT_ONCE

SHARED = "ask"
"""The `concurrency_id` of all work on questions."""

NAMES = ("ask", "write", "overview", "retrieve", "verify")
"""The endpoints, by name."""

WRITES = "write"
"""The endpoint that takes as long as a language model: questions do not wait behind it."""


class Endpoints:
    """The calls for a corpus, in plain data."""

    def __init__(self, qa: QA) -> None:
        self._qa = qa

    def ask(
        self, question: str, history: list[str] | None = None, top_k: int = 8
    ) -> dict[str, Any]:
        """Answer a question in the documents' own words, each quote with its proof.

        Args:
            question: What to answer.
            history: The questions asked before, oldest first, for a follow-up to refer to.
            top_k: How many passages to look for quotes in, from 1 to 100.

        Returns:
            The answer: text, confidence, status, and its citations with their offsets, line and
            the SHA-256 of the document. The status is answered; tentative, where the quotes only
            possibly answer; or abstained, where nothing was found that does.
        """
        return self._answer(question, history, top_k).to_dict()

    def write(
        self, question: str, history: list[str] | None = None, top_k: int = 8
    ) -> Iterator[dict[str, Any]]:
        """Answer a question, and have the server's language model write from the quotes.

        Args:
            question: What to answer.
            history: The questions asked before, oldest first, for a follow-up to refer to.
            top_k: How many passages to look for quotes in, from 1 to 100.

        Returns:
            The answer that ask gives, as often as there is a statement more; the last is whole,
            with what the language model wrote in written: statements, each with the numbers of its
            quotes and a score of how well they support it, which is no proof.
        """
        if self._qa.llm is None:
            raise SettingsError("this server has no language model to write: use ask")
        answer = self._answer(question, history, top_k)
        before = _questions(question, history)[1]
        draft = Draft(
            lambda told, stopped: self._qa.write(answer, history=before, told=told, stopped=stopped)
        )
        for written, _ in draft.steps():  # a sign of life too, so that it ends when nobody listens
            answer = written or answer
            yield answer.to_dict()

    def overview(self, documents: list[str] | None = None, sentences: int = 5) -> dict[str, Any]:
        """Quote a few sentences of each document that together stand for it.

        Args:
            documents: The ids of the documents, or null for all; the first 20 are quoted.
            sentences: How many to quote of each, from 1 to 30.

        Returns:
            An answer as ask returns it, to the question what the documents are about.
        """
        if isinstance(sentences, bool) or not isinstance(sentences, int):
            raise SettingsError("the number of sentences is a whole one from 1 to 30")
        if documents is not None and not (
            isinstance(documents, list) and all(isinstance(id_, str) for id_ in documents)
        ):
            raise SettingsError("documents is a list of the ids of documents")
        return self._qa.overview(documents, sentences=sentences).to_dict()

    def retrieve(
        self, question: str, history: list[str] | None = None, top_k: int = 8
    ) -> dict[str, Any]:
        """Retrieve the passages of the documents that match a question best, best first.

        Args:
            question: What to look for.
            history: The questions asked before, oldest first, for a follow-up to refer to.
            top_k: How many passages to find at most, from 1 to 100.

        Returns:
            The passages, each with its rank, its score and its place in its document.
        """
        asked, before = _questions(question, history)
        return self._qa.retrieve(asked, history=before, top_k=_top_k(top_k)).to_dict()

    def verify(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Check each quote of an answer, and its proof, character by character.

        Args:
            answer: A whole answer, as ask returns it.

        Returns:
            Whether all of it verifies, and the result for each quote.
        """
        if not isinstance(answer, dict):
            raise AnswerFileError("an answer is an object, as ask returns it")
        saved = parse_answer(answer)
        known = set(self._qa.index.document_ids())
        named = {citation.document_id for citation in (*saved.citations, *saved.near)}
        sources = [self._qa.index.document(name) for name in sorted(named & known)]
        return verify(saved, sources).to_dict()

    def _answer(self, question: object, history: object, top_k: object) -> Answer:
        asked, before = _questions(question, history)
        return self._qa.ask(asked, history=before, top_k=_top_k(top_k))


def register(qa: QA) -> None:
    """Add the endpoints for a corpus, inside a `gr.Blocks` context."""
    endpoints = Endpoints(qa)
    for name in NAMES:
        endpoint = getattr(endpoints, name)
        gr.api(  # type: ignore[attr-defined]
            _explained(endpoint),
            api_name=name,
            api_description=description(endpoint),
            concurrency_limit=WRITTEN_AT_ONCE if name == WRITES else ANSWERED_AT_ONCE,
            concurrency_id=f"program {name}" if name == WRITES else SHARED,
        )


def _explained(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Give errors in sentences, which programs take as they are."""
    if not isgeneratorfunction(endpoint):
        return explained(str)(endpoint)

    @wraps(endpoint)
    def steps(*args: Any) -> Iterator[Any]:
        with explained(str):
            yield from endpoint(*args)

    declared = signature(endpoint)
    (each,) = get_args(declared.return_annotation)
    steps.__signature__ = declared.replace(return_annotation=each)  # type: ignore[attr-defined]
    return steps


def description(endpoint: Callable[..., Any], *, with_arguments: bool = True) -> str:
    """Return what an endpoint does, takes and returns, in one line."""
    does, arguments, gives = function_description(endpoint)
    takes = [f"{name}: {meaning}" for name, meaning in arguments.items() if with_arguments]
    return " ".join([does, *takes, "Gives:", *gives])


def _questions(question: object, history: object) -> tuple[str, list[str]]:
    before = [] if history is None else history
    if not isinstance(before, list):
        raise QuestionError("a history is a list of the questions asked before")
    texts = [text for text in (question, *before) if isinstance(text, str)]
    if len(texts) != 1 + len(before):
        raise QuestionError("a question is text, and so is each in its history")
    return texts[0], texts[1:]


def _top_k(top_k: object) -> int:
    if isinstance(top_k, bool) or not isinstance(top_k, int) or not 1 <= top_k <= MAX_TOP_K:
        raise SettingsError(f"the number of passages, top_k, is a whole one from 1 to {MAX_TOP_K}")
    return top_k
