"""Lines of PDF pages to one text, and to its blocks by where the lines stand and how they look."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from qa.loaders.parsers import Blocks
from qa.loaders.parsers.contents import is_contents_line, with_contents
from qa.loaders.parsers.pdf_lines import Line
from qa.loaders.parsers.pdf_tables import table_rows

_SAME_SIZE = 1.12  # how far sizes of letters may be apart
_WIDER = 1.25  # than the page's usual distance of lines, and there is a blank line
_LARGER = 1.15  # than the usual letters, and it is a heading
_BOLDER = 1.1
_HYPHENS = "-\N{HYPHEN}"
_BULLETS = "•◦▪‣●○■□◆➢✓\uf0a7\uf0b7"  # the last two as Symbol fonts have them
_SENTENCE_ENDS = ".!?:…。！？؟"
_HEAD_ENDS = ".:?!"
_CLOSERS = ")]}”’»」』\"'"
_NUMBER = re.compile(r"(?:\d{1,3}[.)]|\(?[a-z]\)|\(\d{1,3}\))\s")
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|p\.|seite)\s*)?(?:\d{1,5}|[ivxlc]{1,6})\W*"
    r"(?:(?:/|of|von)\s*\d{1,5})?\W*$",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_AT_EDGE = 2  # lines at the top and bottom of a page that may be running heads and feet
_REPEATED = 3  # pages that a running head is on, or on all
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
    pages: Sequence[Sequence[Line]], title: str
) -> tuple[str, str, tuple[int, ...], Blocks]:
    """Return the text of pages, the title, where each page starts, and the text's blocks."""
    text, starts, places = _joined(pages)
    furniture = _furniture(pages)
    usual = _usual(pages)
    found: list[tuple[int, int, str, int]] = []
    for page, at, aside in zip(pages, places, furniture, strict=True):
        units = list(_Page(page, aside, usual).units())
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
    parts = [part for block in found for part in _parted(text, block, heads)]
    return text, title, starts, with_contents(text, tuple(_following(parts)))


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


def _furniture(pages: Sequence[Sequence[Line]]) -> list[set[int]]:
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

    def __init__(self, lines: Sequence[Line], furniture: set[int], usual: _Usual) -> None:
        self._lines = lines
        self._usual = usual
        self._apart = _usual_distance(lines) * _WIDER
        self._furniture = furniture | {
            number for number, line in enumerate(lines) if is_contents_line(line.text)
        }
        self._rows = {row.first: row for row in table_rows(lines, self._furniture)}
        self._in_rows = {n for r in self._rows.values() for n in range(r.first, r.last + 1)}
        aside = self._furniture | self._in_rows
        self._plain = [line for number, line in enumerate(lines) if number not in aside]
        lefts = Counter(round(line.left / 2) for line in self._plain)
        common = [left * 2.0 for left, count in lefts.items() if count >= _COMMON]
        self._left = min(common or [line.left for line in self._plain], default=0.0)

    def units(self) -> Iterator[_Unit]:
        """Yield the units of the page, in its order."""
        run: list[int] = []
        for number in range(len(self._lines)):
            aside = number in self._furniture or number in self._in_rows
            if run and (aside or self._begins(number)):
                yield from self._of_run(run)
                run = []
            if not aside:
                run.append(number)
            elif number in self._furniture:
                yield _Unit(number, number, "furniture")
            elif row := self._rows.get(number):
                bold = all(map(self._is_bold, self._lines[row.first : row.last + 1]))
                yield _Unit(row.first, row.last, "header" if bold and row.is_first else "row")
        if run:
            yield from self._of_run(run)

    def _begins(self, number: int) -> bool:
        """Return whether a line begins something else than the one before."""
        before, line = self._lines[number - 1], self._lines[number]
        if before.text[-1] in _HYPHENS:
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
                yield _Unit(first, number, *self._kind(first))
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

    def _kind(self, number: int) -> tuple[str, int]:
        """Return the kind of a unit that a line begins, and its level."""
        line = self._lines[number]
        if number and self._is_term(number - 1):
            return "description", 1
        indented = line.left > self._left + 0.8 * line.size
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
    if line.text[-1] in _HYPHENS or not line.size:
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
    if before.text[-1] in _HYPHENS:
        return False
    if line.text[0] in _BULLETS or not _same_size(before, line):
        return True
    if step < -0.5:  # up again: another column, or what stands at the edge of the page
        return ends_sentence(before.text)
    return step > apart
