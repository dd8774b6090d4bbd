"""Attacks that inquote survives, kept as scripts: `make attack` runs them in full.

Each module of this package is one attack: it has `SMALL` and `FULL`, the number of tries in
`make test` and in `make attack`, and a function `attack` (see `Attack`). They touch files of
their own and loopback alone, and are bounded in number and time.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attack.

    Attributes:
        tries: how many attempts were made.
        survivors: a line for each attempt that did what it must not.
    """

    tries: int
    survivors: tuple[str, ...] = ()


Attack = Callable[[int, random.Random, Path], Outcome]
"""Makes so many tries, drawn from a seeded generator, in an empty folder."""


@dataclass(frozen=True, slots=True)
class Named:
    """An attack, what it does in a sentence, and how many tries it makes."""

    name: str
    summary: str
    small: int
    full: int
    attack: Attack


def patience(seconds: float) -> float:
    """Return how long to wait for what takes so long at most: longer on a busy machine."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def find_attacks() -> list[Named]:
    """Return every attack of this package, by name."""
    names = [m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith(("_", "test"))]
    return [_find(name) for name in sorted(names)]


def _find(name: str) -> Named:
    module = importlib.import_module(f"{__name__}.{name}")
    summary = (module.__doc__ or "").partition("\n")[0]
    return Named(name, summary, module.SMALL, module.FULL, module.attack)
