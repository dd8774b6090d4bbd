"""Statements damaged on purpose: one small change that their source no longer supports.

The texts are English. A change is drawn by chance, from those that a text has a place for.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping

Damage = Callable[[str, str, random.Random], str | None]
"""Changes a statement; given its premise, too. None where it has no place for that change."""

_NAME = re.compile(r"(?<!^)(?<![.!?] )\b[A-Z][a-z]+(?: (?:of |de |van )?[A-Z][a-z]+)*\b")
_NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w])")
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|has|have|had|can|could|will|would|may|might|must|should|does|do|did)\b"
    r"(?! not\b| never\b|n't\b)"
)
_PAST = re.compile(r"(?<=[a-z]{2} )([a-z]{3,}ed)\b(?= (?:the|a|an|in|on|at|by|to|for|from|with)\b)")
_BY = re.compile(r"\b(?:is|are|was|were|been|be) ([a-z]+ed) by\b")
_THING = re.compile(r"\b(?:the|an?|h(?:is|er)|their|our|your|my) [a-z]+\b")
_JOINS = re.compile(r"(,| and| or|, and|\W)* ?(the )?")
_NEGATED = re.compile(r"\b(?:not|never) |(?<=\b(?:is|re|as|do|es|id|ld))n't\b")


def _word_table(*groups: str) -> dict[str, tuple[str, ...]]:
    """Return, for each word, the others of its group, as each stands for another claim."""
    table = {}
    for group in groups:
        words = group.split()
        for word in words:
            table[word] = tuple(other for other in words if other != word)
    return table


_QUANTIFIERS = _word_table(
    "all some no",
    "every no",
    "most few",
    "many few",
    "always never",
    "each no",
    "both neither",
    "often rarely",
    "usually rarely",
    "everyone nobody",
)
_MODALS = {
    "may": ("will", "must"),
    "might": ("will", "must"),
    "could": ("will",),
    "can": ("must",),
    "should": ("must",),
    "sometimes": ("always",),
    "some": ("all",),
    "possibly": ("certainly",),
    "likely": ("certain",),
    "probably": ("certainly",),
    "suggests": ("proves",),
    "suggest": ("prove",),
    "about": ("exactly",),
    "allowed": ("required",),
}
_TIMES = _word_table(
    "before after",
    "first last",
    "earlier later",
    "yesterday tomorrow",
    "past future",
    "since until",
    "January March August November",
    "February April July October",
    "Monday Wednesday Saturday",
    "Tuesday Thursday Sunday",
    "morning evening",
    "begins ends",
    "began ended",
    "start end",
)
_OPPOSITES = _word_table(
    "more less", "higher lower", "high low", "increase decrease", "increased decreased",
    "increases decreases", "larger smaller", "large small", "largest smallest", "north south",
    "east west", "best worst", "better worse", "above below", "open closed", "won lost",
    "accepted rejected", "allowed forbidden", "old new", "older younger", "up down", "left right",
    "positive negative", "man woman", "men women", "mother father", "male female", "hot cold",
    "strong weak", "stronger weaker", "with without", "inside outside", "husband wife",
    "common rare", "increasing decreasing", "longest shortest", "longer shorter", "rose fell",
    "brother sister", "son daughter", "boy girl", "sitting standing", "sleeping running",
)  # fmt: skip


def _swapped(table: Mapping[str, tuple[str, ...]]) -> Damage:
    pattern = re.compile(rf"\b(?:{'|'.join(table)})\b")

    def damage(statement: str, premise: str, chance: random.Random) -> str | None:
        found = list(pattern.finditer(statement))
        if not found:
            return None
        place = chance.choice(found)
        return _put(statement, place, chance.choice(table[place[0]]))

    return damage


def _put(text: str, place: re.Match[str], put: str) -> str:
    return text[: place.start()] + put + text[place.end() :]


def number(statement: str, premise: str, chance: random.Random) -> str | None:
    """Change a number a little: "27" to "28", "1994" to "1949"."""
    found = list(_NUMBER.finditer(statement))
    if not found:
        return None
    place = chance.choice(found)
    digits = place[0]
    at = chance.choice([n for n, digit in enumerate(digits) if digit.isdigit()])
    least = 1 if at == 0 and len(digits) > 1 else 0
    other = chance.choice([d for d in "0123456789"[least:] if d != digits[at]])
    return _put(statement, place, digits[:at] + other + digits[at + 1 :])


def name(statement: str, premise: str, chance: random.Random) -> str | None:
    """Put a name of the premise in the place of another one."""
    found = list(_NAME.finditer(statement))
    others = {match[0] for match in _NAME.finditer(premise)}
    others -= {one for one in others if one in statement}
    others = {o for o in others if not any(o in m[0] or m[0] in o for m in found)}
    if not found or not others:
        return None
    return _put(statement, chance.choice(found), chance.choice(sorted(others)))


def role(statement: str, premise: str, chance: random.Random) -> str | None:
    """Swap who did it and to whom: two names, or else two things, or the passive's ends."""
    if passive := _BY.search(statement):
        return _put(statement, passive, passive[1])
    found = list(re.finditer(r"\b[A-Z][a-z]+(?: [A-Z][a-z]+)*\b", statement))
    found = [m for m in found if m.start() or len(m[0].split()) > 1 or m[0] in premise]
    if len(found) < 2:
        found = list(_THING.finditer(statement))
    if len(found) < 2:
        return None
    first, second = found[0], found[-1]
    between = statement[first.end() : second.start()]
    if first[0] == second[0] or _JOINS.fullmatch(between):
        return None
    return statement[: first.start()] + second[0] + between + first[0] + statement[second.end() :]


def negation(statement: str, premise: str, chance: random.Random) -> str | None:
    """Put "not" in, or take it out."""
    if negated := _NEGATED.search(statement):
        return _put(statement, negated, "")
    if auxiliary := _AUXILIARY.search(statement):
        return _put(
            statement, auxiliary, f"{auxiliary[0]} {chance.choice(['not', 'not', 'never'])}"
        )
    if past := _PAST.search(statement):
        return _put(statement, past, f"never {past[0]}")
    return None


def only(statement: str, premise: str, chance: random.Random) -> str | None:
    """Put "only" in."""
    if "only" in statement.lower() or "only" in premise.lower():
        return None
    places = list(
        re.finditer(r"(?<= )(?=(?:in|on|at|for|by|from|to|with|when|if) [a-z]{0,4} ?\w)", statement)
    )
    return _put(statement, chance.choice(places), "only ") if places else None


DAMAGES: dict[str, Damage] = {
    "number": number,
    "name": name,
    "role": role,
    "negation": negation,
    "quantifier": _swapped(_QUANTIFIERS),
    "only": only,
    "modality": _swapped(_MODALS),
    "time": _swapped(_TIMES),
    "opposite": _swapped(_OPPOSITES),
}
"""The kinds of damage, by name."""


def damaged(
    statement: str, premise: str, chance: random.Random, weights: Mapping[str, float]
) -> tuple[str, str] | None:
    """Damage a statement in a kind that is drawn by chance; return it and the kind, if any fits.

    Args:
        statement: it.
        premise: what supports it.
        chance: draws.
        weights: how often a kind is drawn, beside those that fit, too; 1 for those not named.
    """
    made = [
        (changed, kind)
        for kind, damage in DAMAGES.items()
        if (changed := damage(statement, premise, chance)) and changed != statement
    ]
    if not made:
        return None
    return chance.choices(made, [weights.get(kind, 1.0) for _, kind in made])[0]
