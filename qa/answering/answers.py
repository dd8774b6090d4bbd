"""Answers: what is shown for a question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from qa.answering.candidates import Candidate
from qa.answering.statements import Statement, Written
from qa.citations import Citation
from qa.display.answers import paragraphs
from qa.display.rendering import Paragraph, as_html, as_text
from qa.documents import Document, Span
from qa.errors import AnswerFileError
from qa.retrieval import RetrievedPassage
from qa.schemas import format_of

ABSTENTION = "I found nothing that says this."
TENTATIVE = "Possibly:"

_MOST_RESTORED = 100  # quotes, and quotes that are near

Status = Literal["answered", "tentative", "abstained"]
"""The outcomes of a question: quotes that answer, quotes that possibly do, or none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is shown for a question: numbered quotes, best first, perhaps tentative; or none.

    Attributes:
        question: as it was asked.
        query: as it was searched for; another than `question` for a follow-up.
        confidence: from 0 to 1, how likely the quotes answer the question.
        citations: the quotes, numbered from 1; empty in an abstention.
        near: in an abstention, the nearest sentences: near, but no answer.
        tentative: whether the quotes only possibly answer.
        considered: what might have been quoted, best first, and no two that overlap.
        passages: what was retrieved, best first.
        seconds: how long each stage took and "total", where that was taken.
        written: what a language model made of it; None where none was asked. Where it holds
            statements that are shown, `citations` are the quotes that these rest on.
    """

    question: str
    query: str
    confidence: float
    citations: tuple[Citation, ...] = ()
    near: tuple[Citation, ...] = ()
    tentative: bool = False
    considered: tuple[Candidate, ...] = field(default=(), repr=False)
    passages: tuple[RetrievedPassage, ...] = field(default=(), repr=False)
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)
    written: Written | None = None

    @property
    def statements(self) -> tuple[Statement, ...]:
        """A language model's sentences that its quotes support; empty where none wrote."""
        return self.written.shown if self.written else ()

    @property
    def abstained(self) -> bool:
        """Whether nothing is shown as an answer."""
        return not self.citations

    @property
    def status(self) -> Status:
        """Which of the three outcomes it is."""
        if self.abstained:
            return "abstained"
        return "tentative" if self.tentative else "answered"

    @property
    def text(self) -> str:
        """The answer in full: each statement or quote with its marks, or the abstention."""
        if self.statements:
            return written_text(self.status, self.statements)
        return compose(self.status, ((c.number, c.quote) for c in self.citations))

    def __str__(self) -> str:
        """Return the answer as a person reads it: the quotes with their places, or what is near."""
        return as_text(self.paragraphs())

    def _repr_html_(self) -> str:
        return as_html(self.paragraphs())

    def paragraphs(self, nothing: str = ABSTENTION) -> Iterator[Paragraph]:
        """Return the answer as a person reads it; `nothing` is what an abstention says."""
        heads = {"answered": "", "tentative": TENTATIVE, "abstained": nothing}
        return paragraphs(self, heads[self.status])

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, for `verify`, without passages and times."""
        return {
            "format": format_of("answer"),
            "question": self.question,
            "query": self.query,
            "text": self.text,
            "status": self.status,
            "abstained": self.abstained,
            "confidence": self.confidence,
            "citations": [citation.to_dict() for citation in self.citations],
            "near": [citation.to_dict() for citation in self.near],
            **({"written": self.written.to_dict()} if self.written else {}),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any], find: Callable[[str], Document]) -> Self:
        """Read an answer that `to_dict` wrote; its quotes are taken from their documents anew.

        `verify` says more of an answer that may have been changed, or whose documents may.

        Args:
            saved: the plain data; without passages and times, as these are not saved.
            find: returns the document of an id, as `qa.index.document` does.

        Raises:
            AnswerFileError: it is not such data, or a quote does not stand in its document.
        """
        try:
            if saved.get("format", format_of("answer")) != format_of("answer"):  # older have none
                raise ValueError(f"its format is {saved['format']!r}")
            status = saved["status"]
            citations, near = (
                tuple(_restored(quote, find) for quote in saved[name][:_MOST_RESTORED])
                for name in ("citations", "near")
            )
            written = saved.get("written")
            answer = cls(
                question=_text(saved["question"]),
                query=_text(saved["query"]),
                confidence=float(saved["confidence"]),
                citations=citations,
                near=near,
                tentative=status == "tentative",
                written=None if written is None else Written.from_dict(written),
            )
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise AnswerFileError(f"this is not a saved answer: {error!r}") from error
        if any(not 0 < n <= len(citations) for one in answer.statements for n in one.citations):
            raise AnswerFileError("this is not a saved answer: a statement cites no quote of it")
        if answer.status != status or not 0 <= answer.confidence <= 1:
            raise AnswerFileError(
                "this is not a saved answer: its status is not that of its quotes"
            )
        return answer


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _restored(saved: Mapping[str, Any], find: Callable[[str], Document]) -> Citation:
    """Make a citation of the span that was saved, in the same text."""
    id_ = _text(saved["document_id"])
    try:
        document = find(id_)
    except KeyError:
        raise AnswerFileError(f"there is no document {id_!r}, which the answer quotes") from None
    number, answer = saved["number"], saved["answer"]
    if type(number) is not int or number < 1:
        raise ValueError(f"{number!r} is no number of a quote")
    citation = Citation(
        number,
        document,
        Span(saved["start"], saved["end"]),
        saved["lead"],
        None if answer is None else Span(*answer),
    )
    if (citation.sha256, citation.quote) != (saved["sha256"], saved["quote"]):
        raise AnswerFileError(
            f"quote {citation.number} does not stand so in {id_!r}: verify() says what changed"
        )
    return citation


def compose(status: Status, quotes: Iterable[tuple[int, str]]) -> str:
    """Write an answer's text from its numbers and quotes; nothing else ever stands in it."""
    if status == "abstained":
        return ABSTENTION
    before = [TENTATIVE] if status == "tentative" else []
    return "\n\n".join([*before, *(f"{quote} [{number}]" for number, quote in quotes)])


def written_text(status: Status, statements: Iterable[Statement]) -> str:
    """Write a written answer's text from its statements and the numbers of their quotes."""
    before = [TENTATIVE] if status == "tentative" else []
    marked = (f"{one.sentence} {''.join(f'[{n}]' for n in one.citations)}" for one in statements)
    return "\n\n".join([*before, *marked])


def abstention(asked: Sequence[str], find: Callable[[str], Document | None]) -> str:
    """Write an abstention for a reader, with the title of what was asked where it is one document.

    Args:
        asked: the ids of the documents that were asked; empty if they are not known.
        find: returns the document of an id; None where it is not there.
    """
    if len(asked) > 1:
        return "I found nothing in the documents that says this."
    document = find(asked[0]) if asked else None
    return f"I found nothing in “{document.title}” that says this." if document else ABSTENTION
