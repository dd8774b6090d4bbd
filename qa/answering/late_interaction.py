"""Questions held against passages, token by token.

Each token of the question looks for the token of a text that is most like it: late interaction
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
from qa.text.analysis import Rarity, terms, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CARRIED = 0.5  # what a word that was put in weighs beside one that was asked
PASSAGES_KEPT = 512
"""Passages of which is known what is the same for every question: about 150 kB each, encoded."""


TokensOf = Callable[[Sequence[str]], Sequence[Tokens]]
"""Returns the tokens of texts; `Index.passage_tokens` is one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is held against passages.

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
    """A question's tokens held against those of a passage, and of each of its sentences.

    Attributes:
        passage: the passage.
        tokens: its tokens, encoded in context; spans are in `passage.text_in_context`.
        insides: (sentences, passage tokens): which tokens are of which sentence.
        likeness: (question tokens,): of each, the cosine with the likest token of the passage.
        sentences: (sentences, question tokens): the same with the likest of each sentence.
        cosines: (sentences,): of the question as a whole with each sentence as a whole.
    """

    passage: Passage
    tokens: Tokens
    insides: NDArray[np.bool_]
    likeness: NDArray[np.float32]
    sentences: NDArray[np.float32]
    cosines: NDArray[np.float32]


class _Known(NamedTuple):
    """What of a passage is the same for every question.

    Attributes:
        tokens: its tokens, encoded in context.
        insides: (sentences, tokens): which tokens are of which sentence.
        filled: the sentences that have tokens.
        borders: where the tokens of each of these start and end, one after the other.
        sums: (sentences, dim): the sum of each sentence's tokens.
        lengths: of these sums.
    """

    tokens: Tokens
    insides: NDArray[np.bool_]
    filled: NDArray[np.intp]
    borders: NDArray[np.intp]
    sums: NDArray[np.float32]
    lengths: list[float]


class Matcher:
    """Holds questions against passages; the passages of the last questions are known still.

    Args:
        encoder: the one that the passages were retrieved with.
        most: how many passages it knows.
    """

    def __init__(self, encoder: Encoder, most: int = PASSAGES_KEPT) -> None:
        self._encoder = encoder
        self._most = most
        self._known: dict[Passage, _Known] = {}

    def ask(self, text: str, passages: Sequence[Passage], own: str | None = None) -> Asked:
        """Encode a question; which words are rare is told from the sentences of the passages.

        Words that are not its `own`, but were put in to make it standalone, weigh half: they
        tell the passage more than the sentence.
        """
        tokens = self._encoder.query_tokens(text)
        rarity = Rarity([found for passage in passages for found in _sentence_terms(passage)])
        vector = self._encoder.encode_queries([text])[0]
        return Asked(
            text,
            tokens,
            _weights(text, tokens, rarity, terms(text if own is None else own)),
            vector,
        )

    def match(
        self, asked: Asked, passages: Sequence[Passage], tokens: TokensOf | None = None
    ) -> list[Match]:
        """Match a question with each passage.

        `tokens` returns the tokens of passages by their text in context; None encodes them.
        """
        known = self._know(passages, tokens or self._encoder.passage_tokens)
        return [_match(asked, *each) for each in zip(passages, known, strict=True)]

    def _know(self, passages: Sequence[Passage], tokens_of: TokensOf) -> list[_Known]:
        known = self._known  # another thread may set it anew
        new = [passage for passage in dict.fromkeys(passages) if passage not in known]
        if len(known) + len(new) > self._most:
            known = self._known = {each: known[each] for each in passages if each in known}
        if new:
            tokens = tokens_of([passage.text_in_context for passage in new])
            known.update(zip(new, map(_known, new, tokens), strict=True))
        return [known[passage] for passage in passages]


@lru_cache(maxsize=PASSAGES_KEPT)
def _sentence_terms(passage: Passage) -> tuple[frozenset[str], ...]:
    return tuple(map(terms, passage.sentence_texts))


def _weights(text: str, tokens: Tokens, rarity: Rarity, own: frozenset[str]) -> NDArray[np.float32]:
    """Weigh a question's tokens by their words; the tokens of a word share its weight."""
    import numpy as np

    weights = np.zeros(len(tokens.spans), np.float32)
    starts, ends = tokens.spans[:, 0], tokens.spans[:, 1]
    for start, end in words(text):
        of_word = (start <= starts) & (ends <= end)
        telling = terms(text[start:end])
        if telling and of_word.any():
            share = 1.0 if telling <= own else _CARRIED
            weights[of_word] = share * rarity.weight(min(telling)) / of_word.sum()
    if not weights.any():
        weights += 1
    shares: NDArray[np.float32] = weights / weights.sum()
    return shares


def _match(asked: Asked, passage: Passage, known: _Known) -> Match:
    import numpy as np

    likeness = asked.tokens.vectors @ known.tokens.vectors.T
    sentences = np.zeros((len(known.insides), len(likeness)), np.float32)
    if len(known.filled):
        # Every other run of tokens is a sentence; those between are of none.
        likest = np.maximum.reduceat(likeness, known.borders, axis=1)[:, ::2]
        sentences[known.filled] = likest.T
    cosines = [
        asked.vector @ total / length
        for total, length in zip(known.sums, known.lengths, strict=True)
    ]
    whole = likeness.max(axis=1, initial=0.0)
    return Match(
        passage, known.tokens, known.insides, whole, sentences, np.array(cosines, np.float32)
    )


def _known(passage: Passage, tokens: Tokens) -> _Known:
    import numpy as np

    before = len(passage.text_in_context) - len(passage.text) - passage.start
    starts, ends = (np.array(passage.sentences, np.int64) + before).reshape(-1, 2).T
    insides = (starts[:, None] <= tokens.spans[:, 0]) & (tokens.spans[:, 1] <= ends[:, None])
    # Tokens are in order, so that those of a sentence are a run of them.
    first = np.searchsorted(tokens.spans[:, 0], starts)
    behind = np.searchsorted(tokens.spans[:, 1], ends, "right")
    filled = np.flatnonzero(first < behind)
    borders = np.stack([first, behind], 1)[filled].ravel()
    sums = np.array([tokens.vectors[inside].sum(axis=0) for inside in insides])
    lengths = [max(float(np.linalg.norm(total)), 1e-9) for total in sums]
    return _Known(tokens, insides, filled, borders[borders < len(tokens.spans)], sums, lengths)
