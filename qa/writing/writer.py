"""Writes an answer: a language model's statements between proven quotes, each checked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from qa.answering import Answer
from qa.answering.statements import MOST_STATEMENTS, NO_SENTENCE, Statement, Verdict, Written
from qa.citations import Citation
from qa.documents import Document, Span
from qa.errors import WritingError
from qa.text.analysis import terms
from qa.writing import prompt
from qa.writing.endpoint import Endpoint
from qa.writing.literal import first_fault
from qa.writing.llm import LLM
from qa.writing.replies import Reply, Said
from qa.writing.sentences import Numbered, numbered
from qa.writing.support import ENOUGH, SupportScorer, scorer

_SENT = 3_000  # tokens of the document, at most
_LEAST = 64  # tokens of the document that a question must leave room for
_TRIED = 4  # sentences, for a statement that cites none
_FOUND = 0.7  # of support, of a sentence that the model did not cite: the best of several
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
        if answer.abstained:
            return answer
        try:
            sentences, asked = self._asked(answer, history, document_of)
        except WritingError as error:
            return replace(answer, written=Written(model=self.llm.model, problem=str(error)))
        written = _Draft(answer, sentences, self.llm, self._support or scorer())
        deadline = time.monotonic() + self.llm.seconds
        schema = prompt.schema(len(sentences))
        try:
            reply = Reply()
            for piece in self._endpoint.stream(asked, schema, deadline, stopped):
                written.take(reply.add(piece), told)
            again = prompt.again(asked, reply.text, written.failed)
            if written.failed and not stopped() and prompt.tokens(again) <= self._room:
                written.try_again()
                second = Reply()
                for piece in self._endpoint.stream(again, schema, deadline, stopped):
                    written.take(second.add(piece), told)
        except WritingError as error:
            _log.warning("%s", error)
            return written.answer(str(error))
        nothing = "" if written.shown or written.failed else NO_SENTENCE
        return written.answer("" if stopped() else nothing)

    @property
    def _room(self) -> int:
        """The most tokens of a conversation: the rest of the context is the reply's."""
        return self.llm.context - self.llm.most_written

    def _asked(
        self, answer: Answer, history: Sequence[str], document_of: Callable[[str], Document]
    ) -> tuple[list[Numbered], list[dict[str, str]]]:
        """Return the sentences that the model may point at, and the conversation with them.

        Raises:
            WritingError: there are none, or no room for any.
        """
        while True:
            around = prompt.tokens(prompt.messages(answer.question, history, ()))
            if around <= self._room // 2 or not history:
                break
            history = history[1:]
        budget = min(_SENT, (self._room - around) * 2 // 3)  # the rest is for a second try
        if budget < _LEAST:
            raise WritingError(
                f"the question is too long for the language model: it can read and write "
                f"{self.llm.context:,} tokens"
            )
        try:
            while sentences := numbered(answer, document_of, budget):
                asked = prompt.messages(answer.question, history, sentences)
                if (over := prompt.tokens(asked) - self._room) <= 0:
                    return sentences, asked
                budget -= over
        except KeyError:
            raise WritingError(
                "a document that the answer quotes is no longer there: ask again"
            ) from None
        raise WritingError(
            "no sentence near the quotes may be sent to the language model; "
            "the quotes are shown instead"
        )


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
        self._known: set[Said] = set()
        self._to_mend: list[Statement] = []

    def take(self, said: Iterable[Said], told: Told) -> None:
        """Check statements as they come, and keep those that are new."""
        for one in said:
            is_shown = any(one.sentence == other.sentence for other in self.shown)
            if is_shown or one in self._known or len(self._known) == MOST_STATEMENTS:
                continue
            self._known.add(one)
            statement, cites = self._checked(one)
            self._drop_mended(one.sentence)
            if statement.is_supported:
                self._cited += [n for n in cites if n not in self._cited]
                numbers = tuple(1 + self._cited.index(n) for n in cites)
                self.shown.append(replace(statement, citations=numbers))
                told(self.answer())
            else:
                self.failed.append(statement)

    def try_again(self) -> None:
        """Let what comes from now on take the place of the failed statements that it mends."""
        self._to_mend = [*self.failed]

    def _drop_mended(self, sentence: str) -> None:
        """Drop the failed statement that is the same sentence, or shares most words with it."""
        words = terms(sentence)
        shared = {one: len(words & terms(one.sentence)) for one in self._to_mend}
        same = [one for one in self.failed if one.sentence == sentence]
        near = [one for one in shared if 2 * shared[one] >= max(len(words), 1)]
        for one in same or sorted(near, key=shared.__getitem__)[-1:]:
            self.failed.remove(one)
            self._to_mend = [other for other in self._to_mend if other != one]

    def answer(self, problem: str = "") -> Answer:
        """Return the answer as far as it is written; the quotes stay where nothing is.

        The best of them stays in any case, behind those that are cited.
        """
        statements = (*self.shown, *self.failed)
        written = Written(statements, self._llm.model, self._llm.host, prompt.VERSION, problem)
        if not self.shown:
            return replace(self._answer, written=written)
        cited = [self._sentences[number - 1] for number in self._cited]
        quotes = [Citation(n, one.document, one.span) for n, one in enumerate(cited, 1)]
        best = self._answer.citations[0]
        place = Span(best.start, best.end)
        theirs = [one for one in self._sentences if one.document.id == best.document_id]
        if theirs and not any(one in cited and one.span.overlaps(place) for one in theirs):
            document = theirs[0].document
            quotes.append(Citation(len(quotes) + 1, document, place, best.lead, best.answer))
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
                carrying = self._carrying(said, cites, whole)
                if resting := self._resting(said.sentence, carrying):
                    return Statement(said.sentence, (), whole), resting
            failed = Statement(said.sentence, (), whole, *(fault or ("unsupported", "")))
        others = self._likely(said.sentence)
        scores = self._scores(said.sentence, [[number] for number in others])
        for score, number in sorted(zip(scores, others, strict=True), reverse=True):
            is_found = score >= _FOUND and not self._fault(said.sentence, [number])
            if is_found and (resting := self._resting(said.sentence, [number])):
                return Statement(said.sentence, (), score), resting
        return failed, ()

    def _carrying(self, said: Said, cites: Sequence[int], whole: float) -> Sequence[int]:
        """Return those of several sentences that each carry a statement alone; all if none does."""
        scores = self._scores(said.sentence, [[n] for n in cites]) if len(cites) > 1 else []
        least = max(whole - _NEAR, ENOUGH)
        alone = [n for n, score in zip(cites, scores, strict=False) if score >= least]
        return [n for n in alone if not self._fault(said.sentence, [n])] or cites

    def _resting(self, sentence: str, numbers: Sequence[int]) -> Sequence[int]:
        """Return the numbers of the sentences that say a statement.

        Each sentence is read after the one before it, which tells what "it" is. Where that one is
        needed, it is cited as well, or in its place; where it says all and cannot be cited, as it
        was not sent, there are none.
        """
        before = [one for n in numbers if (one := self._sentences[n - 1].before)]
        if not before or self._is_said(sentence, numbers):
            return numbers
        sent = {_plain(one.text): number for number, one in enumerate(self._sentences, 1)}
        known = [sent[_plain(one)] for one in before if _plain(one) in sent]
        for those in (known, sorted({*known, *numbers})):
            if known and self._is_said(sentence, those):
                return those
        unsent = [(one, sentence) for one in before if _plain(one) not in sent]
        return () if max(self._support.score(unsent), default=0.0) >= ENOUGH else numbers

    def _is_said(self, sentence: str, numbers: Sequence[int]) -> bool:
        """Return whether sentences say a statement by themselves."""
        cited = [replace(self._sentences[n - 1], before="") for n in numbers]
        if any(_plain(sentence) == _plain(one.text) for one in cited):
            return True
        (score,) = self._support.score([(_premise(cited), sentence)])
        return score >= ENOUGH and not _fault(sentence, cited)

    def _likely(self, sentence: str) -> Sequence[int]:
        """Return the numbers of the sentences that share most words with a statement."""
        words = terms(sentence)
        shared = {n: len(words & terms(one.text)) for n, one in enumerate(self._sentences, 1)}
        return sorted(filter(shared.get, shared), key=lambda n: (-shared[n], n))[:_TRIED]

    def _scores(self, sentence: str, groups: Iterable[Sequence[int]]) -> list[float]:
        """Return how well each group of sentences supports a statement: 1 where one is the same."""
        cited = [[self._sentences[number - 1] for number in group] for group in groups]
        said = _plain(sentence)
        same = [any(said == _plain(one.text) for one in group) for group in cited]
        scores = self._support.score([(_premise(group), sentence) for group in cited])
        return [1.0 if is_same else score for is_same, score in zip(same, scores, strict=True)]

    def _fault(self, sentence: str, numbers: Sequence[int]) -> tuple[Verdict, str] | None:
        return _fault(sentence, [self._sentences[number - 1] for number in numbers])


def _premise(cited: Iterable[Numbered]) -> str:
    """Return sentences in context: what they stand under is said once."""
    lines = [line for one in cited for line in one.in_context.split("\n")]
    return "\n".join(dict.fromkeys(lines))


def _fault(sentence: str, cited: Sequence[Numbered]) -> tuple[Verdict, str] | None:
    texts = dict.fromkeys(one.document.text for one in cited)
    return first_fault(sentence, [one.in_context for one in cited], list(texts))


def _plain(text: str) -> str:
    return " ".join(text.split()).rstrip(".")
