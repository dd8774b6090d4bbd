"""Characters quoted and characters retrieved, against the gold ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from qa.evaluation.questions import Place
from qa.evaluation.records import Record

_SPAN_DEPTH = 5

_Parts = Sequence[Sequence[Place]]


def citation_columns(records: Sequence[Record]) -> dict[str, NDArray[np.float64]]:
    """Measure what was quoted.

    Quote hits count for the answerable questions of which it is known what answers them, and
    characters for those with gold quotes; an abstention counts 0. How much is quoted counts for
    answers that are no abstention.
    """
    names = (
        *("quote-hit@1", "quote-hit@3", "citation precision", "citation recall", "citation F1"),
        *("quotes per answer", "characters per answer"),
    )
    values = {name: np.full(len(records), np.nan) for name in names}
    for row, record in enumerate(records):
        shown = () if record.abstained else record.quotes
        if not (record.abstained or record.error):
            values["quotes per answer"][row] = len(shown)
            values["characters per answer"][row] = sum(len(quote.text) for quote in shown)
        if record.answerable and (record.gold or any(g > 0 for g in record.relevant.values())):
            hits = () if record.abstained else record.hits
            values["quote-hit@1"][row] = any(hits[:1])
            values["quote-hit@3"][row] = any(hits[:3])
        if record.answerable and record.gold:
            precision, recall = precision_recall([q.place for q in shown], _parts(record))
            both = precision + recall
            values["citation precision"][row] = precision
            values["citation recall"][row] = recall
            values["citation F1"][row] = 2 * precision * recall / both if both else 0.0
    return values


def span_columns(records: Sequence[Record]) -> dict[str, NDArray[np.float64]]:
    """Measure the characters of the first passages, for the questions with gold quotes."""
    names = (f"span recall@{_SPAN_DEPTH}", f"span precision@{_SPAN_DEPTH}")
    recalls, precisions = (np.full(len(records), np.nan) for _ in names)
    for row, record in enumerate(records):
        if record.answerable and record.gold:
            first = [one.place for one in record.ranking[:_SPAN_DEPTH]]
            precisions[row], recalls[row] = precision_recall(first, _parts(record))
    return dict(zip(names, (recalls, precisions), strict=True))


def precision_recall(places: Iterable[Place], parts: _Parts) -> tuple[float, float]:
    """Return the share of some characters that are gold, and the share of gold that they hold.

    Any place of a part is gold. Of each part, the place that is held best is what should be
    held: the rest of its places are other places of the same words.
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


def _parts(record: Record) -> _Parts:
    return [[excerpt.place for excerpt in part] for part in record.gold]


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
