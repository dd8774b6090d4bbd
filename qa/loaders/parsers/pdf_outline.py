"""A PDF's outline (its bookmarks), and the lines that its titles are."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import Any, NamedTuple

from qa.loaders.parsers.contents import words_of
from qa.loaders.parsers.pdf_lines import Line

_LETTER = re.compile(r"[^\W\d_]")
_MOST = 5_000  # entries that are read
_NAMES = 5_000_000  # names of places that are looked at, for all entries together
_HUGE = 10_000  # bytes; nothing is read from such a title on
_DEEPEST = 8
_LONGEST = 300  # characters of a title
_LINES = 4  # of a title on its page
_ALIKE = 50  # lines of a page that are looked at for a title


class Entry(NamedTuple):
    """A title of the outline, its page, from 0, its level, from 1, and its height if known."""

    title: str
    page: int
    level: int
    height: float | None


class Heading(NamedTuple):
    """Lines of a page that are a title of the outline: the last one, and the level."""

    last: int
    level: int


def read_outline(pdf: Any) -> list[Entry]:
    """Return the entries of a PDF's outline that lead to a page."""
    import pypdfium2.raw as raw

    names = raw.FPDF_CountNamedDests(pdf)  # of places; one may be searched for among all
    most = min(_MOST, _NAMES // max(names, 1))
    marks = takewhile(_is_short, islice(pdf.get_toc(max_depth=_DEEPEST), most))
    return [entry for mark in marks if (entry := _entry(mark))]


def _is_short(mark: Any) -> bool:
    import pypdfium2.raw as raw

    return int(raw.FPDFBookmark_GetTitle(mark, None, 0)) <= _HUGE


def _entry(mark: Any) -> Entry | None:
    try:
        title = mark.get_title()
    except UnicodeDecodeError:  # half a surrogate pair
        return None
    if len(title) > _LONGEST or not _LETTER.search(title) or not (dest := mark.get_dest()):
        return None
    page = dest.get_index()
    return None if page is None else Entry(title, page, mark.level + 1, _height(dest))


def _height(dest: Any) -> float | None:
    import pypdfium2.raw as raw

    mode, places = dest.get_view()
    if mode == raw.PDFDEST_VIEW_XYZ:
        return places[1] if len(places) > 1 else None
    return places[0] if mode == raw.PDFDEST_VIEW_FITH and places else None


def headings_of(
    pages: Sequence[Sequence[Line]], entries: Sequence[Entry], asides: Sequence[set[int]]
) -> list[dict[int, Heading]]:
    """Return the headings of each page, by their first line, that the outline names.

    A title that does not stand on its page is left out, as is one in a line that is aside.
    """
    by_page: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_page[entry.page].append(entry)
    return [
        dict(_headings(page, by_page[number], aside))
        for number, (page, aside) in enumerate(zip(pages, asides, strict=True))
    ]


def _headings(
    page: Sequence[Line], entries: Sequence[Entry], aside: set[int]
) -> Iterator[tuple[int, Heading]]:
    if not entries:
        return
    runs: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for first, last, words in _runs(page, aside):
        if len(runs[words]) < _ALIKE:
            runs[words].append((first, last))
    taken: set[int] = set()
    for entry in entries:
        alike = runs.get(words_of(entry.title), ())
        free = [run for run in alike if taken.isdisjoint(range(run[0], run[1] + 1))]
        if free:
            first, last = min(free, key=lambda run: _rank(page[run[0]], entry, run[0]))
            taken |= set(range(first, last + 1))
            yield first, Heading(last, entry.level)


def _runs(page: Sequence[Line], aside: set[int]) -> Iterator[tuple[int, int, str]]:
    """Yield lines that may be a title, as the first and the last one, and their words."""
    for first, line in enumerate(page):
        text = ""
        for last in range(first, min(first + _LINES, len(page))):
            text += " " + page[last].text
            if last in aside or page[last].size != line.size or len(text) > _LONGEST:
                break
            yield first, last, words_of(text)


def _rank(line: Line, entry: Entry, number: int) -> tuple[float, float, int]:
    """Order lines: next to where the outline leads, else the largest first."""
    top = line.first + line.size
    return (0.0 if entry.height is None else abs(top - entry.height), -line.size, number)
