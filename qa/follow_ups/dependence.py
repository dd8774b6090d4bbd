"""How surely a question depends on those before it (English)."""

from __future__ import annotations

import re
from enum import IntEnum

from qa.documents import Span
from qa.follow_ups.phrases import names, substance


class Dependence(IntEnum):
    """How surely a question depends on what came before it."""

    STANDALONE = 0
    AMBIGUOUS = 1
    DEPENDENT = 2


_FEW = 3  # words of substance: with fewer, and no name, a question may not stand alone
_FRAGMENT = 5  # words that may be no sentence
_CHECKED = 400  # characters: a longer question brings along what it speaks of


def _pattern(*ways: str) -> re.Pattern[str]:
    return re.compile("|".join(ways), re.IGNORECASE)


_AUXILIARY = (
    r"(is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|shall|may|might)"
)
_END = r"(?= ?([?.!,;]|$))"

# A word that shows what language it is, and that something is asked.
_ASKS = _pattern(
    rf"\b{_AUXILIARY}\b",
    r"\b(who|whom|whose|what|which|when|where|why|how|tell|explain|describe|define|compare|list"
    r"|name|give|show)\b",
)
_ELLIPSIS = _pattern(
    r"^\W*(and|but|or|plus|what about|how about|what of|how come)\b",
    r"^\W*(in|by|to|from|for|with|at|on|since|until) (what|which|whom?|when|where)( \w+)?\W*$",
    r"^\W*wh(ich|o|at) (is|was|are|were|has|had) (the )?((more|most|less|least) \w+|\w{2,}er"
    r"|\w{2,}est|better|best|worse|worst)\W*$",
)
_OPENING = _pattern(
    r"^\W*(so|then|also|because|what if|no|yes|ok|okay|oh|speaking of)\b",
    r"\bi mean(t|ing)?\b",
)
_POINTING = _pattern(
    r"\bthe (former|latter|same)( (one|thing|way))?\b",
    r"\b(the|any|some) others?\b|\b(that|this|which) ones?\b",
    r"\bthe (other|first|second|last|next) (one|two)\b",
    r"\b(what|who|where|anything|anyone) else\b",
    rf"\b(do|does|did|is|was|are|were|has|have|of|about|by|with|for|like|than|from|to|on|mean)"
    rf" (this|that|these|those){_END}",
    r"\b(why|how|when|where|what|who) (is|was|are|were|did|does|would|could)"
    r" (this|that|these|those)\b",
    rf"^{_AUXILIARY} (this|that|these|those)\b(?! \w+ (is|are|was|were|has|have|can|will)\b)",
    r"\b(do|does|did|doing|not) so\b",
    r"\b(of|between|among|about) (these|those|the two|both)\b",
    rf"\b(there|then|so far|ones?){_END}",
)
_HINTING = _pattern(r"\b(this|these|those|such)\b(?! (who|that|which|with|of|in|from|as)\b)")
_ADDING = _pattern(
    r"\b(another|others?|else|both|neither|instead|as well|too|also|again|still)\b"
    r"(?! (who|that|which|with|of|in|from|than)\b)"
)
_POLITE = _pattern(r"^\W*(thanks|thank you|hello|hi|hey|bye|great|good|okay|ok)\b")
_INTRODUCING = _pattern(
    r"^\W*(is|are) there (an?|any) [\w-]+( [\w-]+)?\W*$",
    r"^\W*is there (?!more|(any|some)\w+|evidence|proof|enough|room|time)[\w-]+\W*$",
    r"^\W*(what|who) (is|are|was|were|does) (an? )?(?!the |an? |this |that |these |those |its |his "
    r"|her |their |most |main |some |other )[\w-]+( [\w-]+)?( mean)?\W*$",
    r"^\W*tell me about (?!the |it\b|him\b|her\b|them\b|this\b|that\b|these\b|those\b|its\b|his\b"
    r"|their\b)[\w-]+( [\w-]+)?\W*$",
)
_ANY = _pattern(r"\b(a|an) \w")  # what "a" leads in was not spoken of before
# Things that are always those of something: "What are symptoms?" introduces nothing.
_OF_SOMETHING = _pattern(
    r"\b(symptoms?|effects?|causes?|benefits?|advantages?|disadvantages?|risks?|costs?|fees?"
    r"|prices?|results?|requirements?|differences?|steps?|options?|treatments?|members?|rules?"
    r"|features?|types?|uses?|consequences?|goals?|conclusions?|findings?|methods?|examples?"
    r"|ones?|others?|alternatives?|reviews?|plot|it|they|he|she|so)\W*$"
)

