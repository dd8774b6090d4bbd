"""What reads the text out of files that have structure: bytes in, text out.

A parser runs in a process of its own (`qa.loaders.parsing`), since its file is untrusted, and the
library under it is native code. Nothing else of inquote is imported in here, so that the process
starts quickly.
"""

from __future__ import annotations

from typing import NamedTuple


class Extracted(NamedTuple):
    """What is read out of a file: its text, its title, and where each page starts in the text."""

    text: str
    title: str = ""
    pages: tuple[int, ...] = ()


class Refused(Exception):
    """Why a file is not read, in words that go on after its name."""
