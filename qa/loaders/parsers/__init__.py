"""What reads the text out of files that have structure: bytes in, text out.

A parser runs in a process of its own (`qa.loaders.parsing`), since its file is untrusted, and the
library under it is native code. Nothing else of inquote is imported in here, so that the process
starts quickly.
"""

from __future__ import annotations

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
    """

    text: str
    title: str = ""
    pages: tuple[int, ...] = ()
    blocks: Blocks = ()


class Refused(Exception):
    """Why a file is not read, in words that go on after its name."""
