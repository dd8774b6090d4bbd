"""Texts of others, made safe to print on a terminal."""

from __future__ import annotations

import unicodedata

_TURNS_DIRECTION = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def printable(text: str) -> str:
    """Show control characters of a text as escapes, so that they cannot steer the terminal.

    Those that turn the direction of writing are among them: they would turn what follows, too.
    """
    return "".join(
        c if c.isprintable() or c in "\n\t" or not _is_control(c) else ascii(c)[1:-1] for c in text
    )


def printable_name(name: object) -> str:
    """Show a name, such as a file's, on one line, and every character that would not be seen.

    With an invisible character in it, a name looks like another that is known.
    """
    return "".join(
        ascii(c)[1:-1] if c in "\n\t" or unicodedata.category(c) == "Cf" else c
        for c in printable(str(name))
    )


def _is_control(character: str) -> bool:
    return (
        unicodedata.category(character) == "Cc"
        or character in _TURNS_DIRECTION
        or "\ud800" <= character <= "\udfff"
    )
