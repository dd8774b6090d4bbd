"""Characters quoted and characters retrieved, against the gold ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from qa.evaluation.questions import Place
from qa.evaluation.records import Record


def quote_facts(record: Record) -> dict[str, float]:
    """Measure what was quoted, and the characters of the first passages.

    Quote hits count for the answerable questions with something relevant, and characters for
    those with gold quotes; an abstention counts 0. How much is quoted counts for answers that
    are no abstention.
    """
    facts: dict[str, float] = {}
    shown = () if record.abstained else record.quotes
    if not (record.abstained or record.error):
        facts["quotes per answer"] = len(shown)
        facts["characters per answer"] = sum(len(quote.text) for quote in shown)
    if record.answerable and (record.gold or any(g > 0 for g in record.relevant.values())):
        hits = () if record.abstained else record.hits
        facts["quote-hit@1"], facts["quote-hit@3"] = any(hits[:1]), any(hits[:3])
    if record.answerable and record.gold:
        parts = [[excerpt.place for excerpt in part] for part in record.gold]
        first = [passage.place for passage in record.ranking[:5]]
        facts["span precision@5"], facts["span recall@5"] = precision_recall(first, parts)
        precision, recall = precision_recall([quote.place for quote in shown], parts)
        both = precision + recall
        facts["citation precision"], facts["citation recall"] = precision, recall
        facts["citation F1"] = 2 * precision * recall / both if both else 0.0
    return facts


def precision_recall(
    places: Iterable[Place], parts: Sequence[Sequence[Place]]
) -> tuple[float, float]:
    """Return the share of some characters that are gold, and the share of gold that they hold.

    Any place of a part is gold. Recall counts the place of each part that is held best: the
    others are places of the same words.
    """
    held = _merged(places)
    gold = _merged(place for part in parts for place in part)
    size = _size(held)
    wanted = [max(part, key=lambda place: _within(place, held) / _length(place)) for part in parts]
    asked = _merged(wanted)
    return (
        _common(held, gold) / size if size else 0.0,
        _common(held, asked) / _size(asked) if asked else 0.0,
    )


def _merged(places: Iterable[Place]) -> dict[str, list[Place]]:
    """Join places that touch or overlap, by document and in order."""
    merged: dict[str, list[Place]] = defaultdict(list)
    for place in sorted(places):
        here = merged[place.document_id]
        if here and place.start <= here[-1].end:
            last = here.pop()
            place = last._replace(end=max(last.end, place.end))
        here.append(place)
    return merged


def _length(place: Place) -> int:
    return place.end - place.start


def _size(merged: dict[str, list[Place]]) -> int:
    return sum(_length(place) for places in merged.values() for place in places)


def _within(place: Place, merged: dict[str, list[Place]]) -> int:
    return sum(place.common(other) for other in merged.get(place.document_id, []))


def _common(one: dict[str, list[Place]], other: dict[str, list[Place]]) -> int:
    return sum(_within(place, other) for places in one.values() for place in places)
