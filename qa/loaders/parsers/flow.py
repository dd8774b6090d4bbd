"""Text with its breaks, gathered from a structured file."""

from __future__ import annotations

import re

Kind = tuple[str, int]
"""What kind of block a text is, and its level; ("", 0) for a paragraph."""

SPACE, PARAGRAPH = " ", "\n\n"
_CELL, _LINE = "\t", "\n"
_WIDTHS = {"": 0, SPACE: 1, _CELL: 2, _LINE: 3, PARAGRAPH: 4}
# Control characters but tab and line feed, lone surrogates, and noncharacters.
_NO_CHARACTERS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_LONGEST_TITLE = 300
# Titles that programs fill in by themselves.
_NO_TITLE = re.compile(
    r"untitled|document\d*$|microsoft \w+ - |powerpoint pres|about:|file:|https?:"
    r"|.*\.(docx?|pdf|tex|dvi|indd|qxd|html?|pptx?|xlsx?|odt|rtf|txt|md)$|[\W\d_]*$",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """Drop control characters but tab and line feed, lone surrogates, and noncharacters."""
    return _NO_CHARACTERS.sub("", text)


def sensible_title(raw: str | None) -> str:
    """Return a file's own title, on one line; "" if it says nothing."""
    title = " ".join(clean((raw or "").replace("\r", " ")).split())
    return "" if len(title) > _LONGEST_TITLE or _NO_TITLE.match(title) else title


class Flow:
    """Gathers texts and the breaks between them, of which the widest one is written.

    No break stands at the start or at the end. Texts of one kind, with no more than a line end
    between them, are a block.

    Attributes:
        kind: of the block that is written, and its level; "" for a paragraph.
        blocks: those that were written: where each starts and ends, its kind and level.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._pending = ""
        self._seen = 0  # where the last character ends that is seen
        self.kind: Kind = ("", 0)
        self.blocks: list[tuple[int, int, str, int]] = []

    def write(self, text: str) -> None:
        """Add a text, after the break that was asked for."""
        text = clean(text)
        if not text:
            return
        if self._parts:
            self._add(self._pending)
        goes_on = self._pending != PARAGRAPH
        self._pending = ""
        start = self._length
        self._add(text)
        if seen := text.strip():
            start += text.index(seen[0])
            self._mark(start, start + len(seen), goes_on=goes_on)
            self._seen = start + len(seen)

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def _mark(self, start: int, end: int, *, goes_on: bool) -> None:
        if not self.kind[0]:
            return
        if goes_on and self.blocks and self.blocks[-1][1:] == (self._seen, *self.kind):
            start = self.blocks.pop()[0]
        self.blocks.append((start, end, *self.kind))

    def part(self, width: str) -> None:
        """Ask for a break: SPACE or PARAGRAPH."""
        if _WIDTHS[width] > _WIDTHS[self._pending]:
            self._pending = width

    def next_start(self) -> int:
        """Begin a paragraph, and return where the next text will start."""
        self.part(PARAGRAPH)
        return self._length + (len(self._pending) if self._parts else 0)

    def new_line(self) -> None:
        """Ask for a line break; two of them make a paragraph."""
        self.part(PARAGRAPH if self._pending == _LINE else _LINE)

    def end_cell(self) -> None:
        """Ask for the break after a table's cell, in place of any other."""
        self._pending = _CELL

    def end_row(self, first: int, cells: int, kind: str) -> None:
        """Make one row of the blocks from the one of a number on, unless they are no table's.

        A table that puts paragraphs beside each other is none, nor is one of a single column.
        """
        row, self.blocks[first:] = self.blocks[first:], []
        if cells > 1 and len(row) == 1:
            self.blocks.append((*row[0][:2], kind, 0))
        else:
            self.blocks += [block for block in row if block[2] != "row"]

    def text(self) -> str:
        """Return all that was gathered."""
        return "".join(self._parts)
