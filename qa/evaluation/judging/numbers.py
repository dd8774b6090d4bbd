"""Numbers in a text, in one form whatever way they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_NUMBER = re.compile(
    r"(?<!\w)(?:\d{1,3}(?:[,'’\u00a0\u202f]\d{3})+(?!\d)|\d{1,40})(?:\.\d{1,40}(?!\d))?"
)
_GROUPING = re.compile(r"[,'’\u00a0\u202f]")
_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)


class Number(NamedTuple):
    """A number of a text: its value in one form, and its place."""

    value: str
    start: int
    end: int


def numbers(text: str) -> Iterator[Number]:
    """Yield the numbers that are written in digits, without those within a word."""
    for found in _NUMBER.finditer(text):
        whole, _, decimals = _GROUPING.sub("", found.group()).partition(".")
        decimals = decimals.rstrip("0")
        value = (whole.lstrip("0") or "0") + (f".{decimals}" if decimals else "")
        yield Number(value, *found.span())


def number_words(text: str) -> set[str]:
    """Return the values of the small numbers that are written in words."""
    return {str(_WORDS.index(found.group().lower())) for found in _WORD.finditer(text)}
