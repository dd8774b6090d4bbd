"""A small network that reads a passage for what a question asks.

It stands on the token vectors that the encoder gives anyway, and adds what their similarity alone
cannot tell: which of the passage's tokens are likely to be part of an answer, or whether none is.
`benchmarks/learn.py` trains it, in torch; here it runs on OpenVINO, as the encoder does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from embeddings import Tokens
from embeddings.layers import attention, linear, norm
from embeddings.openvino_runtime import Model, Network, Node, opset13, padded
from qa.answering.late_interaction import EncodedQuery, Match, Reading
from qa.answering.weights import FOLDER

WEIGHTS_FILE = FOLDER / "reader.safetensors"
NOTHING = -10.0
"""The log-odds of a sentence that surely does not answer."""
LAYERS, HEADS = 2, 4
WEIGHTS_SCALE = 5.0  # brings a token's weight near to the size of a similarity

_READ = 4  # passages; to read more changes no figure in the third digit, and takes time
_EPSILON = 1e-5

Array = NDArray[np.float32]
Tensors = Mapping[str, Array]


class SpanReader:
    """Reads passages with a trained network: attention over the tokens of both, side by side.

    What a passage is read with makes no difference, not to the last digit.
    """

    def __init__(self, weights: Tensors) -> None:
        self._weights = weights
        self._network = Network(_graph(weights))
        self._known: WeakKeyDictionary[Tokens, Array] = WeakKeyDictionary()

    @classmethod
    def load(cls, file: Path = WEIGHTS_FILE) -> SpanReader:
        """Load a network from a file."""
        from safetensors.numpy import load_file

        return cls(load_file(file))

    def read(self, query: EncodedQuery, matches: Sequence[Match]) -> list[Reading]:
        """Read the passages that match the question best.

        The sentences of the others get the lowest log-odds of any that was read.
        """
        best = best_matches(query, matches, _READ)
        odds = self.odds(query, [matches[number] for number in best])
        read = {n: Reading(by_sentence(matches[n], o), o) for n, o in zip(best, odds, strict=True)}
        lowest = min((float(each.sentences.min()) for each in read.values()), default=NOTHING)
        return [
            read.get(number) or Reading(np.full(len(match.sentence_mask), lowest, np.float32))
            for number, match in enumerate(matches)
        ]

    def odds(self, query: EncodedQuery, matches: Sequence[Match]) -> list[Array]:
        """Return the log-odds of each passage's tokens: (passage tokens,)."""
        if not matches:
            return []
        tokens = self._tokens(query, matches)
        shape = len(tokens), padded(max(map(len, tokens)))
        x, there = np.zeros((*shape, tokens[0].shape[1]), np.float32), np.zeros(shape, np.float32)
        for row, each in enumerate(tokens):
            x[row, : len(each)] = each
            there[row, : len(each)] = 1
        parts, none = self._network.run(x, there)
        size = len(query.weights)
        return [
            parts[row, size : len(each), 0] - none[row, :size, 0].mean()
            for row, each in enumerate(tokens)
        ]

    def _tokens(self, query: EncodedQuery, matches: Sequence[Match]) -> list[Array]:
        """Return what the network starts from: (question and passage tokens, width) for each."""
        question = self._linear(query.tokens.vectors, "vectors")
        found = []
        for match in matches:
            question_features, passage_features = token_features(query, match)
            of_question = question + self._linear(question_features, "question_features")
            of_passage = self._passage(match.tokens) + self._linear(
                passage_features, "passage_features"
            )
            found.append(np.concatenate([of_question, of_passage]))
        return found

    def _passage(self, tokens: Tokens) -> Array:
        """Return what the network makes of a passage's tokens for every question."""
        known = self._known.get(tokens)
        if known is None:
            known = self._known[tokens] = self._linear(tokens.vectors, "vectors")
        return known

    def _linear(self, x: Array, name: str) -> Array:
        product: Array = x @ self._weights[f"{name}.weight"].T
        return product + self._weights[f"{name}.bias"]


def _graph(weights: Tensors) -> Model:
    """Build the network: of (passages, tokens, width) it gives "part" and "none" for each token."""
    width = weights["norm.weight"].size
    x = tokens = opset13.parameter([-1, -1, width], np.float32, name="tokens")
    there = opset13.parameter([-1, -1], np.float32, name="there")
    for number in range(LAYERS):
        x = _layer(x, there, weights, f"attention.layers.{number}.")
    x = _norm(x, weights, "norm")
    parts, none = (_linear(x, weights, name) for name in ("part", "none"))
    return Model([opset13.result(parts), opset13.result(none)], [tokens, there], "reader")


def _layer(x: Node, there: Node, weights: Tensors, name: str) -> Node:
    normed = _norm(x, weights, f"{name}norm1")
    into = (weights[f"{name}self_attn.in_proj_{part}"] for part in ("weight", "bias"))
    parts = zip(*(np.split(each, 3) for each in into), strict=True)
    query, key, value = (linear(normed, weight, bias) for weight, bias in parts)
    width = weights["norm.weight"].size
    read = attention(query, key, value, there, heads=HEADS, width=width)
    x = opset13.add(x, _linear(read, weights, f"{name}self_attn.out_proj"))
    inner = _linear(_norm(x, weights, f"{name}norm2"), weights, f"{name}linear1")
    return opset13.add(x, _linear(opset13.gelu(inner, "ERF"), weights, f"{name}linear2"))


def _linear(x: Node, weights: Tensors, name: str) -> Node:
    return linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _norm(x: Node, weights: Tensors, name: str) -> Node:
    return norm(x, weights[f"{name}.weight"], weights[f"{name}.bias"], _EPSILON)


def token_features(query: EncodedQuery, match: Match) -> tuple[Array, Array]:
    """Return the features of tokens: (question tokens, 2) and (passage tokens, 3)."""
    weights = query.weights
    similarity = query.tokens.vectors @ match.tokens.vectors.T
    weighted = similarity * weights[:, None]
    of_question = np.stack([similarity.max(1), WEIGHTS_SCALE * weights], 1)
    of_passage = np.stack([similarity.max(0), weighted.max(0) / weights.max(), weighted.sum(0)], 1)
    return of_question, of_passage


def best_matches(query: EncodedQuery, matches: Sequence[Match], most: int) -> list[int]:
    """Return the numbers of the passages to read, in order; those without tokens cannot be."""
    if not len(query.weights):
        return []
    met = {
        number: float((match.sentences @ query.weights + match.sentences.mean(axis=1)).max())
        for number, match in enumerate(matches)
        if len(match.tokens.spans)
    }
    return sorted(sorted(met, key=lambda number: (-round(met[number], 5), number))[:most])


def by_sentence(match: Match, odds: Array) -> Array:
    """Return the log-odds of each sentence from those of the passage's tokens: (sentences,)."""
    found = [np.logaddexp.reduce(odds[: len(mask)][mask]) for mask in match.sentence_mask]
    return np.maximum(np.array(found, np.float32), NOTHING)
