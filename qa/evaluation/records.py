"""The record of each question: figures, reports and comparisons are made of these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from qa.answering import Status
from qa.answering.statements import Statement
from qa.evaluation.questions import Place
from qa.evaluation.short_answers import holds


class Retrieved(NamedTuple):
    """A passage of a ranking: its span and its score."""

    document_id: str
    start: int
    end: int
    score: float

    @property
    def place(self) -> Place:
        """The span of the passage."""
        return Place(self.document_id, self.start, self.end)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The text of a span of a document, in code points, and some of the text around it."""

    document_id: str
    start: int
    end: int
    text: str
    before: str = ""
    after: str = ""

    @property
    def place(self) -> Place:
        """The span of the text."""
        return Place(self.document_id, self.start, self.end)


@dataclass(frozen=True, slots=True)
class Record:
    """What a set knows of a question, and what was retrieved and answered.

    Attributes:
        question_id: its id in the set.
        question: its text.
        answerable: whether the corpus answers it.
        history: the questions asked before it, oldest first.
        tags: kinds that it is of.
        answers: right short answers; any one counts.
        gold: the quotes that a full answer has, and for each the excerpts that serve, any one
            of them. Empty where the set does not know.
        by_document: whether the set judges documents, so that the ranking is read as one of
            documents; else it is one of passages.
        relevant: what is relevant, to its grade: ids of documents, or of passages
            (`passage_key`).
        query: the query that was retrieved for.
        abstained: whether the answer was an abstention; a question that could not be asked is
            none.
        tentative: whether the answer was tentative.
        confidence: the answer's, from 0 to 1.
        text: the answer as the system wrote it; empty where it is its quotes.
        quotes: what was quoted, best first; for an abstention, what was shown as near.
        verified: how many of `quotes` verify against the source.
        ranking: the passages retrieved, best first, also those too deep to be quoted.
        in_use: how many of `ranking`, from the first, the answer was made of.
        seconds: how long each stage took, and "total".
        error: why the question could not be asked; empty if it could. It is then as wrong as
            can be: without a result, and with a confidence of 0 if it is answerable and 1 if not.
        statements: a language model's sentences, those that were left out at the end; of another
            system, those whose support was judged. None where there are none of either kind, or
            the model could not be asked.
        problem: why the language model wrote nothing, or no more; empty where nothing went wrong.
        unknown: what the system does not tell: groups of measures, and "confidence". What is here
            in place of it means nothing, and is not measured.
    """

    question_id: str
    question: str
    answerable: bool
    history: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    gold: tuple[tuple[Excerpt, ...], ...] = ()
    by_document: bool = False
    relevant: Mapping[str, int] = field(default_factory=dict)
    query: str = ""
    abstained: bool = True
    tentative: bool = False  # runs that were saved before have none
    confidence: float = 0.0
    text: str = ""
    quotes: tuple[Excerpt, ...] = ()
    verified: int = 0
    ranking: tuple[Retrieved, ...] = field(default=(), repr=False)
    in_use: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    error: str = ""
    statements: tuple[Statement, ...] | None = None
    problem: str = ""
    unknown: tuple[str, ...] = ()  # runs that were saved before have none

    @property
    def hits(self) -> tuple[bool, ...]:
        """For each of `quotes`, whether it shares a character with a gold quote.

        Where the set knows no gold quote but documents, whether it is of a relevant one; and where
        it knows nothing but short answers, whether it holds one.
        """
        if self._has_answers_alone:
            return tuple(any(holds(q.text, right) for right in self.answers) for q in self.quotes)
        return tuple(self._is_gold(quote.place) for quote in self.quotes)

    @property
    def right(self) -> bool:
        """Whether the first of `quotes`, if it was shown as the answer, would be right."""
        return self.answerable and any(self.hits[:1])

    @property
    def is_written(self) -> bool:
        """Whether a language model was asked to write between quotes."""
        return self.statements is not None and "written" not in self.unknown

    @property
    def is_unwritten(self) -> bool:
        """Whether a language model was to write, and could not be asked."""
        return bool(self.problem) and self.statements is None

    @property
    def shown_statements(self) -> tuple[Statement, ...]:
        """The sentences of a language model that their quotes support."""
        return tuple(one for one in self.statements or () if one.is_supported)

    @property
    def status(self) -> Status:
        """The answer's status."""
        if self.abstained:
            return "abstained"
        return "tentative" if self.tentative else "answered"

    @property
    def outcome(self) -> str:
        """One of `OUTCOMES`."""
        if self.error:
            return "not asked"
        if self.abstained:
            return "false abstention" if self.answerable else "correct abstention"
        if self.tentative:
            return "tentative right" if self.right else "tentative wrong"
        if not self.answerable:
            return "false answer"
        if self.right:
            return "right"
        used = self.ranking[: self.in_use]
        untold = "retrieval" in self.unknown or self._has_answers_alone
        held = untold or any(self._is_gold(passage.place) for passage in used)
        return "wrong quote" if held else "not retrieved"

    def keys(self) -> list[str]:
        """Return the ranking as ids: of passages, or of documents where those are judged.

        A passage that is there again keeps its rank and counts as another, which is not relevant.
        """
        if self.by_document:
            return list(dict.fromkeys(one.document_id for one in self.ranking))
        seen: Counter[str] = Counter()
        keys = []
        for key in (passage_key(one.place) for one in self.ranking):
            keys.append(f"{key}#{seen[key]}" if seen[key] else key)
            seen[key] += 1
        return keys

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data."""
        return asdict(self)

    @property
    def _has_answers_alone(self) -> bool:
        """Whether the set says what is right, and not where it stands."""
        return bool(self.answers and not self.gold and not self.relevant)

    def _is_gold(self, place: Place) -> bool:
        if self.by_document and not self.gold:
            return self.relevant.get(place.document_id, 0) > 0
        return any(place.common(excerpt.place) for part in self.gold for excerpt in part)


OUTCOMES: Mapping[str, str] = {
    "not asked": "the question could not be asked",
    "not retrieved": "no passage that the answer was made of holds a gold quote",
    "wrong quote": "the first quote is not gold; where passages are known, one of them held it",
    "false abstention": "the corpus answers it, and the answer was an abstention",
    "false answer": "the corpus does not answer it, and it was answered",
    "tentative wrong": "the answer was tentative, and its first quote is not gold",
    "tentative right": "the answer was tentative, and its first quote shares a character with gold",
    "right": "the first quote shares a character with a gold quote",
    "correct abstention": "the corpus does not answer it, and the answer was an abstention",
}
"""The outcomes of a question, misses first, with what each means."""

RIGHT_OUTCOMES = ("right", "tentative right", "correct abstention")
"""The outcomes that are right."""


def passage_key(place: Place) -> str:
    """Name a passage in run and qrels."""
    return f"{place.document_id}:{place.start}-{place.end}"
