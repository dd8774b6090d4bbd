"""Questions as cards: what was quoted and what is gold, each marked where they share characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from qa.evaluation.comparison.comparing import Comparison, Flip
from qa.evaluation.questions import Place
from qa.evaluation.records import OUTCOMES, Excerpt, Record
from qa.evaluation.report.tables import outcome_style

_TEXTS = 3  # that serve for one part of the gold and are shown
_PLACES = 4  # of the same words that are shown


class Piece(NamedTuple):
    """A part of an excerpt's text, either all shared or not at all."""

    text: str
    shared: bool


@dataclass(frozen=True, slots=True)
class Words:
    """Words of the corpus, in pieces, with the places where they stand.

    Attributes:
        pieces: the words, cut where marks begin and end.
        before: some of what stands before them in the corpus.
        after: some of what stands after them.
        places: where they stand.
        more: in how many other places they stand, that are not shown.
        right: whether they share a character with the gold, or the gold with them.
    """

    pieces: tuple[Piece, ...]
    places: tuple[Place, ...]
    more: int
    right: bool
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a run made of a question."""

    record: Record
    quotes: tuple[Words, ...]
    style: str
    standing: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the gold: the words that serve for it, any one of them."""

    words: tuple[Words, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Card:
    """A question of a run.

    Attributes:
        number: its place in the set, from 1.
        record: what happened to it.
        answered: what was made of it.
        gold: what is right, marked where it was quoted.
        tags: the numbers of its tags in the report's list.
        first: whether it is the first of its outcome.
    """

    number: int
    record: Record
    answered: Answered
    gold: tuple[Part, ...]
    tags: tuple[int, ...]
    first: bool


@dataclass(frozen=True, slots=True)
class FlipCard:
    """A question that came out right in one of two runs.

    Attributes:
        number: its place on the page, from 1.
        order: its place in the set, from 1.
        kind: "lost" or "gained".
        run: the other run's place among the others, from 1.
        name: the other run's name.
        before: what the baseline made of it.
        after: what the other run made of it.
        gold: what is right, marked where either run quoted it.
    """

    number: int
    order: int
    kind: str
    run: int
    name: str
    before: Answered
    after: Answered
    gold: tuple[Part, ...]


def cards(records: Sequence[Record], tags: Sequence[str]) -> list[Card]:
    """Return a card for each question: misses first, in the order of `OUTCOMES`."""
    number_of = {tag: number for number, tag in enumerate(tags)}
    order = {outcome: number for number, outcome in enumerate(OUTCOMES)}
    outcomes = [record.outcome for record in records]
    seen: set[str] = set()
    made = []
    for place in sorted(range(len(records)), key=lambda place: order[outcomes[place]]):
        record = records[place]
        made.append(
            Card(
                number=place + 1,
                record=record,
                answered=answered(record),
                gold=gold_parts(record, record.quotes),
                tags=tuple(number_of[tag] for tag in record.tags if tag in number_of),
                first=outcomes[place] not in seen,
            )
        )
        seen.add(outcomes[place])
    return made


def flip_cards(comparison: Comparison) -> list[FlipCard]:
    """Return a card for each question that flipped: those lost first."""
    number_of = {run.name: number for number, run in enumerate(comparison.runs[1:], 1)}
    asked = enumerate(comparison.runs[0].records, 1)
    order_of = {record.question_id: number for number, record in asked}
    lost_first = sorted(comparison.flips, key=lambda flip: flip.gained)
    return [
        FlipCard(
            number=number,
            order=order_of[flip.before.question_id],
            kind=kind_of(flip),
            run=number_of[flip.run],
            name=flip.run,
            before=answered(flip.before),
            after=answered(flip.after),
            gold=gold_parts(flip.after, flip.before.quotes + flip.after.quotes),
        )
        for number, flip in enumerate(lost_first, 1)
    ]


def kind_of(flip: Flip) -> str:
    """Return which way a question flipped."""
    return "gained" if flip.gained else "lost"


def answered(record: Record) -> Answered:
    """Return what a run made of a question, its quotes marked where they are gold."""
    gold = _gold(record)
    quotes = tuple(
        Words(pieces(quote, gold), (quote.place,), 0, right)
        for quote, right in zip(record.quotes, record.hits, strict=True)
    )
    return Answered(record, quotes, outcome_style(record.outcome), standing(record))


def gold_parts(record: Record, quotes: Iterable[Excerpt]) -> tuple[Part, ...]:
    """Return the parts of a question's gold, marked where they were quoted."""
    quoted = [quote.place for quote in quotes]
    return tuple(_part(part, quoted) for part in record.gold)


def standing(record: Record) -> str:
    """Return where in the ranking the first gold passage or relevant document is."""
    if not record.answerable or not (record.gold or record.relevant) or record.error:
        return ""
    if record.gold:
        what, places = "gold passage", [one.place for one in record.ranking]
        gold = _gold(record)
        found = [any(place.common(one) for one in gold) for place in places]
    else:
        what = "relevant document" if record.by_document else "relevant passage"
        ranked = record.keys()
        found = [record.relevant.get(key, 0) > 0 for key in ranked]
    if not any(found):
        return f"no {what} among the {len(found):,} retrieved"
    used = f"; the answer was made of the first {record.in_use:,}" if record.in_use else ""
    return f"first {what} at rank {found.index(True) + 1:,} of {len(found):,}{used}"


def pieces(excerpt: Excerpt, others: Iterable[Place]) -> tuple[Piece, ...]:
    """Cut an excerpt's text so that each piece is either shared with other places or not.

    Joined, the pieces are the text.
    """
    cut = []
    done = 0
    for start, end in _shared(excerpt.place, others):
        cut.append(Piece(excerpt.text[done:start], False))
        cut.append(Piece(excerpt.text[start:end], True))
        done = end
    cut.append(Piece(excerpt.text[done:], False))
    return tuple(piece for piece in cut if piece.text)


def _gold(record: Record) -> list[Place]:
    return [excerpt.place for part in record.gold for excerpt in part]


def _part(part: Sequence[Excerpt], quoted: Sequence[Place]) -> Part:
    """Show each text of a part once, at its place that was quoted most, most quoted first."""
    by_text: dict[str, list[Excerpt]] = {}
    for excerpt in sorted(part, key=lambda one: -_held(one, quoted)):
        by_text.setdefault(excerpt.text, []).append(excerpt)
    shown = list(by_text.values())[:_TEXTS]
    return Part(tuple(_words(same, quoted) for same in shown), len(by_text) - len(shown))


def _words(same: Sequence[Excerpt], quoted: Sequence[Place]) -> Words:
    places = tuple(excerpt.place for excerpt in same)
    right = _held(same[0], quoted) > 0
    return Words(
        pieces(same[0], quoted),
        places[:_PLACES],
        max(0, len(same) - _PLACES),
        right,
        same[0].before,
        same[0].after,
    )


def _held(excerpt: Excerpt, quoted: Iterable[Place]) -> int:
    return sum(excerpt.place.common(place) for place in quoted)


def _shared(place: Place, others: Iterable[Place]) -> list[tuple[int, int]]:
    """Give the stretches of a place, counted from its start, that others hold; they are apart."""
    stretches: list[tuple[int, int]] = []
    for other in sorted(one for one in others if place.common(one)):
        start = max(other.start, place.start) - place.start
        end = min(other.end, place.end) - place.start
        if stretches and start <= stretches[-1][1]:
            start, before = stretches.pop()
            end = max(before, end)
        stretches.append((start, end))
    return stretches
