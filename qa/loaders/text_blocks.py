"""The blocks of plain text and Markdown, told line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import NamedTuple

from qa.documents import Block
from qa.loaders.front_matter import front_matter_lines
from qa.loaders.parsers.contents import is_contents_line, with_contents

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_BULLET = re.compile(r"([ \t]*)[-*+•◦▪‣●○–][ \t]+(?=\S)")
_NUMBER = re.compile(r"([ \t]*)(?:\d{1,3}[.)]|\(?[a-z]\)|\(\d{1,3}\))[ \t]+(?=\S)")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)")
_BOLD = re.compile(r"(\*\*|__)[^*_]+\1:?$")
_HEAD = re.compile(r"(\*\*|__)(?:[^*_]{1,60}[.:?!]\1|[^*_]{1,60}\1:)(?=[ \t]+\S)")
_RULE = re.compile(r"[ \t|:+=*_#~-]{3,}$")
_UNDERLINE = re.compile(r" {0,3}(?:(=+)|-{2,})$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_BADGES = re.compile(r"(?:[ \t]*\[?!\[[^\]\n]{0,200}\]\([^)\s]{0,500}\)(?:\]\([^)\s]{0,500}\))?)+$")
_ENDS = frozenset(".!?:;,…。！？：；，、؟۔؛،।")
_CLOSING = "\"'”’»)]」』）*_"
_LONGEST_HEADING = 100
_LOOKED_AT = 2_000  # characters of a line
_SHORT = 50  # characters of a line that was not wrapped


class _Line(NamedTuple):
    """A line of a text, as far as it is looked at, and where what is seen of it lies."""

    text: str
    start: int
    end: int

    @property
    def ends_sentence(self) -> bool:
        return self.text.rstrip(_CLOSING)[-1:] in _ENDS


def text_blocks(text: str, *, markdown: bool) -> tuple[Block, ...]:
    """Return the blocks of a text.

    Of plain text, a heading is only what is underlined, numbered, in capitals, or the first line.
    """
    above = len(front_matter_lines(text)) if markdown else 0
    lines = list(_lines(text))
    blocks = (*_front_matter(lines[:above]), *_Walk(lines[above:], markdown=markdown).blocks())
    return tuple(starmap(Block, with_contents(text, blocks)))


def _front_matter(lines: Sequence[_Line]) -> Iterator[Block]:
    """Yield a paragraph for each line between the first and the last."""
    for number, line in enumerate(lines):
        is_edge = number in (0, len(lines) - 1)
        if line.text:
            yield Block(line.start, line.end, "furniture" if is_edge else "paragraph")


def _lines(text: str) -> Iterator[_Line]:
    for found in _LINE.finditer(text):
        line = found[0].rstrip()
        start = found.start() + len(line) - len(line.lstrip())
        yield _Line(line[:_LOOKED_AT], start, found.start() + len(line))


class _Walk:
    """Goes through the lines of a text."""

    def __init__(self, lines: Sequence[_Line], *, markdown: bool) -> None:
        self._lines = lines
        self._markdown = markdown
        self._at = 0
        self._indents: list[int] = []  # of the items that are open, one in the other
        self._in_table = False

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks, in order."""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if not line.text:
                self._in_table = False
                self._at += 1
            elif block := self._block(line):
                yield block
            else:
                self._indents.clear()
                yield from self._paragraph(line)

    def _paragraph(self, line: _Line) -> Iterator[Block]:
        """Go on behind a paragraph, and yield its bold heading and the rest, if it has one."""
        end = self._skip_paragraph()
        head = _HEAD.match(line.text.lstrip()) if self._markdown else None
        if head:
            behind = line.start + head.end()
            rest = line.text.lstrip()[head.end() :]
            yield Block(line.start, behind, "term", 1)
            yield Block(behind + len(rest) - len(rest.lstrip()), end, "description", 1)

    def _block(self, line: _Line) -> Block | None:
        """Return the block that begins here, and go on behind it; None for a paragraph."""
        if self._markdown and (block := self._of_markdown(line)):
            return block
        if _RULE.match(line.text) or is_contents_line(line.text):
            return self._one("furniture")
        if underlined := self._underlined(line):
            return underlined
        if self._is_heading(line):
            return self._one("heading", 1 if self._at == 0 else 7)
        item = _BULLET.match(line.text) or _NUMBER.match(line.text)
        return self._item(len(item[1].expandtabs(4))) if item else None

    def _of_markdown(self, line: _Line) -> Block | None:
        if fence := _FENCE.match(line.text):
            return self._fenced(fence[1])
        if heading := _ATX.match(line.text):
            return self._one("heading", len(heading[1]))
        if _BADGES.match(line.text):
            return self._one("furniture")
        below = self._line(1).text
        is_header = "|" in line.text and "|" in below and "-" in below and _RULE.match(below)
        self._in_table = self._in_table or bool(is_header)
        if "|" not in line.text or not (self._in_table or line.text.lstrip().startswith("|")):
            return None
        is_rule = not line.text.strip("| \t") or _RULE.match(line.text)
        return self._one("furniture" if is_rule else "header" if is_header else "row")

    def _one(self, kind: str, level: int = 0) -> Block:
        line = self._lines[self._at]
        self._at += 1
        if kind != "furniture":
            self._indents.clear()
        return Block(line.start, line.end, kind, level)

    def _fenced(self, fence: str) -> Block:
        first, level = self._lines[self._at], len(self._indents)
        end = first.end
        self._at += 1
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            end = line.end if line.text else end
            closing = line.text.strip()
            if closing.startswith(fence) and not closing.strip(fence[0]):
                break
        return Block(first.start, end, "code", level)

    def _item(self, indent: int) -> Block:
        while self._indents and self._indents[-1] > indent:
            self._indents.pop()
        if not self._indents or self._indents[-1] < indent:
            self._indents.append(indent)
        start = self._lines[self._at].start
        return Block(start, self._skip_paragraph(in_item=True), "item", len(self._indents))

    def _underlined(self, line: _Line) -> Block | None:
        """Return a heading with a line of `=` or `-` below, which is at least half as long."""
        underline = _UNDERLINE.match(self._line(1).text)
        length = line.end - line.start
        if not underline or not 2 * len(underline[0].strip()) >= length <= _LONGEST_HEADING:
            return None
        end = self._line(1).end
        self._at += 2
        self._indents.clear()
        return Block(line.start, end, "heading", 1 if underline[1] else 2)

    def _is_heading(self, line: _Line) -> bool:
        """Return whether a line that is a paragraph of its own is a heading."""
        alone = not self._line(-1).text and not self._line(1).text
        if not alone or line.ends_sentence or line.end - line.start > _LONGEST_HEADING:
            return False
        if self._markdown:
            return bool(_BOLD.match(line.text))
        if line.text.isupper():
            return True
        following = self._line(2).text
        is_numbered = _NUMBER.match(line.text) or line.text[:1].isdigit()
        return bool(following) and (
            self._at == 0 or bool(is_numbered and not following[:1].isdigit())
        )

    def _skip_paragraph(self, *, in_item: bool = False) -> int:
        """Go on behind a paragraph, and return where it ends."""
        while True:
            before = self._lines[self._at]
            self._at += 1
            if not self._line(0).text or self._ends_paragraph(before, in_item=in_item):
                return before.end

    def _ends_paragraph(self, before: _Line, *, in_item: bool) -> bool:
        """Return whether a line begins something else, though no blank line is before it."""
        line = self._line(0).text
        if _RULE.match(line) or is_contents_line(line):
            return True
        if _BULLET.match(line) or _NUMBER.match(line):
            return in_item or before.ends_sentence or before.end - before.start < _SHORT
        begins = _FENCE.match(line) or _ATX.match(line) or _HEAD.match(line) or line[0] == "|"
        return self._markdown and bool(begins)

    def _line(self, distance: int) -> _Line:
        """Return a line near the one that it is at; an empty one beyond the text."""
        at = self._at + distance
        return self._lines[at] if 0 <= at < len(self._lines) else _Line("", 0, 0)
