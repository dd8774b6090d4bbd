"""Citations: quotes with their proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import InitVar, asdict, dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from qa.documents import Document, Span
from qa.text.outline import Outline
from qa.text.quote_bounds import Sentences


@dataclass(frozen=True, slots=True)
class Context:
    """What a quote stands under in its document: a heading, or what leads in to it.

    Attributes:
        text: the source's words, `document.text[start:end]`.
        start: where they start in the document's text, in code points.
        end: where they end; the character there is not part of them.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered quote with all that is needed to check it against its source.

    It is made from a document and a span, never from words: `Citation(1, document, span)`.
    `lead` and `answer` may be given as well.

    Attributes:
        number: the mark that it goes by in the answer, from 1.
        quote: the source's words, `document.text[start:end]`.
        lead: how many of its first characters merely lead up to what answers, for a reader to
            know what "it" is.
        answer: the words of the quote that answer, as a span of the document's text; None where
            they are not known.
        start: where the quote starts in the document's text, in code points.
        end: where it ends; the character there is not part of it.
        sentence_start: where the sentence starts that the quote starts in.
        sentence_end: where the sentence ends that the quote ends in. The two are `start` and
            `end` unless the quote is of a part of a sentence.
        document_id: the document's id.
        title: the document's title.
        source: where the document came from; None if it was made in Python.
        sha256: of the document's whole text in UTF-8.
        byte_start: where the quote starts in the text's UTF-8 bytes.
        byte_end: where it ends there.
        line: the line that it starts in, from 1.
        page: the page that it starts on, from 1; None where the source has no pages.
        occurrence: which it is of the places where these words stand in the text, from 1:
            one more than those that end before it starts, counted from the left without overlap.
        occurrences: `occurrence` and those that start after it ends.
        context: the headings that the quote stands under, and then what leads in to it: the line
            before a list, the header of a table, the term of a description.
    """

    number: int
    document: InitVar[Document]
    span: InitVar[Span]
    lead: int = 0
    answer: Span | None = None
    quote: str = field(init=False)
    start: int = field(init=False)
    end: int = field(init=False)
    sentence_start: int = field(init=False)
    sentence_end: int = field(init=False)
    document_id: str = field(init=False)
    title: str = field(init=False)
    source: str | None = field(init=False)
    sha256: str = field(init=False)
    byte_start: int = field(init=False)
    byte_end: int = field(init=False)
    line: int = field(init=False)
    page: int | None = field(init=False)
    occurrence: int = field(init=False)
    occurrences: int = field(init=False)
    context: tuple[Context, ...] = field(init=False)

    def __post_init__(self, document: Document, span: Span) -> None:
        start, end = span
        if not 0 <= start < end <= len(document.text):
            raise ValueError(
                f"[{start}, {end}) is not a span of {document.id!r}, "
                f"which has {len(document.text)} characters"
            )
        if not 0 <= self.lead < end - start:
            raise ValueError(f"a lead of {self.lead} leaves nothing of [{start}, {end})")
        if self.answer and not start <= self.answer.start < self.answer.end <= end:
            raise ValueError(f"an answer of {self.answer} is not inside of [{start}, {end})")
        quote = document.text[start:end]
        in_bytes = document.byte_span(Span(start, end))
        sentences = Sentences.of(document)
        first, last = sentences.at(start), sentences.at(end - 1)
        occurrence = 1 + document.text.count(quote, 0, start)
        proof: dict[str, Any] = {
            "quote": quote,
            "start": start,
            "end": end,
            "sentence_start": first.start if first else start,
            "sentence_end": last.end if last else end,
            "document_id": document.id,
            "title": document.title,
            "source": document.source,
            "sha256": document.sha256,
            "byte_start": in_bytes.start,
            "byte_end": in_bytes.end,
            "line": document.line(start),
            "page": document.page(start),
            "occurrence": occurrence,
            "occurrences": occurrence + document.text.count(quote, end),
            "context": tuple(
                Context(document.text[slice(*above)], *above)
                for above in Outline.of(document).above(first or Span(start, end))
            ),
        }
        for name, value in proof.items():
            object.__setattr__(self, name, value)

    def to_dict(self) -> dict[str, Any]:
        """Return the citation as plain data."""
        return asdict(self) | {
            "answer": list(self.answer) if self.answer else None,
            "context": [asdict(above) for above in self.context],
        }


class QuotePart(NamedTuple):
    """A part of a quote, which may lead up to what answers, or be the words that answer."""

    text: str
    is_lead: bool
    is_answer: bool


def quote_parts(
    quote: str, start: int, lead: int, answer: Sequence[int] | None
) -> Iterator[QuotePart]:
    """Cut a quote into parts, which together are the quote.

    The arguments are as in `Citation`, and may be anybody's.
    """
    first, last = (min(max(at - start, 0), len(quote)) for at in answer or (start, start))
    edges = sorted({0, min(lead, len(quote)), first, last, len(quote)})
    for begins, ends in pairwise(edges):
        is_answer = first <= begins < last
        yield QuotePart(quote[begins:ends], begins < lead and not is_answer, is_answer)


def in_one_line(context: str) -> str:
    """Return what a quote stands under as a reader is shown it: without Markdown's marks."""
    return " ".join(context.strip("#=-*_ \n").split())


def place(page: int | None, line: int, start: int, end: int) -> str:
    """Return where a quote stands: "page 3, line 120, characters 1,234 to 1,300"."""
    on_page = "" if page is None else f"page {page:,}, "
    return f"{on_page}line {line:,}, characters {start:,} to {end:,}"
