"""What the sections of `python -m benchmarks` give, and the summary that is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.timing import shown

HEAD = "| | target | measured | floor | of the floor | reached | on |\n" + "| --- " * 7 + "|"


@dataclass(frozen=True, slots=True)
class Line:
    """A figure that matters, beside what it should be and what the machine allows.

    Attributes:
        what: its name; a line of another run with the same name is replaced.
        value: what was measured.
        unit: of `value`, `target` and `floor`.
        target: at most this, or at least if `more_is_better`; None where none was set.
        floor: what no program could better on this machine; None where none is derived.
        more_is_better: whether it is a rate.
    """

    what: str
    value: float
    unit: str
    target: float | None = None
    floor: float | None = None
    more_is_better: bool = False

    @property
    def reached(self) -> str:
        """Return whether the target is reached."""
        if self.target is None:
            return ""
        enough = self.value >= self.target if self.more_is_better else self.value <= self.target
        return "yes" if enough else "no"

    @property
    def share(self) -> str:
        """Return how near the floor it is, in percent: 100% could not be bettered."""
        return share(self.value, self.floor, more_is_better=self.more_is_better)

    def row(self, when: str) -> str:
        """Write the line as a row of the summary, with when it was measured."""
        bound = "at least" if self.more_is_better else "at most"
        target = "" if self.target is None else f"{bound} {self._told(self.target)}"
        floor = "" if self.floor is None else self._told(self.floor)
        cells = (self.what, target, self._told(self.value), floor, self.share, self.reached, when)
        return f"| {' | '.join(cells)} |"

    def _told(self, value: float) -> str:
        return f"{shown(value)} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Measured:
    """What a section found: Markdown to print and to write, and lines for the summary."""

    text: str
    lines: Sequence[Line] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for.

    Attributes:
        bench: a folder of question sets in BEIR's format, or None.
        keep: where what is built is kept for the next time; None keeps nothing.
        peers: which peers, by name.
        paragraphs: the most that are given to peers.
        clients: how many ask the page at once.
        answers: how many they get in all.
    """

    bench: Path | None
    keep: Path | None
    peers: Sequence[str]
    paragraphs: int
    clients: int
    answers: int


def share(value: float, floor: float | None, *, more_is_better: bool = False) -> str:
    """Return how near the floor a figure is; "" where there is no floor."""
    if not floor or not value:
        return ""
    return f"{100 * (value / floor if more_is_better else floor / value):.0f}%"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def merged(before: str, lines: Sequence[Line], when: str) -> str:
    """Put lines into a summary: rows of the same name give way, the others stay as they are."""
    rows = {_name(row): row for row in before.splitlines() if row.startswith("| ")}
    rows.pop("", None)  # the head has no name
    rows.pop("---", None)
    rows |= {line.what: line.row(when) for line in lines}
    return "\n".join([HEAD, *rows.values()])


def _name(row: str) -> str:
    return row.split("|")[1].strip()
