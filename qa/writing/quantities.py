"""The numbers of a text with their units, and whether a source has those of a statement."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from qa.text.analysis import content_words
from qa.writing.number_words import FRACTION, PART, PARTS, VALUES, any_of, as_digits
from qa.writing.units import CLOCK, HALF_DAY, MONEY, MONTHS, SCALES, UNITS, smallest, unit_of

_A_UNIT = re.compile(rf"\b(?:an?|one|each|every|per) ({any_of(UNITS)})\b", re.IGNORECASE)
_SHORT_DATE = re.compile(r"(?<!\d)\d{1,4}([/-])\d{1,2}\1\d{1,4}(?!\d)")
_AGE = re.compile(r"(?<=\d)[ -]years?[ -](?:olds?|of age)\b", re.IGNORECASE)

_SIGN = any_of([*(m for m in MONEY if "$" in m or len(m) == 1), *(m for m in MONEY if len(m) == 3)])
_NUMBER = re.compile(
    rf"(?<!\w)(?<!\d[.,:])(?P<minus>[-−–](?=[\d$£€¥₹]))?"
    rf"(?:(?P<money>{_SIGN}(?= ?[-−]?\d))|(?P<month>{any_of(MONTHS)}(?=\.? \d))\.?)?"
    r" ?(?P<inner>[-−](?=\d))?"
    r"(?P<digits>\.\d+|\d{1,3}(?:[,\u00a0\u202f' ]\d{3})+(?:\.\d+)?(?![.,]?\d)|\d+(?:[.,:]\d+)*)"
    r"(?P<suffix>st|nd|rd|th|s)?"
    r"(?: ?(?P<scale>hundred|dozen|thousand|million|billion|trillion|mn|mln|bn|tn|k"
    rf"|(?(money)[mb]|[mb](?= ?{any_of(MONEY)}(?!\w))))\b)?"
    r"(?P<after>[ -]?(?:of )?(?P<unit>[%‰$£€¥₹°]|per cent\b|per mille\b|percentage points?\b"
    r"|nautical miles?\b|US dollars?\b|(?:square|sq|cubic) [a-zμ]+\b|[ap]\.m\.|o['’]clock\b"
    r"|[a-zμ]+[23]?\b(?!['’][a-rt-z])))?",
    re.IGNORECASE,
)
_NEXT_WORD = re.compile(r"[ -]([a-z]+)\b", re.IGNORECASE)
_PER = re.compile(r"(?: ?/ ?|(?: [a-z]+)? per | an? | each | every )([a-z]+)\b", re.IGNORECASE)
_JOINED = re.compile(r"\s*(to|and|or|[-–—/&]|until|till)\s*")
_BEFORE_YEAR = re.compile(r",? ")
_TO = frozenset(["to", "-", "–", "—", "until", "till"])
_CLOCK_TEXT = re.compile(r"\d[.:]\d\d")
_UNIT = re.compile(
    r"(?<![\w'’])(?:per cent|percentage points?|[^\W\d_]+|[%‰$£€¥₹°])", re.IGNORECASE
)
_ONE = re.compile(r"\bone ([a-z]+)\b", re.IGNORECASE)
_NOT_COUNTED = frozenset(
    "only free each every per until till behind before after under over off away later earlier"
    " during without within".split()
)
_LABEL = re.compile(
    r"(?:\b(?:room|flight|bus|line|tram|train|gate|platform|page|chapter|section|article|clause"
    r"|no\.?|number|phase|type|part|class|level|floor|step|version|lot|table|figure|question"
    r"|paragraph|hall|track)|§|#) ?$",
    re.IGNORECASE,
)
_PLURALS = {"people": "person", "children": "child", "men": "man", "women": "woman"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text.

    Attributes:
        value: the number; as it is written where it has several parts, as "1.2.3".
        unit: its unit, if that is known.
        text: how it is written, in digits.
        counts: what it counts, where that is no known unit.
        per: the unit that it is the rate of: "a day".
        span: where it stands, with its unit.
        digits: its digits as they are written.
    """

    value: Decimal | str
    unit: str
    text: str
    counts: str = ""
    per: str = ""
    span: tuple[int, int] = (0, 0)
    digits: str = ""


