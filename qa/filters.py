"""Filters: which documents are asked, by patterns of their ids and conditions on their metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from numbers import Real
from typing import Any, NoReturn

from qa.arguments import check_kind, check_text, check_texts
from qa.errors import SettingsError
from qa.metadata import LONGEST_NAME, LONGEST_VALUE, Metadata, Value
from qa.text.printable import printable_name

Where = str | Sequence[str] | Mapping[str, Value | date | Sequence[Value | date]]
"""Conditions on metadata: "year>=2020", several of these, or values by name."""

_EXAMPLE = '"year=2024" or {"year": 2024}'
_OPERATOR = re.compile(r"!=|<=|>=|[=<>~]")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2}(?:[T ].*)?)?)?")
_MOST = 100  # conditions, and values of one
_NAMED = 10  # documents, in a message
_SHOWN = 20  # names or values, in a message
_VALUE_SHOWN = 40  # characters


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a document's metadata.

    Attributes:
        name: of the value, in small letters.
        operator: "=", "!=", "<", "<=", ">", ">=", or "~" for a text that contains another.
        asked: what it is compared with; "=" holds for any of several.
    """

    name: str
    operator: str
    asked: tuple[str | float, ...]

    def holds(self, value: Value | None) -> bool:
        """Return whether it holds for a document's value; without one, only "!=" holds."""
        if value is None:
            return self.operator == "!="
        if self.operator == "~":
            return str(self.asked[0]).casefold() in str(_plain(value)).casefold()
        signs = [_sign(_plain(value), one) for one in self.asked]
        if self.operator in ("=", "!="):
            return (0 in signs) == (self.operator == "=")
        return signs[0] in {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}[self.operator]

    def __str__(self) -> str:
        return f"{self.name}{self.operator}{' or '.join(str(one) for one in self.asked)}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Chooses documents; one without patterns and conditions chooses all.

    Attributes:
        only: patterns of ids, as for `fnmatch`, of which one must match.
        where: conditions on metadata, of which all must hold.
    """

    only: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()

    @classmethod
    def of(cls, only: str | Sequence[str] = (), where: Where | None = None) -> Filter:
        """Make a filter of arguments; a `SettingsError` if they cannot be used.

        Several conditions that one name equals something are one: any of these values.
        """
        patterns = [only] if isinstance(only, str) else only
        check_texts("only", patterns, "patterns")
        by_value: dict[str, Condition] = {}
        others = []
        for condition in _conditions(() if where is None else where):
            if condition.operator == "=":
                before = by_value.get(condition.name)
                asked = (*(before.asked if before else ()), *condition.asked)
                by_value[condition.name] = Condition(condition.name, "=", asked)
            else:
                others.append(condition)
        return cls(tuple(patterns), (*by_value.values(), *others))

    def __bool__(self) -> bool:
        return bool(self.only or self.where)

    def choose(self, documents: Mapping[str, Metadata]) -> list[str]:
        """Return the ids of those that match; a `SettingsError` if none does.

        It is one, too, if no document has a value of a name that is asked for.
        """
        matching = [id_ for id_ in documents if self._matches_id(id_)]
        if self.only and not matching:
            there = ", ".join(map(printable_name, [*documents][:_NAMED])) or "none"
            patterns = ", ".join(map(repr, self.only))
            raise SettingsError(f"no document matches {patterns}; the index has: {there}")
        if not self.where:
            return matching
        by_id = {
            id_: {name.casefold(): value for name, value in documents[id_].items()}
            for id_ in matching
        }
        chosen = [
            id_
            for id_, values in by_id.items()
            if all(each.holds(values.get(each.name)) for each in self.where)
        ]
        unknown = {each.name for each in self.where}.difference(*by_id.values())
        return self._refuse(by_id.values()) if unknown or not chosen else chosen

    def _matches_id(self, id_: str) -> bool:
        return not self.only or any(fnmatchcase(id_, pattern) for pattern in self.only)

    def _refuse(self, documents: Iterable[Mapping[str, Value]]) -> NoReturn:
        """Say why nothing matches, and what there is."""
        that = f" that matches {', '.join(map(repr, self.only))}" if self.only else ""
        there: dict[str, set[str]] = {}
        for values in documents:
            for name, value in values.items():
                there.setdefault(name, set()).add(str(_plain(value)))
        names = dict.fromkeys(each.name for each in self.where)
        for name in names:
            if name not in there:
                raise SettingsError(
                    f"no document{that} has {name!r} in its metadata; it has: {_some(there)}"
                )
        has = "; ".join(f"{printable_name(name)} is one of {_some(there[name])}" for name in names)
        conditions = printable_name(" and ".join(map(str, self.where)))
        raise SettingsError(f"no document{that} has {conditions}: {has}")


EVERYTHING = Filter()
"""The filter that chooses all documents."""


def _conditions(where: Where) -> list[Condition]:
    if isinstance(where, Mapping):
        conditions = [_equal(name, given) for name, given in where.items()]
    else:
        texts = [where] if isinstance(where, str) else where
        check_texts("where", texts, f"conditions, such as {_EXAMPLE}")
        conditions = [_condition(text) for text in texts]
    if len(conditions) > _MOST:
        raise SettingsError(f"where has {len(conditions):,} conditions; the most is {_MOST}")
    return conditions


def _condition(text: str) -> Condition:
    """Read a condition as it is typed."""
    found = _OPERATOR.search(text[: LONGEST_NAME + LONGEST_VALUE])
    name, asked = (text[: found.start()], text[found.end() :]) if found else (text, "")
    if not found or not name.strip() or not asked.strip():
        raise SettingsError(f"{text[:100]!r} is no condition: give one such as year=2024")
    return Condition(_name(name), found[0], (_asked(name, asked),))


def _equal(name: object, given: object) -> Condition:
    check_text("a name in where", name)
    several = isinstance(given, list | tuple | set | frozenset)
    values: list[Any] = [*given] if isinstance(given, list | tuple | set | frozenset) else [given]
    if several and not 0 < len(values) <= _MOST:
        raise SettingsError(f"where has {len(values):,} values of {name!r}: give 1 to {_MOST}")
    return Condition(_name(str(name)), "=", tuple(_asked(str(name), one) for one in values))


def _name(name: str) -> str:
    return name.strip().casefold()[:LONGEST_NAME]


def _asked(name: str, given: object) -> str | float:
    check_kind(f"{name.strip()!r} in where", given, str | Real | date, f"values, as in {_EXAMPLE}")
    return _plain(Metadata({"asked": given}).get("asked", ""))


def _plain(value: Value) -> str | float:
    """Return a value as it is compared: true and false are texts, in small letters."""
    lower = str(value).lower()
    return lower if lower in ("true", "false") else value


def _sign(value: str | float, asked: str | float) -> int | None:
    """Return -1, 0 or 1 for what is less than, equal to or more than what is asked.

    Numbers are compared as numbers, also where they are typed, and texts as texts. A date is
    looked at only as far as the one that is asked for: 2024-03-05 equals 2024 and 2024-03. None
    is returned for a number and a text.
    """
    numbers = _number(value), _number(asked)
    texts = str(value), str(asked)
    if numbers[0] is not None and numbers[1] is not None:
        sign = _compared(*numbers)
        return sign or (
            _compared(*texts) if isinstance(value, str) and isinstance(asked, str) else 0
        )
    if all(map(_DATE.fullmatch, texts)):
        return _compared(texts[0][: len(texts[1])], texts[1])
    return _compared(*texts) if numbers == (None, None) else None


def _number(value: str | float) -> float | None:
    if not isinstance(value, str):
        return value
    return float(value) if _NUMBER.fullmatch(value) else None


def _compared(one: Any, other: Any) -> int:
    return int(one > other) - int(one < other)


def _some(names: Iterable[str]) -> str:
    """Return the first names or values in order, for a message."""
    ordered = sorted(names)
    shown = [printable_name(one[:_VALUE_SHOWN]) for one in ordered[:_SHOWN]]
    return ", ".join(shown) + (", …" if len(ordered) > _SHOWN else "") or "none"
