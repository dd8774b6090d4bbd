"""What of a statement must stand in its quotes to the letter: numbers, names and quotations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain

from qa.answering.statements import Verdict
from qa.text.analysis import content_words
from qa.writing.quantities import uncounted
from qa.writing.sentences import speaks_to_a_model
from qa.writing.units import MONTHS, unit_of

_QUOTED = re.compile(
    r"“([^”]+)”|(?<!\d)\"([^\"]+)\"|«([^»]+)»|»([^«]+)«|„([^“”]+)[“”]|‹([^›]+)›|「([^」]+)」"
    r"|『([^』]+)』|〈([^〉]+)〉|《([^》]+)》|`([^`]+)`|´([^´]+)´|(?<!\d)″([^″]+)″"
    r"|(?<!\w)['‘’‚]((?:[^'’‘]|['’](?=\w))+)['’‘](?!\w)"
)
_MARKS = frozenset('“”"«»„‹›「」『』〈〉《》`´″')
_INCHES = re.compile('(?<=[0-9])["″]')
_ADDRESS = re.compile(
    r"\w+://[^\s`”\"’)>\]]+|\w[\w.-]*@\w[^\s`”\"’)>\]]*"
    r"|\b\w[\w-]*\.[a-z]{2,}\b[^\s`”\"’)>\]]*|</?[\w!][^>]*>?|\]\(\S*"
    r"|\b(?:javascript|data|file|mailto|tel):\S+",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_]\w*(?:['’.&]\w+)*")
_POSSESSIVE = re.compile(r"['’]s?$")
_SHORTENED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Mt|Sr|Jr|Rev|Gen|Col|Capt|Lt|No|[A-Z]|e\.g|i\.e|vs|cf|approx|incl)\.$"
)
_TITLES = frozenset("Mr Mrs Ms Miss Dr Doctor Prof Professor Sir Captain".split())
_NUMBERED = re.compile(
    r"\b(?:phase|type|part|class|annex|appendix|chapter|volume|article|stage|level|grade|tier|section"
    r"|title|book|act|schedule|category|group|[A-Z]\w+) $"
)
"""What may stand before the number "I"."""

_SHORT = {
    "Mon": "monday", "Tue": "tuesday", "Tues": "tuesday", "Wed": "wednesday", "Thu": "thursday",
    "Thur": "thursday", "Thurs": "thursday", "Fri": "friday", "Sat": "saturday", "Sun": "sunday",
    "Celsius": "c", "Fahrenheit": "f",
}  # fmt: skip
_ACCENTS = re.compile("[\u0300-\u036f]")
_UNSEEN = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")
_DRESSED = ("<font>", "<circle>", "<wide>")
"""Kinds of letters that stand for plain ones: mathematical, in circles, of full width."""


def first_fault(
    statement: str, cited: Sequence[str], documents: Sequence[str]
) -> tuple[Verdict, str] | None:
    """Return what of a statement does not stand in what it cites, if anything.

    Args:
        statement: a model's words.
        cited: the sentences that it cites, with what they stand under.
        documents: the whole texts that they are of; quotations are looked for there.
    """
    if speaks_to_a_model(statement):
        return "instruction", ""
    if any(_is_whole(statement, text) for text in cited):
        return None
    source = "\n".join(cited)
    if _is_disguised(statement, source):
        return "characters", ""
    checks: tuple[tuple[Verdict, str | None], ...] = (
        ("quotation", _unsaid(statement, documents)),
        ("number", uncounted(statement, source)),
        ("name", _unnamed(statement, source)),
    )
    return next(((verdict, wrong) for verdict, wrong in checks if wrong is not None), None)


def _is_whole(statement: str, cited: str) -> bool:
    """Return whether a statement is a cited sentence; lines above it are what it stands under."""
    said = _plain(statement).rstrip(".")
    lines = cited.split("\n")
    return any(said == _plain(" ".join(lines[n:])).rstrip(".") for n in range(len(lines)))


def _unsaid(statement: str, documents: Sequence[str]) -> str | None:
    """Return a quotation that no document holds, or a text with marks that quote nothing."""
    for quotation in quotations(statement):
        plain = _plain(quotation).rstrip(" .,;:!?")
        words = re.compile(rf"(?<!\w)(?i:{re.escape(plain[:1])}){re.escape(plain[1:])}(?!\w)")
        if not any(words.search(_plain(text)) for text in documents):
            return quotation
    return statement if _MARKS & set(_INCHES.sub("", _QUOTED.sub(" ", statement))) else None


def _unnamed(statement: str, source: str) -> str | None:
    """Return a name, an address or a tag that the source does not have."""
    written = {_POSSESSIVE.sub("", match[0]) for match in _NAME.finditer(source)}
    words = {_folded(word) for word in written}
    capitals = {_folded(word) for word in written if word[0].isupper()}

    def is_known(name: str) -> bool:
        if name.isupper() and not content_words(name):  # "US" is not "us"
            return name.replace(".", "") in {word.replace(".", "") for word in written}
        return _folded(name) in (capitals if name.isupper() else words)

    strange = (name for name in names(statement) if not is_known(name))
    addresses = (match[0].rstrip(".,;:!?") for match in _ADDRESS.finditer(statement))
    return next(chain(strange, (each for each in addresses if each not in source)), None)


def quotations(text: str) -> list[str]:
    """Return what stands between quotation marks."""
    return [next(filter(None, match.groups())) for match in _QUOTED.finditer(text)]


def names(statement: str) -> Iterator[str]:
    """Yield the words of a statement that are written as names are.

    Its first word is one only where it has a capital or a digit within. Units and months beside
    numbers are none.
    """
    for match in _NAME.finditer(statement):
        word = _POSSESSIVE.sub("", match[0])
        before = statement[: match.start()].rstrip()
        starts = not before or (before[-1] in ".!?“\"'‘" and not _SHORTENED.search(before))
        letters = word[1:] if starts else word
        is_name = letters != letters.lower() or any(letter.isdigit() for letter in word)
        is_word = word in _TITLES or not (content_words(word) or word.isupper())
        is_pronoun = word == "I" and not _NUMBERED.search(statement, 0, match.start())
        if is_name and not is_word and not is_pronoun and not _is_unit(statement, match):
            yield word


def _is_unit(text: str, match: re.Match[str]) -> bool:
    """Return whether a word is the unit or the month of a number beside it."""
    before, after = text[: match.start()].rstrip(" -$"), text[match.end() :].lstrip(" .-$")
    is_beside = before[-1:].isdigit() or after[:1].isdigit()
    return is_beside and bool(unit_of(match[0]) or text.startswith("$", match.end()))


def _folded(word: str) -> str:
    if word in _SHORT:
        return _SHORT[word]
    if word.capitalize() in MONTHS and word != word.lower():
        return MONTHS[word.capitalize()].lower()
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", _POSSESSIVE.sub("", word))).casefold()
    return plain.replace("’", "'").replace(".", "").removesuffix("s")


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").split())


def _is_disguised(text: str, source: str) -> bool:
    """Return whether a text has unseen characters, or letters that look like those of others.

    These are dressed ones, two scripts in a word, and a script other than Latin that its source
    does not have. What the source writes so is none.
    """
    if text.isascii() and text.isprintable():
        return False
    known = set(_bare_words(source))
    strange = [word for word in _bare_words(text) if word not in known]
    for each in "".join(strange):
        is_odd = unicodedata.category(each) in ("Cc", "Cf", "Co", "Cn", "Cs") or each in _UNSEEN
        if is_odd or unicodedata.decomposition(each).startswith(_DRESSED):
            return True
    scripts = {_script(each) for each in "".join(strange)}
    if scripts - {_script(each) for each in source} - {"LATIN", ""}:
        return True
    return any(len({_script(each) for each in word if each.isalpha()}) > 1 for word in strange)


def _bare_words(text: str) -> list[str]:
    """Return the words of a text; micro signs are the letter that they look like."""
    return [word.strip(".,;:!?()[]“”\"'") for word in text.replace("µ", "μ").split()]


def _script(letter: str) -> str:
    """Return the script of a letter: of those that look alike, Latin, Greek and Cyrillic differ."""
    name = unicodedata.name(letter, "").partition(" ")[0]
    return name if name in ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE") else ""
