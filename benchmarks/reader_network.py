"""The reader's network in torch, to be trained; `qa/answering/span_reader.py` reads with it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from qa.answering.late_interaction import EncodedQuery, Match
from qa.answering.span_reader import HEADS, LAYERS, WEIGHTS_SCALE, SpanReader

_WIDTH = 64


class Network(nn.Module):
    """Two layers of attention over the tokens of a question and a passage, side by side."""

    def __init__(self, dim: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.vectors = nn.Linear(dim, _WIDTH)
        self.question_features = nn.Linear(2, _WIDTH)
        self.passage_features = nn.Linear(3, _WIDTH)
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
            weights: (pairs, question tokens), as in `EncodedQuery`.
            passage: (pairs, passage tokens, dim), padded likewise.

        Returns:
            Scores of the passage's tokens, (pairs, passage tokens), and of none, (pairs,).
        """
        question_mask, passage_mask = question.any(-1), passage.any(-1)
        similarity = question @ passage.transpose(1, 2)
        similarity = similarity.masked_fill(
            ~(question_mask[:, :, None] & passage_mask[:, None, :]), -1.0
        )
        weighted = similarity * weights[:, :, None]
        question_features = torch.stack([similarity.amax(2), WEIGHTS_SCALE * weights], -1)
        passage_features = torch.stack(
            [
                similarity.amax(1),
                weighted.amax(1) / weights.amax(1, keepdim=True),
                weighted.sum(1),
            ],
            -1,
        )
        tokens = torch.cat(
            [
                self.vectors(question) + self.question_features(question_features),
                self.vectors(passage) + self.passage_features(passage_features),
            ],
            1,
        )
        padding = ~torch.cat([question_mask, passage_mask], 1)
        read = self.norm(self.attention(tokens, src_key_padding_mask=padding))
        size = question.shape[1]
        parts = self.part(read[:, size:])[..., 0].masked_fill(~passage_mask, -torch.inf)
        none = self.none(read[:, :size])[..., 0].masked_fill(~question_mask, 0.0).sum(1)
        return parts, none / question_mask.sum(1).clamp(min=1)


def inputs(pairs: Sequence[tuple[EncodedQuery, Match]]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the network's inputs for some pairs of question and passage."""
    question = [torch.from_numpy(question_mask.tokens.vectors) for question_mask, _ in pairs]
    weights = [torch.from_numpy(question_mask.weights) for question_mask, _ in pairs]
    passage = [torch.from_numpy(match.tokens.vectors) for _, match in pairs]
    padded = (pad_sequence(each, batch_first=True) for each in (question, weights, passage))
    first, second, third = padded
    return first, second, third


def reader_of(network: Network) -> SpanReader:
    """Make a reader of a trained network."""
    return SpanReader(
        {name: weight.detach().numpy() for name, weight in network.state_dict().items()}
    )
