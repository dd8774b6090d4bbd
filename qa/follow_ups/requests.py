"""What is asked for without a question of its own: an overview, a topic, or more (English)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.follow_ups.dependence import is_fragment, points_back
from qa.follow_ups.phrases import substance
from qa.text.analysis import content_words, terms

_CHECKED = 200  # characters; a longer question asks for something of its own
_TOPIC_WORDS = 4  # content words of a topic after "tell me about"
_BARE_WORDS = 3  # content words of a topic alone

_MORE = re.compile(
    r"\W*(?:(?:and|ok|okay|so|yes|please|thanks)\W+)*(?:(?:can|could|would) you (?:please )?)?"
    r"(?:(?:tell|show|give) me )?(?:(?:some|any|even) )?"
    r"(?:more(?: details?| quotes?| of (?:it|this|that|them))?(?: about (?:it|this|that|them))?"
    r"|(?:what|anything|something) else(?: is there| does it say| do you know)?"
    r"|go on|keep going|continue|next|elaborate)(?: please)?\W*",
    re.IGNORECASE,
)
_TOPIC = re.compile(
    r"\W*(?:(?:and|but|so|or|ok|okay|please)\W+)*(?:(?:can|could) you )?"
    r"(?:(?:tell me|say|talk)(?: something| more| a bit| all)? about|(?:what|how) about|what of"
    r"|(?:information|info|details|something|anything|more) (?:about|on|regarding)"
    r"|what does (?:it|this|the \w+) say (?:about|on)|what (?:is|was) said (?:about|on))"
    r"\s+(.+?)\W*",
    re.IGNORECASE,
)
_AND = re.compile(r"\W*(?:and|but|or)\W+(.+?)\W*", re.IGNORECASE)

_LEANS = re.compile(
    r"(?:and|but|or|so|if|in|for|of|at|on|with|by|to|from|since|until|about|any|other|another|not"
    r"|no|i|i'm)\b",
    re.IGNORECASE,
)
_OWNING = re.compile(r"['’]s?$")

_WORD = re.compile(r"\w+")
_NO_SPACES = re.compile("[\u0e00-\u0eff\u3040-\u9fff]")  # Thai, Japanese, Chinese: no single words
_OVERVIEWS = frozenset(
    "summarize summarise summary summaries overview tldr gist synopsis takeaway takeaways recap"
    " nutshell essence".split()
)
_CHIEF = frozenset("main key central core principal primary important essential overall".split())
_POINTS = frozenset(
    "argument arguments point points idea ideas message messages claim claims thesis topic topics"
    " theme themes subject subjects insight insights highlights".split()
)
_TEXTS = frozenset(
    "document documents text texts essay article paper file files page pages report book chapter"
    " letter pdf story speech post website site author writer".split()
)
_KINDS = frozenset(
    "contract agreement manual guide recipe minutes leaflet policy invoice newsletter readme"
    " syllabus terms handbook brochure faq".split()
)
_AROUND = frozenset(
    "please give write make provide tell show want need get whole entire short brief briefly quick"
    " quickly just sentence sentences word words bullet bullets line lines uploaded attached above"
    " exactly basically s list name say says tl dr let see like one all".split()
)
_NUMBERS = {
    word: number
    for number, word in enumerate("one two three four five six seven eight nine ten".split(), 1)
}
_POINTS_BACK = frozenset(["it", "that", "they", "these", "those"])
_OWNERS = frozenset(["its", "their", "his", "her"])


@dataclass(frozen=True, slots=True)
class OverviewRequest:
    """A request to say what documents are about.

    Attributes:
        sentences: how many are asked for; None where no number is named.
        named: the words that name a document; empty where none does.
        kinds: words that name a kind of document, such as "contract".
    """

    sentences: int | None = None
    named: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    def asks_for(self, document_ids: Sequence[str]) -> list[str]:
        """Return which of some documents are asked for; none where it names something else."""
        if not self.named:
            return list(document_ids) if not self.kinds or len(document_ids) == 1 else []
        return [id_ for id_ in document_ids if self.named <= terms(re.sub(r"[\W_]+", " ", id_))]


def overview_request(question: str, *, follows: bool = False) -> OverviewRequest | None:
    """Return what overview a question asks for, if it asks for one.

    Args:
        question: the question.
        follows: whether questions came before it, which "it" and "its" may speak of.
    """
    words = _WORD.findall(question[: _CHECKED + 1].lower())
    if len(question) > _CHECKED or (follows and _OWNERS.intersection(words)):
        return None
    content = {word for word in content_words(question) if word not in _AROUND | _TEXTS}
    content = {word for word in content if not word.isdigit() and word not in _NUMBERS}
    rest = content - _OVERVIEWS - (_CHIEF | _POINTS if content & _CHIEF else frozenset())
    asked = (
        bool(content & _OVERVIEWS)
        or (bool(content & _CHIEF) and bool(content & _POINTS))
        or (words[:2] == ["tl", "dr"])
        or _asks_what_it_is_about(words, follows=follows)
    )
    named = rest - _KINDS
    if not asked or (named and not (content & _OVERVIEWS or "about" in words)):
        return None
    count = next((_NUMBERS.get(w) or int(w) for w in words if _is_count(w)), None)
    return OverviewRequest(count, terms(" ".join(named)), frozenset(rest & _KINDS))


def _is_count(word: str) -> bool:
    return word in _NUMBERS or (word.isdecimal() and word.isascii() and 0 < int(word[:3]) <= 20)


def _asks_what_it_is_about(words: Sequence[str], *, follows: bool) -> bool:
    """Return whether words ask what "this", or a document that is named, is about."""
    asks = words[:1] in (["what"], ["whats"]) and words[-1:] == ["about"] and len(words) > 2
    return asks and not (follows and bool(_POINTS_BACK & set(words)))


def asks_for_more(question: str) -> bool:
    """Return whether a question asks for more of what was just answered: "Tell me more"."""
    return len(question) <= _CHECKED and bool(_MORE.fullmatch(question))


def topic_of(question: str) -> str:
    """Return the word, name or thing that a question asks about as such; empty for others.

    "Tell me about populism", "What about the deposit?" and "deposit" have a topic.
    """
    return _topic(question, _TOPIC)


def subject_of(question: str) -> str:
    """Return the topic of a follow-up: as `topic_of`, and "And Russia?" has one, too."""
    return _topic(question, _TOPIC) or _topic(question, _AND)


def _topic(question: str, led_in: re.Pattern[str]) -> str:
    if len(question) > _CHECKED or _NO_SPACES.search(question):
        return ""
    found = led_in.fullmatch(question)
    topic = _OWNING.sub("", found[1] if found else question.strip(" \t\n.?!,;:"))
    told = [word for word in substance(topic) if not word.isdigit()]
    is_short = len(content_words(topic)) <= (_TOPIC_WORDS if found else _BARE_WORDS)
    is_thing = is_fragment(topic) and not _LEANS.match(topic) and not points_back(f"Is {topic}?")
    return topic if told and is_short and is_thing else ""
