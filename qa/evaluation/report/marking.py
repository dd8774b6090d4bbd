"""Cutting excerpts where they begin and end to share characters with others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from qa.evaluation.questions import Place
from qa.evaluation.records import Excerpt


class Piece(NamedTuple):
    """A part of an excerpt's text, either all shared or not at all."""

    text: str
    shared: bool


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


def _shared(place: Place, others: Iterable[Place]) -> list[tuple[int, int]]:
    """Return the stretches of a place, counted from its start, that others hold; they are apart."""
    stretches: list[tuple[int, int]] = []
    for other in sorted(one for one in others if place.common(one)):
        start = max(other.start, place.start) - place.start
        end = min(other.end, place.end) - place.start
        if stretches and start <= stretches[-1][1]:
            start, before = stretches.pop()
            end = max(before, end)
        stretches.append((start, end))
    return stretches
