"""A small network that reads a passage for what a question asks.

It stands on the token vectors that the encoder gives anyway, and adds what their likeness alone
cannot tell: which of the passage's tokens are likely to be part of an answer, or whether none is.
`benchmarks/learn.py` trains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from qa.learnt import FOLDER
from qa.matching import Asked, Match

LEARNT = FOLDER / "reader.safetensors"
NOTHING = -10.0
"""The log-odds of a sentence that surely does not answer."""

_READ = 4  # passages; to read more changes no figure in the third digit, and takes time
_WIDTH, _LAYERS, _HEADS = 64, 2, 4
_WEIGHTS_SCALE = 5.0  # brings a token's weight near to the size of a likeness


class Network(nn.Module):
    """Two layers of attention over the tokens of a question and a passage, side by side."""

    def __init__(self, dim: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.vectors = nn.Linear(dim, _WIDTH)
        self.question_signs = nn.Linear(2, _WIDTH)
        self.passage_signs = nn.Linear(3, _WIDTH)
        layer = nn.TransformerEncoderLayer(
            *(_WIDTH, _HEADS, 2 * _WIDTH, dropout),
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.attention = nn.TransformerEncoder(layer, _LAYERS, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(_WIDTH)
        self.part = nn.Linear(_WIDTH, 1)
        self.none = nn.Linear(_WIDTH, 1)

    def forward(self, question: Tensor, weights: Tensor, passage: Tensor) -> tuple[Tensor, Tensor]:
        """Score tokens of passages as parts of an answer, and that there is none: logits.

        Args:
            question: (pairs, question tokens, dim); of tokens that only pad, 0.
            weights: (pairs, question tokens), as in `Asked`.
            passage: (pairs, passage tokens, dim), padded likewise.

        Returns:
            Scores of the passage's tokens, (pairs, passage tokens), and of none, (pairs,).
        """
        asked, given = question.any(-1), passage.any(-1)
        likeness = question @ passage.transpose(1, 2)
        likeness = likeness.masked_fill(~(asked[:, :, None] & given[:, None, :]), -1.0)
        weighted = likeness * weights[:, :, None]
        question_signs = torch.stack([likeness.amax(2), _WEIGHTS_SCALE * weights], -1)
        passage_signs = torch.stack(
            [
                likeness.amax(1),
                weighted.amax(1) / weights.amax(1, keepdim=True),
                weighted.sum(1),
            ],
            -1,
        )
        tokens = torch.cat(
            [
                self.vectors(question) + self.question_signs(question_signs),
                self.vectors(passage) + self.passage_signs(passage_signs),
            ],
            1,
        )
        padding = ~torch.cat([asked, given], 1)
        read = self.norm(self.attention(tokens, src_key_padding_mask=padding))
        size = question.shape[1]
        parts = self.part(read[:, size:])[..., 0].masked_fill(~given, -torch.inf)
        none = self.none(read[:, :size])[..., 0].masked_fill(~asked, 0.0).sum(1)
        return parts, none / asked.sum(1).clamp(min=1)


class Reader:
    """Reads passages with a trained network."""

    def __init__(self, network: Network) -> None:
        self._network = network.eval()

    @classmethod
    def load(cls, file: Path = LEARNT) -> Reader:
        """Load a network from a file."""
        weights = load_file(file)
        network = Network(dim=weights["vectors.weight"].shape[1])
        network.load_state_dict(weights)
        return cls(network)

    @torch.inference_mode()
    def read(self, asked: Asked, matches: Sequence[Match]) -> list[NDArray[np.float32]]:
        """Give for each passage the log-odds of its sentences: (sentences,).

        They are the odds that a token of the sentence is part of an answer against that the
        passage holds none. The passages that meet the question best are read; the sentences of
        the others get the lowest odds that were found.
        """
        chosen = _best(asked, matches)
        odds = dict(zip(chosen, self._odds(asked, [matches[n] for n in chosen]), strict=True))
        lowest = min((float(each.min()) for each in odds.values()), default=NOTHING)
        return [
            odds[number] if number in odds else np.full(len(match.insides), lowest, np.float32)
            for number, match in enumerate(matches)
        ]

    def _odds(self, asked: Asked, matches: Sequence[Match]) -> list[NDArray[np.float32]]:
        if not matches:
            return []
        parts, none = self._network(*inputs([(asked, match) for match in matches]))
        odds = (parts - none[:, None]).numpy()
        return [_by_sentence(match, row) for match, row in zip(matches, odds, strict=True)]


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


def inputs(pairs: Sequence[tuple[Asked, Match]]) -> tuple[Tensor, Tensor, Tensor]:
    """Give the network's inputs for some pairs of question and passage."""
    question = [torch.from_numpy(asked.tokens.vectors) for asked, _ in pairs]
    weights = [torch.from_numpy(asked.weights) for asked, _ in pairs]
    passage = [torch.from_numpy(match.tokens.vectors) for _, match in pairs]
    padded = (pad_sequence(each, batch_first=True) for each in (question, weights, passage))
    first, second, third = padded
    return first, second, third


def _by_sentence(match: Match, odds: NDArray[np.float32]) -> NDArray[np.float32]:
    found = [np.logaddexp.reduce(odds[: len(inside)][inside]) for inside in match.insides]
    return np.maximum(np.array(found, np.float32), NOTHING)
