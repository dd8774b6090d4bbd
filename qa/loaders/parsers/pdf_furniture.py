"""Running heads and feet, and page numbers, on the pages of a PDF."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from qa.loaders.parsers.pdf_lines import Line

_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|p\.|seite)\s*)?(?:\d{1,5}|[ivxlc]{1,6})\W*"
    r"(?:(?:/|of|von)\s*\d{1,5})?\W*$",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_AT_EDGE = 2  # lines at the top and bottom of a page that may be running heads and feet
_REPEATED = 3  # pages that a running head is on, or on all


def furniture_of(pages: Sequence[Sequence[Line]]) -> list[set[int]]:
    """Return the numbers of each page's lines that are running heads and feet."""
    edges = [_edges(page) for page in pages]
    keys = [
        {
            number: (_DIGITS.sub("0", page[number].text), round(page[number].first / 3))
            for number in at
        }
        for page, at in zip(pages, edges, strict=True)
    ]
    counts = Counter(key for at in keys for key in set(at.values()))
    most = min(_REPEATED, max(len(pages), 2))
    return [
        {
            number
            for number, key in at.items()
            if counts[key] >= most
            or (
                (len(pages) > 1 and _PAGE_NUMBER.match(page[number].text))
                and number in (edge[0], edge[-1])
            )
        }
        for page, at, edge in zip(pages, keys, edges, strict=True)
    ]


def _edges(page: Sequence[Line]) -> list[int]:
    """Return the numbers of the uppermost and lowest lines, from above."""
    order = sorted(range(len(page)), key=lambda number: -page[number].first)
    return [*dict.fromkeys([*order[:_AT_EDGE], *order[-_AT_EDGE:]])]
