"""Questions to passages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from embeddings import Encoder, Reranker
from qa.arguments import check_text, check_texts
from qa.display.rendering import table_html
from qa.errors import AskOtherwise, QuestionError, SettingsError
from qa.filters import Filter
from qa.follow_ups.dependence import Dependence
from qa.follow_ups.rewriting import Rewriting
from qa.index.protocol import AnyIndex
from qa.passages import Passage
from qa.schemas import format_of
from qa.text.analysis import content_words
from qa.text.printable import printable_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_QUESTION = 2_000
"""The most characters in a question."""

RERANKED = 50
"""How many of the first passages a reranker puts in order."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_NAMED = 10  # documents, in a message
_DEPTH = 100  # candidates taken from each index
_WORDS_WEIGHT = 0.025  # of BM25 beside the cosine, by benchmarks/studies/fusion.py

# What counts of a rewriting beside the question by itself: of its meaning, and of the words that
# it adds. How these were set: docs/conversation.md.
_MEANING_SHARE = {Dependence.AMBIGUOUS: 0.25, Dependence.DEPENDENT: 0.85}
_ADDED_SHARE = {
    Dependence.STANDALONE: 1.0,  # the other form of an acronym
    Dependence.AMBIGUOUS: 0.12,
    Dependence.DEPENDENT: 0.6,
}


