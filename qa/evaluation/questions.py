"""Question sets: questions with what is known of their answers, and the corpus they are about."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, overload

from qa.documents import Document

NOT_JUDGED = "not judged"
"""The tag of a question of which nobody has said yet whether the corpus answers it."""


class Place(NamedTuple):
    """A stretch `[start, end)` of a document of the corpus, in code points."""

    document_id: str
    start: int
    end: int

    def common(self, other: Place) -> int:
        """Count the characters that the two share."""
        if self.document_id != other.document_id:
            return 0
        return max(0, min(self.end, other.end) - max(self.start, other.start))


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what is known of its answer.

    What answers it is known by words (`quotes`), by place (`places`) or by document
    (`relevant`); formats differ in which they have.

    Attributes:
        id: names it in its set.
        text: the question as asked.
        answerable: whether the corpus answers it.
        quotes: the words of the corpus that answer it, each a part of the full answer.
        history: the questions asked before it, oldest first.
        tags: kinds that it is of, such as "near-miss" or "follow-up".
        answers: short answers, any one of which is right.
        places: where the answer stands: its parts, and for each part the places that serve,
            any one of them.
        relevant: documents that answer it, with their grades as in TREC qrels.
    """

    id: str
    text: str
    answerable: bool
    quotes: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    places: tuple[tuple[Place, ...], ...] = ()
    relevant: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionSet(Sequence[Question]):
    """Questions in order, and which corpus they are about.

    Attributes:
        name: what reports call it.
        questions: the questions; their ids differ.
        corpus: the fingerprint of the corpus that it was made for; None if it names none.
        documents: the corpus itself, where the format brings it along; else empty.
    """

    name: str
    questions: tuple[Question, ...] = field(repr=False)
    corpus: str | None = None
    documents: tuple[Document, ...] = field(default=(), repr=False)

    @overload
    def __getitem__(self, index: int) -> Question: ...
    @overload
    def __getitem__(self, index: slice) -> QuestionSet: ...
    def __getitem__(self, index: int | slice) -> Question | QuestionSet:
        """Return a question, or a smaller set on the same corpus."""
        if isinstance(index, slice):
            return replace(self, questions=self.questions[index])
        return self.questions[index]

    def __len__(self) -> int:
        return len(self.questions)

    def __iter__(self) -> Iterator[Question]:
        return iter(self.questions)

    def sample(self, size: int, seed: int = 0) -> QuestionSet:
        """Draw some of the questions at random, in their order; all if there are no more."""
        chosen = random.Random(seed).sample(range(len(self)), min(size, len(self)))  # noqa: S311  # it keeps no secret
        return replace(self, questions=tuple(self.questions[i] for i in sorted(chosen)))


def fingerprint(documents: Iterable[Document]) -> str:
    """Return a fingerprint of a corpus by its texts, whatever their names and order.

    It is the SHA-256 of the texts' SHA-256 digests, in hexadecimal, sorted, a line each.
    """
    digests = sorted(document.sha256 for document in documents)
    return hashlib.sha256("".join(f"{digest}\n" for digest in digests).encode()).hexdigest()


def brief(text: str, most: int = 160) -> str:
    """Show a text in a message: cut short, and with what cannot be seen as escapes.

    What differs from the corpus may be no more than a line end or a no-break space.
    """
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut)
