"""A follow-up question made standalone, by rules and without a model (English).

How it decides, and what that is worth: docs/conversation.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

from qa.errors import QuestionError
from qa.follow_ups.dependence import Dependence, dependence, points_back, points_outside
from qa.follow_ups.phrases import is_thin, phrases, substance
from qa.follow_ups.requests import subject_of, topic_of
from qa.text.analysis import content_words, terms

LOOK_BACK = 8
"""The most questions before the last that are looked at."""

_READ = 400  # characters of an earlier question
_SHORT = 14  # words of a question that another is made from
_CORE = 10  # words of what a question is about
_THINGS = 4  # things that are kept through a chain of follow-ups

_AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)"
_BARE = re.compile(r"^\W*(?:and|but|so|or)?\W*(since when|why|when|where|how)\W*$", re.IGNORECASE)
_MOVABLE = re.compile(
    r"^(?:(?:(?:since )?when|where|why|how) |wh(?:at|o|om) (?=do|did|ha|can|could|w|should))?"
    rf"({_AUXILIARY}\b.+)$",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"^\W*(?:(?:and|but|or)(?: (?:what|how) about)?|(?:what|how) about|what of)\s+"
    r"(?:(?:in|for|of|at|on|with|by|to|from)\s+)?(.+?)\W*$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"[(?!;] *\w|\w{5,}\. *\w")  # with another sentence, or a note
_JOINING = re.compile(r"^\W*(?:and|but|so|or|then|also)\b[\s,]*", re.IGNORECASE)
_WHO_IS = re.compile(r"^\W*who(?:'s| is| was)\b", re.IGNORECASE)
_PERSONS = frozenset(["he", "him", "his", "she", "her", "hers"])
_OWNERS = frozenset(["his", "its", "their"])


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A question, and the query to search for in its place.

    Attributes:
        question: as it was asked.
        query: as it is searched for and shown; the question itself where it stands alone.
        context: what the query has from the questions before.
        dependence: how surely the question depends on them, and so how much that counts.
        subject: what the question names as its subject in place of the last one's: "Russia" in
            "And Russia?"; empty where it names none so.
    """

    question: str
    query: str
    context: str = ""
    dependence: Dependence = Dependence.STANDALONE
    subject: str = ""

    @property
    def is_ambiguous(self) -> bool:
        """Whether the question may as well stand alone, by its words."""
        return self.dependence is Dependence.AMBIGUOUS

    @property
    def is_noted(self) -> bool:
        """Whether the query is the question with a note after it."""
        return bool(self.context) and self.query.startswith(self.question)

    @property
    def topic(self) -> str:
        """What the question is about, if it names that; empty if not."""
        named = (self.subject, self.context, *_things(self.query))
        return next((topic for thing in named if (topic := topic_of(f"Tell me about {thing}"))), "")

    @property
    def may_stand_alone(self) -> bool:
        """Whether the question is to be answered by itself as well, and the better answer taken."""
        says_something = self.is_noted and bool(substance(self.question))
        says_enough = not self.points_back or (
            points_outside(self.question) is not None and len(content_words(self.question)) > 1
        )
        return self.is_ambiguous or bool(self.subject) or (says_something and says_enough)

    @property
    def points_back(self) -> bool:
        """Whether a word of a dependent question points at what came before it."""
        return self.dependence is Dependence.DEPENDENT and points_back(self.question)


class _Focus(NamedTuple):
    """What a pronoun stood for, and whether that was "he" or "she", or "it"; None for "they"."""

    thing: str
    is_person: bool | None


class _Turn(NamedTuple):
    """A question that has been read, with what the next one may depend on.

    `things` are what it names, the likeliest first; `cores` are what it is about, and what one
    before it was, in a few words each.
    """

    asked: Rewriting
    things: tuple[str, ...] = ()
    focus: _Focus | None = None
    cores: tuple[str, ...] = ()

    @property
    def begins(self) -> bool:
        """Whether a chain of follow-ups begins with it."""
        is_dependent = self.asked.dependence is Dependence.DEPENDENT
        return not self.asked.dependence or (is_dependent and bool(self.asked.subject))


class _Filled(NamedTuple):
    """A query made of two questions, the context it has, and what a pronoun stood for."""

    query: str
    context: str
    focus: _Focus | None = None


