"""Questions matched with passages, token by token.

Each token of the question is matched with the most similar token of a text: late interaction
(Khattab and Zaharia 2020, ColBERT), here with the token vectors of a model that was trained on
whole texts. A passage is encoded as a whole, title included, so that "It" in one sentence is
understood by the sentence before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from embeddings import Encoder, Tokens
from qa.passages import Passage
from qa.text.analysis import Idf, terms, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CONTEXT_WEIGHT = 0.5  # what a word that was put in weighs beside one that was asked
PASSAGES_KEPT = 512
"""Passages of which is known what is the same for every question: about 150 kB each, encoded."""


TokensOf = Callable[[Sequence[str]], Sequence[Tokens]]
"""Returns the tokens of texts; `Index.passage_tokens` is one."""


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """A question, encoded to be matched with passages.

    Attributes:
        text: its words.
        tokens: its tokens, encoded.
        weights: (tokens,), adding up to 1: how much each tells. Rare words tell more than common
            ones, and those that every text has tell nothing.
        vector: (dim,), the question as a whole.
    """

    text: str
    tokens: Tokens
    weights: NDArray[np.float32]
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Match:
    """A question's tokens matched with those of a passage, and of each of its sentences.

    Attributes:
        passage: the passage.
        tokens: its tokens, encoded in context; spans are in `passage.text_in_context`.
        sentence_mask: (sentences, passage tokens): which tokens are of which sentence.
        max_similarity: (question tokens,): MaxSim with the passage, token by token:
            the cosine of each with the most similar token of the passage.
        sentences: (sentences, question tokens): the same with each sentence.
        cosines: (sentences,): of the question as a whole with each sentence as a whole.
    """

    passage: Passage
    tokens: Tokens
    sentence_mask: NDArray[np.bool_]
    max_similarity: NDArray[np.float32]
    sentences: NDArray[np.float32]
    cosines: NDArray[np.float32]


class Reading(NamedTuple):
    """What a reader makes of a passage (qa/answering/readers.py).

    Attributes:
        sentences: (sentences,): the log-odds that a token of the sentence is part of an answer,
            against that the passage holds none; 0 without a reader.
        tokens: (passage tokens,): those of each token; None where the passage was not read.
        ends: (passage tokens, 2): the logits that the words that answer start, or end, with the
            token; None where the thorough reader did not read the passage.
    """

    sentences: NDArray[np.float32]
    tokens: NDArray[np.float32] | None = None
    ends: NDArray[np.float32] | None = None


class _EncodedPassage(NamedTuple):
    """What of a passage is the same for every question.

    Attributes:
        tokens: its tokens, encoded in context.
        sentence_mask: (sentences, tokens): which tokens are of which sentence.
        filled: the sentences that have tokens.
        borders: where the tokens of each of these start and end, one after the other.
        sums: (sentences, dim): the sum of each sentence's tokens.
        lengths: of these sums.
    """

    tokens: Tokens
    sentence_mask: NDArray[np.bool_]
    filled: NDArray[np.intp]
    borders: NDArray[np.intp]
    sums: NDArray[np.float32]
    lengths: list[float]


class Matcher:
    """Matches questions with passages; it caches the encoded passages of the last questions.

    Args:
        encoder: the one that the passages were retrieved with.
        most: how many passages it knows.
    """

    def __init__(self, encoder: Encoder, most: int = PASSAGES_KEPT) -> None:
        self._encoder = encoder
        self._most = most
        self._cache: dict[Passage, _EncodedPassage] = {}

    def encode_query(
        self, text: str, passages: Sequence[Passage], own: str | None = None
    ) -> EncodedQuery:
        """Encode a question; which words are rare is told from the sentences of the passages.

        Words that are not its `own`, but were put in to make it standalone, weigh half: they
        tell the passage more than the sentence.
        """
        tokens = self._encoder.query_tokens(text)
        idf = Idf([found for passage in passages for found in _sentence_terms(passage)])
        vector = self._encoder.encode_queries([text])[0]
        return EncodedQuery(
            text,
            tokens,
            _weights(text, tokens, idf, terms(text if own is None else own)),
            vector,
        )

    def match(
        self, query: EncodedQuery, passages: Sequence[Passage], tokens: TokensOf | None = None
    ) -> list[Match]:
        """Match a question with each passage.

        `tokens` returns the tokens of passages by their text in context; None encodes them.
        """
        known = self._encoded(passages, tokens or self._encoder.passage_tokens)
        return [_match(query, *each) for each in zip(passages, known, strict=True)]

    def _encoded(self, passages: Sequence[Passage], tokens_of: TokensOf) -> list[_EncodedPassage]:
        known = self._cache  # another thread may set it anew
        new = [passage for passage in dict.fromkeys(passages) if passage not in known]
        if len(known) + len(new) > self._most:
            known = self._cache = {each: known[each] for each in passages if each in known}
        if new:
            tokens = tokens_of([passage.text_in_context for passage in new])
            known.update(zip(new, map(_encoded_passage, new, tokens), strict=True))
        return [known[passage] for passage in passages]


@lru_cache(maxsize=PASSAGES_KEPT)
def _sentence_terms(passage: Passage) -> tuple[frozenset[str], ...]:
    return tuple(map(terms, passage.sentence_texts))


def _weights(text: str, tokens: Tokens, idf: Idf, own: frozenset[str]) -> NDArray[np.float32]:
    """Weigh a question's tokens by their words; the tokens of a word share its weight."""
    import numpy as np

    weights = np.zeros(len(tokens.spans), np.float32)
    starts, ends = tokens.spans[:, 0], tokens.spans[:, 1]
    for start, end in words(text):
        of_word = (start <= starts) & (ends <= end)
        content = terms(text[start:end])
        if content and of_word.any():
            share = 1.0 if content <= own else _CONTEXT_WEIGHT
            weights[of_word] = share * idf.weight(min(content)) / of_word.sum()
    if not weights.any():
        weights += 1
    shares: NDArray[np.float32] = weights / weights.sum()
    return shares


