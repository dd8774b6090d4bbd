"""Quotes and gold of a question, each marked where they share characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from qa.evaluation.questions import Place
from qa.evaluation.records import OUTCOMES, Excerpt, Record

_TEXTS = 3  # wordings of one part of the gold that are shown
_PLACES = 4  # of the same words that are shown


class Piece(NamedTuple):
    """A part of an excerpt's text, either all shared or not at all."""

    text: str
    shared: bool


class Words(NamedTuple):
    """Words of the corpus in pieces, with what stands around them.

    `more` counts the places that are not shown; `right` says whether any character is shared.
    """

    pieces: tuple[Piece, ...]
    places: tuple[Place, ...]
    more: int
    right: bool
    before: str = ""
    after: str = ""


class Part(NamedTuple):
    """A part of the gold: wordings, any one of which serves, and how many are not shown."""

    words: tuple[Words, ...]
    more: int


def misses_first(records: Sequence[Record]) -> list[tuple[int, Record]]:
    """Return each record after its number in the set, from 1, in the order of `OUTCOMES`."""
    order = list(OUTCOMES)
    return sorted(enumerate(records, 1), key=lambda numbered: order.index(numbered[1].outcome))


def quoted(record: Record) -> list[Words]:
    """Return what was quoted, marked where it is gold."""
    gold = [excerpt.place for part in record.gold for excerpt in part]
    return [
        Words(pieces(quote, gold), (quote.place,), 0, right)
        for quote, right in zip(record.quotes, record.hits, strict=True)
    ]


def gold_parts(record: Record, quotes: Iterable[Excerpt]) -> list[Part]:
    """Return the parts of a question's gold, marked where they were quoted.

    Each text of a part is shown once, the most quoted first.
    """
    places = [quote.place for quote in quotes]
    return [_part(part, places) for part in record.gold]


def standing(record: Record) -> str:
    """Return where in the ranking the first gold passage or relevant document is."""
    judged = record.answerable and (record.gold or record.relevant)
    if not judged or record.error or "retrieval" in record.unknown:
        return ""
    if record.gold:
        what = "gold passage"
        gold = [excerpt.place for part in record.gold for excerpt in part]
        hits = [_shared(passage.place, gold) > 0 for passage in record.ranking]
    else:
        what = "relevant document" if record.by_document else "relevant passage"
        keys = record.keys()
        hits = [record.relevant.get(key, 0) > 0 for key in keys]
    if not any(hits):
        return f"no {what} among the {len(hits):,} retrieved"
    used = f"; the answer was made of the first {record.in_use:,}" if record.in_use else ""
    return f"first {what} at rank {hits.index(True) + 1:,} of {len(hits):,}{used}"


def pieces(excerpt: Excerpt, others: Iterable[Place]) -> tuple[Piece, ...]:
    """Cut an excerpt's text so that each piece is either shared with other places or not.

    Joined, the pieces are the text.
    """
    place, text = excerpt.place, excerpt.text
    cut: list[Piece] = []
    done = 0
    for other in sorted(other for other in others if place.common(other)):
        start, end = max(other.start - place.start, done), min(other.end, place.end) - place.start
        if start >= end:
            continue
        if cut and start == done:
            start -= len(cut.pop().text)
        else:
            cut.append(Piece(text[done:start], False))
        cut.append(Piece(text[start:end], True))
        done = end
    cut.append(Piece(text[done:], False))
    return tuple(piece for piece in cut if piece.text)


def _part(part: Sequence[Excerpt], quoted: Sequence[Place]) -> Part:
    by_text: dict[str, list[Excerpt]] = {}
    for excerpt in sorted(part, key=lambda one: -_shared(one.place, quoted)):
        by_text.setdefault(excerpt.text, []).append(excerpt)
    shown = list(by_text.values())[:_TEXTS]
    return Part(tuple(_words(same, quoted) for same in shown), len(by_text) - len(shown))


def _words(same: Sequence[Excerpt], quoted: Sequence[Place]) -> Words:
    first = same[0]
    return Words(
        pieces(first, quoted),
        tuple(excerpt.place for excerpt in same[:_PLACES]),
        more=max(0, len(same) - _PLACES),
        right=_shared(first.place, quoted) > 0,
        before=first.before,
        after=first.after,
    )


def _shared(place: Place, others: Iterable[Place]) -> int:
    return sum(place.common(other) for other in others)