def uncounted(statement: str, source: str) -> str | None:
    """Return a number of a statement, with its unit, that a source does not have, if any."""
    given = as_digits(source, loose=True)
    has_parts = bool(PART.search(source) or FRACTION.search(source))
    said = as_digits(statement, has_parts=has_parts)
    numbers, known = _numbers(_AGE.sub("", said)), _numbers(given)
    lent = {unit_of(match[0]) for match in _UNIT.finditer(given)} - {"", "am", "pm"}
    ones = [Quantity(Decimal(1), unit_of(match[1]), match[0]) for match in _A_UNIT.finditer(source)]
    for each in numbers:
        if not any(_is_same(each, other, lent) for other in (*known, *ones)):
            return each.text
    return _other_than_one(said, given, known) or _reversed(said, numbers, given, known)


def quantities(text: str, *, with_loose: bool = False) -> Iterator[Quantity]:
    """Yield the numbers of a text, in digits and in words.

    Words that are also other things than numbers ("one of them", "first of all") are left out,
    unless `with_loose`.
    """
    yield from _numbers(as_digits(text, loose=with_loose))


def _numbers(text: str) -> list[Quantity]:
    """Return the numbers of a text that has them in digits, in their order."""
    whole = [Quantity(match[0], "", match[0]) for match in _SHORT_DATE.finditer(text)]
    return whole + _with_shared_units(text, [_read(match) for match in _NUMBER.finditer(text)])


def _read(match: re.Match[str]) -> Quantity:
    text, end = match.string, match.end()
    unit, counts = unit_of(match["unit"] or ""), ""
    month = match["month"] if not unit else None  # "in November four years from now"
    sign = unit_of(match["money"] or month or "")
    if match["unit"] and (sign or not unit):
        end = match.start("after")
    counted = "".join(content_words(match["unit"] or ""))
    if not sign and not unit and counted and counted not in _NOT_COUNTED:
        next_word = _NEXT_WORD.match(text, match.end())
        unit = unit_of(next_word[1]) if next_word else ""
        if unit and unit not in MONTHS:
            end = next_word.end()  # type: ignore[union-attr]
        else:
            unit, counts = "", counted
    if _LABEL.search(text, 0, match.start("digits")):
        counts = counts or "label"
    per = _PER.match(text, end)
    value = _value(match["digits"], is_money=(sign or unit) in MONEY and not match["scale"])
    if isinstance(value, Decimal):
        value *= SCALES.get((match["scale"] or "").lower(), 1)
        value = -value if match["minus"] or match["inner"] else value
        if unit in ("am", "pm") and 0 <= value < 25:
            value, unit = value % 12 + (12 if unit == "pm" else 0), CLOCK
    return Quantity(
        value,
        sign or unit,
        text[match.start() : end].strip(),
        counts,
        unit_of(per[1]) if per and unit_of(per[1]) not in MONTHS else "",
        (match.start(), end),
        match["digits"],
    )


def _with_shared_units(text: str, numbers: list[Quantity]) -> list[Quantity]:
    """Return numbers with the unit that they share: "5 to 10 days", "£5-10", "12 and 14 May"."""
    for n in range(len(numbers) - 2, -1, -1):
        one, other = numbers[n : n + 2]
        if _joined(text, one, other) and not one.unit and not one.counts and other.unit:
            numbers[n] = _sharing(one, other)
    for n, (one, other) in enumerate(pairwise(list(numbers)), 1):
        leads = one.unit in MONEY.values() or one.unit in MONTHS
        if not leads or other.unit or other.counts:
            continue
        is_date = one.unit in MONTHS and _is_year(other)
        if _joined(text, one, other) or (
            is_date and _BEFORE_YEAR.fullmatch(text, one.span[1], other.span[0])
        ):
            numbers[n] = replace(other, unit=one.unit)
    return numbers


def _sharing(one: Quantity, other: Quantity) -> Quantity:
    """Return a number with the unit of the one behind it; "10 to 6 pm" share none."""
    if other.unit != CLOCK:
        return replace(one, unit=other.unit, per=other.per)
    if not (isinstance(one.value, Decimal) and isinstance(other.value, Decimal)):
        return one
    if one.value >= 12 + (other.value >= 12):
        return one
    value = one.value % 12 + (12 if other.value >= 12 else 0)
    return replace(one, value=value, unit=CLOCK) if value < other.value else one


def _is_year(one: Quantity) -> bool:
    return isinstance(one.value, Decimal) and 1000 < one.value < 2100 and len(one.digits) == 4


