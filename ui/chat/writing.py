"""Written answers on the page: a language model writes in a thread, and the page watches."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue

import gradio as gr

from qa import Answer
from ui.chat.asking import Answered, Id, Question
from ui.chat.seals import Seals
from ui.chat.turns import KeptAnswer
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

_BEAT = 1.0  # seconds between two signs of life
_MOST_STOPPED = 1_000  # that were stopped before they began

Stopped = Callable[[], bool]
Told = Callable[[Answer], None]
Write = Callable[[Answered, Told, Stopped], Answer]
"""Writes an answer, and tells of it as far as it is written."""


class _Stop(Request):
    id: Id


class Draft:
    """An answer that is being written in a thread of its own, which ends when it can.

    Args:
        write: writes the answer.
        done: is called at the end of the thread.
    """

    def __init__(
        self, write: Callable[[Told, Stopped], Answer], done: Callable[[], None] = lambda: None
    ) -> None:
        self._write = write
        self._done = done
        self._stop = threading.Event()
        self._reports: SimpleQueue[tuple[Answer | BaseException | None, bool]] = SimpleQueue()

    def stop(self) -> None:
        """Stop: no more is yielded, whatever the thread does."""
        self._stop.set()
        self._reports.put((None, True))

    def steps(self) -> Iterator[tuple[Answer | None, bool]]:
        """Write; yield the answer with each statement more, and whether it is the last.

        None in its place is a sign of life.

        Raises:
            Exception: what went wrong.
        """
        threading.Thread(target=self._run, daemon=True).start()
        try:
            is_last = False
            while not is_last:
                try:
                    latest, is_last = self._reports.get(timeout=_BEAT)
                except Empty:
                    latest = None
                if self._stop.is_set():
                    return
                if isinstance(latest, BaseException):
                    raise latest
                yield latest, is_last
        finally:
            self._stop.set()

    def _run(self) -> None:
        try:
            answer = self._write(lambda so_far: self._reports.put((so_far, False)), self._is_over)
            self._reports.put((answer, True))
        except BaseException as error:
            self._reports.put((error, True))
        finally:
            self._done()

    def _is_over(self) -> bool:
        return self._stop.is_set()


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
            time.sleep(_BEAT)
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
