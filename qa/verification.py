"""Checking a saved answer, or a conversation, against its sources again, with no model."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from qa.answering import Answer, compose
from qa.documents import Document, Span
from qa.errors import LoadError
from qa.loaders import EXTRACTED, LOADERS
from qa.quotes import Citation, place

if TYPE_CHECKING:
    from qa.saved import SavedAnswer, SavedCitation, SavedConversation

_SHOWN = 20  # characters of a difference


@dataclass(frozen=True, slots=True)
class Check:
    """What was found for one quote.

    Attributes:
        number: the quote's number.
        near: whether it was shown as near, not as an answer.
        verified: whether it is its source's words, and all of its proof is right.
        finding: in words, what was found.
    """

    number: int
    near: bool
    verified: bool
    finding: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found for an answer: a check for each quote, and what is wrong beyond them."""

    checks: tuple[Check, ...]
    problems: tuple[str, ...]

    @property
    def verified(self) -> bool:
        """Whether every quote verifies and nothing else is wrong."""
        return not self.problems and all(check.verified for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Give the result as plain data."""
        return {"verified": self.verified} | asdict(self)


@dataclass(frozen=True, slots=True)
class ConversationVerification:
    """What was found for each answer of a conversation, with the questions that were asked."""

    questions: tuple[str, ...]
    answers: tuple[Verification, ...]

    @property
    def each(self) -> Iterator[tuple[str, Verification]]:
        """Each question, with what was found for its answer."""
        return zip(self.questions, self.answers, strict=True)

    @property
    def verified(self) -> bool:
        """Whether every answer verifies."""
        return all(answer.verified for answer in self.answers)

    def to_dict(self) -> dict[str, Any]:
        """Give the result as plain data."""
        answers = [{"question": question} | answer.to_dict() for question, answer in self.each]
        return {"verified": self.verified, "answers": answers}


def verify(
    answer: Answer | SavedAnswer | Mapping[str, Any], documents: Iterable[Document]
) -> Verification:
    """Check every quote of an answer, and its text, against documents.

    Args:
        answer: an answer, also one that went through JSON.
        documents: the sources; each quote is held against the one of its document id, and where
            several have that id, against the one of its SHA-256.

    Raises:
        AnswerFileError: `answer` is a mapping that is no saved answer.
    """
    from qa.saved import SavedAnswer, parse_answer

    if isinstance(answer, Answer):
        answer = answer.to_dict()
    saved = answer if isinstance(answer, SavedAnswer) else parse_answer(answer)
    by_id: dict[str, list[Document]] = {}
    for document in documents:
        by_id.setdefault(document.id, []).append(document)
    checks = [_check(c, near, by_id) for near, c in _all_quotes(saved)]
    return Verification(tuple(checks), tuple(_problems(saved)))


def verify_conversation(
    conversation: SavedConversation, documents: Iterable[Document]
) -> ConversationVerification:
    """Check every answer of a conversation, each on its own, as `verify` does."""
    documents = list(documents)
    return ConversationVerification(
        tuple(answer.question for answer in conversation.answers),
        tuple(verify(answer, documents) for answer in conversation.answers),
    )


def sources(saved: SavedAnswer | SavedConversation) -> list[Document]:
    """Load the documents that citations name as their sources, where they are there.

    A source that does not end in the document's id is passed over, and so is one that cannot be
    read: its quotes will not verify.
    """
    from qa.saved import SavedAnswer

    answers = [saved] if isinstance(saved, SavedAnswer) else saved.answers
    named = {(c.document_id, c.source): None for a in answers for _, c in _all_quotes(a)}
    found = (_source(document_id, source) for document_id, source in named if source)
    return [document for document in found if document is not None]


def _source(document_id: str, source: str) -> Document | None:
    path = Path(source)
    loader = LOADERS.get(path.suffix.lower())
    named = PurePath(document_id).parts
    if not loader or not path.is_file() or path.parts[-len(named) :] != named:
        return None
    try:
        return loader(path, document_id)
    except LoadError:
        return None


def _all_quotes(answer: SavedAnswer) -> list[tuple[bool, SavedCitation]]:
    return [(False, c) for c in answer.citations] + [(True, c) for c in answer.near]


def _problems(answer: SavedAnswer) -> list[str]:
    problems = []
    if answer.text != compose((c.number, c.quote) for c in answer.citations):
        problems.append("the answer's text is not its quotes, word for word")
    if answer.abstained == bool(answer.citations):
        problems.append("the answer says that it abstains and quotes, or does neither")
    for quotes in (answer.citations, answer.near):
        if [c.number for c in quotes] != list(range(1, len(quotes) + 1)):
            problems.append("the quotes are not numbered 1, 2, 3 in order")
    return problems


def _check(saved: SavedCitation, near: bool, documents: Mapping[str, list[Document]]) -> Check:
    named = documents.get(saved.document_id, [])
    document = next((d for d in named if d.sha256 == saved.sha256), next(iter(named), None))
    if document is None:
        known = ", ".join(sorted(documents)) or "none"
        finding = f"there is no source {saved.document_id!r} to check against (there is: {known})"
        return Check(saved.number, near, False, finding)
    fault = _fault(saved, document)
    if fault is not None:
        return Check(saved.number, near, False, fault)
    where = place(saved.page, saved.line, saved.start, saved.end)
    return Check(saved.number, near, True, f"these words stand in {document.id}, {where}")


def _fault(saved: SavedCitation, document: Document) -> str | None:
    """Say what is wrong with a citation, the gravest first; None if nothing is."""
    if document.sha256 != saved.sha256:
        return f"{document.id} is not the text that was quoted from: {_other_text(document)}"
    if not saved.start < saved.end <= len(document.text):
        return f"{document.id} has no characters {saved.start:,} to {saved.end:,}"
    if saved.lead >= saved.end - saved.start:
        return f"the lead of {saved.lead:,} characters leaves nothing of the quote"
    real = Citation(saved.number, document, Span(saved.start, saved.end), saved.lead)
    if real.quote != saved.quote:
        return _where_else(saved, real, document)
    expected = real.to_dict()
    for name, claimed in saved.model_dump(exclude={"source"}).items():
        if expected[name] != claimed:
            return f"the words are there, but the {name} is {expected[name]}, not {claimed}"
    return None


def _other_text(document: Document) -> str:
    if PurePath(document.id).suffix.lower() not in EXTRACTED:
        return "its SHA-256 is another"
    return "its SHA-256 is another (the file has changed, or another version reads it otherwise)"


def _where_else(saved: SavedCitation, real: Citation, document: Document) -> str:
    found = document.text.find(saved.quote) if saved.quote else -1
    if found >= 0:
        return (
            f"the words stand at characters {found:,} to {found + len(saved.quote):,} of "
            f"{document.id}, not at {saved.start:,} to {saved.end:,}"
        )
    pairs = zip(saved.quote, real.quote, strict=False)
    shorter = min(len(saved.quote), len(real.quote))
    same = next((i for i, (claimed, true) in enumerate(pairs) if claimed != true), shorter)
    return (
        f"these words are not in {document.id}: from character {real.start + same:,} on, "
        f"the source has {_shown(real.quote, same)} and the quote {_shown(saved.quote, same)}"
    )


def _shown(text: str, position: int) -> str:
    """Show a text from a position on, and name the character there, since some look alike."""
    if position >= len(text):
        return "nothing more"
    name = unicodedata.name(text[position], "a control character")
    return f"“{text[position : position + _SHOWN]}” ({name})"
