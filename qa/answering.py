"""Passages to an answer: the sentences that answer, quoted; or an abstention."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from embeddings import Encoder
from qa.documents import Document, Span
from qa.kinds import kind_asked, offers
from qa.passages import Passage
from qa.quotes import Citation
from qa.retrieval import RetrievedPassage
from qa.terms import Rarity, terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ABSTENTION = "The document does not say."
DEFAULT_THRESHOLD = 0.2

# How these were set: docs/quality.md.
_PASSAGE_SHARE = 0.3  # of the passage's score in a quote's
_WORDS_SHARE = 0.3  # what sharing all of the question's words adds
_KIND_SHARE = 0.05  # what offering the kind of thing asked for adds
_NEXT_BEST = 0.1  # how far behind the best a further quote may be
_STEEPNESS, _EVEN_ODDS = 5.7, 0.56  # of the confidence, over the best passage's score

# A sentence that points back with one of its first words is best read after the one before it.
_POINTS_BACK = re.compile(
    r"\W*(?:\w+\W+){0,9}?(it|its|this|these|those|they|their|he|his|she|her|such|therefore"
    r"|thus|hence|however|the same|the latter|the former)\b",
    re.IGNORECASE,
)

_VECTORS_KEPT = 20_000

FindDocument = Callable[[str], Document]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is shown for a question: numbered quotes, best first, or an abstention.

    Attributes:
        question: as it was asked.
        query: as it was searched for; another than `question` for a follow-up.
        confidence: from 0 to 1, how likely the quotes answer the question.
        citations: the quotes, numbered from 1; empty in an abstention.
        near: in an abstention, the nearest sentences: near, but no answer.
        passages: what was retrieved, best first.
        seconds: how long each stage took and "total", where that was taken.
    """

    question: str
    query: str
    confidence: float
    citations: tuple[Citation, ...] = ()
    near: tuple[Citation, ...] = ()
    passages: tuple[RetrievedPassage, ...] = field(default=(), repr=False)
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)

    @property
    def abstained(self) -> bool:
        """Whether the answer is that the document does not say."""
        return not self.citations

    @property
    def text(self) -> str:
        """The answer in full: each quote with its mark, or the abstention."""
        return compose((c.number, c.quote) for c in self.citations)

    def to_dict(self) -> dict[str, Any]:
        """Give the answer as plain data, which `verify` checks; passages and times are left out."""
        return {
            "question": self.question,
            "query": self.query,
            "text": self.text,
            "abstained": self.abstained,
            "confidence": self.confidence,
            "citations": [citation.to_dict() for citation in self.citations],
            "near": [citation.to_dict() for citation in self.near],
        }


def compose(quotes: Iterable[tuple[int, str]]) -> str:
    """Write an answer's text from its numbers and quotes; nothing else ever stands in it."""
    return "\n\n".join(f"{quote} [{number}]" for number, quote in quotes) or ABSTENTION


class Answerer(Protocol):
    """Makes an answer of retrieved passages."""

    def answer(
        self, question: str, query: str, passages: Sequence[RetrievedPassage], find: FindDocument
    ) -> Answer:
        """Answer a question from passages that were retrieved for a query, best first.

        `find` gives the document of an id.
        """


class _Candidate(NamedTuple):
    """What may be quoted: a sentence, or one that points back, with the sentence before it."""

    document_id: str
    span: Span
    text: str
    passage_score: float


