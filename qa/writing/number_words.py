"""Numbers in English words, as digits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from qa.writing.units import HALF_DAY, MONTHS, SCALES, UNITS, unit_of

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
VALUES = {word: n for n, word in enumerate(_ONES)} | {
    word: 10 * n for n, word in enumerate(_TENS, 2)
}
_IRREGULAR = {"first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9}
_ORDINALS = {
    **{f"{word}th": n for word, n in VALUES.items() if n > 3},
    **{f"{word[:-1]}ieth": VALUES[word] for word in _TENS},
    **_IRREGULAR,
    "twelfth": 12,
    "hundredth": 100,
}
_TIMES = {
    "twice": 2, "thrice": 3, "double": 2, "doubled": 2, "triple": 3, "tripled": 3, "trebled": 3,
    "quadrupled": 4, "couple": 2, "pair": 2, "both": 2,
}  # fmt: skip
_LOOSE = frozenset(  # "one of them", "first of all"
    ["one", "first", "second", "couple", "pair", "both", "double", "twice"]
)
PARTS = {"half": 2, "halve": 2, "quarter": 4} | {word: n for word, n in _ORDINALS.items() if n > 2}


def any_of(words: Iterable[str]) -> str:
    """Return a pattern for one of some words."""
    return f"(?:{'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})"


_DIGIT = any_of(_ONES[1:10])
_BIG = any_of(["thousand", "million", "billion", "trillion"])
_SMALL = rf"\b(?:{any_of(_TENS)}(?:[ -]{_DIGIT})?|{any_of(_ONES)})\b"
_NO_MORE = rf"(?![ -](?:hundred|dozen|{_BIG}|{_DIGIT})\b)"
_BELOW = (
    rf"(?:(?:{_SMALL}[ -]|(?<!\d[ -]))\b(?:hundred|dozen)\b(?:(?: and)? {_SMALL}{_NO_MORE})?"
    rf"|{_SMALL})"
)
_CARDINAL = re.compile(
    rf"(?:(?:{_BELOW}[ -]|(?<!\d[ -]))\b{_BIG}\b(?: {_BELOW}[ -]{_BIG}\b)*"
    rf"(?:(?: and)? {_BELOW}{_NO_MORE})?|{_BELOW})",
    re.IGNORECASE,
)
"""A whole number: "two and three" are two of them, "two hundred and three" is one."""

_ORDINAL = re.compile(rf"\b(?!(?<=\d[ -])second){any_of(_ORDINALS)}\b", re.IGNORECASE)
_COMPOUND = re.compile(rf"\b{any_of(_TENS)}[ -]{any_of(_ORDINALS)}\b", re.IGNORECASE)
_TIMES_WORD = re.compile(rf"\b{any_of(_TIMES)}\b", re.IGNORECASE)
_RANK = re.compile(r"\b(?:the|a|on|in|every) $", re.IGNORECASE)
PART = re.compile(
    rf"\b(?:(?:(\d{{1,9}}) and )?(an?|one|\d{{1,9}})[ -])?({any_of(PARTS)})(s?)\b"
    r"(?:(?:(?: of)? an?)? (12|10{2,12})\b|(?: of)? an? )?",
    re.IGNORECASE,
)
_AND_PART = re.compile(rf" and an? {any_of(PARTS)}\b", re.IGNORECASE)
_OF_A_WHOLE = re.compile(r"(?: of\b| ?[.,;:)]| (?:as|less|more|in|the|by|than)\b|$)")
_UNIT_AND_PART = re.compile(
    rf"\b(?:an?|one|1) ({any_of(UNITS)}) and a (half|quarter)\b", re.IGNORECASE
)
FRACTION = re.compile(
    r"(?:\b(\d{1,9}) ?)?([¼½¾⅐-⅞])|(?<![\d/.,])(?:(\d{1,9}) )?([1-9])/([2-9]|10)(?![\d/])"
)
_PAST_HOUR = re.compile(
    r"\b(half|(?:a )?quarter) (past|to) (\d\d?)\b(?! ?[%$£€])( [ap]\.?m\b\.?)?", re.IGNORECASE
)
_HALF_OF_DAY = re.compile(
    r"(?<=\d)(?: o['’]clock)? in the (?:(morning)|afternoon|evening)\b", re.IGNORECASE
)
_NOON = re.compile(r"\b(?:(noon|midday)|midnight)\b", re.IGNORECASE)
_MINUS = re.compile(r"\bminus (?=\d)", re.IGNORECASE)
_EXPONENT = re.compile("(?<=[0-9])[⁰¹²³⁴-⁹]+")
_DATE = re.compile(
    r"(?<![\d.-])(?:(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"|(?P<day_>\d\d?)\.(?P<month_>\d\d?)\.(?P<year_>\d{4}))(?![\d-]|\.\d)"
)
_NEXT_WORD = re.compile(r"[ -]([a-z]+)\b", re.IGNORECASE)


def in_digits(text: str, other: str) -> str:
    """Return a text with whole numbers as digits where another text has them so: "2 euros"."""
    known = {*re.findall(r"(?<![\w.,])\d+(?![.,:]?\d)", other)}

    def digits(match: re.Match[str]) -> str:
        number = str(_spelt(match[0]))
        is_whole = not _COMPOUND.match(text, match.start())
        return number if number in known and is_whole else match[0]

    return _CARDINAL.sub(digits, text)


def as_digits(text: str, *, loose: bool = False, has_parts: bool = True) -> str:
    """Return a text with its numbers as digits: "2.5 hours", "the 3rd floor".

    Args:
        text: it.
        loose: whether to take words for numbers that are also other things.
        has_parts: whether "half of them" is a number; "half an hour" always is.
    """
    text = FRACTION.sub(_decimal, _EXPONENT.sub(lambda match: f"^{match[0]}", text))
    text = unicodedata.normalize("NFKC", text)
    if loose:
        text = _NOON.sub(lambda match: "12 pm" if match[1] else "12 am", text)

    def value(match: re.Match[str], number: str) -> str:
        return match[0] if not loose and _is_loose(match) else number

    text = _COMPOUND.sub(lambda match: value(match, _ranked(match)), text)
    text = _CARDINAL.sub(lambda match: value(match, str(_spelt(match[0]))), text)
    text = _PAST_HOUR.sub(_time, _HALF_OF_DAY.sub(_half_of_day, text))
    text = _UNIT_AND_PART.sub(_unit_and_part, text)
    text = PART.sub(lambda match: _with_part(match, loose, has_parts), text)
    text = _ORDINAL.sub(lambda match: value(match, _ranked(match)), text)
    text = _TIMES_WORD.sub(lambda match: value(match, str(_TIMES[match[0].lower()])), text)
    return _DATE.sub(_with_month, _MINUS.sub("-", text))


def _ranked(match: re.Match[str]) -> str:
    """Return "21st" for "twenty-first"; "thirty-second" may be 30 seconds."""
    word = match[0].lower()
    tens, _, ones = word.replace(" ", "-").rpartition("-")
    if ones == "second" and tens and not _RANK.search(match.string, 0, match.start()):
        return match[0]
    value = VALUES.get(tens, 0) + _ORDINALS[ones]
    last = value % 10 if value // 10 != 1 else 0
    return f"{value}{('th', 'st', 'nd', 'rd')[last] if last < 4 else 'th'}"


def _is_loose(match: re.Match[str]) -> bool:
    """Return whether a word is not to be taken for a number."""
    word = match[0].lower()
    if word not in _LOOSE:
        return False
    behind = _NEXT_WORD.match(match.string, match.end())
    if (behind and unit_of(behind[1])) or _AND_PART.match(match.string, match.end()):
        return False
    is_before_digit = match.string[match.end() + 1 : match.end() + 2].isdigit()
    is_rank = word in _ORDINALS and _RANK.search(match.string, 0, match.start())
    return bool(is_before_digit or not is_rank)


def _decimal(match: re.Match[str]) -> str:
    whole, part, whole_, above, below = match.groups()
    if part:
        return _written(int(whole or 0) + unicodedata.numeric(part))
    value = int(whole_ or 0) + int(above) / int(below)
    return _written(value) if int(above) < int(below) else match[0]


def _with_part(match: re.Match[str], loose: bool, has_parts: bool) -> str:
    """Return "half an hour" and the like with a decimal; "a third" of a source may be a rank."""
    whole, times, part, _, scale = match.groups()
    if _is_rank(match, loose):
        return match[0]
    tail = " " if match[0].endswith(" ") else ""
    behind = _NEXT_WORD.match(match.string, match.end() - len(tail))
    if not (has_parts or whole or scale or (behind and unit_of(behind[1]))):
        return f"part{tail}"
    counted = bool(times) and times.isdigit()
    value = int(whole or 0) + (int(times) if counted else 1) / PARTS[part.lower()]
    also = f" | {match[0]}" if loose and part.lower() in _ORDINALS else tail
    return _written(value * int(scale or 1)) + also


def _is_rank(match: re.Match[str], loose: bool) -> bool:
    """Return whether "third", or "quarter", is no part of a whole."""
    _, times, part, plural, _ = match.groups()
    times = (times or "").lower()
    if part.lower() not in _ORDINALS:
        return part.lower() == "quarter" and not times
    if plural:
        return not times.isdigit()
    is_of = bool(_OF_A_WHOLE.match(match.string, match.end()))
    return times not in ("one", "1") and not (times in ("a", "an") and (loose or is_of))


def _unit_and_part(match: re.Match[str]) -> str:
    unit, part = match.groups()
    return f"{'1.5' if part.lower() == 'half' else '1.25'} {unit}"


def _half_of_day(match: re.Match[str]) -> str:
    return " am" if match[1] else " pm"


def _written(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _time(match: re.Match[str]) -> str:
    part, way, hour, half_of_day = match.groups()
    minutes = 30 if part.lower() == "half" else 15 if way.lower() == "past" else 45
    hours = int(hour) - (minutes == 45)
    return f"{hours or 12}:{minutes}{half_of_day or f' {HALF_DAY}'}"


def _with_month(match: re.Match[str]) -> str:
    year, month, day = (match[part] or match[f"{part}_"] for part in ("year", "month", "day"))
    months = list(dict.fromkeys(MONTHS.values()))
    return f"{int(day)} {months[int(month) - 1]} {year}" if 1 <= int(month) <= 12 else match[0]


def _spelt(text: str) -> int:
    """Return the value of a whole number in words."""
    total = part = 0
    for word in re.findall("[a-z]+", text.lower()):
        scale = SCALES.get(word, 0)
        if scale > 100:
            total, part = total + (part or 1) * scale, 0
        elif scale:
            part = (part or 1) * scale
        else:
            part += VALUES.get(word, 0)
    return total + part
