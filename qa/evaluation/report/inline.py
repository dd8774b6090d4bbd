"""Small drawings that stand in a line or a table: as wide as their place, without a scale."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from markupsafe import Markup

from qa.evaluation.report.svg import element

_ROOM = 0.06  # of a bar's width, that a number needs


class Share(NamedTuple):
    """A stretch of a bar: a class for its colour, a name, how many, and where it links to."""

    kind: str
    name: str
    questions: int
    link: str = ""


def interval_chart(
    value: float, low: float, high: float, *, scale: tuple[float, float] = (0.0, 1.0)
) -> Markup:
    """Draw a value and its interval on a line; zero is marked where it is inside the scale.

    What lies beyond the scale is drawn at its end.
    """
    start, end = scale

    def place(number: float) -> str:
        return f"{min(1.0, max(0.0, (number - start) / (end - start))) * 100:.2f}%"

    zero = (
        [element("line", x1=place(0), x2=place(0), y1=0, y2=16, class_="zero")]
        if start < 0 < end
        else []
    )
    return element(
        "svg",
        element("line", x1="0%", x2="100%", y1=8, y2=8, class_="track"),
        *zero,
        element("line", x1=place(low), x2=place(high), y1=8, y2=8, class_="whisker"),
        element("circle", cx=place(value), cy=8, r=3.5, class_="point"),
        class_="interval",
        width="100%",
        height=16,
        aria_hidden="true",
    )


def share_bar(shares: Iterable[Share]) -> Markup:
    """Draw a bar in stretches as long as their counts; those with room show their count."""
    shares = [share for share in shares if share.questions]
    total = sum(share.questions for share in shares)
    stretches = []
    before = 0
    for share in shares:
        stretches.append(_stretch(share, before / total, share.questions / total))
        before += share.questions
    label = ", ".join(f"{share.name} {share.questions:,}" for share in shares)
    linked = any(share.link for share in shares)
    return element(
        "svg",
        *stretches,
        class_="shares",
        width="100%",
        height=28,
        role="group" if linked else "img",
        aria_label=label,
    )


def _stretch(share: Share, start: float, width: float) -> Markup:
    tip = f"{share.name}: {share.questions:,}"
    inside = element("title", tip) + element(
        "rect", x=f"{start:.4%}", width=f"{width:.4%}", height="100%", class_=f"o-{share.kind}"
    )
    if width >= _ROOM:
        inside += element(
            "text",
            f"{share.questions:,}",
            x=f"{start + width / 2:.4%}",
            y=18.5,
            text_anchor="middle",
            class_=f"on-{share.kind}",
        )
    return element("a", inside, href=share.link, aria_label=tip) if share.link else inside
