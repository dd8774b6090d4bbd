"""Whatever goes wrong, as one sentence for the person in front of the page."""

from __future__ import annotations

import re
import sys

from embeddings import EmbeddingsError
from qa import QAError
from qa.terminal import printable

_LONGEST = 500  # characters
_WORD = re.compile(r"^[a-z]+(?=[ ,])")  # and no name of a file


def sentence(error: Exception) -> str:
    """Say what went wrong in one sentence; what is nobody's fault outside goes to the terminal."""
    if isinstance(error, QAError | EmbeddingsError):
        return _WORD.sub(lambda word: word.group().capitalize(), str(error), count=1)
    say_aside(f"{type(error).__name__}: {error}")
    return "This could not be done; the terminal that runs inquote says why"


def say_aside(what: str) -> None:
    """Say something to the terminal that runs the server, in one line that cannot steer it."""
    line = printable(" ".join(what.split()))[:_LONGEST]
    print(f"inquote: {line}", file=sys.stderr, flush=True)
