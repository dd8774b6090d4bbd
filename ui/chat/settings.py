"""How a visitor wants answers: how sure they must be, and how many quotes are shown."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from qa.answering import Answerer, ExtractiveAnswerer
from ui.visitors.messages import Request

MOST_QUOTES = 10
"""The most quotes that may be asked for."""

_USUAL_QUOTES = 3
_MAY_ANSWER = 0.2  # confidence, from where on quotes are shown to who asks for all that may answer


class Settings(Request):
    """The settings of one question.

    Attributes:
        sure: which quotes are shown: those that are sure, also tentative ones as usual, or all
            that may answer.
        quotes: how many quotes are shown: up to three as far as they add something, and so many
            if it is more.
    """

    sure: Literal["sure", "balanced", "all"] = "balanced"
    quotes: Annotated[int, Field(ge=1, le=MOST_QUOTES)] = _USUAL_QUOTES

    def answerer(self, usual: Answerer) -> Answerer:
        """Return the answerer for these settings; one that has no thresholds stays as it is."""
        if not isinstance(usual, ExtractiveAnswerer) or self == Settings():
            return usual
        tentative = {
            "sure": usual.threshold,
            "balanced": usual.tentative,
            "all": min(usual.tentative, _MAY_ANSWER),
        }
        return usual.changed(
            tentative=tentative[self.sure],
            max_quotes=self.quotes,
            min_quotes=self.quotes if self.quotes > _USUAL_QUOTES else 1,
        )
