"""What a question names: names, things, and the words that have substance (English)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qa.documents import Span
from qa.text.analysis import content_words

_WORD = re.compile(r"\w+(?:[-'’&.]\w+)*")

# Words that are in many questions and tell little of what they are about.
_THIN_WORDS = """
about actually again ago all also always another any anyone anything away back bad best better
big both brief briefly bring call called came cause clear come compare define describe detail
details did different discuss done each either elaborate else enough ever every exactly example
examples exist explain far few find first found further gave get gets give given go goes going
gone good got great happen happened happening happens hello help here hi idea important info
information instead interested interesting involved just kind kinds know known last later least
less let like likely list little long look looking
lot made main make makes making many matter me mean
meaning means meant mention mentioned might more most much name need needed needs neither never
new next no number often oh ok okay old one ones only oops or other others otherwise out
over own part
people please point possible provide provided put question really reason reasons related right
said same say saying says see seem several show similar since sort sorry specific start state
still sure take taken takes talk tell thank thanks thing things think thought time times today
told too true try two type types understand until up use used using usually very want way ways
well went wonder wondering work works yes yet aren couldn didn doesn don hasn haven isn ll re
shouldn ve wasn weren won wouldn
"""
_THIN = frozenset(_THIN_WORDS.split())
_AUXILIARIES = frozenset(
    ["do", "does", "did", "can", "could", "will", "would", "should", "might", "may", "must"]
)
_BEING = frozenset(["is", "are", "was", "were"])
_PREPOSITIONS = frozenset(
    ["of", "in", "about", "on", "for", "with", "from", "by", "at", "between", "against", "into"]
)
_IRREGULAR = """
begun born bought broken brought built caught chosen cut drawn driven eaten fallen fought grown
held hidden kept laid led left lost paid sent shot sold spent spoken stolen sung taught thrown
torn won worn written
"""
_PARTICIPLES = frozenset(_IRREGULAR.split())
_LINKS = frozenset(["of", "and", "the", "&", "for", "de", "la", "von", "van", "di"])

_NUMERAL = re.compile(r"[A-Z]|[IVX]+|\d{1,3}")
_TITLE = 4  # letters in "Prof."


@dataclass(frozen=True, slots=True)
class Phrase:
    """Something that a question speaks of, with "the" before it if that is there."""

    text: str
    span: Span
    is_name: bool


def substance(text: str) -> list[str]:
    """Return the words that tell what a text is about, in lower case, without the thin ones."""
    return [
        word
        for word in content_words(text)
        if word not in _THIN and (len(word) > 1 or word.isdigit())
    ]


def is_thin(word: str) -> bool:
    """Return whether a word says little or nothing of what a question is about."""
    return not substance(word)


def names(text: str) -> list[Phrase]:
    """Return the names in a text."""
    return [phrase for phrase in phrases(text) if phrase.is_name]


def phrases(text: str) -> list[Phrase]:
    """Return what a text surely names: names, and things that "the" or a preposition leads in.

    "Why did Rome fight the Punic Wars?" names "Rome" and "the Punic Wars".
    """
    words = _Words(text)
    found: list[Phrase] = []
    at = 0
    while at < len(words):
        name_end = words.end_of_name(at)
        end = max(name_end, words.end_of_thing(at, name_end))
        if end > at:
            found.append(words.phrase(at, end, is_name=name_end > at))
        at = max(end, at + 1)
    return found


class _Words:
    """The words of a text, by number; a phrase is a run of them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found = list(_WORD.finditer(text))
        self._shouts = text == text.upper()

    def __len__(self) -> int:
        return len(self._found)

    def phrase(self, at: int, end: int, *, is_name: bool) -> Phrase:
        """Make a phrase of a run of words."""
        first = at - 1 if self._lower(at - 1) == "the" else at
        span = Span(self._found[first].start(), self._found[end - 1].end())
        text = self._text[span.start : span.end]
        return Phrase(f"the{text[3:]}" if first < at else text, span, is_name)

    def end_of_name(self, at: int) -> int:
        """Return where the name that starts here ends; here, if none does."""
        end = at
        while self._is_capital(end) and (end == at or self._is_near(end)):
            end += 1
            if _NUMERAL.fullmatch(self._word(end)) and self._is_near(end):  # "World War I"
                end += 1
            linked = next((n for n in range(end, end + 3) if self._lower(n) not in _LINKS), end)
            if linked > end and self._is_capital(linked):
                end = linked
        return end

    def end_of_thing(self, at: int, end: int) -> int:
        """Return where the thing that starts here, perhaps with a name, ends."""
        if not self._is_led_in(at) or (end > at and self._lower(at - 1) != "the"):
            return end
        while not is_thin(self._lower(end)) and (end == at or self._is_near(end)):
            end += 1
        while end > at + 1 and self._is_participle(end - 1):  # "When was the pact signed?"
            end -= 1
        return end

    def _is_participle(self, at: int) -> bool:
        word = self._lower(at)
        return word.endswith(("ed", "ing")) or word in _PARTICIPLES

    def _is_led_in(self, at: int) -> bool:
        before, last = self._lower(at - 2), self._lower(at - 1)
        if last == "the":
            return before not in _AUXILIARIES  # "did the army march" ends in a verb
        introduced = at == 2 and before in ("what", "who") and last in _BEING
        return introduced or last in _PREPOSITIONS

    def _is_capital(self, at: int) -> bool:
        """Return whether a word is written as a name is, and not as a sentence starts."""
        word = self._word(at)
        if word == word.lower() or is_thin(word) or self._shouts:
            return False
        follower = self._word(at + 1)
        is_ordinary = word[1:] == word[1:].lower() and follower and follower == follower.lower()
        return not (is_ordinary and self._starts_sentence(at))

    def _starts_sentence(self, at: int) -> bool:
        title = len(self._word(at - 1)) <= _TITLE and self._is_capital(at - 1)  # "Dr."
        return at == 0 or (self._between(at).strip()[-1:] in (".", "?", "!", ":") and not title)

    def _is_near(self, at: int) -> bool:
        """Return whether no more than a space, or the full stop of a title, comes before a word."""
        return self._between(at) in (" ", ". ")

    def _word(self, at: int) -> str:
        return self._found[at][0] if 0 <= at < len(self) else ""

    def _lower(self, at: int) -> str:
        return self._word(at).lower()

    def _between(self, at: int) -> str:
        return self._text[self._found[at - 1].end() : self._found[at].start()]
