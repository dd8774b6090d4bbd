"""Thumbs up and down, kept as a question set that `inquote eval` reads."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from qa import QA
from qa.evaluation import Question, load_questions, save_questions
from qa.evaluation.questions import NOT_JUDGED, fingerprint
from ui.chat.turns import Turn

RIGHT, WRONG = "thumbs-up", "thumbs-down"


class Feedback:
    """What visitors said of answers, in one file of JSON lines for one corpus.

    A right answer becomes a question with its quotes, or one that the corpus does not answer. A
    wrong one becomes a question that is not judged: that the quotes are wrong does not tell
    which are right.

    Args:
        path: the file; it need not be there yet.
        qa: the corpus that was asked.
    """

    def __init__(self, path: Path, qa: QA) -> None:
        self.path = path
        self._qa = qa
        self._corpus: str | None = None
        self._lock = threading.Lock()

    def rate(self, turn: Turn, right: bool | None, history: tuple[str, ...] = ()) -> None:
        """Keep what was said of an answer, in the place of what was said of it before.

        Args:
            turn: the question and its answer.
            right: whether it is right; None takes back what was said.
            history: the questions asked before it.

        Raises:
            QuestionSetError: the file cannot be read or written, or is of another corpus.
        """
        with self._lock:
            kept = list(load_questions(self.path)) if self.path.exists() else []
            rest = [question for question in kept if question.id != turn.id]
            added = [] if right is None else [_question(turn, right, history)]
            self.path.parent.mkdir(0o700, parents=True, exist_ok=True)
            if rest or added:
                save_questions(self.path, [*rest, *added], corpus=self._fingerprint())
            else:
                self.path.unlink(missing_ok=True)

    def _fingerprint(self) -> str:
        if self._corpus is None:
            index = self._qa.index
            self._corpus = fingerprint(index.document(id_) for id_ in index.document_ids())
        return self._corpus


def _question(turn: Turn, right: bool, history: tuple[str, ...]) -> Question:
    answer = turn.answer
    asked = Question(turn.id, answer.question, answerable=False, history=history, tags=(WRONG,))
    if not right:
        return replace(asked, tags=(NOT_JUDGED, WRONG))
    quotes = tuple(dict.fromkeys(citation.quote for citation in answer.citations))
    return replace(asked, answerable=bool(quotes), quotes=quotes, tags=(RIGHT,))
