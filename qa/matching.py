"""Questions held against passages, token by token.

Each token of the question looks for the token of a text that is most like it: late interaction
(Khattab and Zaharia 2020, ColBERT), here with the token vectors of a model that was trained on
whole texts. A passage is encoded as a whole, title included, so that "It" in one sentence is
understood by the sentence before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embeddings import Encoder, Tokens
from qa.passages import Passage
from qa.terms import Rarity, terms, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CARRIED = 0.5  # what a word that was put in weighs beside one that was asked
_PASSAGES_KEPT = 512  # encoded; about 150 kB each


TokensOf = Callable[[Sequence[str]], Sequence[Tokens]]
"""Gives the tokens of texts."""


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


class Matcher:
    """Holds questions against passages; the passages of the last questions are known still.

    Args:
        encoder: the one that the passages were retrieved with.
        most: how many passages it knows.
        tokens: gives the tokens of passages by their text in context; None has them encoded.
    """

    def __init__(
        self, encoder: Encoder, most: int = _PASSAGES_KEPT, tokens: TokensOf | None = None
    ) -> None:
        self._encoder = encoder
        self._tokens_of = tokens or encoder.passage_tokens
        self._most = most
        self._known: dict[str, Tokens] = {}

    def ask(self, text: str, passages: Sequence[Passage], own: str | None = None) -> Asked:
        """Encode a question; which words are rare is told from the sentences of the passages.

        Words that are not its `own`, but were put in to make it standalone, weigh half: they
        tell the passage more than the sentence.
        """
        tokens = self._encoder.query_tokens(text)
        rarity = Rarity([terms(sentence) for p in passages for sentence in p.sentence_texts])
        vector = self._encoder.encode_queries([text])[0]
        return Asked(
            text,
            tokens,
            _weights(text, tokens, rarity, terms(text if own is None else own)),
            vector,
        )

    def match(self, asked: Asked, passages: Sequence[Passage]) -> list[Match]:
        """Hold a question against each passage."""
        encoded = self._encoded([passage.text_in_context for passage in passages])
        return [
            _match(asked, passage, tokens)
            for passage, tokens in zip(passages, encoded, strict=True)
        ]

    def _encoded(self, texts: list[str]) -> list[Tokens]:
        known = self._known  # another thread may set it anew
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if len(known) + len(new) > self._most:
            known = self._known = {text: known[text] for text in texts if text in known}
        known.update(zip(new, self._tokens_of(new) if new else (), strict=True))
        return [known[text] for text in texts]


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


def _match(asked: Asked, passage: Passage, tokens: Tokens) -> Match:
    import numpy as np

    likeness = asked.tokens.vectors @ tokens.vectors.T
    insides = _insides(passage, tokens)
    sentences = np.zeros((len(insides), len(likeness)), np.float32)
    cosines = np.zeros(len(insides), np.float32)
    for row, inside in enumerate(insides):
        if inside.any():
            sentences[row] = likeness[:, inside].max(axis=1)
            cosines[row] = _cosine(asked, tokens.vectors[inside])
    whole = likeness.max(axis=1, initial=0.0)
    return Match(passage, tokens, insides, whole, sentences, cosines)


def _insides(passage: Passage, tokens: Tokens) -> NDArray[np.bool_]:
    import numpy as np

    before = len(passage.text_in_context) - len(passage.text) - passage.start
    starts, ends = (np.array(passage.sentences, np.int64) + before).reshape(-1, 2).T
    return (starts[:, None] <= tokens.spans[:, 0]) & (tokens.spans[:, 1] <= ends[:, None])


def _cosine(asked: Asked, vectors: NDArray[np.float32]) -> float:
    """Give the cosine of a question with a text, by the mean of the text's tokens."""
    import numpy as np

    mean = vectors.sum(axis=0)
    return float(asked.vector @ mean / max(float(np.linalg.norm(mean)), 1e-9))
