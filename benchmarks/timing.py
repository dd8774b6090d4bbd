"""Timing that a busy machine misleads less: turns taken, the best beside the median."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, several times; all in seconds.

    Attributes:
        clock: of each time, on the clock.
        processor: the mean of all times, of every core that was at work for it.
    """

    clock: tuple[float, ...]
    processor: float

    @property
    def median(self) -> float:
        """Of the clock."""
        return statistics.median(self.clock)

    @property
    def best(self) -> float:
        """The least of the clock."""
        return min(self.clock)

    @property
    def p95(self) -> float:
        """The 95th percentile of the clock."""
        return statistics.quantiles(self.clock, n=100, method="inclusive")[94]


Sample = tuple[float, float]
"""Seconds of the clock, and of the processor."""


def clocked(work: Callable[[], object]) -> Sample:
    """Do something once, and time it; its processor time is that of all of this process."""
    used, started = time.process_time(), time.perf_counter()
    work()
    return time.perf_counter() - started, time.process_time() - used


def gathered(samples: Sequence[Sample]) -> Times:
    """Put samples together."""
    return Times(tuple(clock for clock, _ in samples), statistics.mean(cpu for _, cpu in samples))


def in_turns(works: Mapping[str, Callable[[], Sample]], runs: int) -> dict[str, Times]:
    """Time each once, then each once more, and so on: what disturbs one disturbs the others."""
    samples: dict[str, list[Sample]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            samples[name].append(work())
    return {name: gathered(theirs) for name, theirs in samples.items()}


def best_of(work: Callable[[], object], seconds: float) -> float:
    """Return the least seconds that something takes, tried for so long after a first time."""
    work()
    until, best = time.perf_counter() + seconds, float("inf")
    while time.perf_counter() < until:
        best = min(best, clocked(work)[0])
    return best


def processor_seconds(pid: int) -> float:
    """Return how long the cores have worked for a running process; 0 where Linux cannot tell."""
    import os

    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    user, system = told.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def shown(value: float) -> str:
    """Write a number with three digits or so that count."""
    if not value:
        return "0"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 3
    return f"{value:,.{digits}f}"
