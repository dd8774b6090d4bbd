"""A question of the page, and its answer as the page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from qa import Answer
from qa.answering import Answerer
from ui.chat.choosing import Choice
from ui.chat.render import turn as rendered
from ui.chat.settings import Settings
from ui.chat.turns import Checked, FindDocument, Turn, follows
from ui.visitors.messages import Data

LOOK_BACK = 20
"""The most questions of a conversation that are sent along."""

_MOST_NOTED = 1_000  # documents that a turn says it is about

Text = Annotated[str, Field(max_length=200_000)]
Token = Annotated[str, Field(max_length=100)]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class Question(Choice):
    """A question, as a browser sends it."""

    token: Token | None = None
    id: Id
    question: Text
    history: list[Text] = Field(default_factory=list, max_length=LOOK_BACK)
    own: bool = False
    settings: Settings = Settings()


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that was answered.

    Attributes:
        asked: the question.
        answer: what was answered.
        answerer: what answered.
        find: returns the documents.
        ids: the ids of the documents that can be asked.
        chosen: the ids of those that were asked; None for all.
    """

    asked: Question
    answer: Answer
    answerer: Answerer
    find: FindDocument
    ids: Sequence[str]
    chosen: Sequence[str] | None

    def shown(self, answer: Answer | None = None, seal: str = "") -> Data:
        """Return the turn, as data and rendered; `answer` is what became of the answer since."""
        threshold = getattr(self.answerer, "threshold", 0.0)
        turn = Turn.of(
            answer or self.answer,
            self.asked.id,
            threshold,
            getattr(self.answerer, "tentative", threshold),
            own=self.asked.own,
            documents=(self.chosen or ())[:_MOST_NOTED],
            follows=follows(self.answer, self.asked.history),
            seal=seal,
        )
        about = turn.documents or (self.ids if turn.answer.abstained else [])
        return {
            "turn": turn.to_dict(),
            "html": rendered(Checked.against(turn, self.find), about),
        }
