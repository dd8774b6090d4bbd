"""Finding words in texts: where they stand, or else what is most like them."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator
from difflib import Match, SequenceMatcher
from itertools import islice
from typing import NamedTuple

from qa.documents import Document, Span
from qa.evaluation.questions import Place

_MOST = 1_000  # characters of a quote that are looked at
_CLUES = 16
_LONG = 4  # letters of a word that tells
_DOCUMENTS = 3
_POSITIONS = 20_000  # of a clue in a document that are looked at
_WIDER = 2  # than the quote, the most that a window is
_GAP = 3  # words that may stand between, for each word of a run
_ALIKE = 0.6
_LONGEST_WORD = 100

_WORD = re.compile(r"\w+")
_LETTER = re.compile(r"\w")
_TWO_LETTERS = re.compile(r"\w\w")
_SIGNS_BEFORE = re.compile(r"^\W+")
_SIGNS_AFTER = re.compile(r"\W+$")


def occurrences(words: str, text: str, *, whole: bool = False) -> Iterator[Span]:
    """Give the places where words stand in a text, from the left, without overlap.

    Args:
        words: what to find.
        text: where.
        whole: whether a place must not start or end within a word.
    """
    start = text.find(words)
    while start >= 0:
        end = start + len(words)
        fits = not whole or not (_within_word(text, start) or _within_word(text, end))
        if fits:
            yield Span(start, end)
        start = text.find(words, end if fits else start + 1)


def lower(text: str) -> str:
    """Put a text in lower case, each character at the place that it had."""
    return text.replace("İ", "i").lower()  # the one that would become two


def nearest(quote: str, documents: Iterable[Document]) -> Place | None:
    """Give the stretch of a corpus most like a quote, in whole words; None if nothing is.

    Documents are ranked by how many of the quote's longest words they hold. In the best, it is
    the stretch where those stand closest together, fitted to the quote word by word.
    """
    quote = lower(quote[:_MOST])
    documents = list(documents)
    for clues in _kinds_of_clues(quote):
        if best := _ranked(clues.texts, documents):
            found = [_stretch(quote, clues, document) for document in best]
            likeness, place = max(found, key=lambda one: one[0])
            return place if clues.unit is _WORD or likeness >= _ALIKE else None
    return None


class _Clues(NamedTuple):
    """What to look for, what a quote is made up of then, and by what it is found to be like."""

    texts: list[str]
    word: re.Pattern[str]
    unit: re.Pattern[str]


def _kinds_of_clues(quote: str) -> Iterator[_Clues]:
    """Give what to look for, the most telling first."""
    words = sorted(dict.fromkeys(_WORD.findall(quote)), key=len, reverse=True)
    yield _Clues([word for word in words[:_CLUES] if len(word) >= _LONG], _WORD, _WORD)
    yield _Clues(words[:_CLUES], _WORD, _WORD)
    # Words that are misspelt; and Chinese, for one, which has no spaces between its words.
    letters = "".join(_LETTER.findall(quote))
    spaced = letters.upper() != letters
    size = _LONG if spaced else 2
    pieces = dict.fromkeys(letters[i : i + size] for i in range(len(letters) - size + 1))
    yield _Clues(list(pieces)[:_CLUES], _WORD if spaced else _LETTER, _LETTER)


def _ranked(clues: list[str], documents: list[Document]) -> list[Document]:
    """Give the documents that hold the most clues, best first."""
    counts = []
    for document in documents:
        text = lower(document.text)
        counts.append(sum(clue in text for clue in clues))
    best = heapq.nlargest(_DOCUMENTS, range(len(documents)), key=lambda i: (counts[i], -i))
    return [documents[i] for i in best if counts[i]]


def _stretch(quote: str, clues: _Clues, document: Document) -> tuple[float, Place]:
    """Give the stretch of a document most like a quote, and how like it is, from 0 to 1."""
    text = lower(document.text)
    window = _window(clues.texts, text, len(quote))
    start = _word_edge(text, max(window.start - len(quote), 0), -1)
    end = _word_edge(text, min(window.end + len(quote), len(text)), 1)
    spans = [Span(*match.span()) for match in clues.word.finditer(text, start, end)]
    words = [text[span.start : span.end] for span in spans]
    asked = clues.word.findall(quote)
    fits = [_fitted(asked, words, part) for part in (_covering(spans, window), range(len(words)))]
    found = [Span(spans[fit.start].start, spans[fit.stop - 1].end) for fit in fits]
    alike = [_likeness(quote, text[span.start : span.end], clues.unit) for span in found]
    best = alike.index(max(alike))
    return alike[best], Place(document.id, *_with_signs(quote, text, found[best]))


def _likeness(quote: str, text: str, unit: re.Pattern[str]) -> float:
    return SequenceMatcher(None, unit.findall(quote), unit.findall(text), autojunk=False).ratio()


def _window(clues: list[str], text: str, width: int) -> Span:
    """Give the stretch with the most different clues, and of those the shortest."""
    found = sorted(
        (*span, clue) for clue in clues for span in islice(occurrences(clue, text), _POSITIONS)
    )
    held: dict[str, int] = {}
    best, most = Span(*found[0][:2]), 0
    left = 0
    for start, end, clue in found:
        held[clue] = held.get(clue, 0) + 1
        while held[out := found[left][2]] > 1 or start - found[left][0] > _WIDER * width:
            held[out] -= 1
            if not held[out]:
                del held[out]
            left += 1
        here = Span(found[left][0], end)
        if (len(held), here.start - here.end) > (most, best.start - best.end):
            best, most = here, len(held)
    return best


def _fitted(asked: list[str], words: list[str], among: range) -> range:
    """Give the run of words, from `among` these, that is like what was asked."""
    some = words[among.start : among.stop]
    matcher = SequenceMatcher(None, asked, some, autojunk=False)
    blocks = [Match(a, among.start + b, n) for a, b, n in matcher.get_matching_blocks()[:-1]]
    if not blocks:
        return among
    core = max(range(len(blocks)), key=lambda i: blocks[i].size)
    first = last = blocks[core]
    for block in reversed(blocks[:core]):
        if not _attached(block, first, block.size):
            break
        first = block
    for block in blocks[core + 1 :]:
        if not _attached(last, block, block.size):
            break
        last = block
    return _extended(asked, words, first, last)


def _attached(block: Match, after: Match, size: int) -> bool:
    """Tell whether two runs of common words are near enough for how long the outer one is."""
    gap = after.b - (block.b + block.size)
    left_out = after.a - (block.a + block.size)
    return gap - left_out <= _GAP * size


def _extended(asked: list[str], words: list[str], first: Match, last: Match) -> range:
    """Take in the words before and after that are like those asked for, if not the same."""
    start, end = first.b, last.b + last.size
    before = words[max(start - first.a, 0) : start]
    after = words[end : end + len(asked) - (last.a + last.size)]
    if _alike(asked[: first.a], before):
        start -= len(before)
    if _alike(asked[last.a + last.size :], after):
        end += len(after)
    return range(start, end)


def _alike(asked: list[str], words: list[str]) -> bool:
    return SequenceMatcher(None, " ".join(asked), " ".join(words)).ratio() >= _ALIKE


def _covering(spans: list[Span], window: Span) -> range:
    """Give the run of words that a window touches."""
    touched = [index for index, span in enumerate(spans) if span.overlaps(window)]
    return range(touched[0], touched[-1] + 1)


def _with_signs(quote: str, text: str, span: Span) -> Span:
    """Give a stretch of words with the signs around it that the quote has as well."""
    start, end = span
    before, after = _SIGNS_BEFORE.search(quote), _SIGNS_AFTER.search(quote)
    for sign in reversed(before.group() if before else ""):
        if not start or text[start - 1] != sign:
            break
        start -= 1
    for sign in after.group() if after else "":
        if text[end : end + 1] != sign:
            break
        end += 1
    return Span(start, end)


def _word_edge(text: str, position: int, step: int) -> int:
    """Move a position that is within a word to the word's edge."""
    for _ in range(_LONGEST_WORD):
        if not _within_word(text, position):
            break
        position += step
    return position


def _within_word(text: str, position: int) -> bool:
    return 0 < position < len(text) and bool(_TWO_LETTERS.match(text, position - 1))