_PERSONAL = _pattern(r"\b(it|its|itself|he|him|his|she|her|hers|they|them|their|theirs)\b")
_STATES = _pattern(r"\W*(it|she|they)\b")
_OWN = frozenset(["his", "her", "hers", "its", "their", "theirs", "itself"])
# "Is it true that", "how long does it take to": the word points at what follows, if anywhere.
_FOLLOWED = r"(to|that|if|when|for|whether)\b"
_EMPTY_IT = _pattern(
    r"\b(is|was|be|would|will|isn't|wasn't) it (?!similar|related|due|close|equal|limited|next"
    rf"|prior|linked|compared|open|subject)(\w+ ){{1,2}}?{_FOLLOWED}",
    r"\b(do|does|did|would|will|can|could) it (take|cost|matter|mean|make sense|help|hurt) "
    rf"(\w+ ){{0,4}}?{_FOLLOWED}",
    r"\bhow (much|long|far) (is|was|does|would|will) it( cost| take| be)? (for|if|per|when|from)\b",
    r"\b(what|how) (is|was|does|do) it (called|mean|feel|look|like)\b.* (to|if|when)\b",
    rf"\bit('s| is| was| takes?| took| costs?| means?) (\w+ ){{1,4}}?{_FOLLOWED}",
    r"\bit (rain|snow)s?\b|\bwhat time is it\b|\b(make|makes|made|find) it\b",
)
# A pronoun after one of these may speak of what stands before it in the same question.
_BOUNDARY = _pattern(
    r"[,;:.?!]",
    r"\b(when|while|if|because|since|before|after|until|although|though|as|and|but|so|that|which"
    r"|who|whom|how|why|where|what|than|whether|say|says|said|think|thought|claim|claimed|believe"
    r"|believed)\b",
)


def dependence(question: str) -> Dependence:
    """Return how surely a question depends on others, by its words alone."""
    if len(question) > _CHECKED or _is_foreign(question):
        return Dependence.STANDALONE
    told = substance(question)
    if not told and _POLITE.search(question) and not _ASKS.search(question):
        return Dependence.STANDALONE
    if not told or points_outside(question):
        return Dependence.DEPENDENT
    if _ELLIPSIS.search(question) or _POINTING.search(question):
        return Dependence.DEPENDENT if len(told) <= _FEW else Dependence.AMBIGUOUS
    return Dependence.AMBIGUOUS if _may_lean(question, len(told)) else Dependence.STANDALONE


def points_back(question: str) -> bool:
    """Return whether a word of a question points at what came before it."""
    return bool(points_outside(question) or _POINTING.search(question))


def points_outside(question: str) -> Span | None:
    """Find a pronoun that speaks of nothing which the question itself names before it."""
    text = _EMPTY_IT.sub(lambda match: "-" * len(match[0]), question)
    first = _PERSONAL.search(text)
    if not first or _named_before(text[: first.start()], first[0].lower()):
        return None
    if not (_ASKS.search(question) or _ELLIPSIS.search(question) or _STATES.match(question)):
        return None  # in another language it may be another word
    return Span(*first.span())


def _named_before(before: str, pronoun: str) -> bool:
    """Return whether a pronoun may speak of something that stands before it.

    A subject is no referent of an object in its own clause: "How many countries have embraced
    it?"; but it is of what it owns: "Why did China change its policy?"
    """
    if pronoun not in _OWN:
        ends = [match.start() for match in _BOUNDARY.finditer(before)]
        before = before[: ends[-1]] if ends else ""
    things = [word for word in substance(before) if not word.isdigit()]
    return bool(names(before)) or len(things) > (pronoun in ("his", "her"))


def _may_lean(question: str, told: int) -> bool:
    if _INTRODUCING.search(question) and not _OF_SOMETHING.search(question):
        return False
    if _OPENING.search(question) or _HINTING.search(question):
        return True
    if is_fragment(question):
        return True
    if names(question) or (told > 1 and _ANY.search(question)):
        return False
    return told < _FEW or bool(_ADDING.search(question))


def is_fragment(question: str) -> bool:
    """Return whether a few words ask nothing in full: "The West branch"."""
    return len(question.split()) <= _FRAGMENT and not _ASKS.search(question)


def _is_foreign(question: str) -> bool:
    """Return whether a question is in a script that the rules know nothing of."""
    letters = [character for character in question if character.isalpha()]
    return sum(letter > "\u024f" for letter in letters) * 2 > len(letters)
