"""Lines of PDF pages to one text, and to its blocks by where the lines stand and how they look."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from qa.loaders.parsers import Blocks
from qa.loaders.parsers.contents import is_contents_line, with_contents
from qa.loaders.parsers.pdf_columns import stacked
from qa.loaders.parsers.pdf_furniture import furniture_of
from qa.loaders.parsers.pdf_hyphens import HYPHENS, with_whole_words
from qa.loaders.parsers.pdf_lines import Line
from qa.loaders.parsers.pdf_outline import Entry, Heading, headings_of
from qa.loaders.parsers.pdf_tables import table_rows

_SAME_SIZE = 1.12  # how far sizes of letters may be apart
_WIDER = 1.25  # than the page's usual distance of lines, and there is a blank line
_LARGER = 1.15  # than the usual letters, and it is a heading
_BOLDER = 1.1
_BULLETS = "•◦▪‣●○■□◆➢✓\uf0a7\uf0b7"  # the last two as Symbol fonts have them
_SENTENCE_ENDS = ".!?:…。！？؟"
_HEAD_ENDS = ".:?!"
_CLOSERS = ")]}”’»」』\"'"
_NUMBER = re.compile(r"(?:\d{1,3}[.)]|\(?[a-z]\)|\(\d{1,3}\))\s")
_SECTION = re.compile(r"(?:[1-9]\d?|[A-Z])(?:\.\d{1,2}){0,4}\.?\s\D")
_LONGEST_HEADING = 150  # characters
_COMMON = 3  # lines that begin where running text does


class _Unit(NamedTuple):
    """Lines that belong together: their numbers on the page, from `first` to `last`."""

    first: int
    last: int
    kind: str
    level: int = 0


class _Usual(NamedTuple):
    """How most letters of a document look."""

    size: float
    weight: float


def laid_out(
    pages: Sequence[Sequence[Line]], title: str, outline: Sequence[Entry] = ()
) -> tuple[str, str, tuple[int, ...], Blocks]:
    """Return the text of pages, the title, where each page starts, and the text's blocks.

    The lines that the outline names are headings; it tells their levels.
    """
    pages = with_whole_words(pages)
    text, starts, places = _joined(pages)
    furniture = furniture_of(pages)
    usual = _usual(pages)
    headings = headings_of(pages, outline, furniture)
    found: list[tuple[int, int, str, int]] = []
    for page, at, aside, named in zip(pages, places, furniture, headings, strict=True):
        units = list(_Page(page, aside, named, usual).units())
        blocks = [(at[u.first][0], at[u.last][1], u.kind, u.level) for u in units]
        if page and units:
            _go_on(text, found, blocks, page, units)
        found += blocks
    heads = {
        place[0]: line.head
        for page, at in zip(pages, places, strict=True)
        for line, place in zip(page, at, strict=True)
        if line.head and line.text[line.head - 1] in _HEAD_ENDS
    }
    sure = {at[first][0] for at, named in zip(places, headings, strict=True) for first in named}
    parts = [part for block in _below(found, sure) for part in _parted(text, block, heads)]
    return text, title, starts, with_contents(text, tuple(_following(parts)))


def _below(
    blocks: Sequence[tuple[int, int, str, int]], sure: set[int]
) -> Iterator[tuple[int, int, str, int]]:
    """Yield the blocks; a heading that only looks like one is below that of the outline."""
    above = 0
    for start, end, kind, level in blocks:
        if kind == "heading" and start in sure:
            above = level
        elif kind == "heading":
            level = max(level, above + 1)
        yield start, end, kind, level


def _following(blocks: Sequence[tuple[int, int, str, int]]) -> Iterator[tuple[int, int, str, int]]:
    """Yield the blocks without those that overlap the one before: odd layouts are read so."""
    end = 0
    for block in blocks:
        if block[0] >= end:
            yield block
            end = block[1]


def _parted(
    text: str, block: tuple[int, int, str, int], heads: dict[int, int]
) -> Iterator[tuple[int, int, str, int]]:
    """Yield a block; one that begins with a bold heading in its line as a term and the rest."""
    start, end, kind, level = block
    behind = start + heads.get(start, 0)
    rest = text[behind:end].lstrip()
    if behind == start or not rest or kind not in ("", "item"):
        yield start, end, kind or "paragraph", level
    else:
        yield start, behind, "term", level + 1
        yield end - len(rest), end, "description", level + 1


def ends_sentence(text: str) -> bool:
    """Return whether a text ends as a sentence does."""
    return text.rstrip().rstrip(_CLOSERS)[-1:] in tuple(_SENTENCE_ENDS)


_Places = list[tuple[int, int]]


def _joined(pages: Sequence[Sequence[Line]]) -> tuple[str, tuple[int, ...], list[_Places]]:
    """Join all lines, and tell where each page starts, and each line starts and ends."""
    parts: list[str] = []
    starts, places, length, before = [], [], 0, ""
    for page in pages:
        gap = "" if not length or not page else "\n\n" if ends_sentence(before) else "\n"
        apart = _usual_distance(page) * _WIDER
        at: _Places = []
        starts.append(length + len(gap))
        for number, line in enumerate(page):
            if number:
                gap = "\n\n" if _is_apart(page[number - 1], line, apart) else "\n"
            start = length + len(gap)
            length = start + len(line.text)
            parts += [gap, line.text]
            at.append((start, length))
        before = page[-1].text if page else "."
        places.append(at)
    return "".join(parts), tuple(starts), places


def _usual(pages: Sequence[Sequence[Line]]) -> _Usual:
    sizes: Counter[float] = Counter()
    weights: Counter[float] = Counter()
    for page in pages:
        for line in page:
            if not line.columns:
                sizes[round(line.size, 1)] += len(line.text)
                weights[line.weight] += len(line.text)
    if not sizes:
        return _Usual(0.0, 0.0)
    return _Usual(sizes.most_common(1)[0][0], weights.most_common(1)[0][0])


class _Page:
    """A page's lines, and what is usual for them."""

    def __init__(
        self,
        lines: Sequence[Line],
        furniture: set[int],
        headings: dict[int, Heading],
        usual: _Usual,
    ) -> None:
        self._lines = lines = stacked(lines)
        self._usual = usual
        self._apart = _usual_distance(lines) * _WIDER
        self._furniture = furniture | {
            number for number, line in enumerate(lines) if is_contents_line(line.text)
        }
        self._headings = headings
        self._in_headings = {n for f, h in headings.items() for n in range(f, h.last + 1)}
        no_rows = self._furniture | self._in_headings | self._numbered_headings()
        self._rows = {row.first: row for row in table_rows(lines, no_rows)}
        self._in_rows = {n for r in self._rows.values() for n in range(r.first, r.last + 1)}
        self._aside = self._furniture | self._in_headings | self._in_rows
        self._plain = [
            line
            for number, line in enumerate(lines)
            if number not in self._aside and line.column >= 0
        ]
        lefts = Counter(round(line.left / 2) for line in self._plain)
        common = [left * 2.0 for left, count in lefts.items() if count >= _COMMON]
        self._left = min(common or [line.left for line in self._plain], default=0.0)

    def units(self) -> Iterator[_Unit]:
        """Yield the units of the page, in its order."""
        run: list[int] = []
        for number in range(len(self._lines)):
            aside = number in self._aside
            if run and (aside or self._begins(number)):
                yield from self._of_run(run)
                run = []
            if not aside:
                run.append(number)
            elif heading := self._headings.get(number):
                yield _Unit(number, heading.last, "heading", heading.level)
            elif number in self._furniture:
                yield _Unit(number, number, "furniture")
            elif row := self._rows.get(number):
                bold = all(map(self._is_bold, self._lines[row.first : row.last + 1]))
                yield _Unit(row.first, row.last, "header" if bold and row.is_first else "row")
        if run:
            yield from self._of_run(run)

    def _numbered_headings(self) -> set[int]:
        """Return the numbers of lines whose one gap is behind a heading's number."""
        return {
            number
            for number, line in enumerate(self._lines)
            if len(line.columns) == 1
            and _SECTION.match(line.text)
            and (self._is_bold(line) or self._is_large(line))
        }

    def _begins(self, number: int) -> bool:
        """Return whether a line begins something else than the one before."""
        before, line = self._lines[number - 1], self._lines[number]
        if before.text[-1] in HYPHENS:
            return False
        if _is_apart(before, line, self._apart) or self._is_term(number - 1):
            return True
        if self._is_bold(before) != self._is_bold(line) and not line.text[0].islower():
            return True
        return ends_sentence(before.text) and bool(_NUMBER.match(line.text))

    def _of_run(self, run: Sequence[int]) -> Iterator[_Unit]:
        """Yield the units of lines that look the same and are near each other."""
        lines = [self._lines[number] for number in run]
        if all(self._is_bold(line) or self._is_large(line) for line in lines):
            yield from self._heading_or_terms(run)
            return
        first = run[0]
        for number, ends in zip(run, _line_ends(lines, self._plain), strict=True):
            if ends:
                yield _Unit(first, number, *self._kind(first, number))
                first = number + 1

    def _heading_or_terms(self, run: Sequence[int]) -> Iterator[_Unit]:
        words = " ".join(self._lines[number].text for number in run)
        if self._is_term(run[-1]):
            for number in run:
                yield _Unit(number, number, "term", 1)
        elif len(words) > _LONGEST_HEADING or words[-1] in ".:,;":
            yield _Unit(run[0], run[-1], "")
        else:
            # The larger, the higher: 1 for the largest, 6 for bold letters of the usual size.
            larger = self._lines[run[0]].size / self._usual.size - 1 if self._usual.size else 0
            yield _Unit(run[0], run[-1], "heading", max(1, 6 - round(10 * larger)))

    def _kind(self, number: int, last: int) -> tuple[str, int]:
        """Return the kind of a unit, and its level; where only its first line is indented, none."""
        line = self._lines[number]
        if number and self._is_term(number - 1):
            return "description", 1
        left = min(line.left, self._lines[min(number + 1, last)].left)
        indented = left > self._left + 0.8 * line.size
        if line.text[0] in _BULLETS or _NUMBER.match(line.text) or indented:
            return "item", 1
        return "", 0

    def _is_term(self, number: int) -> bool:
        """Return whether a line is the term of a definition: bold, and the next is indented."""
        if number + 1 == len(self._lines):
            return False
        line, below = self._lines[number], self._lines[number + 1]
        return (
            self._is_bold(line)
            and not self._is_bold(below)
            and not _is_apart(line, below, self._apart)
            and line.left + 0.5 * line.size < below.left < line.right + 4 * line.size
            and _step(line, below) > 0.5
        )

    def _is_bold(self, line: Line) -> bool:
        return line.weight > self._usual.weight * _BOLDER

    def _is_large(self, line: Line) -> bool:
        return line.size > self._usual.size * _LARGER


