"""The support network in torch, and its training; `qa/writing/support.py` scores with it.

It is the adapted encoder of the second reader (`benchmarks/joint_network.py`) with another head,
and starts from what that reader learnt.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from tqdm.auto import tqdm

from benchmarks.joint_network import Network as ReaderNetwork
from benchmarks.support_examples import SupportPair
from embeddings.models import find_model
from embeddings.pairs import PairEncoder

LABELS = ("supported", "contradicted", "neutral")
TOKENS, RATE, WARM_UP, DECAY = 2560, 5e-4, 100, 0.01
LONGEST = 224  # tokens of a premise, in training
_SORTED = 1280  # pairs, that are sorted by length
_FIRST, _BETWEEN, _STEP = 101, 102, 8

Encoded = tuple[Sequence[int], Sequence[int], str]
"""The ids of a statement and of its premise, and the label."""


class SupportNetwork(nn.Module):
    """Reads a statement together with its premise."""

    def __init__(self, start: Path) -> None:
        super().__init__()
        reader = ReaderNetwork.load(start)
        self.bert = reader.bert
        self.head = nn.Linear(2 * self.bert.config.hidden_size, len(LABELS))

    def forward(self, pairs: Sequence[Encoded]) -> Tensor:
        """Score pairs: logits of `LABELS`, (pairs, 3)."""
        longest = max(len(one) + len(other) for one, other, _ in pairs) + 3
        shape = len(pairs), -(-longest // _STEP) * _STEP
        ids, kinds = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        present, stated = np.zeros(shape, bool), np.zeros(shape, bool)
        for row, (statement, premise, _) in enumerate(pairs):
            whole = [_FIRST, *statement, _BETWEEN, *premise, _BETWEEN]
            ids[row, : len(whole)] = whole
            kinds[row, len(statement) + 2 : len(whole)] = 1
            present[row, : len(whole)] = True
            stated[row, 1 : len(statement) + 1] = True
        x = self.bert.embeddings(torch.from_numpy(ids), torch.from_numpy(kinds))
        mask = torch.from_numpy(present)[:, None, None, :]
        x = self.bert.encoder(x, attention_mask=mask).last_hidden_state
        here = torch.from_numpy(stated)[..., None]
        mean = x.masked_fill(~here, 0).sum(1) / here.sum(1)
        logits: Tensor = self.head(torch.cat([mean, x.masked_fill(~here, -1e4).amax(1)], 1))
        return logits

    def save(self, file: Path) -> None:
        """Save what training changed, in half precision, by the names that the scorer takes."""
        changed = {}
        for name, weights in self.state_dict().items():
            inner = name.removeprefix("bert.")
            if inner == name or (not inner.startswith("embeddings.") and ".original" not in inner):
                saved = inner.replace(".parametrizations.weight.0.", ".weight.")
                changed[saved] = weights.half().contiguous()
        save_file(changed, file)


def encoded(pairs: Iterable[SupportPair]) -> list[Encoded]:
    """Return the ids of the tokens of pairs."""
    token_ids = PairEncoder(find_model(), {}).token_ids
    return [
        (token_ids(pair.statement)[:128], token_ids(pair.premise)[:LONGEST], pair.label)
        for pair in pairs
        if pair.statement.strip()
    ]


def train(network: SupportNetwork, epochs: Sequence[Sequence[Encoded]]) -> None:
    """Train a network, in place, on the pairs of each epoch."""
    chance = random.Random(0)
    network.train()
    changed = [weights for weights in network.parameters() if weights.requires_grad]
    optimizer = torch.optim.AdamW(changed, RATE, weight_decay=DECAY)
    batches = [batch for epoch in epochs for batch in _batches(epoch, chance)]
    for step, batch in enumerate(tqdm(batches, unit=" steps", mininterval=30)):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, step / WARM_UP) * max(1 - step / len(batches), 0.02)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(batch)
        loss = _loss(logits.float(), [label for *_, label in batch])
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(changed, 1.0)
        optimizer.step()
    network.eval()


def average(network: SupportNetwork, before: Mapping[str, Tensor]) -> None:
    """Take the mean of a network's weights and those it had before, in place."""
    with torch.no_grad():
        for name, weights in network.named_parameters():
            weights.lerp_(before[name], 0.5)


def _loss(logits: Tensor, labels: Sequence[str]) -> Tensor:
    logs = logits.log_softmax(1)
    none = logs[:, 1:].logsumexp(1)
    losses = [
        -none[row] if label == "unsupported" else -logs[row, LABELS.index(label)]
        for row, label in enumerate(labels)
    ]
    return torch.stack(losses).mean()


def _batches(pairs: Sequence[Encoded], chance: random.Random) -> Iterator[list[Encoded]]:
    order = chance.sample(pairs, len(pairs))
    for start in range(0, len(order), _SORTED):
        group = sorted(order[start : start + _SORTED], key=_length)
        batches: list[list[Encoded]] = [[]]
        for pair in group:
            if batches[-1] and (len(batches[-1]) + 1) * _length(pair) > TOKENS:
                batches.append([])
            batches[-1].append(pair)
        chance.shuffle(batches)
        yield from batches


def _length(pair: Encoded) -> int:
    return len(pair[0]) + len(pair[1]) + 3
