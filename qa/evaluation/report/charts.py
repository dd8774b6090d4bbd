"""The charts: from plain data to SVG that a page can hold as it is.

Colours come from the page's style, by class (`static/charts.css`). Nothing in here knows where
the data come from.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from markupsafe import Markup

from qa.evaluation.report.curves import Bin, Scored, quantile
from qa.evaluation.report.formatting import counted, duration
from qa.evaluation.report.svg import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Frame,
    Point,
    Scale,
    drawing,
    element,
    line,
    text,
    unit_frame,
)

_SLOTS = 20  # of the histogram of confidence
_UNIT_TICKS = {tick / 10: f"{tick / 10:g}" for tick in range(0, 11, 2)}
_ROW, _BARS, _BAR_HEIGHT = 50, 40, 20  # of the chart of times
_SHORTEST = 1e-5  # seconds that are still told apart


def confidence_chart(scores: Sequence[Scored], *, threshold: float | None = None) -> Markup:
    """Draw how confident the answers are: to answerable questions upwards, to others downwards.

    Each side is in shares of its own questions. What was abstained from is drawn in outline.
    """
    sides = [[one for one in scores if one.answerable is kind] for kind in (True, False)]
    highest = max((height for side in sides for height in _heights(side)), default=1.0)
    top = math.ceil(highest * 10 - 1e-9) / 10 or 0.1
    frame = Frame(Scale(0, 1, LEFT, RIGHT), Scale(-top, top, BOTTOM, TOP))
    ticks = {value: f"{abs(value):.0%}" for value in (-top, -top / 2, 0, top / 2, top)}
    return drawing(
        [
            frame.axes(_UNIT_TICKS, ticks, ("confidence", "share of questions")),
            *(_histogram(frame, side, sign) for side, sign in zip(sides, (1, -1), strict=True)),
            line((LEFT, frame.y(0)), (RIGHT, frame.y(0)), "base"),
            *_threshold(frame, threshold),
            text(RIGHT - 2, TOP + 10, f"answerable ({len(sides[0]):,})", "label", "end"),
            text(RIGHT - 2, BOTTOM - 5, f"unanswerable ({len(sides[1]):,})", "label", "end"),
        ],
        "Confidence of answers to answerable and to unanswerable questions",
    )


def reliability_chart(bins: Iterable[Bin]) -> Markup:
    """Draw the share that is right over the confidence, a bubble for each bin of questions."""
    bins = list(bins)
    frame = unit_frame()
    most = max((one.questions for one in bins), default=1)
    return drawing(
        [
            frame.axes(_UNIT_TICKS, _UNIT_TICKS, ("mean confidence", "share that is right")),
            frame.polyline([(0, 0), (1, 1)], "ideal"),
            *(line(frame.at((b.confidence, b.confidence)), frame.at(b[:2]), "gap") for b in bins),
            *(
                frame.dot(
                    b[:2],
                    "bubble",
                    f"{counted(b.questions, 'question')}: confidence {b.confidence:.2f}, "
                    f"right {b.right:.2f}",
                    radius=2.5 + 9 * math.sqrt(b.questions / most),
                )
                for b in bins
            ),
        ],
        "Share of questions that are right, over the confidence of their answers",
    )


def risk_coverage_chart(curve: Sequence[Point], operating: Point | None = None) -> Markup:
    """Draw the share that is wrong over the share that is answered, most confident first."""
    frame = unit_frame()
    here = []
    if operating:
        tip = f"this run answers {operating[0]:.0%}, of which {operating[1]:.0%} is wrong"
        x, y = frame.at(operating)
        near_end = operating[0] > 0.7
        words = text(
            x - 8 if near_end else x + 8, y - 8, "this run", "label", "end" if near_end else "start"
        )
        here = [frame.dot(operating, "here", tip, radius=5), words]
    return drawing(
        [
            frame.axes(_UNIT_TICKS, _UNIT_TICKS, ("coverage: share answered", "risk: share wrong")),
            frame.polyline(curve, "curve"),
            *here,
        ],
        "Share of answers that are wrong, over the share of questions answered",
    )


def hit_chart(
    hits: Sequence[float],
    *,
    intervals: Mapping[int, tuple[float, float]] | None = None,
    in_use: int = 0,
    what: str = "passages",
) -> Markup:
    """Draw hit@k over k, with the intervals that are known, and how many passages are used."""
    depth = max(len(hits), 2)
    frame = Frame(Scale(1, depth, LEFT + 10, RIGHT - 10), Scale(0, 1, BOTTOM, TOP))
    points = [(float(k), hit) for k, hit in enumerate(hits, 1)]
    ticks = {float(k): str(k) for k in range(1, depth + 1)}
    marked = (
        [
            line((frame.x(in_use), TOP), (frame.x(in_use), BOTTOM), "mark-line"),
            text(frame.x(in_use) - 5, BOTTOM - 6, "passages in use", "label", "end"),
        ]
        if 1 < in_use <= depth
        else []
    )
    return drawing(
        [
            frame.axes(ticks, _UNIT_TICKS, (f"k: {what} looked at", "hit@k")),
            *marked,
            *(
                line(frame.at((k, low)), frame.at((k, high)), "whisker")
                for k, (low, high) in (intervals or {}).items()
            ),
            frame.polyline(points, "curve"),
            *(frame.dot(p, "point", f"hit@{p[0]:g}: {p[1]:.3f}") for p in points),
        ],
        f"Share of questions with something relevant among the first k {what}",
    )


def time_chart(stages: Mapping[str, Sequence[float]]) -> Markup:
    """Draw how long each stage took, a row each, on one logarithmic scale."""
    every = [seconds for times in stages.values() for seconds in times] or [1.0]
    first, last = math.floor(_decade(min(every))), math.ceil(_decade(max(every)))
    last = max(last, first + 1)
    x, bottom = Scale(first, last, 12, RIGHT), TOP + _ROW * len(stages)
    decades = range(first, last + 1)
    return drawing(
        [
            *(line((x(tick), TOP), (x(tick), bottom), "grid") for tick in decades),
            *(_time_tick(x, tick, bottom + 16) for tick in decades),
            *(
                _times(x, times, name, TOP + _ROW * number)
                for number, (name, times) in enumerate(stages.items())
            ),
        ],
        "Time that each stage took",
        height=bottom + 24,
    )


def _slot(confidence: float) -> int:
    return min(int(confidence * _SLOTS), _SLOTS - 1)


def _heights(side: Sequence[Scored]) -> list[float]:
    counts = [0] * _SLOTS
    for one in side:
        counts[_slot(one.confidence)] += 1
    return [count / len(side) for count in counts] if side else []


def _histogram(frame: Frame, side: Sequence[Scored], sign: int) -> Markup:
    """Draw a side's bars: from the base line first what was answered, then what was not."""
    kind = "answerable" if sign > 0 else "unanswerable"
    bars = Markup()
    for slot in range(_SLOTS):
        held = [one for one in side if _slot(one.confidence) == slot]
        answered = sum(not one.abstained for one in held)
        start = 0.0
        for count, how in ((answered, "answered"), (len(held) - answered, "abstained")):
            if count:
                end = start + count / len(side)
                tip = f"{counted(count, 'question')} {how}, confidence from {slot / _SLOTS:.2f}"
                bars += _bar(frame, slot, (sign * start, sign * end), f"bar {kind} {how}", tip)
                start = end
    return bars


