"""The signs of Markdown in a block, which the page hides, and the text that they are about.

The text stays as it is: only where its signs are is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Sign = tuple[int, int, str]
"""Where something starts and ends in a block, and what it is: "sign", "strong", "em" or "code"."""

# Each repetition stops at the sign that it looks for, so all of them take linear time.
_HEADING = re.compile(r"(#{1,6}[ \t]+)[^\r\n]*?([ \t]+#+[ \t]*)?(?=\s*\Z)")
_UNDERLINE = re.compile(r"[\r\n]+ {0,3}(?:=+|-+)(?=\s*\Z)")
_BULLET = re.compile(r"[-*+][ \t]+")
_FENCE = re.compile(r"(?:`{3,}|~{3,})[^\r\n]*(?:\r\n|\r|\n)?")
_LAST_FENCE = re.compile(r"(?:\r\n|\r|\n)[ \t]*(?:`{3,}|~{3,})(?=\s*\Z)")
_BAR = re.compile(r"[ \t]*(?<!\\)\|[ \t]*")
_KINDS = ("code", "strong", "em")
_SPANS = re.compile(
    r"(?P<code>(?P<tick>`)[^`\r\n]+`)"
    r"|(?P<strong>(?P<two>\*\*|__)(?=\S)[^*_`]+(?P=two))"
    r"|(?P<em>(?<![\w*_])(?P<one>[*_])(?=[^\s*_])[^*_`]+(?P=one)(?!\w))"
    r"|(?P<link>\[)[^\[\]\r\n]+(?P<target>\]\([^()\s]{0,500}\))"
)


def signs(text: str, kind: str, *, goes_on: bool = False) -> list[Sign]:
    """Return the signs of a block of a kind; `goes_on` is whether it goes on from one before."""
    if kind == "code":
        return _around(text, _FENCE, _LAST_FENCE, goes_on=goes_on)
    if kind == "furniture":
        return []
    edges: list[Sign] = []
    if kind == "heading":
        edges = _of_heading(text)
    elif kind == "item" and not goes_on and (bullet := _BULLET.match(text)):
        edges = [(0, bullet.end(), "sign")]
    return sorted([*edges, *_inline(text, edges[0][1] if edges else 0)])


def bars(text: str) -> list[tuple[int, int]]:
    """Return where the bars of a table's row are."""
    return [found.span() for found in _BAR.finditer(text)]


def _around(
    text: str, first: re.Pattern[str], last: re.Pattern[str], *, goes_on: bool
) -> list[Sign]:
    found = [None if goes_on else first.match(text), last.search(text)]
    return [(one.start(), one.end(), "sign") for one in found if one]


def _of_heading(text: str) -> list[Sign]:
    if marked := _HEADING.match(text):
        spans = [marked.span(1), marked.span(2)]
        return [(start, end, "sign") for start, end in spans if end > start]
    underline = _UNDERLINE.search(text)
    return [(underline.start(), underline.end(), "sign")] if underline else []


def _inline(text: str, start: int) -> Iterator[Sign]:
    """Yield what is strong, stressed, code, or the text of a link, and its signs."""
    for found in _SPANS.finditer(text, start):
        first, last = found.span()
        if found["link"]:
            yield first, first + 1, "sign"
            yield *found.span("target"), "sign"
            continue
        width = len(found["two"] or "1")
        yield first, first + width, "sign"
        yield first + width, last - width, next(kind for kind in _KINDS if found[kind])
        yield last - width, last, "sign"
