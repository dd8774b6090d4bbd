"""Timing on a busy machine: alternatives in turns, the best time beside the median."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

Sample = tuple[float, float]
"""Seconds on the clock, and of the processor (all threads)."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in seconds.

    Attributes:
        clock: each time, on the clock.
        processor: the mean processor time.
    """

    clock: tuple[float, ...]
    processor: float

    @classmethod
    def of(cls, samples: Iterable[Sample]) -> Times:
        """Return the times of some samples."""
        clock, processor = zip(*samples, strict=True)
        return cls(clock, float(np.mean(processor)))

    @property
    def median(self) -> float:
        """The median on the clock."""
        return self.percentile(50)

    @property
    def best(self) -> float:
        """The shortest time on the clock."""
        return min(self.clock)

    def percentile(self, percent: int) -> float:
        """Return a percentile of the times on the clock."""
        return float(np.percentile(self.clock, percent))


def clocked(work: Callable[[], object]) -> Sample:
    """Do something once, and return how long it took in this process."""
    used, started = time.process_time(), time.perf_counter()
    work()
    return time.perf_counter() - started, time.process_time() - used


def in_turns(works: Mapping[str, Callable[[], Sample]], runs: int) -> dict[str, Times]:
    """Time each once, then each once more, and so on: a disturbance hits all alike."""
    samples: dict[str, list[Sample]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            samples[name].append(work())
    return {name: Times.of(theirs) for name, theirs in samples.items()}


def best_of(work: Callable[[], object], seconds: float) -> float:
    """Return the shortest time of something that is repeated for so many seconds."""
    work()
    until, best = time.perf_counter() + seconds, float("inf")
    while time.perf_counter() < until:
        best = min(best, clocked(work)[0])
    return best
