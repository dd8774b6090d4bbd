"""Parsers: bytes of a structured file in, text out.

A parser runs in a separate process (`qa.loaders.parsing`), as files are untrusted, and the
libraries are native code. Nothing else of inquote is imported here, so the process starts quickly.
"""

from __future__ import annotations

from typing import NamedTuple


class Extracted(NamedTuple):
    """The content of a file: its text, its title, and where each page starts in the text."""

    text: str
    title: str = ""
    pages: tuple[int, ...] = ()


class Refused(Exception):
    """A file is not read; the message continues after the file's name."""
