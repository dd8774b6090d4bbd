"""Checking a saved answer against its source again, with no model."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from qa.answering import Answer, compose
from qa.documents import Document, Span
from qa.errors import LoadError
from qa.loaders import LOADERS
from qa.quotes import Citation

if TYPE_CHECKING:
    from qa.saved import SavedAnswer, SavedCitation

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


def verify(
    answer: Answer | SavedAnswer | Mapping[str, Any], documents: Iterable[Document]
) -> Verification:
    """Check every quote of an answer, and its text, against documents.

    Args:
        answer: an answer, also one that went through JSON.
        documents: the sources; each quote is held against the one of its document id.

    Raises:
        AnswerFileError: `answer` is a mapping that is no saved answer.
    """
    from qa.saved import SavedAnswer, parse_answer

    if isinstance(answer, Answer):
        answer = answer.to_dict()
    saved = answer if isinstance(answer, SavedAnswer) else parse_answer(answer)
    by_id = {document.id: document for document in documents}
    checks = [_check(c, near, by_id) for near, c in _all_quotes(saved)]
    return Verification(tuple(checks), tuple(_problems(saved)))


def sources(answer: SavedAnswer) -> list[Document]:
    """Load the documents that an answer's citations name as their sources, where they are there.

    A source that does not end in the document's id is passed over, and so is one that cannot be
    read: its quotes will not verify.
    """
    found: dict[str, Document] = {}
    for _, citation in _all_quotes(answer):
        if citation.source is None or citation.document_id in found:
            continue
        path = Path(citation.source)
        loader = LOADERS.get(path.suffix.lower())
        named = PurePath(citation.document_id).parts
        if loader and path.is_file() and path.parts[-len(named) :] == named:
            try:
                found[citation.document_id] = loader(path, citation.document_id)
            except LoadError:
                continue
    return list(found.values())


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


def _check(saved: SavedCitation, near: bool, documents: Mapping[str, Document]) -> Check:
    document = documents.get(saved.document_id)
    if document is None:
        known = ", ".join(sorted(documents)) or "none"
        finding = f"there is no source {saved.document_id!r} to check against (there is: {known})"
        return Check(saved.number, near, False, finding)
    fault = _fault(saved, document)
    if fault is not None:
        return Check(saved.number, near, False, fault)
    place = f"line {saved.line}, characters {saved.start:,} to {saved.end:,}"
    return Check(saved.number, near, True, f"these words stand in {document.id}, {place}")


def _fault(saved: SavedCitation, document: Document) -> str | None:
    """Say what is wrong with a citation, the gravest first; None if nothing is."""
    if document.sha256 != saved.sha256:
        return f"{document.id} is not the text that was quoted from: its SHA-256 is another"
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