def _line_ends(lines: Sequence[Line], page: Sequence[Line]) -> list[bool]:
    """Return which lines of a run end what they say, although the next word would have fitted.

    A line reaches as far as the longest does. If most lines are short ones, as in a list, that is
    as far as others of the column do.
    """
    edge = max(line.right for line in lines)
    ends = [_fits(line, following, edge) for line, following in pairwise(lines)]
    if 2 * sum(ends) >= len(ends) > 0:
        left = min(line.left for line in lines)
        column = [line.right for line in page if line.left <= left + 1 and line.right > left]
        edge = max(column, default=edge)
        ends = [_fits(line, following, edge) for line, following in pairwise(lines)]
    return [*ends, True]


def _fits(line: Line, following: Line, edge: float) -> bool:
    """Return whether the next line's first word would have fitted into a line."""
    if line.text[-1] in HYPHENS or not line.size:
        return False
    return line.right + (following.word - following.left) + 0.6 * line.size < edge


def _go_on(
    text: str,
    found: list[tuple[int, int, str, int]],
    blocks: list[tuple[int, int, str, int]],
    page: Sequence[Line],
    units: Sequence[_Unit],
) -> None:
    """Join what goes on from the page before to its first part, with what stands between."""
    ahead = next((n for n, unit in enumerate(units) if unit.kind != "furniture"), None)
    back = next((n for n in range(len(found) - 1, -1, -1) if found[n][2] != "furniture"), None)
    if ahead is None or back is None or found[back][2] in ("heading", "header", "term"):
        return
    start, end, kind, level = found[back]
    line = page[units[ahead].first]
    if ends_sentence(text[start:end]) or not line.text[:1].islower() or line.columns:
        return
    found[back:] = [(start, blocks[ahead][1], kind, level)]
    del blocks[: ahead + 1]


def _usual_distance(lines: Sequence[Line]) -> float:
    """Return how far a line stands below the one before, in sizes of its letters."""
    steps = sorted(
        step
        for before, line in pairwise(lines)
        if _same_size(before, line) and 0.5 < (step := _step(before, line)) < 4
    )
    return steps[len(steps) // 4] if steps else 1.6


def _step(before: Line, line: Line) -> float:
    return (before.last - line.first) / line.size if line.size else 0.0


def _same_size(one: Line, other: Line) -> bool:
    low, high = sorted((one.size, other.size))
    return high <= low * _SAME_SIZE


def _is_apart(before: Line, line: Line, apart: float) -> bool:
    """Return whether a blank line is put between two."""
    step = _step(before, line)
    if before.text[-1] in HYPHENS:
        return False
    if line.text[0] in _BULLETS or not _same_size(before, line):
        return True
    if step < -0.5:  # up again: another column, or what stands at the edge of the page
        return ends_sentence(before.text)
    return step > apart
