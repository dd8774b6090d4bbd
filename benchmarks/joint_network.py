"""The second reader's network in torch, and its training; `qa/answering/joint_reader.py` reads.

The encoder is adapted by matrices of low rank (Hu et al. 2021, LoRA), so that what training
changed takes a few megabytes.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_, parametrize
from tqdm.auto import tqdm
from transformers import BertModel

from embeddings.models import find_model
from qa.answering.joint_reader import HEADS
from qa.documents import Span

RANK = 64
TOKENS, WARM_UP, DECAY = 2560, 150, 0.01  # tokens in a batch, steps
ENDS_WEIGHT = 0.25  # of the loss of where an answer starts and ends
_LIST = 4  # passages of a question in the listwise loss
_SORTED = 320  # situations, whose pairs are sorted by length
_STEP = 16  # tokens, that a batch is padded to
_FIRST, _BETWEEN = 101, 102
_LOW = -1e4


class Pair(NamedTuple):
    """A question and a passage, to be read together.

    Attributes:
        question: the ids of its tokens.
        passage: likewise.
        question_features: (question tokens, 2), of `qa.answering.span_reader.token_features`.
        passage_features: (passage tokens, 3), likewise.
        answering: (passage tokens,): which tokens are part of an answer.
        spans: the first and last token of each answer that is to be learnt to the token.
    """

    question: Sequence[int]
    passage: Sequence[int]
    question_features: NDArray[np.float32]
    passage_features: NDArray[np.float32]
    answering: NDArray[np.bool_]
    spans: Sequence[Span]

    @property
    def tokens(self) -> int:
        """How many there are, with the special ones."""
        return len(self.question) + len(self.passage) + 3


class Situation(NamedTuple):
    """A question with passages that answer it, if any do, and with such as do not."""

    good: list[Pair]
    bad: list[Pair]


Group = list[Pair]
"""Pairs of a question, of which one answers it or none does."""


class _LowRank(nn.Module):
    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        outward, inward = weight.shape
        self.A = nn.Parameter(torch.randn(RANK, inward) / math.sqrt(inward))
        self.B = nn.Parameter(torch.zeros(outward, RANK))

    def forward(self, weight: Tensor) -> Tensor:
        changed: Tensor = weight + self.B @ self.A
        return changed


class Batch(NamedTuple):
    """Pairs, padded to one length: all (pairs, tokens), the features with one axis more."""

    ids: Tensor
    kinds: Tensor
    present: Tensor
    question_features: Tensor
    passage_features: Tensor
    in_question: Tensor
    in_passage: Tensor
    answering: Tensor
    spans: list[list[Span]]


class Network(nn.Module):
    """The encoder, adapted to read pairs, and its heads."""

    def __init__(self) -> None:
        super().__init__()
        self.bert = BertModel.from_pretrained(
            find_model().folder, attn_implementation="sdpa", add_pooling_layer=False
        )
        for weights in self.bert.embeddings.parameters():
            weights.requires_grad_(False)
        for module in self.bert.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        for module in self.bert.encoder.modules():
            if isinstance(module, nn.Linear):
                module.weight.requires_grad_(False)
                parametrize.register_parametrization(module, "weight", _LowRank(module.weight))
        dim = self.bert.config.hidden_size
        self.question_features = nn.Linear(2, dim, bias=False)
        self.passage_features = nn.Linear(3, dim, bias=False)
        nn.init.zeros_(self.question_features.weight)
        nn.init.zeros_(self.passage_features.weight)
        self.part, self.none, self.ends = (
            nn.Linear(dim + 3, 1),
            nn.Linear(dim + 2, 1),
            nn.Linear(dim, 2),
        )

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Score tokens as parts of an answer and as its ends, and that there is none: logits.

        Returns:
            (pairs, tokens), (pairs,) and (pairs, tokens, 2).
        """
        x = self.bert.embeddings(input_ids=batch.ids, token_type_ids=batch.kinds)
        x = x + self.question_features(batch.question_features)
        x = x + self.passage_features(batch.passage_features)
        mask = batch.present[:, None, None, :]
        x = self.bert.encoder(x, attention_mask=mask).last_hidden_state.float()
        parts = self.part(torch.cat([x, batch.passage_features], -1))[..., 0]
        none = self.none(torch.cat([x, batch.question_features], -1))[..., 0]
        asked = batch.in_question
        return (
            parts.masked_fill(~batch.in_passage, _LOW),
            none.masked_fill(~asked, 0).sum(1) / asked.sum(1),
            self.ends(x).masked_fill(~batch.in_passage[..., None], _LOW),
        )

    def save(self, file: Path) -> None:
        """Save what training changed, in half precision, by the names that the reader takes."""
        state = self.state_dict()
        changed = {saved: state[name].half().contiguous() for name, saved in self._changed()}
        save_file(changed, file)

    @classmethod
    def load(cls, file: Path) -> Network:
        """Load what was saved."""
        network, saved = cls(), load_file(file)
        state = {name: saved[short].float() for name, short in network._changed()}
        network.load_state_dict(state, strict=False)
        return network

    def _changed(self) -> Iterator[tuple[str, str]]:
        """Yield the names of the weights that training changes: here, and in a file."""
        for name in self.state_dict():
            inner = name.removeprefix("bert.")
            if inner == name:
                yield name, HEADS + name
            elif not inner.startswith("embeddings.") and not inner.endswith(".original"):
                yield name, inner.replace(".parametrizations.weight.0.", ".weight.")


