"""Parsers: bytes of a structured file in, text out.

A parser runs in a separate process (`qa.loaders.parsing`), as files are untrusted, and the
libraries are native code. Nothing else of inquote is imported here, so the process starts quickly.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

Blocks = tuple[tuple[int, int, str, int], ...]
"""Where blocks of a text start and end, their kinds and levels: `qa.documents.Block`."""


class Extracted(NamedTuple):
    """What is read out of a file.

    Attributes:
        text: its text.
        title: its title; "" where it has none.
        pages: where each page starts in the text.
        blocks: the text's headings, list items and so on, in order.
        encoding: that of its bytes, if the file does not tell it and it is not UTF-8.
        metadata: what the file says of itself, by name.
    """

    text: str
    title: str = ""
    pages: tuple[int, ...] = ()
    blocks: Blocks = ()
    encoding: str = ""
    metadata: Mapping[str, str] = MappingProxyType({})


class Refused(Exception):
    """A file is not read; the message continues after the file's name."""
