"""Answers as they are read: each quote with its place, and what it stands under."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from qa.citations import Citation, in_one_line, place, quote_parts
from qa.display.rendering import Paragraph, Piece
from qa.text.printable import printable_name

NEAREST = "Nearest passages, which are no answer:"


class ShownStatement(Protocol):
    """What is read of a statement."""

    @property
    def sentence(self) -> str:
        """A language model's words."""

    @property
    def citations(self) -> Sequence[int]:
        """The numbers of the quotes that it rests on."""


class ShownWritten(Protocol):
    """What is read of what a language model wrote."""

    @property
    def shown(self) -> Sequence[ShownStatement]:
        """The statements that their quotes support."""

    @property
    def left_out(self) -> Sequence[ShownStatement]:
        """Those that they do not."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def host(self) -> str:
        """Where it is."""

    @property
    def problem(self) -> str:
        """What went wrong."""


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

    @property
    def written(self) -> ShownWritten | None:
        """What a language model made of it."""


def paragraphs(answer: Shown, head: str = "") -> Iterator[Paragraph]:
    """Return an answer in paragraphs; `head` stands before its statements and quotes."""
    if answer.query != answer.question:
        yield [Piece(f"Read as: {answer.query}", "dim")]
    if head:
        yield [Piece(head, "bold")]
    if answer.near and not answer.citations:
        yield [Piece(NEAREST)]
    if answer.written:
        yield from _stated(answer.written)
    for quote in answer.citations:
        yield [Piece(f"[{quote.number}] "), *_quoted(quote)]
    for quote in () if answer.citations else answer.near:
        yield [Piece("    "), *_quoted(quote)]
    if answer.written:
        yield from _not_stated(answer.written)
    yield [Piece(f"confidence {answer.confidence:.2f}", "dim")]


def _stated(written: ShownWritten) -> Iterator[Paragraph]:
    """Return a model's statements with the numbers of their quotes, and whose words they are."""
    for one in written.shown:
        yield [Piece(f"{one.sentence} {''.join(f'[{number}]' for number in one.citations)}")]
    if written.shown:
        who = f"{printable_name(written.model)} at {printable_name(written.host)}"
        yield [Piece(f"written by {who}; the quotes are proven, its sentences are not", "dim")]


def _not_stated(written: ShownWritten) -> Iterator[Paragraph]:
    """Return how many statements were left out, and what went wrong."""
    if count := len(written.left_out):
        were, them = ("sentence was", "it") if count == 1 else ("sentences were", "them")
        yield [Piece(f"{count:,} {were} left out: no quote supports {them}", "dim")]
    if written.problem:
        yield [Piece(written.problem, "dim")]


def _quoted(quote: Citation) -> Iterator[Piece]:
    """Return a quote, what leads up to its answer dim, its answer bold; and its place."""
    for part in quote_parts(quote.quote, quote.start, quote.lead, quote.answer):
        yield Piece(part.text, "bold" if part.is_answer else "dim" if part.is_lead else "")
    where = place(quote.page, quote.line, quote.start, quote.end)
    yield Piece(f"\n    {printable_name(quote.document_id)}, {where}", "dim")
    if quote.context:
        above = " > ".join(printable_name(in_one_line(above.text)) for above in quote.context)
        yield Piece(f"\n    under {above}", "dim")
