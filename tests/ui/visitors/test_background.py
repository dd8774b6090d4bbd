"""Work in the background tells how far it is, and stops when nobody listens."""

from __future__ import annotations

import gc
import threading

import pytest

from qa import QAError
from qa.progress import Progress
from ui.visitors.background import Finished, Step, Stopped, in_background


class TestInTheBackground:
    def test_it_tells_how_far_it_is_and_then_what_came_of_it(self) -> None:
        go_on = threading.Semaphore(0)

        def work(progress: Progress) -> str:
            for done in range(3):
                progress(done, 2)
                go_on.acquire()
            return "done"

        told = []
        for step in in_background(work, threading.Event()):
            told.append(step)
            go_on.release()
        assert [(step.done, step.total) for step in told if isinstance(step, Step)] == [
            (0, 2),
            (1, 2),
            (2, 2),
        ]
        assert told[-1] == Finished("done")

    def test_it_stops_at_the_next_step(self) -> None:
        stop = threading.Event()
        asked: list[int] = []

        def work(progress: Progress) -> None:
            for done in range(1_000):
                asked.append(done)
                progress(done, 1_000)
                stop.wait(1)

        steps = in_background(work, stop)
        assert isinstance(next(steps), Step)
        stop.set()
        with pytest.raises(Stopped):
            list(steps)
        assert len(asked) <= 2

    def test_it_ends_when_nobody_listens_any_more(self) -> None:
        stop, ended = threading.Event(), threading.Event()

        def work(progress: Progress) -> None:
            try:
                while True:
                    progress(0, 1)
                    stop.wait(0.01)
            finally:
                ended.set()

        steps = in_background(work, stop)
        next(steps)
        del steps
        gc.collect()
        assert ended.wait(10)

    def test_what_goes_wrong_is_raised(self) -> None:
        def work(progress: Progress) -> None:
            raise QAError("no")

        with pytest.raises(QAError, match="no"):
            list(in_background(work, threading.Event()))
