"""A conversation: questions that may depend on those before them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from qa.answering import Answer
from qa.citations import Citation
from qa.engine import DEFAULT_TOP_K, QA
from qa.filters import Where
from qa.follow_ups.rewriting import LOOK_BACK

_SHOWN = 100  # quotes that are kept


class Conversation:
    """Asks a corpus one question after another, each of which may depend on those before it.

    It belongs to one person; several may share the `QA`. The last few questions are kept,
    and the quotes that were shown.
    """

    def __init__(self, qa: QA) -> None:
        self._qa = qa
        self._asked: deque[str] = deque(maxlen=LOOK_BACK)
        self._shown: deque[Citation] = deque(maxlen=_SHOWN)

    @property
    def questions(self) -> tuple[str, ...]:
        """The questions that the next one may depend on, oldest first."""
        return tuple(self._asked)

    def ask(
        self,
        question: str,
        *,
        top_k: int = DEFAULT_TOP_K,
        documents: Sequence[str] | None = None,
        only: str | Sequence[str] = (),
        where: Where = (),
        write: bool = False,
    ) -> Answer:
        """Answer a question as `QA.ask` does; `Answer.query` tells how it was read.

        It may depend on questions that were asked of other `documents`.

        Raises:
            QuestionError: the question cannot be asked; it is then not kept.
            SettingsError: another argument cannot be used; likewise.
        """
        answer = self._qa.ask(
            question,
            history=self.questions,
            top_k=top_k,
            documents=documents,
            only=only,
            where=where,
            shown=tuple(self._shown),
            write=write,
        )
        self._asked.append(question)
        self._shown.extend(answer.citations or answer.near)
        return answer

    def clear(self) -> None:
        """Forget the questions and quotes, and start anew."""
        self._asked.clear()
        self._shown.clear()
