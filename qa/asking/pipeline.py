"""Questions to answers, over one open index."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TypeVar

from embeddings import Encoder, Reranker
from qa.answering import Answer, Answerer
from qa.answering.late_interaction import TokensOf
from qa.answering.overview import MOST_SENTENCES, OVERVIEW, Overviews
from qa.arguments import check_whole
from qa.asking.questions import QuestionReader
from qa.asking.readings import best_reading
from qa.citations import Citation
from qa.errors import AskOtherwise, QuestionError, SettingsError, UnknownLanguage
from qa.follow_ups.requests import asks_for_more, overview_request
from qa.follow_ups.rewriting import LOOK_BACK, Rewriting, rewrite
from qa.index.protocol import AnyIndex
from qa.retrieval import RetrievedPassage, RetrievedPassages, Retriever, check_question

DEFAULT_SENTENCES = 5
MOST_DOCUMENTS = 20
"""The most documents that one overview is of: the first of those asked."""

_QUOTED_IN_ALL = 12  # sentences of an overview that was asked for in words
_AT_ONCE = 64  # questions of a batch that are encoded at once

_log = logging.getLogger("inquote")

_Read = TypeVar("_Read")
_Rewriting = TypeVar("_Rewriting", Rewriting, Rewriting | None)


class Pipeline:
    """Reads questions, retrieves passages for them, and answers, all from one open index."""

    def __init__(
        self,
        index: AnyIndex,
        encoder: Encoder,
        answerer: Answerer,
        reranker: Reranker | None = None,
    ) -> None:
        self.index = index
        self.retriever = Retriever(index, encoder, reranker)
        self.tokens: TokensOf = partial(index.passage_tokens, encoder=encoder)
        self._encoder = encoder
        self._answerer = answerer
        self._reader = QuestionReader(index, encoder)
        self._overviews = Overviews(index, encoder)

    def with_answerer(self, answerer: Answerer | None) -> Pipeline:
        """Return one that answers with another answerer, if one is given, and shares all else."""
        other = copy(self)
        other._answerer = answerer or self._answerer
        return other

    def read(
        self, question: str, history: Sequence[str], documents: Sequence[str] | None
    ) -> Rewriting:
        """Refuse what is no question; correct any other, and make it standalone."""
        self._reader.check_asks(question, documents)
        return self.standalone(question, history, documents)

    def standalone(
        self, question: str, history: Sequence[str], documents: Sequence[str] | None
    ) -> Rewriting:
        """Check a question, correct it and make it standalone."""
        check_question(question, self._encoder)
        corrected = rewrite(self._reader.corrected(question), history)
        asked = self._reader.expanded(corrected, documents)
        if asked.query == question:
            return asked
        try:
            check_question(asked.query, self._encoder)
        except QuestionError:  # too long only with what came before it
            return Rewriting(question, question)
        return asked

    def retrieve(
        self, asked: Rewriting, top_k: int, documents: Sequence[str] | None
    ) -> RetrievedPassages:
        """Find the passages for a standalone question, best first."""
        return RetrievedPassages(self.retriever.retrieve(asked, top_k, documents))

    def ask(
        self,
        question: str,
        history: Sequence[str],
        top_k: int,
        documents: Sequence[str] | None,
        shown: Sequence[Citation] = (),
        asked: Rewriting | None = None,
    ) -> Answer:
        """Answer a question, as `QA.ask` says; `asked` is how it was read, if it was."""
        started = time.perf_counter()
        asked = asked or self.read(question, history, documents)
        rewritten = time.perf_counter()
        earlier = history[-LOOK_BACK:]
        last = next((n for n in reversed(range(len(earlier))) if not asks_for_more(earlier[n])), -1)
        if last < 0 or not asks_for_more(question):
            answer = self._answer(asked, bool(history), top_k, documents)
        else:
            answer = self._more(earlier[last:], earlier[:last], top_k, documents, shown)
        seconds = {
            "query": rewritten - started,
            **answer.seconds,
            "total": time.perf_counter() - started,
        }
        self._reader.check_language(answer)
        answer = replace(answer, question=question, seconds=seconds)
        _log.debug(
            "asked %r, read as %r: %s, confidence %.2f, %.0f ms",
            *(question, answer.query, answer.status),
            *(answer.confidence, 1000 * seconds["total"]),
        )
        return answer

    def retrieve_many(
        self, questions: Sequence[str], top_k: int, documents: Sequence[str] | None
    ) -> list[RetrievedPassages]:
        """Find the passages for each question, as `QA.retrieve_many` says."""
        read = _each(questions, lambda question: self.standalone(question, (), documents))
        return [self.retrieve(asked, top_k, documents) for asked in self._encoded(read)]

    def ask_many(
        self, questions: Sequence[str], top_k: int, documents: Sequence[str] | None
    ) -> list[Answer]:
        """Answer each question, as `QA.ask_many` says."""

        def read(question: str) -> Rewriting | None:
            try:
                return self.read(question, (), documents)
            except AskOtherwise:
                return None

        def answer(question: str, asked: Rewriting | None) -> Answer:
            try:
                if asked is not None:
                    return self.ask(question, (), top_k, documents, asked=asked)
            except UnknownLanguage:
                pass
            return Answer(question, question, confidence=0.0)

        return [
            answer(question, asked)
            for question, asked in zip(
                questions, self._encoded(_each(questions, read)), strict=True
            )
        ]

    def _encoded(self, read: Sequence[_Rewriting]) -> Iterator[_Rewriting]:
        """Yield questions as they were read, many of them encoded at once."""
        left = iter(read)
        while some := list(islice(left, _AT_ONCE)):
            self._encoder.prepare_queries([asked.query for asked in some if asked])
            yield from some

    def overview(self, documents: Sequence[str] | None, sentences: int) -> Answer:
        """Quote a few sentences of each document, as `QA.overview` says."""
        check_whole("sentences", sentences)
        if not 1 <= sentences <= MOST_SENTENCES:
            raise SettingsError(
                f"an overview of {sentences} sentences: ask for 1 to {MOST_SENTENCES}"
            )
        ids = list(dict.fromkeys(self.retriever.checked(documents)))
        return self._overviews.answer(OVERVIEW, ids[:MOST_DOCUMENTS], sentences)

    def _more(
        self,
        asked: Sequence[str],
        history: Sequence[str],
        top_k: int,
        documents: Sequence[str] | None,
        shown: Sequence[Citation],
    ) -> Answer:
        """Answer a question again, without what was shown; or say more of its topic.

        Args:
            asked: the question, and every "Tell me more" that came after it.
            history: the questions before it.
            top_k: as in `QA.ask`.
            documents: likewise.
            shown: likewise.
        """
        question, known = self.standalone(asked[0], history, documents), list(shown)
        again = partial(self._answer, question, bool(history), top_k, documents)
        for _ in asked if not shown else ():
            before = again(known)
            known += before.citations or before.near
        more = again(known)
        if more.abstained and (topic := question.topic):
            about = self._answer(Rewriting(topic, topic), False, top_k, documents, known)
            return more if about.abstained else about
        return more

    def _answer(
        self,
        asked: Rewriting,
        follows: bool,
        top_k: int,
        documents: Sequence[str] | None,
        shown: Sequence[Citation] = (),
    ) -> Answer:
        """Answer a question as it was rewritten, without quotes that were shown."""
        request = overview_request(asked.question, follows=follows)
        if request and (ids := request.asks_for(self.retriever.checked(documents))):
            few = min(DEFAULT_SENTENCES, max(_QUOTED_IN_ALL // len(ids), 1))
            each = request.sentences or few
            return self._overviews.answer(asked.question, ids[:MOST_DOCUMENTS], each, shown)
        started = time.perf_counter()
        passages = self.retriever.retrieve(asked, top_k, documents)
        own = passages
        if asked.may_stand_alone:
            own = self.retriever.retrieve(asked.question, top_k, documents)
        retrieved = time.perf_counter()

        def answer(query: str, passages: Sequence[RetrievedPassage]) -> Answer:
            return self._answerer.answer(
                asked.question, query, passages, self.index.document, self.tokens, shown
            )

        best = best_reading(asked, passages, own, answer)
        done = time.perf_counter()
        seconds = {"retrieval": retrieved - started, "answer": done - retrieved}
        return replace(best, seconds=seconds)


def _each(questions: Sequence[str], read: Callable[[str], _Read]) -> list[_Read]:
    """Read each question; an error says which it is about."""
    done: list[_Read] = []
    for question in questions:
        try:
            done.append(read(question))
        except QuestionError as error:
            message = f"question {len(done) + 1:,} of {len(questions):,}: {error}"
            raise type(error)(message) from error
    return done