def _bar(frame: Frame, slot: int, ends: tuple[float, float], class_: str, tip: str) -> Markup:
    x, width = frame.x(slot / _SLOTS), (RIGHT - LEFT) / _SLOTS
    top, bottom = sorted((frame.y(ends[0]), frame.y(ends[1])))
    return element(
        "rect",
        element("title", tip),
        x=x + 1,
        y=top,
        width=width - 2,
        height=bottom - top,
        class_=class_,
    )


def _threshold(frame: Frame, threshold: float | None) -> list[Markup]:
    if threshold is None or not 0 < threshold < 1:
        return []
    x = frame.x(threshold)
    place, anchor = (x + 5, "start") if threshold < 0.5 else (x - 5, "end")
    return [
        line((x, TOP), (x, BOTTOM), "mark-line"),
        text(place, TOP + 10, "answers from here on", "label", anchor),
    ]


def _decade(seconds: float) -> float:
    return math.log10(max(seconds, _SHORTEST))


def _time_tick(x: Scale, tick: int, y: float) -> Markup:
    anchor = {x.low: "start", x.high: "end"}.get(tick, "middle")
    name = f"{10.0**tick:g} s" if tick >= 0 else f"{10.0 ** (tick + 3):g} ms"
    return text(x(tick), y, name, anchor=anchor)


def _times(x: Scale, times: Sequence[float], name: str, top: float) -> Markup:
    """Draw a row: the stage's name, bars for how often it took how long, median and p95."""
    base = top + _ROW - 8
    marks = {"p50": quantile(times, 0.5), "p95": quantile(times, 0.95)}
    told = " · ".join(f"{mark} {duration(seconds)}" for mark, seconds in marks.items())
    return Markup().join(
        [
            text(x.start, top + 12, name, "label", "start"),
            text(x.end, top + 12, told, "tick", "end"),
            line((x.start, base), (x.end, base), "base"),
            *_time_bars(x, times, base),
            *(
                line((x(place), base - _BAR_HEIGHT - 3), (x(place), base + 3), f"mark-line {mark}")
                for mark, place in ((mark, _decade(seconds)) for mark, seconds in marks.items())
            ),
        ]
    )


def _time_bars(x: Scale, times: Sequence[float], base: float) -> Iterator[Markup]:
    width = (x.end - x.start) / _BARS
    slots = (min(int((x(_decade(one)) - x.start) / width), _BARS - 1) for one in times)
    counts = Counter(slots)
    for slot, count in sorted(counts.items()):
        height = count / max(counts.values()) * _BAR_HEIGHT
        yield element(
            "rect",
            element("title", counted(count, "question")),
            x=x.start + slot * width,
            y=base - height,
            width=width - 1,
            height=height,
            class_="bar time",
        )
