"""Whatever goes wrong, as one sentence for the person in front of the page."""

from __future__ import annotations

import sys

from embeddings import EmbeddingsError
from qa import QAError


def sentence(error: Exception) -> str:
    """Say what went wrong; what is no error of ours is printed, and told of in general."""
    if isinstance(error, QAError | EmbeddingsError):
        said = str(error)
        return said[:1].upper() + said[1:]
    print(f"inquote: {type(error).__name__}: {error}", file=sys.stderr)
    return "This could not be done; the terminal that runs inquote says why"
