"""Questions to passages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from embeddings import Encoder
from qa.errors import QuestionError, SettingsError
from qa.index import Index
from qa.passages import Passage

MAX_QUESTION = 2_000
"""The most characters in a question."""


@dataclass(frozen=True, slots=True)
class RetrievedPassage:
    """A passage found for a query.

    Attributes:
        rank: from 1, the best.
        score: the cosine between query and passage, from -1 to 1; higher is nearer.
        passage: what was found.
    """

    rank: int
    score: float
    passage: Passage

    def to_dict(self) -> dict[str, Any]:
        """Give the result as plain data."""
        return {"rank": self.rank, "score": self.score, "passage": self.passage.to_dict()}


class Retriever:
    """Finds the passages of an index that are nearest to a query."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        index.check_encoder(encoder)
        self._index = index
        self._encoder = encoder

    def retrieve(self, query: str, top_k: int) -> list[RetrievedPassage]:
        """Find the `top_k` nearest passages, best first; fewer if the index holds fewer.

        Passages that score alike stand in the order in which they were indexed.

        Raises:
            QuestionError: the query has no words, or is longer than the encoder reads.
            SettingsError: `top_k` is less than 1.
        """
        if top_k < 1:
            raise SettingsError(f"top_k is {top_k}: ask for at least 1 passage")
        check_question(query, self._encoder)
        found = self._index.search(self._encoder.encode_queries([query]), top_k)[0]
        passages = self._index.passages([number for number, _ in found])
        return [
            RetrievedPassage(rank, score, passage)
            for rank, ((_, score), passage) in enumerate(zip(found, passages, strict=True), 1)
        ]


def check_question(question: str, encoder: Encoder) -> None:
    """Refuse what `check_words` refuses, and what the encoder would not read to its end."""
    check_words(question)
    tokens = encoder.count_tokens([question])[0]
    if tokens > encoder.max_tokens:
        raise QuestionError(
            f"the question has {tokens} tokens and the model reads {encoder.max_tokens}: "
            "ask it in fewer words"
        )


def check_words(question: str) -> None:
    """Refuse a question without words, or with far too many; no encoder is needed."""
    if not question.strip():
        raise QuestionError("the question is empty: type what you want to know")
    if not any(character.isalnum() for character in question):
        raise QuestionError("the question has no words: type what you want to know")
    if any("\ud800" <= character <= "\udfff" for character in question):
        raise QuestionError("the question is not valid Unicode: type it again")
    if len(question) > MAX_QUESTION:
        raise QuestionError(
            f"the question has {len(question):,} characters; the most is {MAX_QUESTION:,}: "
            "ask it in fewer words"
        )
