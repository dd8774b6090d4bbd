"""What of a statement must stand in its quotes to the letter: numbers, names and quotations.

The words of numbers are English.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator, Sequence
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from qa.answering.statements import Verdict
from qa.text.analysis import content_words
from qa.writing.sentences import speaks_to_a_model

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_VALUES = {word: n for n, word in enumerate(_ONES)} | {
    word: 10 * n for n, word in enumerate(_TENS, 2)
}
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "dozen": 12, "twice": 2,
    "double": 2, "triple": 3, "couple": 2, "pair": 2, "both": 2,
}  # fmt: skip
_SCALES = {
    "hundred": 100,
    "thousand": 1_000,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_LOOSE = frozenset(
    ["one", "first", "second", "half", "quarter", "couple", "pair", "both", "double", "twice"]
)

_UNITS = {
    unit: names[0]
    for names in (
        line.split()
        for line in """
% percent per_cent pct percentage
$ usd dollar dollars
£ gbp pound pounds
€ eur euro euros
¥ yen jpy yuan
₹ rupee rupees inr
kr krone kroner krona kronor sek nok dkk
chf franc francs
p pence penny
cent cents
km kilometre kilometres kilometer kilometers kms
mile miles mi
m metre metres meter meters
cm centimetre centimetres centimeter centimeters
mm millimetre millimetres millimeter millimeters
kg kilo kilos kilogram kilograms
g gram grams gramme grammes
mg milligram milligrams
lb lbs
l litre litres liter liters
ml millilitre millilitres milliliter milliliters
s sec secs second seconds
min mins minute minutes
h hr hrs hour hours
day days
week weeks
month months
year years yr yrs
° degree degrees
am a.m.
pm p.m.
kw kilowatt kilowatts
w watt watts
v volt volts
mb megabyte megabytes
gb gigabyte gigabytes
ft foot feet
January Jan
February Feb
March Mar
April Apr
May
June Jun
July Jul
August Aug
September Sept Sep
October Oct
November Nov
December Dec
inch inches
""".strip().splitlines()
    )
    for unit in names
}
_OF_OTHERS = {"week": (7, "day"), "year": (12, "month"), "h": (60, "min"), "min": (60, "s")}
"""Units that are so many of another one."""

_SHORT = {"k": 1_000, "bn": 10**9}
_MONTH = "|".join(unit for unit in _UNITS if unit.istitle())
_NUMBER = re.compile(
    rf"(?<!\w)(?<!\d[.,])([-−–](?=[\d$£€¥₹]))?([$£€¥₹]|(?:{_MONTH})(?= \d))? ?"
    r"(\.\d+|\d{1,3}(?:[,\u00a0\u202f' ]\d{3})+(?:\.\d+)?(?![.,]?\d)|\d+(?:[.,:]\d+)*)"
    r"(?:st|nd|rd|th|s)?(?: ?(hundred|thousand|million|billion|trillion|bn|k)\b)?"
    r"[ -]?(?:of )?([%$£€¥₹°]|per cent\b|[ap]\.m\.|[a-z]+\b)?",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?<!\d)\d{1,4}([/-])\d{1,2}\1\d{1,4}(?!\d)")
_CLOCK = re.compile(r"\d[.:]\d\d")
_HALF_OF_DAY = re.compile(r" in the (?:(morning)|afternoon|evening)\b", re.IGNORECASE)
_MINUS = re.compile(r"\bminus (?=\d)", re.IGNORECASE)
_AND_A_HALF = re.compile(rf"\b({'|'.join(_VALUES)}|\d+) and a (half|quarter)\b", re.IGNORECASE)
_RANK = re.compile(r"\b(?:the|a|on|in|every) $", re.IGNORECASE)
_FRACTION = re.compile("([0-9]*) ?([¼½¾⅐-⅞])")
_WORDS = re.compile(
    rf"(?<!\d[ -])\b(?:{'|'.join([*_VALUES, *_ORDINALS, *_SCALES])})"
    rf"(?:(?:[ -]|\band\b)+(?:{'|'.join([*_VALUES, *_SCALES])}))*\b(?:[ -]([a-z]+)\b)?",
    re.IGNORECASE,
)
_A_UNIT = re.compile(rf"\b(?:an?|one|each|every|per) ({'|'.join(_UNITS)})\b", re.IGNORECASE)
_UNIT = re.compile(r"[ap]\.m\.|per cent|[^\W\d_]+|[%$£€¥₹°]", re.IGNORECASE)
_QUOTED = re.compile(
    r"“([^”]+)”|\"([^\"]+)\"|«([^»]+)»|„([^“”]+)[“”]|‹([^›]+)›|「([^」]+)」|『([^』]+)』|`([^`]+)`"
    r"|‚([^‘]+)‘|(?<!\w)['‘]((?:[^'’]|['’](?=\w))+)['’](?!\w)"
)
_ADDRESS = re.compile(
    r"\w+://\S+|\w[\w.-]*@\w\S+|\b\w[\w-]*\.[a-z]{2,}\b\S*|</?[\w!][^>]*>?|\]\(\S*"
    r"|\b(?:javascript|data|file|mailto|tel):\S+",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_]\w*(?:['’.&-]\w+)*")
_POSSESSIVE = re.compile(r"['’]s?$")
_SHORTENED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Mt|Sr|Jr|Rev|Gen|Col|Capt|Lt|No|[A-Z])\.$")
_TITLES = frozenset("Mr Mrs Ms Miss Dr Doctor Prof Professor Sir Captain".split())
_MARKS = frozenset('“”"«»„‹›「」『』`')
_UNSEEN = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")
_DRESSED = ("<font>", "<circle>", "<wide>")
"""Kinds of letters that stand for plain ones: mathematical, in circles, of full width."""


class Quantity(NamedTuple):
    """A number, with its unit where that is known, and as it is written."""

    value: Decimal
    unit: str
    text: str


def first_fault(
    statement: str, cited: Sequence[str], documents: Sequence[str]
) -> tuple[Verdict, str] | None:
    """Return what of a statement does not stand in what it cites, if anything.

    Args:
        statement: a model's words.
        cited: the sentences that it cites, with what they stand under.
        documents: the whole texts that they are of; quotations are looked for there.
    """
    source = "\n".join(cited)
    if _is_disguised(statement, source):
        return "characters", ""
    if speaks_to_a_model(statement):
        return "instruction", ""
    checks: tuple[tuple[Verdict, str | None], ...] = (
        ("quotation", _unsaid(statement, documents)),
        ("number", _uncounted(statement, source)),
        ("name", _unnamed(statement, source)),
    )
    return next(((verdict, wrong) for verdict, wrong in checks if wrong is not None), None)


def _unsaid(statement: str, documents: Sequence[str]) -> str | None:
    """Return a quotation that no document holds, or a text with marks that quote nothing."""
    for quotation in quotations(statement):
        words = re.compile(rf"(?<!\w){re.escape(_plain(quotation))}(?!\w)")
        if not any(words.search(_plain(text)) for text in documents):
            return quotation
    return statement if _MARKS & set(_QUOTED.sub(" ", statement)) else None


def _uncounted(statement: str, source: str) -> str | None:
    """Return a number, with its unit, that the source does not have."""
    known = [*quantities(source, with_loose=True), *_single(source)]
    units = {_unit(match[0]) for match in _UNIT.finditer(source)}
    missing = (
        q for q in quantities(statement) if not any(_is_same(q, each, units) for each in known)
    )
    return next((quantity.text for quantity in missing), None)


def _unnamed(statement: str, source: str) -> str | None:
    """Return a name, an address or a tag that the source does not have."""
    words = {_folded(match[0]) for match in _NAME.finditer(source)}
    strange = (name for name in names(statement) if _folded(name) not in words)
    addresses = (match[0].rstrip(".,;") for match in _ADDRESS.finditer(statement))
    return next(chain(strange, (each for each in addresses if each not in source)), None)


def quotations(text: str) -> list[str]:
    """Return what stands between quotation marks."""
    return [next(filter(None, match.groups())) for match in _QUOTED.finditer(text)]


def quantities(text: str, *, with_loose: bool = False) -> Iterator[Quantity]:
    """Yield the numbers of a text, in digits and in words.

    Words that are also other things than numbers ("one of them", "first of all") are left out,
    unless `with_loose`.
    """
    text = _HALF_OF_DAY.sub(lambda match: " am" if match[1] else " pm", text)
    text = _AND_A_HALF.sub(_with_part, _FRACTION.sub(_decimal, text))
    text = unicodedata.normalize("NFKC", _MINUS.sub("-", text))
    for match in _DATE.finditer(text):  # as a whole; its parts follow
        yield Quantity(Decimal(re.sub(r"\D", "", match[0])), "", match[0])
    for match in _NUMBER.finditer(text):
        minus, sign, digits, scale, unit = match.groups()
        known = _unit(sign or "") or _unit(unit or "")
        written = match[0].removesuffix(unit or "") if unit and (sign or not known) else match[0]
        value = _value(digits) * (_SCALES | _SHORT).get((scale or "").lower(), 1)
        yield Quantity(-value if minus else value, known, written.removesuffix("of ").rstrip(" -"))
    for match in _WORDS.finditer(text):
        words = re.findall("[a-z]+", match[0].lower())
        unit = _unit(match[1] or "")
        counting = [
            word for word in words if word in _VALUES or word in _ORDINALS or word in _SCALES
        ]
        is_rank = counting[0] in _ORDINALS and _RANK.search(text, 0, match.start())
        is_loose = len(counting) == 1 and counting[0] in _LOOSE and not (unit or is_rank)
        if is_loose and not with_loose:
            continue
        yield Quantity(_spelt(counting), unit, " ".join(counting))


def in_digits(text: str, other: str) -> str:
    """Return a text with number words as digits, where another text has them so: "2 euros"."""
    known = {*re.findall(r"\d+", other)}

    def digits(match: re.Match[str]) -> str:
        words = re.findall("[a-z]+", match[0].lower())
        number = str(_spelt([word for word in words if word in _VALUES or word in _SCALES]))
        if number not in known or not _ORDINALS.keys().isdisjoint(words):
            return match[0]
        return f"{number} {match[1]}" if match[1] else number

    return _WORDS.sub(digits, text)


def _single(text: str) -> Iterator[Quantity]:
    """Yield a unit that stands for one: "a week"."""
    for match in _A_UNIT.finditer(text):
        yield Quantity(Decimal(1), _unit(match[1]), match[0])


def _unit(word: str) -> str:
    """Return the unit, or the month, that a word means, if any; "may" is none."""
    return _UNITS.get(word) or _UNITS.get(word.lower().replace(" ", "_"), "")


def _decimal(match: re.Match[str]) -> str:
    whole, part = match.groups()
    return f"{int(whole or 0) + unicodedata.numeric(part):.3f}".rstrip("0")


def _with_part(match: re.Match[str]) -> str:
    whole, part = match.groups()
    return f"{_VALUES.get(whole.lower(), whole)}.{'5' if part.lower() == 'half' else '25'}"


def _value(digits: str) -> Decimal:
    plain = re.sub(r"[,'\s](?=\d{3}(?:\D|$))", "", digits)
    if re.fullmatch(r"\d+:\d\d", plain):  # a time of day, which may be written with a point
        plain = plain.replace(":", ".")
    if re.fullmatch(r"[\d.]+,\d\d?", plain):  # as most of Europe writes it
        plain = plain.replace(".", "").replace(",", ".")
    if plain.count(".") > 1 or set(plain) & {",", ":"}:  # a version or a date: "1.2.3"
        plain = re.sub(r"[.,:]", "", plain)
    return Decimal(plain)


def _spelt(words: Sequence[str]) -> Decimal:
    """Return the value of a number in words."""
    total, part = Decimal(0), Decimal(0)
    for word in words:
        if word == "hundred":
            part = (part or Decimal(1)) * 100
        elif word in _SCALES:
            total, part = total + (part or Decimal(1)) * _SCALES[word], Decimal(0)
        else:
            part += Decimal(_VALUES.get(word, _ORDINALS.get(word, 0)))
    return total + part


def _is_same(one: Quantity, other: Quantity, units: Container[str]) -> bool:
    """Return whether a source with these units has a number of a statement."""
    is_unit = one.unit in ("", other.unit) or (not other.unit and one.unit in units)
    if one.value == other.value and is_unit:
        return True
    if one.unit in ("am", "pm") and not other.unit:  # 8 pm is 20 and 20:00, 8 am is 8:00
        in_day = one.value % 12 + (12 if one.unit == "pm" else 0)
        return in_day == other.value and (in_day >= 13 or bool(_CLOCK.search(other.text)))
    return one.unit != other.unit and _smallest(one) == _smallest(other)


def _smallest(one: Quantity) -> tuple[Decimal, str]:
    """Return a quantity in the smallest unit of its kind: 2 weeks are 14 days."""
    value, unit = one.value, one.unit
    while unit in _OF_OTHERS:
        times, unit = _OF_OTHERS[unit]
        value *= times
    return value, unit


def names(statement: str) -> Iterator[str]:
    """Yield the words of a statement that are written as names are.

    Its first word is one only where it has a capital or a digit within.
    """
    for match in _NAME.finditer(statement):
        word = _POSSESSIVE.sub("", match[0])
        before = statement[: match.start()].rstrip()
        starts = not before or (before[-1] in ".!?:“\"'‘" and not _SHORTENED.search(before))
        letters = word[1:] if starts else word
        is_name = letters != letters.lower() or any(letter.isdigit() for letter in word)
        is_word = word in _TITLES or not (content_words(word) or word.isupper())
        if is_name and not is_word and word != "I":
            yield word


def _folded(word: str) -> str:
    plain = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", word)).casefold()
    return plain.replace("’", "'").replace(".", "").removesuffix("s")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _is_disguised(text: str, source: str) -> bool:
    """Return whether a text has unseen characters, or letters that look like those of others.

    These are dressed ones, two scripts in a word, and a script other than Latin that its source
    does not have.
    """
    for each in text:
        is_odd = unicodedata.category(each) in ("Cc", "Cf", "Co", "Cn", "Cs") or each in _UNSEEN
        if is_odd or unicodedata.decomposition(each).startswith(_DRESSED):
            return True
    if {_script(each) for each in text} - {_script(each) for each in source} - {"LATIN", ""}:
        return True
    return any(len({_script(each) for each in word if each.isalpha()}) > 1 for word in text.split())


def _script(letter: str) -> str:
    """Return the script of a letter: of those that look alike, Latin, Greek and Cyrillic differ."""
    name = unicodedata.name(letter, "").partition(" ")[0]
    return name if name in ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE") else ""
