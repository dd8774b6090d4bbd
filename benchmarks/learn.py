"""Learns what the answers rest on: the reader, the weights of a candidate, and the confidence.

    python -m benchmarks.learn --bench FOLDER

FOLDER has question sets in BEIR's format, a folder each. What comes out is kept in `qa/learnt`.

The recipe. The reader and the weights learn from `squad2_cs224n` (Wikipedia; half of the
questions have no answer) and `chroma_chunking` (five long documents of several kinds); the
confidence from those and `mtrag` (conversations). A fifth of squad2's articles and half of
mtrag's conversations are held out, by a checksum of their names (`benchmarks/held_out.py`); so are
`clapnq_half`, `covidqa_half` and the essay as a whole. Each question is asked as the package asks
it: the eight passages that are retrieved by default. For each question with an answer the
confidence also sees it without: asked of the other passages, those that hold the answer left out.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from tqdm.auto import tqdm

from benchmarks.learn_examples import Example, examples
from embeddings import load_encoder
from qa.confidence import SIGNS, signs
from qa.learnt import FOLDER, Learnt
from qa.matching import Asked, Match
from qa.reader import Network, Reader, inputs
from qa.selection import FEATURES, Candidate, Held, candidates

EPOCHS, BATCH, RATE, DECAY, DROPOUT = 6, 16, 2e-3, 0.01, 0.1
LEARNT_FEATURES = ("rare", "all", "passage", "read", "asks")
RIDGE = 1e-3
LENGTHS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)  # what a second sentence may cost
TWINS = 0.5  # what a question with its answer left out counts beside a real one without

Pair = tuple[Asked, Match, NDArray[np.bool_]]
"""A question, a passage held against it, and which of the passage's tokens answer it."""


