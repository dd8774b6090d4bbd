"""Drawing in SVG: elements, scales, and a frame with two axes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup, escape

WIDTH, HEIGHT = 360, 236
LEFT, RIGHT, TOP, BOTTOM = 46, 348, 14, 194
"""Where a frame stands on a drawing."""

Point = tuple[float, float]


class Scale(NamedTuple):
    """Turns values from `low` to `high` into places from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def element(name: str, *inside: object, **attributes: object) -> Markup:
    """Write an element; what is inside of it is escaped, unless it is markup already.

    An attribute that is None is left out; `class_` is written `class`, `text_anchor`
    `text-anchor`.
    """
    written = Markup().join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _plain(value))
        for key, value in attributes.items()
        if value is not None
    )
    return Markup("<{0}{1}>{2}</{0}>").format(name, written, Markup().join(map(escape, inside)))


def drawing(inside: Iterable[Markup], label: str, *, height: float = HEIGHT) -> Markup:
    """Write a whole drawing, which takes the width of the place that it stands in."""
    box = f"0 0 {WIDTH} {height:g}"
    return element("svg", *inside, class_="chart", viewBox=box, role="img", aria_label=label)


def text(x: float, y: float, words: str, class_: str = "tick", anchor: str = "middle") -> Markup:
    """Write words, by default centred on a place."""
    return element("text", words, x=x, y=y, class_=class_, text_anchor=anchor)


def line(one: Point, other: Point, class_: str) -> Markup:
    """Draw a straight line."""
    return element("line", x1=one[0], y1=one[1], x2=other[0], y2=other[1], class_=class_)


@dataclass(frozen=True, slots=True)
class Frame:
    """Two axes, and what stands between them."""

    x: Scale
    y: Scale

    def at(self, point: Point) -> Point:
        """Return the place of a point."""
        return self.x(point[0]), self.y(point[1])

    def axes(
        self, x_ticks: Mapping[float, str], y_ticks: Mapping[float, str], names: tuple[str, str]
    ) -> Markup:
        """Draw grid lines with their values, and name both axes."""
        bottom, left = max(self.y.start, self.y.end), self.x.start
        return Markup().join(
            [
                *(line((left, self.y(v)), (self.x.end, self.y(v)), "grid") for v in y_ticks),
                *(
                    text(left - 6, self.y(v) + 3.5, name, "tick", "end")
                    for v, name in y_ticks.items()
                ),
                *(text(self.x(v), bottom + 16, name) for v, name in x_ticks.items()),
                text((left + self.x.end) / 2, bottom + 34, names[0], "axis"),
                self._upright(names[1]),
            ]
        )

    def polyline(self, points: Iterable[Point], class_: str) -> Markup:
        """Draw a line through points."""
        places = " ".join(f"{_plain(x)},{_plain(y)}" for x, y in map(self.at, points))
        return element("polyline", points=places, class_=class_)

    def dot(self, point: Point, class_: str, tip: str, *, radius: float = 3.5) -> Markup:
        """Draw a point, which says a word when it is pointed at."""
        x, y = self.at(point)
        return element("circle", element("title", tip), cx=x, cy=y, r=radius, class_=class_)

    def _upright(self, name: str) -> Markup:
        middle = (self.y.start + self.y.end) / 2
        turned = f"rotate(-90 11 {_plain(middle)})"
        return element(
            "text", name, x=11, y=middle, class_="axis", text_anchor="middle", transform=turned
        )


def unit_frame() -> Frame:
    """Return a frame of which both axes run from 0 to 1."""
    return Frame(Scale(0, 1, LEFT, RIGHT), Scale(0, 1, BOTTOM, TOP))


def _plain(value: object) -> object:
    """Write a number with at most two decimals."""
    return f"{round(value, 2) + 0.0:g}" if isinstance(value, float) else value
