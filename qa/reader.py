"""A small network that reads a passage for what a question asks.

It stands on the token vectors that the encoder gives anyway, and adds what their likeness alone
cannot tell: which of the passage's tokens are likely to be part of an answer, or whether none is.
`benchmarks/learn.py` trains it, in torch; here it is NumPy, which is as quick and loads at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.learnt import FOLDER
from qa.matching import Asked, Match

LEARNT = FOLDER / "reader.safetensors"
NOTHING = -10.0
"""The log-odds of a sentence that surely does not answer."""
LAYERS, HEADS = 2, 4
WEIGHTS_SCALE = 5.0  # brings a token's weight near to the size of a likeness

_READ = 4  # passages; to read more changes no figure in the third digit, and takes time
_EPSILON = np.float32(1e-5)
_ERF = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
_ERF_SCALE = 0.3275911

Array = NDArray[np.float32]


class Reader:
    """Reads passages with a trained network: attention over the tokens of both, side by side.

    A passage is read by itself, so that what it is read with makes no difference.
    """

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self._weights = {name: np.ascontiguousarray(w.T) for name, w in weights.items()}

    @classmethod
    def load(cls, file: Path = LEARNT) -> Reader:
        """Load a network from a file."""
        from safetensors.numpy import load_file

        return cls(load_file(file))

    def read(self, asked: Asked, matches: Sequence[Match]) -> list[Array]:
        """Give for each passage the log-odds of its sentences: (sentences,).

        They are the odds that a token of the sentence is part of an answer against that the
        passage holds none. The passages that meet the question best are read; the sentences of
        the others get the lowest odds that were found.
        """
        odds = {
            n: _by_sentence(matches[n], self.odds(asked, matches[n])) for n in _best(asked, matches)
        }
        lowest = min((float(each.min()) for each in odds.values()), default=NOTHING)
        return [
            odds[number] if number in odds else np.full(len(match.insides), lowest, np.float32)
            for number, match in enumerate(matches)
        ]

    def odds(self, asked: Asked, match: Match) -> Array:
        """Give the log-odds of a passage's tokens: (passage tokens,)."""
        x = self._tokens(asked, match)
        for number in range(LAYERS):
            x = self._layer(x, f"attention.layers.{number}.")
        x = self._norm(x, "norm")
        size = len(asked.weights)
        none = self._linear(x[:size], "none").mean()
        parts: Array = self._linear(x[size:], "part")[:, 0] - none
        return parts

    def _tokens(self, asked: Asked, match: Match) -> Array:
        """Give what the network starts from: (question and passage tokens, width)."""
        question, passage, weights = asked.tokens.vectors, match.tokens.vectors, asked.weights
        likeness = question @ passage.T
        weighted = likeness * weights[:, None]
        signs = np.stack([likeness.max(1), WEIGHTS_SCALE * weights], 1)
        passage_signs = np.stack(
            [likeness.max(0), weighted.max(0) / weights.max(), weighted.sum(0)], 1
        )
        return np.concatenate(
            [
                self._linear(question, "vectors") + self._linear(signs, "question_signs"),
                self._linear(passage, "vectors") + self._linear(passage_signs, "passage_signs"),
            ]
        )

    def _layer(self, x: Array, name: str) -> Array:
        x = x + self._attended(self._norm(x, f"{name}norm1"), f"{name}self_attn.")
        inner = _gelu(self._linear(self._norm(x, f"{name}norm2"), f"{name}linear1"))
        return x + self._linear(inner, f"{name}linear2")

    def _attended(self, x: Array, name: str) -> Array:
        projected = (
            x @ self._weights[f"{name}in_proj_weight"] + self._weights[f"{name}in_proj_bias"]
        )
        split = projected.reshape(len(x), 3, HEADS, -1)
        query, key, value = split.transpose(1, 2, 0, 3)  # each (heads, tokens, width of a head)
        scores = query * np.float32(query.shape[-1] ** -0.5) @ key.transpose(0, 2, 1)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        read = shares @ value / shares.sum(-1, keepdims=True)
        return self._linear(read.transpose(1, 0, 2).reshape(x.shape), f"{name}out_proj")

    def _linear(self, x: Array, name: str) -> Array:
        product: Array = x @ self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return product

    def _norm(self, x: Array, name: str) -> Array:
        centred = x - x.mean(-1, keepdims=True)
        variance = (centred * centred).mean(-1, keepdims=True)
        scaled = centred / np.sqrt(variance + _EPSILON)
        normed: Array = scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return normed


def _gelu(x: Array) -> Array:
    """Give x times the normal distribution's share below it.

    The error function is that of Abramowitz and Stegun, 7.1.26, which is right to 1.5e-7.
    """
    size = np.abs(x) * np.float32(0.5**0.5)
    t = 1 / (1 + np.float32(_ERF_SCALE) * size)
    polynomial = np.zeros_like(t)
    for each in _ERF:
        polynomial = (polynomial + np.float32(each)) * t
    erf = np.copysign(1 - polynomial * np.exp(-size * size), x)
    gelu: Array = x * (1 + erf) * np.float32(0.5)
    return gelu


def _best(asked: Asked, matches: Sequence[Match]) -> list[int]:
    """Give the numbers of the passages to read, in order; those without tokens cannot be."""
    if not len(asked.weights):
        return []
    met = {
        number: float((match.sentences @ asked.weights + match.sentences.mean(axis=1)).max())
        for number, match in enumerate(matches)
        if len(match.tokens.spans)
    }
    return sorted(sorted(met, key=lambda number: (-round(met[number], 5), number))[:_READ])


def _by_sentence(match: Match, odds: Array) -> Array:
    found = [np.logaddexp.reduce(odds[: len(inside)][inside]) for inside in match.insides]
    return np.maximum(np.array(found, np.float32), NOTHING)