def learn_reader(learnt_from: Sequence[Example], dim: int) -> Network:
    """Train the reader: to point at any token of an answer, or at none."""
    torch.manual_seed(0)
    chance = random.Random(0)  # noqa: S311  # it keeps no secret
    network = Network(dim, DROPOUT).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * (len(learnt_from) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=steps, pct_start=0.1
    )
    for _ in tqdm(range(steps // (len(learnt_from) // BATCH)), desc="reader", unit=" epochs"):
        for batch in _batches(learnt_from, chance):
            loss = _loss(network, [pair for each in batch for pair in _pairs(each, chance)])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch does not type it
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    return network.eval()


def _batches(of: Sequence[Example], chance: random.Random) -> Iterator[list[Example]]:
    shuffled = chance.sample(list(of), len(of))
    for start in range(0, len(of) - BATCH + 1, BATCH):
        yield shuffled[start : start + BATCH]


def _pairs(example: Example, chance: random.Random) -> list[Pair]:
    """Take a passage that answers, if there is one, and two others; hard ones, all retrieved."""
    pairs = [(asked, match, example.answers(match)) for (asked, match), *_ in example.passages]
    good = [pair for pair in pairs if pair[2].any()]
    bad = [pair for pair in pairs if not pair[2].any()]
    if good:
        return [chance.choice(good), *chance.sample(bad, min(2, len(bad)))]
    return [bad[0], *chance.sample(bad[1:], min(1, len(bad) - 1))]


def _loss(network: Network, pairs: Sequence[Pair]) -> torch.Tensor:
    parts, none = network(*inputs([(asked, match) for asked, match, _ in pairs]))
    logs = torch.cat([parts, none[:, None]], 1).log_softmax(1)
    answering = pad_sequence([torch.from_numpy(a) for _, _, a in pairs], batch_first=True)
    pointed = logs[:, :-1].masked_fill(~answering, -1e4).logsumexp(1)
    return -torch.where(answering.any(1), pointed, logs[:, -1]).mean()


def held(example: Example, reader: Reader, *, without: bool = False) -> list[list[Held]]:
    """Hold an example's passages against its question; `without` those that answer, on demand."""
    passages = [
        passage
        for passage in example.passages
        if not (without and example.answers(passage[0][1]).any())
    ]
    columns = []
    for column in zip(*passages, strict=True):
        read = reader.read(column[0][0], [match for _, match in column])
        columns.append([Held(*pair, odds) for pair, odds in zip(column, read, strict=True)])
    return [list(row) for row in zip(*columns, strict=True)]


def learn_weights(sets: Sequence[Sequence[Example]], reader: Reader) -> dict[str, float]:
    """Learn what the features of single sentences weigh, then what a second sentence costs."""
    none = dict.fromkeys(FEATURES, 0.0)
    ranked = [[(e, candidates(held(e, reader), none)) for e in of if e.places] for of in sets]
    weights = none | _listwise(ranked)
    best = -1.0
    for pair in LENGTHS:
        for apart in LENGTHS:
            tried = weights | {"pair": -pair, "apart": -apart}
            found = float(np.mean([_worth(of, tried) for of in ranked]))
            if found > best + 1e-9:
                best, kept = found, tried
    return kept


def _listwise(ranked: Sequence[Sequence[tuple[Example, list[Candidate]]]]) -> dict[str, float]:
    """Maximise the chance that softmax gives to the sentences that answer; sets count alike."""
    rows, answers, sizes, shares = [], [], [], []
    for of in ranked:
        share = 1 / sum(1 for _ in of)
        for example, found in of:
            single = [c for c in found if not c.features["pair"]]
            right = [example.answered_by(c) for c in single]
            if any(right) and not all(right):
                rows += [[c.features[name] for name in LEARNT_FEATURES] for c in single]
                answers += right
                sizes.append(len(single))
                shares.append(share)
    x, y, share_of = np.array(rows), np.array(answers), np.array(shares) / sum(shares)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    group = np.repeat(np.arange(len(sizes)), sizes)

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = x @ theta
        exp = np.exp(scores - np.maximum.reduceat(scores, starts)[group])
        total, right = np.add.reduceat(exp, starts), np.add.reduceat(exp * y, starts)
        slope = (exp / total[group] - exp * y / right[group]) * share_of[group]
        value = -(share_of * np.log(right / total)).sum() + RIDGE * theta @ theta / 2
        return float(value), x.T @ slope + RIDGE * theta

    theta = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x
    return dict(zip(LEARNT_FEATURES, theta.tolist(), strict=True))


def _worth(of: Sequence[tuple[Example, list[Candidate]]], weights: dict[str, float]) -> float:
    """Judge first quotes: whether they answer, and how much of them and of the answer is common.

    The first alone would ask for ever longer quotes.
    """
    worth = []
    for example, found in of:
        first = max(found, key=lambda c: sum(weights[n] * v for n, v in c.features.items()))
        worth.append(example.answered_by(first) + example.f1(first))
    return float(np.mean(worth))


def learn_confidence(
    sets: Sequence[Sequence[Example]], reader: Reader, weights: dict[str, float]
) -> dict[str, float]:
    """Fit the odds that the first candidate answers; sets, and yes and no, count alike."""
    rows, right, counts = [], [], []
    for of in sets:
        mine: list[tuple[dict[str, float], bool, float]] = []
        real = any(not example.question.answerable for example in of)
        for example in of:
            for without in (False, True) if example.question.answerable else (False,):
                passages = held(example, reader, without)
                if passages:
                    ranked = candidates(passages, weights)
                    answers = example.question.answerable and not without
                    mine.append((signs(ranked, passages), answers, TWINS if without and real else 1.0))
        yes = sum(count for _, answers, count in mine if answers)
        no = sum(count for _, answers, count in mine if not answers)
        rows += [[found[name] for name in SIGNS] for found, _, _ in mine]
        right += [answers for _, answers, _ in mine]
        counts += [len(of) ** 0.5 * count / (yes if answers else no) for _, answers, count in mine]
    x = np.array(rows)
    size = x.std(axis=0)
    fitted = LogisticRegression(C=1.0, max_iter=5_000)
    fitted.fit(x / size, right, sample_weight=np.array(counts) * len(counts) / sum(counts))
    odds = {"intercept": float(fitted.intercept_[0])}
    return odds | dict(zip(SIGNS, (fitted.coef_[0] / size).tolist(), strict=True))


def main(bench: Path) -> None:
    encoder = load_encoder()
    squad, chroma, mtrag = (
        examples(bench / name, encoder)
        for name in ("squad2_cs224n", "chroma_chunking", "mtrag")
    )
    network = learn_reader([*squad, *chroma], encoder.dim)
    FOLDER.mkdir(exist_ok=True)
    save_file(network.state_dict(), FOLDER / "reader.safetensors")
    reader = Reader(network)
    weights = learn_weights([squad, chroma], reader)
    confidence = learn_confidence([squad, chroma, mtrag], reader, weights)
    learnt = Learnt(weights=weights, confidence=confidence)
    print(json.dumps(learnt.to_dict(), indent=2))
    learnt.save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learn")
    parser.add_argument("--bench", type=Path, required=True, help="a folder of question sets")
    main(parser.parse_args().bench)