class ExtractiveAnswerer:
    """Answers in the document's own sentences, without a language model.

    Every sentence of the passages may be quoted; one that points back ("It is definitely not
    ...") also together with the sentence before it. Each is scored by its cosine with the
    question, that of its passage, the question's words in it, rare ones counting more, and
    whether it offers the kind of thing asked for. The best is quoted, with up to two more that
    score almost as well. If even the nearest passage is not near enough, the answer is an
    abstention.

    Args:
        encoder: the one that the passages were retrieved with.
        threshold: the confidence below which it abstains, from 0 (never) to 1.
        max_quotes: the most quotes in an answer.
    """

    def __init__(
        self, encoder: Encoder, *, threshold: float = DEFAULT_THRESHOLD, max_quotes: int = 3
    ) -> None:
        self._encoder = encoder
        self._known: dict[str, NDArray[np.float32]] = {}
        self.threshold = threshold
        self.max_quotes = max_quotes

    def answer(
        self, question: str, query: str, passages: Sequence[RetrievedPassage], find: FindDocument
    ) -> Answer:
        """Quote the sentences that answer, or abstain."""
        candidates = _candidates(passages)
        confidence = _confidence(max(hit.dense_score for hit in passages)) if candidates else 0.0
        quotes = tuple(
            Citation(number, find(chosen.document_id), chosen.span)
            for number, chosen in enumerate(self._choose(question, query, candidates), 1)
        )
        answers = confidence >= self.threshold
        return Answer(
            question=question,
            query=query,
            confidence=confidence,
            citations=quotes if answers else (),
            near=() if answers else quotes,
            passages=tuple(passages),
        )

    def _choose(self, question: str, query: str, candidates: list[_Candidate]) -> list[_Candidate]:
        """Choose the best that do not overlap, and are not far behind the very best."""
        scores = self._scores(question, query, candidates)
        order = sorted(range(len(candidates)), key=lambda i: (-scores[i], candidates[i][:2]))
        chosen: list[_Candidate] = []
        for i in order[:1] + [i for i in order[1:] if scores[i] >= scores[order[0]] - _NEXT_BEST]:
            if not any(_overlap(candidates[i], other) for other in chosen):
                chosen.append(candidates[i])
        return chosen[: self.max_quotes]

    def _scores(self, question: str, query: str, candidates: list[_Candidate]) -> list[float]:
        """Score candidates; a follow-up counts half by its own words, half with what it is about.

        Without that, the question before it would decide what is quoted.
        """
        asked = list(dict.fromkeys([query, question]))
        cosines = self._cosines(asked, [candidate.text for candidate in candidates])
        held = [terms(candidate.text) for candidate in candidates]
        rarity = Rarity(held)
        shared = [
            sum(rarity.cover(terms(text), one) for text in asked) / len(asked) for one in held
        ]
        kind = kind_asked(question)
        scores = [
            (1 - _PASSAGE_SHARE) * cosine
            + _PASSAGE_SHARE * candidate.passage_score
            + _WORDS_SHARE * words
            + _KIND_SHARE * offers(candidate.text, kind)
            for candidate, cosine, words in zip(candidates, cosines, shared, strict=True)
        ]
        # A vector's last digits depend on what it was encoded with; the answer must not.
        return [round(score, 5) for score in scores]

    def _cosines(self, asked: list[str], texts: list[str]) -> list[float]:
        """Give each text's cosine with what is asked, as a mean."""
        if not texts:
            return []
        query = sum(self._encoder.encode_queries([text])[0] for text in asked) / len(asked)
        return [float(vector @ query) for vector in self._vectors(texts)]

    def _vectors(self, texts: list[str]) -> list[NDArray[np.float32]]:
        """Encode texts; those of the last questions are known still."""
        if len(self._known) > _VECTORS_KEPT:
            self._known = {}
        known = self._known  # another thread may set it anew
        new = [text for text in texts if text not in known]
        if new:
            known.update(zip(new, self._encoder.encode_passages(new), strict=True))
        return [known[text] for text in texts]


def _candidates(passages: Sequence[RetrievedPassage]) -> list[_Candidate]:
    """Give what may be quoted from some passages, each with the score of its best passage."""
    found: dict[tuple[str, Span], _Candidate] = {}
    for hit in passages:
        for span in _quotable(hit.passage):
            text = hit.passage.text[span.start - hit.passage.start : span.end - hit.passage.start]
            found.setdefault(
                (hit.passage.document_id, span),
                _Candidate(hit.passage.document_id, span, text, hit.dense_score),
            )
    return list(found.values())


def _quotable(passage: Passage) -> Iterator[Span]:
    before: Span | None = None
    for sentence in passage.sentences:
        yield sentence
        start, end = sentence.start - passage.start, sentence.end - passage.start
        if before and _POINTS_BACK.match(passage.text, start, end):
            yield Span(before.start, sentence.end)
        before = sentence


def _overlap(one: _Candidate, other: _Candidate) -> bool:
    return one.document_id == other.document_id and one.span.overlaps(other.span)


def _confidence(score: float) -> float:
    return 1 / (1 + math.exp(-_STEEPNESS * (score - _EVEN_ODDS)))