def _joined(text: str, one: Quantity, other: Quantity) -> str:
    """Return what joins two numbers, as "to" does."""
    between = _JOINED.fullmatch(text, one.span[1], other.span[0])
    return between[1] if between else ""


def _value(digits: str, *, is_money: bool) -> Decimal | str:
    plain = re.sub(r"[,'\s](?=\d{3}(?:\D|$))", "", digits)
    if is_money or re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}", plain):
        plain = re.sub(r"\.(?=\d{3}(?:\D|$))", "", plain)
    if re.fullmatch(r"\d+:\d\d", plain):  # a time of day, which may be written with a point
        plain = plain.replace(":", ".")
    if re.fullmatch(r"[\d.]+,\d\d?", plain):  # as most of Europe writes it
        plain = plain.replace(".", "").replace(",", ".")
    if plain.count(".") > 1 or set(plain) & {",", ":"}:
        return plain
    return Decimal(plain)


def _is_same(one: Quantity, other: Quantity, lent: Collection[str]) -> bool:
    """Return whether a source, with these units, has a number of a statement."""
    if isinstance(one.value, str) or isinstance(other.value, str):
        return one.value == other.value
    if one.per and other.per and one.per != other.per:
        return False
    if {one.unit, other.unit} & {CLOCK, HALF_DAY}:
        return _is_same_time(one, other)
    if _is_year(other) and not other.unit and one.unit in MONTHS:
        return one.value == other.value
    if _is_year(other) and (one.unit == "century" or one.text.endswith("0s")):
        first = (one.value - 1) * 100 + 1 if one.unit else one.value
        if first <= other.value < first + (100 if one.unit else 10):
            return True
    is_lent = not other.unit and not other.counts and one.unit in lent and not _is_year(other)
    if one.value == other.value and (one.unit in ("", other.unit) or is_lent):
        places = {_places(one), _places(other)}
        return bool(one.unit or other.unit) or 0 in places or len(places) == 1
    return one.unit != other.unit and smallest(one.value, one.unit) == smallest(
        other.value, other.unit
    )


def _places(one: Quantity) -> int:
    """Return how many digits stand behind the point: version 3.10 is not 3.1."""
    return len(re.split("[.,:]", one.digits)[-1]) if re.search("[.,:]", one.digits) else 0


def _is_same_time(one: Quantity, other: Quantity) -> bool:
    if not (isinstance(one.value, Decimal) and isinstance(other.value, Decimal)):
        return False
    if other.counts or {one.unit, other.unit} - {"", CLOCK, HALF_DAY}:
        return False
    if not 0 <= min(one.value, other.value) <= max(one.value, other.value) < 25:
        return False
    is_clock = [bool(_CLOCK_TEXT.search(each.text)) for each in (one, other)]
    if HALF_DAY in (one.unit, other.unit) or (not one.unit and not is_clock[0]):
        return one.value % 12 == other.value % 12
    if not other.unit and not is_clock[1] and other.value < 12:
        return False
    return one.value % 24 == other.value % 24


def _other_than_one(said: str, given: str, known: Sequence[Quantity]) -> str | None:
    """Return "one person" of a statement, where the source has only other numbers of them."""
    for match in _ONE.finditer(said):
        noun = _singular(match[1].lower())
        if noun in VALUES or noun in PARTS:
            continue
        counted = {each.value for each in known if each.counts and _singular(each.counts) == noun}
        if counted and 1 not in counted and not re.search(rf"\b{noun}\b", given, re.IGNORECASE):
            return match[0]
    return None


def _singular(noun: str) -> str:
    return _PLURALS.get(noun) or noun.removesuffix("s")


def _reversed(
    said: str, numbers: Sequence[Quantity], given: str, known: Sequence[Quantity]
) -> str | None:
    """Return a range of a statement that the source has only the other way round."""
    ranges = {(first.value, last.value) for first, last in _ranges(given, known)}
    for first, last in _ranges(said, numbers):
        pair = (first.value, last.value)
        if pair not in ranges and pair[::-1] in ranges:
            return said[first.span[0] : last.span[1]].strip()
    return None


def _ranges(text: str, numbers: Sequence[Quantity]) -> Iterator[tuple[Quantity, Quantity]]:
    return (pair for pair in pairwise(numbers) if _joined(text, *pair) in _TO)
