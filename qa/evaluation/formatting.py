"""Numbers as they are read: the same in every report, chart and notebook."""

from __future__ import annotations

import math
import re

from qa.evaluation.measures import MEASURES

NONE = "–"
"""What stands where there is no number."""

_SHORT = 160  # characters
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")  # what a browser, or a file in UTF-8, cannot hold


def writable(text: str) -> str:
    """Put a replacement character for what cannot be written."""
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def shortened(text: str) -> str:
    """Write a text in one line, cut where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= _SHORT else f"{text[:_SHORT].rstrip()}…"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun in the singular or the plural."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Write a time in the unit that it is read best in."""
    if not math.isfinite(seconds):
        return NONE
    if not seconds:
        return "0 ms"
    number, unit = (seconds, "s") if seconds >= 0.9995 else (seconds * 1000, "ms")
    decimals = 2 if number < 1 or (unit == "s" and number < 10) else 1 if number < 10 else 0
    return f"{number:,.{decimals}f} {unit}"


def amount(measure: str, number: float) -> str:
    """Write a measure's value: a time in its unit, a count to one decimal, a share to three."""
    if not math.isfinite(number):
        return NONE
    if is_time(measure):
        return duration(number)
    return f"{number:.3f}" if is_share(measure) else f"{number:,.1f}"


def interval(measure: str, low: float, high: float) -> str:
    """Write an interval of a measure's values."""
    ends = amount(measure, low), amount(measure, high)
    if NONE in ends:
        return NONE
    start, unit, _ = ends[0].partition(" ")
    same_unit = unit and ends[0].split()[1:] == ends[1].split()[1:]
    return f"{start if same_unit else ends[0]}–{ends[1]}"


def difference(measure: str, number: float) -> str:
    """Write a difference between a measure's values, with its sign."""
    written = amount(measure, abs(number))
    if written in (NONE, amount(measure, 0.0)):
        return written
    return f"{'−' if number < 0 else '+'}{written}"


def difference_interval(measure: str, low: float, high: float) -> str:
    """Write an interval of differences."""
    ends = difference(measure, low), difference(measure, high)
    return NONE if NONE in ends else " to ".join(ends)


def probability(p: float | None) -> str:
    """Write a p value, to three decimals."""
    if p is None or math.isnan(p):
        return NONE
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def is_time(measure: str) -> bool:
    """Return whether a measure's values are seconds."""
    return measure.startswith("seconds")


def is_share(measure: str) -> bool:
    """Return whether a measure's values lie between 0 and 1."""
    if measure in MEASURES:
        return MEASURES[measure].better != 0 and not is_time(measure)
    return not is_time(measure)


def is_drawn(measure: str, low: float, high: float) -> bool:
    """Return whether an interval is drawn: one of a share that is known."""
    return is_share(measure) and math.isfinite(low + high)
