"""The reader's network in torch, to be trained; `qa/answering/span_reader.py` reads with it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from qa.answering.late_interaction import Asked, Match
from qa.answering.span_reader import HEADS, LAYERS, WEIGHTS_SCALE, Reader

_WIDTH = 64


class Network(nn.Module):
    """Two layers of attention over the tokens of a question and a passage, side by side."""

    def __init__(self, dim: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.vectors = nn.Linear(dim, _WIDTH)
        self.question_signs = nn.Linear(2, _WIDTH)
        self.passage_signs = nn.Linear(3, _WIDTH)
        layer = nn.TransformerEncoderLayer(
            *(_WIDTH, HEADS, 2 * _WIDTH, dropout),
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.attention = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
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
        question_signs = torch.stack([likeness.amax(2), WEIGHTS_SCALE * weights], -1)
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


def inputs(pairs: Sequence[tuple[Asked, Match]]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the network's inputs for some pairs of question and passage."""
    question = [torch.from_numpy(asked.tokens.vectors) for asked, _ in pairs]
    weights = [torch.from_numpy(asked.weights) for asked, _ in pairs]
    passage = [torch.from_numpy(match.tokens.vectors) for _, match in pairs]
    padded = (pad_sequence(each, batch_first=True) for each in (question, weights, passage))
    first, second, third = padded
    return first, second, third


def reader_of(network: Network) -> Reader:
    """Make a reader of a trained network."""
    return Reader({name: weight.detach().numpy() for name, weight in network.state_dict().items()})
