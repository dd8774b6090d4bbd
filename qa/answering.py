"""Passages to an answer: the sentences that answer, quoted; or an abstention."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from embeddings import Encoder
from qa.documents import Document, Span
from qa.quotes import Citation
from qa.retrieval import RetrievedPassage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ABSTENTION = "The document does not say."
DEFAULT_THRESHOLD = 0.5

# Set by `benchmarks/threshold.py`; see its output in docs/quality.md.
_PASSAGE_SHARE = 0.3
_NEXT_BEST = 0.08
_STEEPNESS = 15.0
_EVEN_SCORE = 0.42

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
    """

    question: str
    query: str
    confidence: float
    citations: tuple[Citation, ...] = ()
    near: tuple[Citation, ...] = ()
    passages: tuple[RetrievedPassage, ...] = field(default=(), repr=False)

    @property
    def abstained(self) -> bool:
        """Whether the answer is that the document does not say."""
        return not self.citations

    @property
    def text(self) -> str:
        """The answer in full: each quote with its mark, or the abstention."""
        return compose((c.number, c.quote) for c in self.citations)

    def to_dict(self) -> dict[str, Any]:
        """Give the answer as plain data, which `verify` checks; the passages are left out."""
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
    score: float
    document_id: str
    span: Span


class ExtractiveAnswerer:
    """Answers in the document's own sentences, without a language model.

    Every sentence of the passages is scored by its cosine with the query, and by that of the
    passage around it. The best one is quoted, with up to two more that score almost as well. If
    even the best is not near enough, the answer is an abstention.

    Args:
        encoder: the one that the passages were retrieved with.
        threshold: the confidence below which it abstains, from 0 (never) to 1.
        max_quotes: the most quotes in an answer.
    """

    def __init__(
        self, encoder: Encoder, *, threshold: float = DEFAULT_THRESHOLD, max_quotes: int = 3
    ) -> None:
        self._encoder = encoder
        self.threshold = threshold
        self.max_quotes = max_quotes

    def answer(
        self, question: str, query: str, passages: Sequence[RetrievedPassage], find: FindDocument
    ) -> Answer:
        """Quote the sentences that answer, or abstain."""
        ranked = self._rank(query, passages)
        confidence = _confidence(ranked[0].score) if ranked else 0.0
        chosen = self._choose(ranked)
        quotes = tuple(
            Citation(number, find(candidate.document_id), candidate.span)
            for number, candidate in enumerate(chosen, 1)
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

    def _rank(self, query: str, passages: Sequence[RetrievedPassage]) -> list[_Candidate]:
        """Score every sentence of the passages, best first."""
        best_passage: dict[tuple[str, Span], float] = {}
        texts: dict[tuple[str, Span], str] = {}
        for hit in passages:
            for sentence in hit.passage.sentences:
                key = (hit.passage.document_id, sentence)
                start = hit.passage.start
                texts[key] = hit.passage.text[sentence.start - start : sentence.end - start]
                best_passage[key] = max(hit.score, best_passage.get(key, -1.0))
        if not texts:
            return []
        cosines = self._cosines(query, list(texts.values()))
        ranked = [
            _Candidate(
                (1 - _PASSAGE_SHARE) * float(cosine) + _PASSAGE_SHARE * best_passage[key], *key
            )
            for key, cosine in zip(texts, cosines, strict=True)
        ]
        return sorted(ranked, key=lambda c: (-c.score, c.document_id, c.span))

    def _cosines(self, query: str, sentences: list[str]) -> NDArray[np.float32]:
        vector = self._encoder.encode_queries([query])[0]
        return self._encoder.encode_passages(sentences) @ vector

    def _choose(self, ranked: list[_Candidate]) -> list[_Candidate]:
        near = [c for c in ranked if c.score >= ranked[0].score - _NEXT_BEST]
        return near[: self.max_quotes]


def _confidence(score: float) -> float:
    return 1 / (1 + math.exp(-_STEEPNESS * (score - _EVEN_SCORE)))
