"""HTML of turns, in which every character of a quote is the source's.

All text that is not the page's own goes through the filter `exact`, into an element of class
`exact`, which the style sheet gives `white-space: pre-wrap`; its `textContent` is then the very
text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from qa.answering import abstention
from qa.answering.statements import Statement
from qa.citations import QuotePart, in_one_line, quote_parts
from qa.verification.answer_files import SavedCitation
from ui.assets import templates
from ui.chat.document_view import DocumentView
from ui.chat.explanation import explanation
from ui.chat.settings import MOST_QUOTES
from ui.chat.turns import Checked, Turn
from ui.escaping import exact
from ui.strings import say

if TYPE_CHECKING:
    from jinja2 import Template

_LONG = 700  # characters; the rest of a longer quote unfolds
_UNLIKELY = 0.05  # chance of a further quote to answer; such are shown where more are asked for


def turn(checked: Checked, asked: Sequence[str] = ()) -> str:
    """Render a turn: the question, how it was read, its quotes or the abstention, and why.

    Args:
        checked: the turn.
        asked: the ids of the documents that were asked; empty if they are not known.
    """
    answer = checked.turn.answer
    stated = [one for one in answer.statements if _rests(checked, one)]
    kind = "tentative" if answer.outcome == "tentative" else "quote"
    likely = _likely(checked.turn)
    return _template().render(
        turn=checked.turn,
        answer=answer,
        quotes=[_quote(checked, each, kind) for each in answer.citations[:likely]],
        further=[_quote(checked, each, "tentative") for each in answer.citations[likely:]],
        more=_more_quotes(checked.turn),
        stated=stated,
        near=[_quote(checked, citation, "near") for citation in answer.near],
        nothing=abstention(asked, checked.find),
        problems=checked.verification.problems,
        explanation=explanation(checked),
    )


@dataclass(frozen=True, slots=True)
class _Quote:
    """A quote as it is shown.

    `kind` is "quote", "tentative" or "near"; `state` is "verified", "false" or "unchecked" (its
    document is not here).
    """

    citation: SavedCitation
    kind: str
    state: str
    finding: str
    place: str
    proof: dict[str, str]

    @property
    def near(self) -> bool:
        return self.kind == "near"

    @property
    def parts(self) -> list[QuotePart]:
        it = self.citation
        return list(quote_parts(it.quote, it.start, it.lead, it.answer))

    @property
    def is_long(self) -> bool:
        return len(self.citation.quote) > _LONG


def _quote(checked: Checked, citation: SavedCitation, kind: str) -> _Quote:
    check = checked.check(citation.number, near=kind == "near")
    return _Quote(
        citation=citation,
        kind=kind,
        state=_state(checked, citation, near=kind == "near"),
        finding=check.finding,
        place=_place(checked, citation),
        proof={
            say("proof.document"): citation.document_id,
            say("proof.sha256"): citation.sha256,
            say("proof.characters"): f"{citation.start:,}–{citation.end:,}",
            say("proof.bytes"): f"{citation.byte_start:,}–{citation.byte_end:,}",
            say("proof.occurrence"): say(
                "proof.nth", number=citation.occurrence, all=citation.occurrences
            ),
        },
    )


def _rests(checked: Checked, statement: Statement) -> bool:
    """Return whether the quotes of a statement are there, and none of them is false."""
    quotes = {one.number: one for one in checked.turn.answer.citations}
    cited = [quotes.get(number) for number in statement.citations]
    return bool(cited) and all(one and _state(checked, one, near=False) != "false" for one in cited)


def _state(checked: Checked, citation: SavedCitation, *, near: bool) -> str:
    if checked.check(citation.number, near=near).verified:
        return "verified"
    return "false" if checked.find(citation.document_id) else "unchecked"


def _place(checked: Checked, citation: SavedCitation) -> str:
    """Return where a quote stands, as a reader finds it."""
    places = [say("place.line", number=citation.line)]
    document = checked.find(citation.document_id)
    if document and document.sha256 == citation.sha256:
        number = DocumentView.of(document).paragraph(citation.start)
        places.insert(0, say("place.paragraph", number=number))
    if citation.page is not None:
        places.insert(0, say("place.page", number=citation.page))
    return ", ".join(places)


def _likely(turn: Turn) -> int:
    """Return how many quotes come before the first that is unlikely to add to the answer."""
    if turn.answer.statements:
        return len(turn.answer.citations)
    chances = {(s.document_id, s.start): s.chance for s in turn.found.sentences}
    quotes = turn.answer.citations
    later = (
        at
        for at, quote in enumerate(quotes)
        if at and chances.get((quote.document_id, quote.start), 1.0) < _UNLIKELY
    )
    return next(later, len(quotes))


def _more_quotes(turn: Turn) -> int:
    """Return how many quotes to ask for, for more than an answer has; 0 if there are none."""
    shown = len(turn.answer.citations)
    if turn.answer.abstained or turn.answer.statements or len(turn.found.sentences) <= shown:
        return 0
    return next((number for number in (5, MOST_QUOTES) if number > shown), 0)


@cache
def _template() -> Template:
    environment = templates()
    environment.filters["exact"] = exact
    environment.filters["in_one_line"] = in_one_line
    return environment.get_template("turn.html")