def rewrite(question: str, history: Sequence[str]) -> Rewriting:
    """Make a question standalone; one that stands alone is left as it is.

    Args:
        question: the last question.
        history: the questions before it, oldest first.

    Raises:
        QuestionError: the history is not a list of texts.
    """
    before = _last_of(history)
    if not before:
        return Rewriting(question, question)
    return reduce(_follow, [*before, question], _Turn(Rewriting("", ""))).asked


def _last_of(history: Sequence[str]) -> list[str]:
    """Return the last questions of a history that say anything, cut short."""
    if isinstance(history, str) or not isinstance(history, Sequence):
        raise QuestionError("the history is not a list: give a list of texts, the questions before")
    last = history[-LOOK_BACK:]
    for turn in last:
        if not isinstance(turn, str):
            raise QuestionError(
                f"the history holds one of type {type(turn).__name__}: give a list of texts"
            )
    return [turn.strip()[:_READ] for turn in last if substance(turn[:_READ])]


def _follow(before: _Turn, question: str) -> _Turn:
    """Read a question after the one before it, which is standalone by now."""
    how = dependence(question)
    if how is Dependence.STANDALONE or not before.cores:
        return _stands_alone(before, question)
    filled = _moved(before, question) or _swapped(before, question) or _named(before, question)
    return _joined(before, question, filled, how) if filled else _noted(before, question, how)


def _stands_alone(before: _Turn, question: str) -> _Turn:
    asked, topic = Rewriting(question, question), topic_of(question)
    return _Turn(asked, _things(question), _subject(topic), _cores(question, before))


def _subject(topic: str) -> _Focus | None:
    """Return what the next pronoun stands for, whatever it is, if a question has a topic."""
    return _Focus(topic, None) if topic else None


def _joined(before: _Turn, question: str, filled: _Filled, how: Dependence) -> _Turn:
    """Take the query that was made of two questions."""
    subject = "" if filled.focus else subject_of(question)
    asked = Rewriting(question, filled.query, filled.context, how, subject)
    focused = (filled.focus.thing,) if filled.focus else ()
    things = focused + _things(filled.query)
    focus = filled.focus or _subject(topic_of(question))
    return _Turn(asked, things, focus, _cores(filled.query, before, how))


def _noted(before: _Turn, question: str, how: Dependence) -> _Turn:
    """Put what the questions before are about in brackets after the question.

    A dependent question after a standalone one depends on that one only. An ambiguous one may
    depend on either, and gets a shorter note, as it may need none. One that merely names another
    subject begins a chain.
    """
    if how is Dependence.AMBIGUOUS:
        cores = _apart(map(_brief, before.cores))
    else:
        cores = before.cores[:1] if before.begins else before.cores
    context = ", ".join(cores)
    own = _things(question)
    things = (own + before.things)[:_THINGS]
    subject = subject_of(question)
    asked = Rewriting(question, f"{question} ({context})", context, how, subject)
    told = _subject(subject) if how is Dependence.DEPENDENT else None
    focus = told or (None if own else before.focus)
    return _Turn(asked, things, focus, _cores(question, before, how))


def _things(question: str) -> tuple[str, ...]:
    return tuple(phrase.text for phrase in phrases(question))


def _cores(
    question: str, before: _Turn, how: Dependence = Dependence.STANDALONE
) -> tuple[str, ...]:
    """Return the core of a question, and that of the one which its chain of follow-ups began with.

    One that stands alone begins a chain; it keeps the core of the one before it, for questions
    that may depend on either.
    """
    core = _core(question)
    kept = before.cores[:1] if how is Dependence.STANDALONE or before.begins else before.cores[-1:]
    return _apart(filter(None, (core, *kept)))


def _apart(cores: Iterable[str]) -> tuple[str, ...]:
    """Leave out what says nothing more than the ones before it."""
    kept: list[str] = []
    for core in cores:
        if not set(substance(" ".join(kept))).issuperset(substance(core)):
            kept.append(core)
    return tuple(kept)


def _brief(core: str) -> str:
    """Take a name without what is said of it: "the Initiative proposed" is "the Initiative"."""
    named = phrases(core)
    is_name_first = len(named) == 1 and named[0].is_name and core.startswith(named[0].text)
    return named[0].text if is_name_first else core


