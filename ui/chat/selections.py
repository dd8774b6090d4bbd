"""Words that a reader selected in a document."""

from __future__ import annotations

from qa.evaluation.records import Excerpt
from ui.chat.turns import FindDocument
from ui.visitors import limits
from ui.visitors.messages import Request, RequestError

MOST_SELECTIONS = 20
"""The most that are taken for one question."""


class Selection(Request):
    """A stretch of a document, as a browser sends it."""

    document: str
    start: int
    end: int


def excerpt(selected: Selection, find: FindDocument) -> Excerpt:
    """Return the words that are selected, without white space around them.

    Raises:
        RequestError: they are not in a document that is here, or are too long.
    """
    document = find(selected.document)
    if document is None:
        raise RequestError(f"there is no document {selected.document} here")
    start, end = selected.start, selected.end
    if not 0 <= start < end <= len(document.text):
        raise RequestError("what is selected is not part of the document: select it again")
    if end - start > limits.MAX_EXCERPT:
        raise RequestError(
            f"what is selected has {end - start:,} characters; the most is "
            f"{limits.MAX_EXCERPT:,}: select less"
        )
    text = document.text[start:end]
    words = text.strip()
    if not words:
        raise RequestError("what is selected has no words: select those that answer")
    start += len(text) - len(text.lstrip())
    return Excerpt(document.id, start, start + len(words), words)
