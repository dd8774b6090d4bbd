"""Untrusted texts, made safe to print on a terminal."""

from __future__ import annotations

import unicodedata

_TURNS_DIRECTION = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def printable(text: str) -> str:
    """Escape the control characters of a text, so that they cannot control the terminal.

    Those that change the direction of writing are escaped, too, as they affect what follows.
    """
    return "".join(
        c if c.isprintable() or c in "\n\t" or not _is_control(c) else ascii(c)[1:-1] for c in text
    )


def printable_name(name: object) -> str:
    """Escape a name, such as a file's, for one line; invisible characters are escaped, too.

    With an invisible character in it, a name could look like a known one.
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
