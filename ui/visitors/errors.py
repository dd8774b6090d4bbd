"""Errors as one sentence for the visitor, and as one line of the log."""

from __future__ import annotations

import re
import sys
import threading
import time

from embeddings import EmbeddingsError
from qa import QAError
from qa.text.printable import printable
from ui.strings import say

_LONGEST = 500  # characters
_MINUTE = 60.0
_LINES_A_MINUTE = 100
_WORD = re.compile(r"^[a-z]+(?=[ ,])")  # and no name of a file


def sentence(error: Exception) -> str:
    """Return what went wrong in one sentence; unexpected errors are logged to the terminal."""
    if isinstance(error, QAError | EmbeddingsError):
        return _WORD.sub(lambda word: word.group().capitalize(), str(error), count=1)
    log_line(f"{type(error).__name__}: {error}")
    return say("connection.not_done")


def log_line(what: str) -> None:
    """Print one line, without control characters, to the terminal that runs the server.

    The same line is printed at most once a minute, and at most `_LINES_A_MINUTE` lines in all, so
    that nobody can make the log grow.
    """
    line = printable(" ".join(what.split()))[:_LONGEST]
    if _recent.is_new(line, time.monotonic()):
        print(f"inquote: {line}", file=sys.stderr, flush=True)


class RecentLines:
    """The lines of this minute."""

    def __init__(self) -> None:
        self._lines: set[str] = set()
        self._began = 0.0
        self._lock = threading.Lock()

    def is_new(self, line: str, now: float) -> bool:
        """Note a line; return whether it should be printed."""
        with self._lock:
            if now - self._began >= _MINUTE:
                self._began = now
                self._lines.clear()
            if line in self._lines or len(self._lines) >= _LINES_A_MINUTE:
                return False
            self._lines.add(line)
            return True


_recent = RecentLines()
