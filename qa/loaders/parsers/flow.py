"""Text as it is gathered from a file that has structure, with its breaks."""

from __future__ import annotations

import re

SPACE, CELL, LINE, PARAGRAPH = " ", "\t", "\n", "\n\n"
_WIDTHS = {"": 0, SPACE: 1, CELL: 2, LINE: 3, PARAGRAPH: 4}
# Control characters but tab and line feed, half surrogate pairs, and what is no character at all.
_NO_CHARACTERS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_LONGEST_TITLE = 300
# What programs put where a title should stand.
_NO_TITLE = re.compile(
    r"untitled|document\d*$|microsoft \w+ - |powerpoint pres|about:|file:|https?:"
    r"|.*\.(docx?|pdf|tex|dvi|indd|qxd|html?|pptx?|xlsx?|odt|rtf|txt|md)$|[\W\d_]*$",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """Drop what no text has: control characters but tab and line feed, and half surrogate pairs."""
    return _NO_CHARACTERS.sub("", text)


def sensible_title(raw: str | None) -> str:
    """Return a title that a file brings, on one line; "" where it is none that says anything."""
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
        """Ask for a break: SPACE, CELL, LINE or PARAGRAPH."""
        if _WIDTHS[width] > _WIDTHS[self._pending]:
            self._pending = width

    def new_line(self) -> None:
        """Ask for a line break; two of them make a paragraph."""
        self.part(PARAGRAPH if self._pending == LINE else LINE)

    def narrow(self, width: str) -> None:
        """Make the break that was asked for no wider than this."""
        if _WIDTHS[width] < _WIDTHS[self._pending]:
            self._pending = width

    def text(self) -> str:
        """Return all that was gathered."""
        return "".join(self._parts)
