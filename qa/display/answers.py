"""Answers as they are read: each quote with its place, and what it stands under."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from qa.citations import Citation, in_one_line, place, quote_parts
from qa.display.rendering import Paragraph, Piece
from qa.text.printable import printable_name

NEAREST = "Nearest passages, which are no answer:"


class Shown(Protocol):
    """What is read of an answer."""

    @property
    def question(self) -> str:
        """As it was asked."""

    @property
    def query(self) -> str:
        """As it was searched for."""

    @property
    def confidence(self) -> float:
        """How likely the quotes answer."""

    @property
    def citations(self) -> Sequence[Citation]:
        """The quotes."""

    @property
    def near(self) -> Sequence[Citation]:
        """In place of quotes, what is nearest."""


def paragraphs(answer: Shown, head: str = "") -> Iterator[Paragraph]:
    """Return an answer in paragraphs; `head` stands before its quotes."""
    if answer.query != answer.question:
        yield [Piece(f"Read as: {answer.query}", "dim")]
    if head:
        yield [Piece(head, "bold")]
    if answer.near and not answer.citations:
        yield [Piece(NEAREST)]
    for quote in answer.citations:
        yield [Piece(f"[{quote.number}] "), *_quoted(quote)]
    for quote in () if answer.citations else answer.near:
        yield [Piece("    "), *_quoted(quote)]
    yield [Piece(f"confidence {answer.confidence:.2f}", "dim")]


def _quoted(quote: Citation) -> Iterator[Piece]:
    """Return a quote, what leads up to its answer dim, its answer bold; and its place."""
    for part in quote_parts(quote.quote, quote.start, quote.lead, quote.answer):
        yield Piece(part.text, "bold" if part.is_answer else "dim" if part.is_lead else "")
    where = place(quote.page, quote.line, quote.start, quote.end)
    yield Piece(f"\n    {printable_name(quote.document_id)}, {where}", "dim")
    if quote.context:
        above = " > ".join(printable_name(in_one_line(above.text)) for above in quote.context)
        yield Piece(f"\n    under {above}", "dim")
