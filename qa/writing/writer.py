"""Writes an answer: a language model's statements between proven quotes, each checked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from qa.answering import Answer
from qa.answering.statements import MOST_STATEMENTS, Statement, Verdict, Written
from qa.citations import Citation
from qa.documents import Document
from qa.errors import WritingError
from qa.text.analysis import terms
from qa.writing import prompt
from qa.writing.endpoint import Endpoint
from qa.writing.literal import first_fault
from qa.writing.llm import LLM
from qa.writing.replies import Reply, Said
from qa.writing.sentences import Numbered, numbered
from qa.writing.support import ENOUGH, SupportScorer, scorer

_AROUND = 512  # tokens of a prompt that are not the document's
_SENT = 3_000  # tokens of the document, at most
_TRIED = 4  # sentences, for a statement that cites none
_FOUND = 0.8  # of support, of a sentence that the model did not cite: the best of several
_NEAR = 0.05  # of support, that one quote may be behind all that are cited

Told = Callable[[Answer], None]
"""Is given the answer as far as it is written."""

_log = logging.getLogger("inquote")


class Writer:
    """Lets a language model write answers, and checks what it writes.

    Args:
        llm: the model.
        support: scores statements; None is the one that comes with inquote.
    """

    def __init__(self, llm: LLM, support: SupportScorer | None = None) -> None:
        self.llm = llm
        self._endpoint = Endpoint(llm)
        self._support = support

    def write(
        self,
        answer: Answer,
        history: Sequence[str],
        document_of: Callable[[str], Document],
        told: Told | None = None,
        stopped: Callable[[], bool] | None = None,
    ) -> Answer:
        """Return an answer with what the model wrote of its passages, where that holds.

        An abstention stays one, and the model is not asked. Where no statement holds, or the model
        cannot be asked, the quotes stay as they are, and `Answer.written` says why.

        Args:
            answer: in quotes, with its passages.
            history: the questions asked before.
            document_of: returns the document of an id.
            told: is given the answer each time that it has a statement more.
            stopped: whether to stop where it is.
        """
        told, stopped = told or (lambda _: None), stopped or (lambda: False)
        budget = min(_SENT, self.llm.context - self.llm.most_written - _AROUND)
        try:
            sentences = [] if answer.abstained else numbered(answer, document_of, max(budget, 256))
        except KeyError:
            gone = "a document that the answer quotes is no longer there: ask again"
            return replace(answer, written=Written(model=self.llm.model, problem=gone))
        if not sentences:
            return answer
        written = _Draft(answer, sentences, self.llm, self._support or scorer())
        deadline = time.monotonic() + self.llm.seconds
        asked = prompt.messages(answer.question, history, sentences)
        schema = prompt.schema(len(sentences))
        try:
            reply = Reply()
            for piece in self._endpoint.stream(asked, schema, deadline, stopped):
                written.take(reply.add(piece), told)
            if written.failed and not stopped():
                again = prompt.again(asked, reply.text, written.failed)
                second = Reply()
                for piece in self._endpoint.stream(again, schema, deadline, stopped):
                    written.take(second.add(piece), told, replace_failed=True)
        except WritingError as error:
            _log.warning("%s", error)
            return written.answer(str(error))
        nothing = "" if written.shown or written.failed else "the language model wrote no sentence"
        return written.answer("" if stopped() else nothing)


class _Draft:
    """An answer that is being written."""

    def __init__(
        self, answer: Answer, sentences: Sequence[Numbered], llm: LLM, support: SupportScorer
    ) -> None:
        self.shown: list[Statement] = []
        self.failed: list[Statement] = []
        self._answer = answer
        self._sentences = sentences
        self._llm = llm
        self._support = support
        self._cited: list[int] = []
        self._known: set[str] = set()

    def take(self, said: Iterable[Said], told: Told, *, replace_failed: bool = False) -> None:
        """Check statements as they come, and keep those that are new."""
        for one in said:
            if one.sentence in self._known or len(self._known) == MOST_STATEMENTS:
                continue
            self._known.add(one.sentence)
            statement, cites = self._checked(one)
            if statement.is_supported:
                self._cited += [n for n in cites if n not in self._cited]
                numbers = tuple(1 + self._cited.index(n) for n in cites)
                self.shown.append(replace(statement, citations=numbers))
                told(self.answer())
            elif not replace_failed:
                self.failed.append(statement)

    def answer(self, problem: str = "") -> Answer:
        """Return the answer as far as it is written; the quotes stay where nothing is."""
        statements = (*self.shown, *self.failed)
        written = Written(statements, self._llm.model, self._llm.host, prompt.VERSION, problem)
        if not self.shown:
            return replace(self._answer, written=written)
        cited = (self._sentences[number - 1] for number in self._cited)
        quotes = (Citation(n, one.document, one.span) for n, one in enumerate(cited, 1))
        return replace(self._answer, citations=tuple(quotes), written=written)

    def _checked(self, said: Said) -> tuple[Statement, Sequence[int]]:
        """Return a statement with its verdict, and the numbers of the sentences that carry it.

        One that cites none, or the wrong ones, is given another sentence if that carries it.
        """
        cites = [number for number in said.cites if 0 < number <= len(self._sentences)]
        failed = Statement(said.sentence, (), 0.0, "uncited")
        if cites:
            (whole,) = self._scores(said.sentence, [cites])
            fault = self._fault(said.sentence, cites)
            if whole >= ENOUGH and not fault:
                return Statement(said.sentence, (), whole), self._carrying(said, cites, whole)
            failed = Statement(said.sentence, (), whole, *(fault or ("unsupported", "")))
        others = self._likely(said.sentence)
        scores = self._scores(said.sentence, [[number] for number in others])
        for score, number in sorted(zip(scores, others, strict=True), reverse=True):
            if score >= _FOUND and not self._fault(said.sentence, [number]):
                return Statement(said.sentence, (), score), [number]
        return failed, ()

    def _carrying(self, said: Said, cites: Sequence[int], whole: float) -> Sequence[int]:
        """Return those of several sentences that each carry a statement alone; all if none does."""
        scores = self._scores(said.sentence, [[n] for n in cites]) if len(cites) > 1 else []
        least = max(whole - _NEAR, ENOUGH)
        alone = [n for n, score in zip(cites, scores, strict=False) if score >= least]
        return [n for n in alone if not self._fault(said.sentence, [n])] or cites

    def _likely(self, sentence: str) -> Sequence[int]:
        """Return the numbers of the sentences that share most words with a statement."""
        words = terms(sentence)
        shared = {n: len(words & terms(one.text)) for n, one in enumerate(self._sentences, 1)}
        return sorted(filter(shared.get, shared), key=lambda n: (-shared[n], n))[:_TRIED]

    def _scores(self, sentence: str, groups: Iterable[Sequence[int]]) -> list[float]:
        """Return how well each group of sentences supports a statement: 1 where one is the same."""
        groups = list(groups)
        said = _plain(sentence)
        same = [any(said == _plain(self._sentences[n - 1].text) for n in group) for group in groups]
        scores = self._support.score([(self._premise(numbers), sentence) for numbers in groups])
        return [1.0 if is_same else score for is_same, score in zip(same, scores, strict=True)]

    def _premise(self, numbers: Sequence[int]) -> str:
        """Return sentences in context: what they stand under is said once."""
        lines = [line for n in numbers for line in self._sentences[n - 1].in_context.split("\n")]
        return "\n".join(dict.fromkeys(lines))

    def _fault(self, sentence: str, numbers: Sequence[int]) -> tuple[Verdict, str] | None:
        cited = [self._sentences[number - 1] for number in numbers]
        texts = dict.fromkeys(one.document.text for one in cited)
        return first_fault(sentence, [one.in_context for one in cited], list(texts))


def _plain(text: str) -> str:
    return " ".join(text.split()).rstrip(".")