def train(
    network: Network,
    epochs: Iterable[Sequence[Situation]],
    rate: float = 1e-3,
    *,
    listwise: bool = False,
) -> Network:
    """Train the network, in place, to point at the tokens of an answer, or at none.

    Args:
        network: it.
        epochs: the situations of each.
        rate: of learning; it falls to nothing over the epochs.
        listwise: take one softmax over the tokens of several passages of a question, and none,
            rather than one for each passage.
    """
    chance = random.Random(0)
    network.train()
    changed = [weights for weights in network.parameters() if weights.requires_grad]
    optimizer = torch.optim.AdamW(changed, rate, weight_decay=DECAY)
    batches = list(_batches(epochs, chance, listwise=listwise))
    for step, groups in enumerate(tqdm(batches, unit=" steps", mininterval=30)):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, step / WARM_UP) * max(1 - step / len(batches), 0.02)
        with torch.autocast("cpu", torch.bfloat16):
            loss = _loss(network, groups)
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(changed, 1.0)
        optimizer.step()
    return network.eval()


def _batches(
    epochs: Iterable[Sequence[Situation]], chance: random.Random, *, listwise: bool
) -> Iterator[list[Group]]:
    """Yield batches of groups of similar length."""
    for situations in epochs:
        order = chance.sample(situations, len(situations))
        for start in range(0, len(order), _SORTED):
            groups = sorted(
                (
                    group
                    for each in order[start : start + _SORTED]
                    for group in _drawn(each, chance, listwise=listwise)
                ),
                key=_longest,
            )
            batches: list[list[Group]] = [[]]
            for group in groups:
                pairs = sum(map(len, batches[-1])) + len(group)
                if batches[-1] and pairs * _padded(_longest(group)) > TOKENS * (1 + listwise):
                    batches.append([])
                batches[-1].append(group)
            chance.shuffle(batches)
            yield from (batch for batch in batches if batch)


def _longest(group: Group) -> int:
    return max(pair.tokens for pair in group)


def _drawn(situation: Situation, chance: random.Random, *, listwise: bool) -> list[Group]:
    """Draw a passage that answers, if there is one, and such as do not."""
    good, bad = situation
    first = [chance.choice(good)] if good else []
    if listwise:
        others = _LIST - len(first) - 1
        return [[*first, *bad[:1], *chance.sample(bad[1:], max(0, min(others, len(bad) - 1)))]]
    return [
        [pair] for pair in (*first, *(chance.sample(bad, min(1, len(bad))) if good else bad[:1]))
    ]


def batched(pairs: Sequence[Pair]) -> Batch:
    """Pad pairs to one length."""
    shape = len(pairs), _padded(max(pair.tokens for pair in pairs))
    ids, kinds = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    present, in_question, in_passage, answering = (np.zeros(shape, bool) for _ in range(4))
    of_question, of_passage = (np.zeros((*shape, n), np.float32) for n in (2, 3))
    spans = []
    for row, pair in enumerate(pairs):
        between = 1 + len(pair.question)
        question, passage = slice(1, between), slice(between + 1, pair.tokens - 1)
        ids[row, : pair.tokens] = [_FIRST, *pair.question, _BETWEEN, *pair.passage, _BETWEEN]
        kinds[row, between + 1 : pair.tokens] = 1
        present[row, : pair.tokens] = in_question[row, question] = in_passage[row, passage] = True
        of_question[row, question] = pair.question_features
        of_passage[row, passage] = pair.passage_features
        answering[row, passage] = pair.answering
        spans.append([Span(s.start + between + 1, s.end + between + 1) for s in pair.spans])
    of_tokens = ids, kinds, present, of_question, of_passage, in_question, in_passage, answering
    first, *others = map(torch.from_numpy, of_tokens)
    return Batch._make([first, *others, spans])


def _loss(network: Network, groups: Sequence[Group]) -> Tensor:
    """Return the loss of pointing at an answer in each group's passages, or at none."""
    batch = batched([pair for group in groups for pair in group])
    parts, none, ends = network(batch)
    odds = torch.where(batch.in_passage, parts - none[:, None], _LOW)
    answers = odds.masked_fill(~batch.answering, _LOW).logsumexp(1)
    losses, sizes = [], [len(group) for group in groups]
    for of_all, of_answers in zip(
        odds.logsumexp(1).split(sizes), answers.split(sizes), strict=True
    ):
        pointed = of_answers.logsumexp(0)
        total = torch.cat([of_all, of_all.new_zeros(1)]).logsumexp(0)
        losses.append(total - pointed * (pointed > _LOW / 2))
    loss = torch.stack(losses).mean()
    logs = ends.log_softmax(1)
    exact = [
        torch.stack([logs[row, s.start, 0] + logs[row, s.end, 1] for s in spans]).logsumexp(0)
        for row, spans in enumerate(batch.spans)
        if spans
    ]
    return loss - ENDS_WEIGHT * torch.stack(exact).sum() / len(parts) if exact else loss


def _padded(length: int) -> int:
    return -(-length // _STEP) * _STEP
