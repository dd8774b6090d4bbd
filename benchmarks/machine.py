"""Which machine it is, and how busy."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("openvino", "torch", "faiss-cpu", "numpy", "gradio")


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine.

    Attributes:
        processor: its name.
        cores: how many this process may use.
        memory: in GB.
        busy: how many programs wanted a core in the minute before, on average.
        versions: of Python and of the libraries that do the work, by name.
    """

    processor: str
    cores: int
    memory: float
    busy: float
    versions: dict[str, str]

    @property
    def short(self) -> str:
        """Name the machine in a few words, and how busy it was."""
        return f"{self.cores} cores of {self.processor}, load {self.busy:.1f} before"

    @property
    def is_busy(self) -> bool:
        """Whether half of its cores or more were taken: times on the clock are then too long."""
        return self.busy >= self.cores / 2


@cache
def this_machine() -> Machine:
    """Look at this machine, once."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    versions = {"Python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    return Machine(_processor(), cores(), pages / 1e9, os.getloadavg()[0], versions)


def cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in told.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()
