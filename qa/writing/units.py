"""Units of measure, as they are written in English."""

from __future__ import annotations

import re
from decimal import Decimal

CLOCK = "clock"
"""The unit of a time of 24 hours."""

HALF_DAY = "o'clock"
"""The unit of a time that may be before or after noon."""

_CURRENCIES = """
$ usd us$ dollar dollars us_dollar us_dollars
a$ aud
c$ ca$ cad
£ gbp pound pounds
€ eur euro euros
¥ jpy yen
cny rmb yuan
₹ inr rupee rupees
kr krone kroner krona kronor
sek
nok
dkk
chf franc francs
rouble roubles ruble rubles
peso pesos
zloty zlotys pln
"""
_MONTHS = """
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
"""
_MEASURES = """
% percent per_cent pct percentage
percentage_point percentage_points pp
‰ permille per_mille
p pence penny
cent cents
km kilometre kilometres kilometer kilometers kms
mile miles mi
nautical_mile nautical_miles nmi
m metre metres meter meters
cm centimetre centimetres centimeter centimeters
mm millimetre millimetres millimeter millimeters
inch inches
ft foot feet
yard yards yd
hectare hectares ha
acre acres
kg kilo kilos kilogram kilograms
g gram grams gramme grammes
mg milligram milligrams
μg mcg microgram micrograms
tonne tonnes ton tons
oz ounce ounces
stone stones
lb lbs
l litre litres liter liters
ml millilitre millilitres milliliter milliliters
gallon gallons
pint pints
s sec secs second seconds
min mins minute minutes
h hr hrs hour hours
day days
night nights
week weeks
fortnight fortnights
month months
year years yr yrs
decade decades
century centuries
° degree degrees
am a.m.
pm p.m.
o'clock
kw kilowatt kilowatts
kwh
w watt watts
hp horsepower
v volt volts
hz
khz
mhz
ghz
kb kilobyte kilobytes
mb megabyte megabytes
gb gigabyte gigabytes
tb terabyte terabytes
mph
"""


def _table(lines: str) -> dict[str, str]:
    return {name: line.split()[0] for line in lines.strip().splitlines() for name in line.split()}


MONEY = _table(_CURRENCIES)
MONTHS = _table(_MONTHS)
UNITS = MONEY | MONTHS | _table(_MEASURES)
"""A name of each unit by all its names."""

SCALES = {
    "dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9,
    "trillion": 10**12, "k": 10**3, "m": 10**6, "mn": 10**6, "mln": 10**6, "b": 10**9,
    "bn": 10**9, "tn": 10**12,
}  # fmt: skip

_OF_OTHERS = {
    "%": (Decimal("0.01"), ""), "£": (Decimal(100), "p"),
    "century": (Decimal(10), "decade"), "decade": (Decimal(10), "year"),
    "year": (Decimal(12), "month"), "fortnight": (Decimal(2), "week"), "week": (Decimal(7), "day"),
    "day": (Decimal(24), "h"), "h": (Decimal(60), "min"), "min": (Decimal(60), "s"),
    "km": (Decimal(1000), "m"), "m": (Decimal(100), "cm"), "cm": (Decimal(10), "mm"),
    "tonne": (Decimal(1000), "kg"), "kg": (Decimal(1000), "g"), "g": (Decimal(1000), "mg"),
    "mg": (Decimal(1000), "μg"), "l": (Decimal(1000), "ml"),
}  # fmt: skip
"""Units that are so many of another one."""

_AREA = re.compile(r"(?:(square|sq|cubic) )?(.*?)([23²³]?)", re.DOTALL)


def unit_of(word: str) -> str:
    """Return the unit, or the month, that words mean, if any; "may" is none, "m2" is one."""
    power, plain, exponent = _AREA.fullmatch(word.replace(".", "") or word).groups()  # type: ignore[union-attr]
    plain = plain.replace(" ", "_")
    month = MONTHS.get(plain.capitalize()) if plain != plain.lower() else None
    unit = month or UNITS.get(plain.lower(), "")
    if not unit or not (power or exponent):
        return unit
    return f"{'cubic' if power == 'cubic' or exponent in ('3', '³') else 'square'} {unit}"


def smallest(value: Decimal, unit: str) -> tuple[Decimal, str]:
    """Return a quantity in the smallest unit of its kind: 2 weeks are as many minutes."""
    while unit in _OF_OTHERS:
        times, unit = _OF_OTHERS[unit]
        value *= times
    return value, unit