def _match(query: EncodedQuery, passage: Passage, encoded: _EncodedPassage) -> Match:
    import numpy as np

    similarity = query.tokens.vectors @ encoded.tokens.vectors.T
    sentences = np.zeros((len(encoded.sentence_mask), len(similarity)), np.float32)
    if len(encoded.filled):
        # Every other run of tokens is a sentence; those between are of none.
        max_similarity = np.maximum.reduceat(similarity, encoded.borders, axis=1)[:, ::2]
        sentences[encoded.filled] = max_similarity.T
    cosines = [
        query.vector @ total / length
        for total, length in zip(encoded.sums, encoded.lengths, strict=True)
    ]
    whole = similarity.max(axis=1, initial=0.0)
    return Match(
        passage,
        encoded.tokens,
        encoded.sentence_mask,
        whole,
        sentences,
        np.array(cosines, np.float32),
    )


def _encoded_passage(passage: Passage, tokens: Tokens) -> _EncodedPassage:
    import numpy as np

    before = len(passage.text_in_context) - len(passage.text) - passage.start
    starts, ends = (np.array(passage.sentences, np.int64) + before).reshape(-1, 2).T
    sentence_mask = (starts[:, None] <= tokens.spans[:, 0]) & (tokens.spans[:, 1] <= ends[:, None])
    # Tokens are in order, so that those of a sentence are a run of them.
    first = np.searchsorted(tokens.spans[:, 0], starts)
    behind = np.searchsorted(tokens.spans[:, 1], ends, "right")
    filled = np.flatnonzero(first < behind)
    borders = np.stack([first, behind], 1)[filled].ravel()
    sums = np.array([tokens.vectors[mask].sum(axis=0) for mask in sentence_mask])
    lengths = [max(float(np.linalg.norm(total)), 1e-9) for total in sums]
    return _EncodedPassage(
        tokens, sentence_mask, filled, borders[borders < len(tokens.spans)], sums, lengths
    )
