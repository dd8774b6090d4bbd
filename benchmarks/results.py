"""Tables in Markdown, and the marked sections of `benchmarks/results.md`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SUMMARY_HEAD = ("", "target", "measured", "floor", "of the floor", "reached", "on")


class MarkError(Exception):
    """A document has no place for a section; the message says which."""


@dataclass(frozen=True, slots=True)
class Line:
    """A figure of the summary.

    Attributes:
        what: its name; the line of an earlier run with the same name is replaced.
        value: what was measured.
        unit: of `value`, `target` and `floor`.
        target: at most this, or at least if `more_is_better`; None without a target.
        floor: the best that this machine allows; None where it is not known.
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
        """Whether the target is reached: "yes", "no", or "" without a target."""
        if self.target is None:
            return ""
        enough = self.value >= self.target if self.more_is_better else self.value <= self.target
        return "yes" if enough else "no"

    def row(self, when: str) -> str:
        """Return the line as a row of the summary, with the day it was measured."""
        bound = "at least" if self.more_is_better else "at most"
        target = "" if self.target is None else f"{bound} {self._with_unit(self.target)}"
        floor = "" if self.floor is None else self._with_unit(self.floor)
        of_floor = share(self.value, self.floor, more_is_better=self.more_is_better)
        value = self._with_unit(self.value)
        return row(self.what, target, value, floor, of_floor, self.reached, when)

    def _with_unit(self, value: float) -> str:
        return f"{shown(value)} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Measured:
    """The result of a section: Markdown to print and to write, and lines of the summary."""

    text: str
    lines: Sequence[Line] = ()


def row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def head(*names: str) -> str:
    return f"{row(*names)}\n{row(*['---'] * len(names))}"


def table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    return "\n".join([head(*names), *(row(*cells) for cells in rows)])


def shown(value: float) -> str:
    """Write a number with about three significant digits."""
    if not value:
        return "0"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 3
    return f"{value:,.{digits}f}"


def share(value: float, floor: float | None, *, more_is_better: bool = False) -> str:
    """Return how near the floor a figure is, in percent: 100% is the best possible."""
    if not floor or not value:
        return ""
    return f"{100 * (value / floor if more_is_better else floor / value):.0f}%"


def merged(summary: str, lines: Sequence[Line], when: str) -> str:
    """Return a summary with rows of the same names replaced, and new ones at the end."""
    rows = {_name(line): line for line in summary.splitlines()[2:]}
    rows |= {line.what: line.row(when) for line in lines}
    return "\n".join([head(*SUMMARY_HEAD), *rows.values()])


def _name(row: str) -> str:
    return row.split("|")[1].strip()


def section(document: str, name: str) -> str:
    """Return what stands between the marks of a section."""
    start, end = _place(document, name)
    return document[start:end].strip("\n")


def with_section(document: str, name: str, block: str) -> str:
    """Return a document with another block between the marks of a section."""
    start, end = _place(document, name)
    return f"{document[:start]}\n\n{block.strip()}\n\n{document[end:]}"


def _place(document: str, name: str) -> tuple[int, int]:
    opening, closing = f"<!-- bench: {name} -->", f"<!-- /bench: {name} -->"
    if document.count(opening) != 1 or document.count(closing) != 1:
        raise MarkError(f"no single place for {name}: write  {opening}  and  {closing}  once")
    start, end = document.index(opening) + len(opening), document.index(closing)
    if end < start:
        raise MarkError(f"the marks of {name} are the wrong way round")
    return start, end
