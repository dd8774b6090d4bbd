"""What of a statement must stand in its quotes to the letter: numbers, names and quotations.

The words of numbers are English.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
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
    "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "dozen": 12, "twice": 2,
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
    ["one", "second", "half", "quarter", "couple", "pair", "both", "double", "twice"]
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
inch inches
""".strip().splitlines()
    )
    for unit in names
}
_NUMBER = re.compile(
    r"(?<![\w.,])([$£€])? ?(\d{1,3}(?:[,\u00a0\u202f' ]\d{3})+(?:\.\d+)?|\d+(?:[.,:]\d+)*)"
    r"(?:st|nd|rd|th|s)?(?: ?(hundred|thousand|million|billion|trillion|bn|k)\b)?"
    r"[ -]?([%$£€°]|per cent\b|[ap]\.m\.|[a-z]+\b)?",
    re.IGNORECASE,
)
_WORDS = re.compile(
    rf"\b(?:{'|'.join([*_VALUES, *_ORDINALS, *_SCALES])})"
    rf"(?:(?:[ -]|\band\b)+(?:{'|'.join([*_VALUES, *_SCALES])}))*\b(?:[ -]([a-z]+)\b)?",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"“([^”]+)”|\"([^\"]+)\"|«([^»]+)»|„([^“”]+)[“”]|(?<!\w)['‘]([^'’]+ [^'’]+)['’](?!\w)"
)
_ADDRESS = re.compile(r"\w+://\S+|\w[\w.-]*@\w\S+|\b\w[\w-]*\.[a-z]{2,}\b\S*|</?\w[^>]*>?")
_NAME = re.compile(r"[^\W\d_]\w*(?:['’.&-]\w+)*")
_POSSESSIVE = re.compile(r"['’]s?$")
_MARKS = frozenset(["“", "”", '"', "«", "»", "„"])


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
    if _is_disguised(statement):
        return "characters", ""
    if speaks_to_a_model(statement):
        return "instruction", ""
    source = "\n".join(cited)
    checks: tuple[tuple[Verdict, str | None], ...] = (
        ("quotation", _unsaid(statement, documents)),
        ("number", _uncounted(statement, source)),
        ("name", _unnamed(statement, source)),
    )
    return next(((verdict, wrong) for verdict, wrong in checks if wrong is not None), None)


def _unsaid(statement: str, documents: Sequence[str]) -> str | None:
    """Return a quotation that no document holds, or a text with marks that quote nothing."""
    for quotation in quotations(statement):
        if not any(_plain(quotation) in _plain(text) for text in documents):
            return quotation
    return statement if _MARKS & set(_QUOTED.sub(" ", statement)) else None


def _uncounted(statement: str, source: str) -> str | None:
    """Return a number, with its unit, that the source does not have."""
    known = list(quantities(source))
    missing = (q for q in quantities(statement) if not any(_is_same(q, each) for each in known))
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


def quantities(text: str) -> Iterator[Quantity]:
    """Yield the numbers of a text, in digits and in words."""
    text = unicodedata.normalize("NFKC", text)
    for match in _NUMBER.finditer(text):
        sign, digits, scale, unit = match.groups()
        known = _UNITS.get((sign or unit or "").lower().replace(" ", "_"), "")
        written = match[0].removesuffix(unit or "") if unit and (sign or not known) else match[0]
        for part in digits.split(":"):
            value = _value(part, scale)
            if value is not None:
                yield Quantity(value, known, written.strip(" -"))
    for match in _WORDS.finditer(text):
        words = re.findall("[a-z]+", match[0].lower())
        unit = _UNITS.get((match[1] or "").lower(), "")
        counting = [
            word for word in words if word in _VALUES or word in _ORDINALS or word in _SCALES
        ]
        if len(counting) == 1 and counting[0] in _LOOSE:
            continue  # "one of them", "a second thought"
        yield Quantity(_spelt(counting), unit, " ".join(counting))


def _value(digits: str, scale: str | None) -> Decimal | None:
    plain = re.sub(r"[,'\s](?=\d{3}(?:\D|$))", "", digits)
    if plain.count(".") > 1 or "," in plain:  # a version or a date: "1.2.3"
        plain = re.sub(r"[.,]", "", plain)
    value = Decimal(plain)
    return value * _SCALES.get((scale or "").lower(), 1)


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


def _is_same(one: Quantity, other: Quantity) -> bool:
    is_unit = not one.unit or not other.unit or one.unit == other.unit
    return one.value == other.value and is_unit


def names(statement: str) -> Iterator[str]:
    """Yield the words of a statement that are written as names are.

    Its first word is one only where it has a capital or a digit within.
    """
    for match in _NAME.finditer(statement):
        word = _POSSESSIVE.sub("", match[0])
        before = statement[: match.start()].rstrip()
        starts = not before or before[-1] in ".!?:“\"'‘("
        has_capital = word[0] != word[0].lower()
        if starts:
            has_capital = word[1:] != word[1:].lower() or any(letter.isdigit() for letter in word)
        if has_capital and (content_words(word) or word.isupper()) and word != "I":
            yield word


def _folded(word: str) -> str:
    plain = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", word)).casefold()
    return plain.replace("’", "'").replace(".", "")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _is_disguised(text: str) -> bool:
    """Return whether a text has unseen characters, or letters of two scripts in a word."""
    if any(unicodedata.category(each) in ("Cc", "Cf", "Co", "Cn", "Cs") for each in text):
        return True
    return any(len({_script(each) for each in word if each.isalpha()}) > 1 for word in text.split())


def _script(letter: str) -> str:
    """Return the script of a letter: of those that look alike, Latin, Greek and Cyrillic differ."""
    name = unicodedata.name(letter, "").partition(" ")[0]
    return (
        name
        if name
        in ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "MATHEMATICAL", "FULLWIDTH")
        else ""
    )
