"""Thumbs up and down, kept as a question set that `inquote eval` reads."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from qa import QA, QAError
from qa.errors import QuestionSetError
from qa.evaluation import load_questions, save_questions
from qa.evaluation.formats.jsonl import add_question
from qa.evaluation.questions import NOT_JUDGED, Place, Question, fingerprint
from qa.evaluation.records import Excerpt
from ui.chat.turns import Turn
from ui.visitors import limits
from ui.visitors.clients import share_of
from ui.visitors.errors import log_line

RIGHT, WRONG = "thumbs-up", "thumbs-down"

_LONGEST = 100_000  # characters of what is kept of an answer
_OWNER_ALONE = 0o600


Fault = Literal["wrong", "incomplete", "unsaid", "missed"]
"""What is wrong with an answer; `_FAULTS` has their tags."""

_FAULTS: dict[Fault, str] = {
    "wrong": "wrong answer",
    "incomplete": "incomplete answer",
    "unsaid": "not in the documents",
    "missed": "not found",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reader says of an answer.

    Attributes:
        right: whether it is right; None takes back what was said.
        fault: what is wrong with it, if that is told.
        excerpts: the words of the documents that answer, where the reader showed them.
    """

    right: bool | None
    fault: Fault | None = None
    excerpts: tuple[Excerpt, ...] = ()


class RatingError(QAError):
    """A rating cannot be kept."""


class Feedback:
    """The ratings of answers about one corpus, in a file of JSON lines.

    A right answer becomes a question with its quotes, or one that the corpus does not answer. A
    wrong one becomes a question with the words that answer, where the reader showed them, or that
    the corpus does not answer, if the reader said so; else one that is not judged.

    Args:
        path: the file; it need not exist yet.
        qa: the corpus that was asked; None for documents that come and go, which are not named.
    """

    def __init__(self, path: Path, qa: QA | None = None) -> None:
        self.path = path
        self._qa = qa
        self._corpus: str | None = None
        self._lock = threading.Lock()
        self._ids: set[str] = set()
        self._written: tuple[int, ...] | None = None  # the state of the file with these ids
        self._clients: dict[str, str] = {}  # by the ids that they rated

    def rate(
        self, turn: Turn, verdict: Verdict, history: tuple[str, ...] = (), client: str = ""
    ) -> None:
        """Keep a rating of an answer, instead of an earlier one.

        Args:
            turn: the question and its answer.
            verdict: what the reader says of it.
            history: the questions asked before it.
            client: who rates it.

        Raises:
            RatingError: the answer is too long, there are too many ratings, or the file cannot be
                used; the reason is logged.
        """
        question = None if verdict.right is None else _question(turn, verdict, history)
        if question and _characters(question) > _LONGEST:
            raise RatingError("this answer is too long to be rated")
        with self._lock:
            try:
                self._keep(turn.id, question, client)
            except QuestionSetError as error:
                log_line(f"a rating is not kept: {error}")
                raise RatingError(
                    "the rating cannot be kept; the terminal that runs inquote says why"
                ) from error

    def _keep(self, id_: str, question: Question | None, client: str) -> None:
        kept = None if self._written == self._state() else self._read()
        if question:
            self._check_room(client, is_new=id_ not in self._ids)
        if question and id_ not in self._ids:
            if kept is None and self._ids:
                add_question(self.path, question)
            else:
                self._write([*(kept or []), question])
            self._ids.add(id_)
            self._clients[id_] = client
        elif id_ in self._ids:
            rest = [each for each in (kept or self._read()) if each.id != id_]
            self._write([*rest, question] if question else rest)
            if not question:
                self._ids.discard(id_)
                self._clients.pop(id_, None)
        self._written = self._state()

    def _read(self) -> list[Question]:
        """Read the file, and note the ids of the rated answers."""
        kept = list(load_questions(self.path)) if self.path.exists() else []
        self._ids = {question.id for question in kept}
        return kept

    def _write(self, questions: list[Question]) -> None:
        self.path.parent.mkdir(0o700, parents=True, exist_ok=True)
        if questions:
            corpus = self._fingerprint()
            save_questions(self.path, questions, corpus=corpus, mode=_OWNER_ALONE)
        else:
            self.path.unlink(missing_ok=True)

    def _check_room(self, client: str, *, is_new: bool) -> None:
        own = sum(other == client for other in self._clients.values())
        if is_new and own >= share_of(client, limits.MAX_RATINGS_EACH):
            raise RatingError(
                f"you have rated {own:,} answers, the most that are kept for one person"
            )
        size = self.path.stat().st_size if self.path.exists() else 0
        is_full = is_new and len(self._ids) >= limits.MAX_RATINGS
        if is_full or size > limits.MAX_SET_BYTES:
            raise RatingError("there is no room for more ratings here, so this one is not kept")

    def _state(self) -> tuple[int, ...] | None:
        """Return a value that changes when somebody else changes the file."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def _fingerprint(self) -> str | None:
        if self._corpus is None and self._qa is not None:
            index = self._qa.index
            self._corpus = fingerprint(index.document(id_) for id_ in index.document_ids())
        return self._corpus


def _characters(question: Question) -> int:
    return sum(map(len, (question.text, *question.history, *question.quotes)))


def _question(turn: Turn, verdict: Verdict, history: tuple[str, ...]) -> Question:
    answer = turn.answer
    asked = Question(turn.id, answer.question, answerable=False, history=history)
    if verdict.right:
        quotes = tuple(dict.fromkeys(citation.quote for citation in answer.citations))
        return replace(asked, answerable=bool(quotes), quotes=quotes, tags=(RIGHT,))
    tags = (WRONG, _FAULTS[verdict.fault]) if verdict.fault else (WRONG,)
    if verdict.fault == "unsaid":
        return replace(asked, tags=tags)
    if not verdict.excerpts:
        return replace(asked, tags=(NOT_JUDGED, *tags))
    shown = answer.citations if verdict.fault == "incomplete" else ()
    places = {Place(c.document_id, c.start, c.end): c.quote for c in shown}
    places |= {excerpt.place: excerpt.text for excerpt in verdict.excerpts}
    return replace(
        asked,
        answerable=True,
        quotes=tuple(dict.fromkeys(places.values())),
        places=tuple((place,) for place in places),
        tags=tags,
    )