def _core(question: str) -> str:
    """Take from a question what merely asks at its start, and what says little at its end."""
    sentences = re.split(r"(?<=[?!.])\s+(?=[A-Z])", question)
    tokens = " ".join(filter(substance, sentences)).split()
    while tokens and is_thin(tokens[0]) and not _leads_in(tokens):
        tokens = tokens[1:]
    tokens = tokens[:_CORE]
    while tokens and is_thin(tokens[-1]):
        tokens = tokens[:-1]
    return " ".join(tokens).strip("?!.,;: ")


def _leads_in(tokens: Sequence[str]) -> bool:
    return tokens[0].lower() == "the" and len(tokens) > 1 and not is_thin(tokens[1])


def _moved(before: _Turn, question: str) -> _Filled | None:
    """Read a bare "Why?" as the question before it, asked with that word."""
    bare = _BARE.match(question)
    rest = _MOVABLE.match(before.asked.query) if bare and _is_short(before) else None
    if not bare or not rest:
        return None
    moved = rest[1][0].lower() + rest[1][1:]
    return _Filled(f"{bare[1].capitalize()} {moved}", moved.rstrip("?. "), before.focus)


def _swapped(before: _Turn, question: str) -> _Filled | None:
    """Read "And Russia?" as the question before it, with Russia in the place of its like."""
    other, query = _OTHER.match(question), before.asked.query
    if not other or not _is_short(before) or not _is_one_thing(other[1]):
        return None
    likes = [one for one in phrases(query) if _kind(one.text) == _kind(other[1])]
    if len(likes) != 1 or other[1].lower() in query.lower() or _OTHER.match(query):
        return None
    kept = query[: likes[0].span.start], query[likes[0].span.end :]
    return _Filled(other[1].join(kept), "…".join(kept).rstrip("?. "))


def _named(before: _Turn, question: str) -> _Filled | None:
    """Put what a pronoun stands for in its place, if only one thing can be meant."""
    place = points_outside(question)
    if not place:
        return None
    pronoun, rest = question[place.start : place.end].lower(), question[place.end :]
    focus = _meant(before, _is_person(pronoun))
    if not focus or terms(focus.thing) <= terms(question):  # which it names beside the pronoun
        return None
    meant = focus.thing + (_owning(focus.thing) if _owns(pronoun, rest) else "")
    query = _JOINING.sub("", f"{question[: place.start]}{meant}{rest}").strip()
    return _Filled(query[0].upper() + query[1:], focus.thing, focus)


def _is_person(pronoun: str) -> bool | None:
    return None if pronoun.startswith("the") else pronoun in _PERSONS


def _owning(thing: str) -> str:
    return "'" if thing.endswith("s") else "'s"


def _owns(pronoun: str, rest: str) -> bool:
    """Return whether a thing follows a pronoun: "her first book", not "met her first"."""
    follows = bool(content_words(" ".join(rest.split()[:1]))) and bool(substance(rest))
    return pronoun in _OWNERS or (pronoun == "her" and follows)


def _meant(before: _Turn, is_person: bool | None) -> _Focus | None:
    """Return what a pronoun stands for; None where it may be one of several.

    It goes on standing for the same; else, what the last question names comes before what was
    named earlier.
    """
    focus = before.focus
    if focus and (is_person is None or focus.is_person in (None, is_person)):
        return focus
    own = _things(before.asked.question)
    if own and before.asked.is_noted and own[0] == own[0].lower():
        return None  # "the capital", of what was spoken of before
    no_person = is_person is False and _WHO_IS.match(before.asked.question)
    for things in (own, before.things) if not no_person else ():
        fitting = [one for one in things if not one.isdigit() and not (focus and focus[0] == one)]
        if fitting:
            return _Focus(fitting[0], is_person) if len(fitting) == 1 else None
    return None


def _is_short(before: _Turn) -> bool:
    """Return whether a query is one short question, with nothing noted after it."""
    query = before.asked.query
    return len(query.split()) <= _SHORT and not _GOES_ON.search(query)


def _is_one_thing(text: str) -> bool:
    """Return whether "what about ..." names something, and does not itself point back."""
    names_it = len(text.split()) <= 4 and bool(substance(text))
    return names_it and dependence(f"Is {text}?") is not Dependence.DEPENDENT


def _kind(text: str) -> str:
    """Return the kind of a text by its looks: a number, capitals, a name or a thing."""
    if any(character.isdigit() for character in text):
        return "number"
    if text.split()[-1].isupper():
        return "capitals"
    return "thing" if text == text.lower() else "name"
