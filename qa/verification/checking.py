"""Checking a saved answer or conversation against its sources, without a model."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from qa.answering.answers import Answer, compose, written_text
from qa.answering.statements import Statement
from qa.citations import Citation, place
from qa.documents import Document, Span
from qa.loaders import EXTRACTED
from qa.schemas import format_of
from qa.text.printable import printable_name
from qa.text.quote_bounds import Sentences

if TYPE_CHECKING:
    from qa.verification.answer_files import SavedAnswer, SavedCitation, SavedConversation
    from qa.verification.sources import Sources

_SHOWN = 20  # characters of a difference
_BEGINNING = 60  # characters of a sentence
_OTHERS = 3  # places of other texts that are named
_OLDER_ABSTENTION = "The document does not say."  # in answers without a status

MOST_COMPARED = 10_000_000_000
"""The most characters that are searched for the quotes of one answer or conversation."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result for one quote.

    Attributes:
        number: of the quote.
        near: whether it was shown as near, not as an answer.
        verified: whether its words stand in the source, and all of its proof is right.
        finding: the result in words.
        source: the document that it was checked against: the path of a file, or a document of an
            index; None if there was none.
    """

    number: int
    near: bool
    verified: bool
    finding: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """The result for an answer: a check for each quote, and problems beyond the quotes.

    `statements` are the sentences of a language model that the answer shows. They are no part of
    what is verified: nothing proves them.
    """

    checks: tuple[Check, ...]
    problems: tuple[str, ...]
    statements: tuple[Statement, ...] = ()

    @property
    def verified(self) -> bool:
        """Whether every quote verifies and nothing else is wrong."""
        return not self.problems and all(check.verified for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {"format": format_of("verification"), "verified": self.verified} | asdict(self)


@dataclass(frozen=True, slots=True)
class ConversationVerification:
    """The result for each answer of a conversation, with the questions."""

    questions: tuple[str, ...]
    answers: tuple[Verification, ...]

    @property
    def each(self) -> Iterator[tuple[str, Verification]]:
        """Each question, with the result for its answer."""
        return zip(self.questions, self.answers, strict=True)

    @property
    def verified(self) -> bool:
        """Whether every answer verifies."""
        return all(answer.verified for answer in self.answers)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        answers = [
            {"question": question, "verified": answer.verified} | asdict(answer)
            for question, answer in self.each
        ]
        kind = format_of("conversation-verification")
        return {"format": kind, "verified": self.verified, "answers": answers}


def verify(
    answer: Answer | SavedAnswer | Mapping[str, Any], documents: Iterable[Document] | Sources
) -> Verification:
    """Check every quote of an answer, and its text, against documents.

    Args:
        answer: an answer, also one that went through JSON.
        documents: the sources; each quote is checked against the one of its document id, and where
            several have that id, against the one of its SHA-256.

    Raises:
        AnswerFileError: `answer` is a mapping that is no saved answer.
    """
    from qa.verification.answer_files import SavedAnswer, parse_answer

    if isinstance(answer, Answer):
        answer = answer.to_dict()
    saved = answer if isinstance(answer, SavedAnswer) else parse_answer(answer)
    return _verified(saved, _sources(documents), _Budget(MOST_COMPARED))


def verify_conversation(
    conversation: SavedConversation, documents: Iterable[Document] | Sources
) -> ConversationVerification:
    """Check every answer of a conversation, each on its own, as `verify` does."""
    sources, budget = _sources(documents), _Budget(MOST_COMPARED)
    return ConversationVerification(
        tuple(answer.question for answer in conversation.answers),
        tuple(_verified(answer, sources, budget) for answer in conversation.answers),
    )


def _sources(documents: Iterable[Document] | Sources) -> Sources:
    from qa.verification.sources import Sources

    return documents if isinstance(documents, Sources) else Sources.given(documents)


@dataclass(slots=True)
class _Budget:
    """How many characters may still be searched; a quote is searched for in the whole text."""

    left: int

    def allows(self, document: Document) -> bool:
        fits = len(document.text) <= self.left
        self.left -= len(document.text) if fits else 0
        return fits


def _verified(saved: SavedAnswer, sources: Sources, budget: _Budget) -> Verification:
    checks = [_check(quoted, False, sources, budget) for quoted in saved.citations]
    checks += [_check(quoted, True, sources, budget) for quoted in saved.near]
    return Verification(tuple(checks), tuple(_problems(saved)), saved.statements)


def _problems(answer: SavedAnswer) -> list[str]:
    problems = []
    if not _has_its_text(answer):
        said = "its statements" if answer.statements else "its quotes"
        problems.append(f"the answer's text is not {said}, word for word")
    if answer.abstained == bool(answer.citations):
        problems.append("the answer says that it abstains and quotes, or does neither")
    if answer.abstained != (answer.outcome == "abstained"):
        problems.append(f"the status is {answer.outcome}, and abstained is {answer.abstained}")
    for quotes in (answer.citations, answer.near):
        if [c.number for c in quotes] != list(range(1, len(quotes) + 1)):
            problems.append("the quotes are not numbered 1, 2, 3 in order")
    numbers = {quote.number for quote in answer.citations}
    for one in answer.statements:
        missing = [number for number in one.citations if number not in numbers]
        problems += [
            f"a statement cites [{number}], and there is no such quote" for number in missing
        ]
        if not one.citations:
            problems.append("a statement cites no quote")
    return problems


def _has_its_text(answer: SavedAnswer) -> bool:
    if answer.statements:
        return answer.text == written_text(answer.outcome, answer.statements)
    text = compose(answer.outcome, ((c.number, c.quote) for c in answer.citations))
    is_older = answer.status is None and answer.abstained
    return answer.text == text or (is_older and answer.text == _OLDER_ABSTENTION)


def _check(saved: SavedCitation, near: bool, sources: Sources, budget: _Budget) -> Check:
    document = sources.find(saved)
    if document is None:
        return Check(saved.number, near, False, sources.why_missing(saved))
    where = sources.where(document)
    fault = _fault(saved, document, budget) or _unknown(saved, sources)
    if fault is not None:
        return Check(saved.number, near, False, fault, where)
    stands = place(saved.page, saved.line, saved.start, saved.end)
    name = printable_name(document.id)
    finding = f"these words stand in {name}, {stands}{_part(saved, document)}"
    return Check(saved.number, near, True, finding, where)


def _unknown(saved: SavedCitation, sources: Sources) -> str | None:
    """Refuse a text that only the answer names, where another text of that id is known."""
    known = sources.known.get(saved.document_id, set())
    if not known or any(saved.sha256 == sha256 for sha256, _ in known):
        return None
    others = ", ".join(sorted({printable_name(place) for _, place in known})[:_OTHERS])
    name = printable_name(saved.document_id)
    return (
        f"the words stand there, but that is another text than the {name} known here "
        f"({others}): if it is the one that is meant, name it with --document"
    )


def _fault(saved: SavedCitation, document: Document, budget: _Budget) -> str | None:
    """Return what is wrong with a citation, the most serious fault first; None if nothing is."""
    name = printable_name(document.id)
    if document.sha256 != saved.sha256:
        return f"{name} is not the text that was quoted from: {_other_text(document)}"
    if not saved.start < saved.end <= len(document.text):
        return f"{name} has no characters {saved.start:,} to {saved.end:,}"
    if not budget.allows(document):
        return "not checked: too many quotes of long documents in one file; split it into several"
    if saved.lead >= saved.end - saved.start:
        return f"the lead of {saved.lead:,} characters leaves nothing of the quote"
    if saved.answer and not saved.start <= saved.answer[0] < saved.answer[1] <= saved.end:
        first, last = saved.answer
        return f"the words that answer, characters {first:,} to {last:,}, are not inside the quote"
    if document.text[saved.start : saved.end] != saved.quote:
        return _where_else(saved, document)
    if cut := _cut(saved, document):
        return cut
    answer = Span(*saved.answer) if saved.answer else None
    span = Span(saved.start, saved.end)
    real = Citation(saved.number, document, span, saved.lead, answer).to_dict()
    for name, claimed in saved.model_dump(exclude={"source"}, exclude_unset=True).items():
        if real[name] != claimed:
            return f"the words are there, but the {name} is {real[name]}, not {claimed}"
    return None


def _cut(saved: SavedCitation, document: Document) -> str | None:
    """Return where a quote, or its lead, is not of whole sentences; None if both are."""
    sentences = Sentences.of(document)
    quoted, text = Span(saved.start, saved.end), document.text
    whole = sentences.whole(quoted)
    if whole is None:
        return "the quote is white space, which is of no sentence"
    if whole.start < saved.start:
        before = text[max(whole.start, saved.start - _SHOWN) : saved.start]
        return f"cut inside a sentence: before the quote, the source has “{before}”"
    if whole.end > saved.end:
        after = text[saved.end : min(whole.end, saved.end + _SHOWN)]
        return f"cut inside a sentence: after the quote, the source has “{after}”"
    if whole != quoted:
        return "the quote begins or ends in white space, which is of no sentence"
    after_lead = saved.start + saved.lead
    sentence = sentences.at(after_lead)
    if saved.lead and (sentence is None or sentence.start != after_lead):
        return f"the lead of {saved.lead:,} characters ends inside a sentence"
    return None


def _part(saved: SavedCitation, document: Document) -> str:
    """Describe the sentences that a verified quote is only a part of; "" if it is whole."""
    sentences, parts = Sentences.of(document), ""
    for sentence in dict.fromkeys(map(sentences.at, (saved.start, saved.end - 1))):
        if sentence and not saved.start <= sentence.start < sentence.end <= saved.end:
            begins = document.text[sentence.start : sentence.start + _BEGINNING]
            length = sentence.end - sentence.start
            parts += f"; a part of a sentence of {length:,} characters that begins “{begins}…”"
    return parts


def _other_text(document: Document) -> str:
    if PurePath(document.id).suffix.lower() not in EXTRACTED:
        return "its SHA-256 is another"
    return "its SHA-256 is another (the file has changed, or another version reads it otherwise)"


def _where_else(saved: SavedCitation, document: Document) -> str:
    start = document.text.find(saved.quote) if saved.quote else -1
    name = printable_name(document.id)
    if start >= 0:
        return (
            f"the words stand at characters {start:,} to {start + len(saved.quote):,} of "
            f"{name}, not at {saved.start:,} to {saved.end:,}"
        )
    real = document.text[saved.start : saved.end]
    pairs = enumerate(zip(saved.quote, real, strict=False))
    shorter = min(len(saved.quote), len(real))
    same = next((i for i, (claimed, true) in pairs if claimed != true), shorter)
    return (
        f"these words are not in {name}: from character {saved.start + same:,} on, "
        f"the source has {_shown(real, same)} and the quote {_shown(saved.quote, same)}"
    )


def _shown(text: str, position: int) -> str:
    """Show a text from a position on, and name the character there, as some look alike."""
    if position >= len(text):
        return "nothing more"
    name = unicodedata.name(text[position], "a control character")
    return f"“{text[position : position + _SHOWN]}” ({name})"
