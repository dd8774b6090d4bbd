"""A small network that reads a passage for what a question asks.

It stands on the token vectors that the encoder gives anyway, and adds what their likeness alone
cannot tell: which of the passage's tokens are likely to be part of an answer, or whether none is.
`benchmarks/learn.py` trains it, in torch; here it is NumPy, which is as quick and loads at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from embeddings import Tokens
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

    A passage is read by itself, so that what it is read with makes no difference: whatever takes
    numbers one by one or row by row is done for all passages at once, and products of matrices,
    whose last digits depend on their size, for each.
    """

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self._weights = {
            name.replace("in_proj_", "in_proj."): np.ascontiguousarray(w.T)
            for name, w in weights.items()
        }
        self._known: WeakKeyDictionary[Tokens, Array] = WeakKeyDictionary()

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
        best = _best(asked, matches)
        found = self.odds(asked, [matches[number] for number in best])
        odds = {n: _by_sentence(matches[n], each) for n, each in zip(best, found, strict=True)}
        lowest = min((float(each.min()) for each in odds.values()), default=NOTHING)
        return [
            odds[number] if number in odds else np.full(len(match.insides), lowest, np.float32)
            for number, match in enumerate(matches)
        ]

    def odds(self, asked: Asked, matches: Sequence[Match]) -> list[Array]:
        """Give the log-odds of each passage's tokens: (passage tokens,)."""
        if not matches:
            return []
        tokens = self._tokens(asked, matches)
        ends = np.cumsum([len(each) for each in tokens]).tolist()
        runs = [slice(end - len(each), end) for each, end in zip(tokens, ends, strict=True)]
        x = np.concatenate(tokens)
        for number in range(LAYERS):
            x = self._layer(x, runs, f"attention.layers.{number}.")
        x = self._norm(x, "norm")
        return [self._parts(x[run], len(asked.weights)) for run in runs]

    def _tokens(self, asked: Asked, matches: Sequence[Match]) -> list[Array]:
        """Give what the network starts from: (question and passage tokens, width) for each."""
        question = self._linear(asked.tokens.vectors, "vectors")
        found = []
        for match in matches:
            signs, passage_signs = _signs(asked, match)
            of_question = question + self._linear(signs, "question_signs")
            of_passage = self._passage(match.tokens) + self._linear(passage_signs, "passage_signs")
            found.append(np.concatenate([of_question, of_passage]))
        return found

    def _passage(self, tokens: Tokens) -> Array:
        """Give what the network makes of a passage's tokens for every question."""
        known = self._known.get(tokens)
        if known is None:
            known = self._known[tokens] = self._linear(tokens.vectors, "vectors")
        return known

    def _layer(self, x: Array, runs: Sequence[slice], name: str) -> Array:
        x = x + self._attended(self._norm(x, f"{name}norm1"), runs, f"{name}self_attn.")
        inner = _gelu(self._linear(self._norm(x, f"{name}norm2"), f"{name}linear1", runs))
        x += self._linear(inner, f"{name}linear2", runs)
        return x

    def _attended(self, x: Array, runs: Sequence[slice], name: str) -> Array:
        projected = self._linear(x, f"{name}in_proj", runs).reshape(len(x), 3, HEADS, -1)
        projected[:, 0] *= np.float32(projected.shape[-1] ** -0.5)
        read = np.empty_like(projected[:, 0])
        for run in runs:
            query, key, value = projected[run].transpose(1, 2, 0, 3)  # each (heads, tokens, width)
            shares = query @ key.transpose(0, 2, 1)
            # To find the place of the highest and take it is quicker than to ask for its value.
            shares -= np.take_along_axis(shares, shares.argmax(-1, keepdims=True), -1)
            np.exp(shares, out=shares)
            attended = shares @ value
            attended /= np.add.reduce(shares, -1, keepdims=True)
            read[run] = attended.transpose(1, 0, 2)
        return self._linear(read.reshape(x.shape), f"{name}out_proj", runs)

    def _parts(self, x: Array, size: int) -> Array:
        """Give the odds of a passage's tokens, which stand behind as many of the question."""
        none = self._linear(x[:size], "none").mean()
        parts: Array = self._linear(x[size:], "part")[:, 0] - none
        return parts

    def _linear(self, x: Array, name: str, runs: Sequence[slice] = (slice(None),)) -> Array:
        weights = self._weights[f"{name}.weight"]
        product = np.empty((len(x), weights.shape[1]), np.float32)
        for run in runs:
            np.matmul(x[run], weights, out=product[run])
        product += self._weights[f"{name}.bias"]
        return product

    def _norm(self, x: Array, name: str) -> Array:
        normed = x - _mean(x)
        normed /= np.sqrt(_mean(normed * normed) + _EPSILON)
        normed *= self._weights[f"{name}.weight"]
        normed += self._weights[f"{name}.bias"]
        return normed


def _signs(asked: Asked, match: Match) -> tuple[Array, Array]:
    """Give what likeness tells: (question tokens, 2) and (passage tokens, 3)."""
    weights = asked.weights
    likeness = asked.tokens.vectors @ match.tokens.vectors.T
    weighted = likeness * weights[:, None]
    of_question = np.stack([likeness.max(1), WEIGHTS_SCALE * weights], 1)
    of_passage = np.stack([likeness.max(0), weighted.max(0) / weights.max(), weighted.sum(0)], 1)
    return of_question, of_passage


def _mean(x: Array) -> Array:
    """Give what `x.mean(-1, keepdims=True)` does, with less ado."""
    total: Array = np.add.reduce(x, -1, keepdims=True)
    return total / np.float32(x.shape[-1])


def _gelu(x: Array) -> Array:
    """Give x times the normal distribution's share below it.

    The error function is that of Abramowitz and Stegun, 7.1.26, which is right to 1.5e-7.
    """
    size = np.abs(x)
    size *= np.float32(0.5**0.5)
    t = np.float32(_ERF_SCALE) * size
    t += 1
    np.divide(1, t, out=t)
    polynomial = np.float32(_ERF[0]) * t
    for each in _ERF[1:]:
        polynomial += np.float32(each)
        polynomial *= t
    np.multiply(size, -size, out=t)
    erf = np.exp(t, out=t)
    erf *= polynomial
    np.subtract(1, erf, out=erf)
    np.copysign(erf, x, out=erf)
    erf += 1
    erf *= x
    erf *= np.float32(0.5)
    return erf


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
