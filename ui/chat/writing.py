"""Written answers on the page: a language model writes in a thread, and the page watches."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator

import gradio as gr

from qa import Answer
from ui.chat.asking import Answered, Id, Question
from ui.chat.seals import Seals
from ui.chat.turns import KeptAnswer
from ui.visitors.drafts import BEAT, Draft, Stopped, Told
from ui.visitors.errors import sentence
from ui.visitors.fair_work import Places, Turns
from ui.visitors.messages import (
    Data,
    Request,
    ServerFunction,
    errors_as_data,
    in_turn,
    parsed,
)

_MOST_STOPPED = 1_000  # that were stopped before they began

Write = Callable[[Answered, Told, Stopped], Answer]
"""Writes an answer, and tells of it as far as it is written."""


class _Stop(Request):
    id: Id


class WritingHandlers:
    """Has answers written.

    Args:
        answer: answers a question in quotes.
        write: writes an answer.
        seals: mark what was written here.
        places: for the threads that write.
    """

    def __init__(
        self,
        answer: Callable[[Question], Answered],
        write: Write,
        seals: Seals,
        places: Places | None = None,
    ) -> None:
        self._answer = answer
        self._write = write
        self._seals = seals
        self._places = places or Places()
        self._drafts: dict[tuple[str, str], Draft] = {}
        self._stopped = deque[tuple[str, str]](maxlen=_MOST_STOPPED)

    def write(self, event: gr.EventData, visitor: gr.Request) -> Iterator[Data]:
        """Answer a question again, and have the answer written.

        Yield its turn, as data and rendered, with each statement more; without one where nothing
        is new. The last has `is_done`. No two are the same: a browser is told of changes alone.
        """
        try:
            asked = parsed(Question, event)
        except Exception as error:
            yield {"error": sentence(error), "is_done": True}
            return
        key = (visitor.username or "", asked.id)
        try:
            for number, (answered, answer, is_done) in enumerate(self._steps(asked, key)):
                shown = {} if answer is None else self._shown(answered, answer)
                yield {"id": asked.id, "number": number, "is_done": is_done} | shown
        except Exception as error:
            yield {"id": asked.id, "error": sentence(error), "is_done": True}

    def _steps(
        self, asked: Question, key: tuple[str, str]
    ) -> Iterator[tuple[Answered, Answer | None, bool]]:
        client, _ = key
        answered = self._answer(asked)
        while not self._places.take(client):
            if key in self._stopped:
                return
            yield answered, None, False
            time.sleep(BEAT)
        draft = Draft(
            lambda told, stopped: self._write(answered, told, stopped),
            lambda: self._places.leave(client),
        )
        self._drafts[key] = draft
        try:
            if key in self._stopped:
                self._places.leave(client)
                return
            for answer, is_last in draft.steps():
                yield answered, answer, is_last
        finally:
            self._drafts.pop(key, None)

    def _shown(self, answered: Answered, answer: Answer) -> Data:
        kept = KeptAnswer.model_validate(answer.to_dict())
        return answered.shown(answer, self._seals.of(kept))

    @errors_as_data
    def stop_writing(self, request: object, client: str = "") -> Data:
        """Stop writing an answer, also one that waits to begin."""
        key = (client, parsed(_Stop, request).id)
        self._stopped.append(key)
        if draft := self._drafts.get(key):
            draft.stop()
        return {}

    def server_functions(self) -> list[ServerFunction]:
        """Return the functions that the page's scripts call by name."""
        return [in_turn(self.stop_writing, Turns(), tells_client=True)]
