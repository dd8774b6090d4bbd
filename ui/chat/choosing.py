"""Choosing documents by their names: a search of a list of any length, and what is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

from qa.errors import QuestionError
from ui.visitors.messages import Data, Request

LISTED = 100
"""How many documents are listed at once."""

MOST_NAMED = 1_000  # documents that a request names one by one
_PATTERN = frozenset("*?[")

Id = Annotated[str, Field(max_length=2_000)]
Text = Annotated[str, Field(max_length=200)]


class Choice(Request):
    """Which documents are asked: all, unless a request says otherwise.

    Attributes:
        only: those whose names match (see `matching`); None is all, if `documents` is None too.
        but: the ids of those that are not asked, though they match.
        documents: the ids of those that are asked as well; None is none, if `only` is given.
    """

    only: Text | None = None
    but: list[Id] = Field(default_factory=list, max_length=MOST_NAMED)
    documents: list[Id] | None = Field(default=None, max_length=MOST_NAMED)

    def of(self, ids: Sequence[str]) -> list[str] | None:
        """Return the chosen ids; None for all.

        Raises:
            QuestionError: none is chosen.
        """
        if self.only is None and not self.but:
            return self.documents
        named = frozenset(self.documents or ())
        but = frozenset(self.but) - named
        is_open = self.only is not None or self.documents is None
        matched = frozenset(matching(ids, self.only or "")) if is_open else frozenset()
        chosen = [id_ for id_ in ids if id_ in named or (id_ in matched and id_ not in but)]
        if not chosen:
            raise QuestionError("no document is chosen: choose one to ask")
        return None if len(chosen) == len(ids) else chosen


class Search(Choice):
    """A search of the list, from the name after `after` on."""

    text: Text = ""
    after: Annotated[int, Field(ge=0)] = 0

    def page_of(self, ids: Sequence[str]) -> Data:
        """Return a page of the ids that match, each with whether it is asked."""
        found = matching(ids, self.text)
        page = found[self.after : self.after + LISTED]
        asked = frozenset(page if self.only is None else matching(page, self.only))
        return {
            "documents": [{"id": id_, "matches": id_ in asked} for id_ in page],
            "after": self.after,
            "found": len(found),
            "count": len(ids),
        }


def matching(ids: Sequence[str], text: str) -> list[str]:
    """Return the ids that match a pattern such as *.pdf, or contain a text; all if it is empty."""
    wanted = text.strip().casefold()
    if _PATTERN.isdisjoint(wanted):
        return [id_ for id_ in ids if wanted in id_.casefold()]
    return [id_ for id_ in ids if fnmatchcase(id_.casefold(), wanted)]
