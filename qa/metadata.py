"""The metadata of a document: a few named values, within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from math import isfinite
from numbers import Integral, Real
from typing import Any

from qa.arguments import check_kind

Value = str | int | float | bool

MOST_NAMES = 50
"""The most values of a document; the first ones count."""

LONGEST_NAME = 100
LONGEST_VALUE = 1_000
"""The most characters of a name, and of a text, which is cut there."""

_LARGEST = 10**15  # what a float still holds exactly; a longer number is an identifier
_MOST_BITS = 512
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_YEAR = re.compile(r"([0-9]{4})-[0-9]{2}")
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")


class Metadata(Mapping[str, Value]):
    """Named values of a document, which do not change.

    A text is on one line, without control characters. A date becomes a text as in ISO 8601, and a
    list its values behind each other, with commas. What is empty, and anything else, is left out.
    Of names that differ only in case, the last one counts.
    """

    __slots__ = ("_values",)

    def __init__(self, *given: Mapping[Any, Any]) -> None:
        by_name: dict[str, tuple[str, Value]] = {}
        for mapping in given:
            check_kind("metadata", mapping, Mapping, 'a dictionary, such as {"year": 2024}')
            for raw_name, raw_value in mapping.items():
                name, value = _line(str(raw_name), LONGEST_NAME), _value(raw_value)
                is_known = name.casefold() in by_name
                if name and value is not None and (is_known or len(by_name) < MOST_NAMES):
                    by_name[name.casefold()] = name, value
        self._values = dict(by_name.values())

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"Metadata({self._values})"


def told_by_file(told: Mapping[str, Any]) -> Metadata:
    """Return what a file says of itself: whole numbers, true and false are told in its texts.

    A date brings its year along.
    """
    metadata = Metadata({name: _typed(value) for name, value in told.items()})
    year = _YEAR.match(str(metadata.get("date", "")))
    return Metadata({"year": int(year[1])}, metadata) if year else metadata


def _typed(value: Any) -> Any:
    text = value.strip() if isinstance(value, str) else ""
    if _WHOLE.fullmatch(text):
        return int(text)
    return {"true": True, "false": False}.get(text.lower(), value)


def _value(given: Any) -> Value | None:
    """Return what is kept of a value; None if nothing is."""
    if isinstance(given, list | tuple):
        flat = (one for one in given[:MOST_NAMES] if not isinstance(one, list | tuple))
        texts = (str(one) for one in map(_value, flat) if one is not None)
        return _line(", ".join(texts), LONGEST_VALUE) or None
    if isinstance(given, date):
        return given.isoformat()
    if isinstance(given, str):
        return _line(given, LONGEST_VALUE) or None
    if isinstance(given, bool):
        return given
    if isinstance(given, Integral):
        number = int(given)
        if abs(number) < _LARGEST:
            return number
        return str(number) if number.bit_length() < _MOST_BITS else None
    if isinstance(given, Real) and isfinite(given):
        return float(given)
    return None


def _line(text: str, most: int) -> str:
    words = _CONTROL.sub("", " ".join(text[: 10 * most].split()))
    return words[:most].strip()
