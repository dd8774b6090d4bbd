"""Text with its breaks, gathered from a structured file."""

from __future__ import annotations

import re

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

    No break stands at the start or at the end.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._pending = ""

    def write(self, text: str) -> None:
        """Add a text, after the break that was asked for."""
        if text:
            if self._parts:
                self._parts.append(self._pending)
            self._parts.append(text)
            self._pending = ""

    def part(self, width: str) -> None:
        """Ask for a break: SPACE or PARAGRAPH."""
        if _WIDTHS[width] > _WIDTHS[self._pending]:
            self._pending = width

    def new_line(self) -> None:
        """Ask for a line break; two of them make a paragraph."""
        self.part(PARAGRAPH if self._pending == _LINE else _LINE)

    def end_cell(self) -> None:
        """Ask for the break after a table's cell, in place of any other."""
        self._pending = _CELL

    def text(self) -> str:
        """Return all that was gathered."""
        return "".join(self._parts)