@dataclass(frozen=True, slots=True)
class RetrievedPassage:
    """A passage found for a query.

    Attributes:
        rank: from 1, the best.
        score: what it is ranked by, if by no reranker; higher is better.
        passage: what was found.
        dense_score: the cosine between query and passage, from -1 to 1.
        dense_rank: its rank by that; None where it was found by its words alone.
        lexical_score: BM25 of the query's words in it; 0 where it was not found by them.
        lexical_rank: its rank by that; None where it was not found by them.
        rerank_score: what a reranker ranks it by, before `score`; None where none scored it.
        searched: how many passages were searched; 0 where that is not known.
    """

    rank: int
    score: float
    passage: Passage
    dense_score: float = 0.0
    dense_rank: int | None = None
    lexical_score: float = 0.0
    lexical_rank: int | None = None
    rerank_score: float | None = None
    searched: int = field(default=0, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        left_out = ("passage", "searched")
        scores = {name: getattr(self, name) for name in self.__slots__ if name not in left_out}
        return scores | {"passage": self.passage.to_dict()}


class RetrievedPassages(list[RetrievedPassage]):
    """A list of passages, best first, which a notebook shows as a table."""

    def to_dict(self) -> dict[str, Any]:
        """Return the passages as plain data."""
        return {"format": format_of("passages"), "passages": [hit.to_dict() for hit in self]}

    def _repr_html_(self) -> str:
        rows = (
            (
                hit.rank,
                f"{hit.score:.3f}",
                f"{printable_name(hit.passage.document_id)}, "
                f"characters {hit.passage.start:,} to {hit.passage.end:,}",
                hit.passage.text,
            )
            for hit in self
        )
        return table_html(("rank", "score", "place", "passage"), rows)


class Retriever:
    """Finds the passages of an index for a query, by meaning and by words.

    The nearest by cosine and the best by BM25 are put together, and ranked by the cosine plus a
    share of BM25: a sum of scores keeps how far one is ahead, which a sum of ranks forgets. A
    reranker, where there is one, puts the first of them in its own order.
    """

    def __init__(self, index: AnyIndex, encoder: Encoder, reranker: Reranker | None = None) -> None:
        index.check_encoder(encoder)
        self._index = index
        self._encoder = encoder
        self._reranker = reranker

    def retrieve(
        self, query: str | Rewriting, top_k: int, documents: Sequence[str] | None = None
    ) -> list[RetrievedPassage]:
        """Find the `top_k` best passages, best first; fewer if the index holds fewer.

        A rewritten question is searched for together with the question as it was asked, the
        more surely it depends on others the less. Passages that score alike stand in the order in
        which they were indexed. With `documents`, only passages of those with these ids are
        looked at; BM25 still weighs words by how rare they are in the whole index.

        What is too long for the encoder is cut: `check_question` refuses it.

        Raises:
            SettingsError: `top_k` is less than 1; or `documents` names none, or one that is not
                in the index.
        """
        if top_k < 1:
            raise SettingsError(f"top_k is {top_k}: ask for at least 1 passage")
        asked = query if isinstance(query, Rewriting) else Rewriting(query, query)
        among = None if documents is None else self._index.numbers_of(self.checked(documents))
        if self._reranker is None:
            return self._fused(asked, top_k, among)
        hits = self._fused(asked, max(top_k, RERANKED), among)
        # It reads one question, not two: where it is ambiguous, the one that was asked.
        read = asked.question if asked.is_ambiguous else asked.query
        return reranked(read, hits, self._reranker)[:top_k]

    def chosen(self, documents: Sequence[str] | None, chosen: Filter) -> Sequence[str] | None:
        """Return the ids of those of some documents that match a filter; None is all.

        Raises:
            SettingsError: as in `checked`; or no document matches.
        """
        if not chosen:
            return documents
        named, matching = {*self.checked(documents)}, self._index.matching(chosen)
        found = [id_ for id_ in matching if id_ in named]
        if not found:
            raise SettingsError("none of the documents that are named matches `only` and `where`")
        return found

    def checked(self, documents: Sequence[str] | None) -> list[str]:
        """Return the ids of some documents; None is all.

        Raises:
            SettingsError: `documents` names none, or one that is not in the index.
        """
        if documents is None:
            return self._index.document_ids()
        check_texts("documents", documents, "ids")
        if not documents:
            raise SettingsError("documents is an empty list: leave it out to ask all of them")
        there = self._index.document_ids()
        if unknown := sorted({*documents}.difference(there)):
            raise SettingsError(
                f"there is no document {unknown[0]!r} in the index; "
                f"it has: {', '.join(map(printable_name, there[:_NAMED])) or 'none'}"
            )
        return list(documents)

    def _fused(
        self, asked: Rewriting, top_k: int, among: NDArray[np.int64] | None
    ) -> list[RetrievedPassage]:
        depth = max(top_k, _DEPTH)
        vector = self._vector(asked)
        dense = dict(self._index.search(vector[None], depth, among)[0])
        bm25 = self._by_words(asked, depth, among)
        by_words_alone = [number for number in bm25 if number not in dense]
        others = self._index.cosines(vector, by_words_alone)
        cosines = dense | dict(zip(by_words_alone, others, strict=True))
        scores = {n: cosine + _WORDS_WEIGHT * bm25.get(n, 0.0) for n, cosine in cosines.items()}
        best = sorted(scores, key=lambda n: (-scores[n], n))[:top_k]
        dense_ranks, lexical_ranks = _ranks(dense), _ranks(bm25)
        return [
            RetrievedPassage(
                rank=rank,
                score=scores[number],
                passage=passage,
                dense_score=cosines[number],
                dense_rank=dense_ranks.get(number),
                lexical_score=bm25.get(number, 0.0),
                lexical_rank=lexical_ranks.get(number),
                searched=len(self._index) if among is None else len(among),
            )
            for rank, (number, passage) in enumerate(
                zip(best, self._index.passages(best), strict=True), 1
            )
        ]

    def _vector(self, asked: Rewriting) -> NDArray[np.float32]:
        """Encode what is asked: the mean of question and rewriting, scaled to length 1."""
        query: NDArray[np.float32] = self._encoder.encode_queries([asked.query])[0]
        share = _MEANING_SHARE.get(asked.dependence)
        if share is None:
            return query
        mean = (1 - share) * self._encoder.encode_queries([asked.question])[0] + share * query
        unit: NDArray[np.float32] = mean / (mean @ mean) ** 0.5
        return unit

    def _by_words(
        self, asked: Rewriting, depth: int, among: NDArray[np.int64] | None
    ) -> dict[int, float]:
        """Score passages by the question's words and a share of the added ones, best first."""
        found = dict(self._index.search_words(asked.question, depth, among))
        own = content_words(asked.question)
        added = " ".join(word for word in content_words(asked.query) if word not in own)
        share = _ADDED_SHARE[asked.dependence]
        for number, score in self._index.search_words(added, depth, among):
            found[number] = found.get(number, 0.0) + share * score
        best_first = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        return dict(best_first)


def reranked(
    query: str, hits: list[RetrievedPassage], reranker: Reranker
) -> list[RetrievedPassage]:
    """Put the first passages in a reranker's order, the others behind them as they are.

    Those that score alike stay in the order that they come in.
    """
    first = hits[:RERANKED]
    if not first:
        return []
    found = reranker.score(query, [hit.passage.text_in_context for hit in first])
    # A score's last digits depend on what it was computed with; the order must not.
    scores = [round(float(score), 5) for score in found]
    order = sorted(range(len(first)), key=lambda i: -scores[i])
    best = [replace(first[i], rank=rank, rerank_score=scores[i]) for rank, i in enumerate(order, 1)]
    return best + hits[RERANKED:]


def _ranks(best_first: Iterable[int]) -> dict[int, int]:
    return {number: rank for rank, number in enumerate(best_first, 1)}


def check_question(question: str, encoder: Encoder) -> None:
    """Refuse what `check_words` refuses, and what the encoder would not read to its end."""
    check_words(question)
    if encoder.count_tokens([question])[0] > encoder.max_tokens:
        raise QuestionError("the question is too long to be read whole: ask it in fewer words")


def check_words(question: str) -> None:
    """Refuse a question without words, or with far too many; no encoder is needed."""
    check_text("the question", question, QuestionError)
    if not question.strip():
        raise QuestionError("the question is empty: type what you want to know")
    if not any(character.isalnum() for character in question):
        raise AskOtherwise("the question has no words: type what you want to know")
    if _SURROGATES.search(question):
        raise QuestionError("the question is not valid Unicode: type it again")
    if len(question) > MAX_QUESTION:
        raise QuestionError(
            f"the question has {len(question):,} characters; the most is {MAX_QUESTION:,}: "
            "ask it in fewer words"
        )
