"""What is said to a chat and asks nothing: greetings, thanks, "what can you do?", "asdf"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from qa.index.protocol import AnyIndex
from qa.text.analysis import content_words, terms

_SAID = """
hi|hello|hey|hiya|howdy|yo|there|everyone|good (?:morning|afternoon|evening|day)|greetings
|thanks|thank you|thx|ty|cheers|very much|so much|a lot|great|cool|nice|perfect|awesome|ok|okay
|bye|goodbye|see you|how are you|who are you|what are you|are you (?:a|an) (?:ro)?bot
|are you human|help|help me|please|test|testing|what can (?:you|i) (?:do|ask)(?: you)?(?: here)?
|what do you do|how do you work|how can you help(?: me)?|how do i use (?:this|you)
|what (?:should|could) i ask(?: you)?
"""
_SMALL_TALK = re.compile(f"(?:(?:{_SAID.replace(chr(10), '')})(?: |$))+")
_LONGEST = 80  # characters of small talk
_KEYBOARD = re.compile("[qwertyuiop]{4,}|[asdfghjkl]{4,}|[zxcvbnm]{4,}|[^aeiouy]{4,}")

_READ = 100_000  # characters of a document
_DOCUMENTS = 5
_TOPICS = 3
_NAME_WEIGHT = 20  # of a name beside a word
_NAME = re.compile(
    r"[A-Z][a-z]\w{0,30}(?: (?:(?:of|and|the|for|&) ){0,2}[A-Z][\w&]{0,30}){1,4}|\b[a-z]{6,30}\b"
)


def is_small_talk(text: str) -> bool:
    """Return whether a text greets, thanks, asks what may be asked, or says nothing."""
    if not text.strip() or len(text) > _LONGEST:
        return False
    said = " ".join(re.findall(r"\w+", text.lower()))
    return not said or bool(_SMALL_TALK.fullmatch(said))


def is_typed_at_random(word: str) -> bool:
    """Return whether a word that nobody knows is a run of keys, has no vowel, or repeats itself."""
    lower = word.lower()
    return len({*lower}) < 3 or bool(_KEYBOARD.fullmatch(lower))


def topics(index: AnyIndex, documents: Sequence[str] | None = None) -> list[str]:
    """Return what the documents speak of most: names before words, the most frequent first."""
    counts = Counter[str]()
    named = None if documents is None else {*documents}
    there = [id_ for id_ in index.document_ids() if named is None or id_ in named]
    for id_ in there[:_DOCUMENTS]:
        for found in _NAME.findall(index.document(id_).text[:_READ]):
            first, _, rest = found.partition(" ")
            name = found if content_words(first) else rest
            counts[name] += _NAME_WEIGHT if " " in found else len(content_words(found))
    best = sorted(counts, key=lambda name: (-counts[name], name))
    chosen: list[str] = []
    for name in best:
        if len(chosen) < _TOPICS and not any(_overlap(name, other) for other in chosen):
            chosen.append(name)
    return chosen


def _overlap(one: str, other: str) -> bool:
    return bool(terms(one) & terms(other))
