"""Trains the weights of answers: the readers, the features of a candidate, the confidence.

    python -m benchmarks.learn --bench FOLDER --train FOLDER

Both folders have question sets in BEIR's format. The weights are written to
`qa/answering/weights`. It takes some three hours on two cores.

Each question is asked as the package asks it, of the eight passages that are retrieved by default.
The quick reader is trained on `squad2_cs224n` (Wikipedia; half of the questions look answerable and
are not) and `chroma_chunking` (five long documents of several kinds), the thorough one on
`squad2_cs224n` and the sets of `benchmarks/joint_examples.py`. Feature weights are fitted with
readers that did not see the question's article, as a reader is too sure of what it has seen. The
confidence is fitted to questions that people asked, `mtrag`. A fifth of squad2's articles, half of
mtrag's conversations and an eighth of the thorough reader's articles are held out; so are
`clapnq_half`, `covidqa_half`, the everyday documents and the essay as a whole.
"""

from __future__ import annotations

import random
import zlib
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

from benchmarks.everyday_examples import evened, everyday
from benchmarks.joint_examples import DOCUMENTS, Situations, asked, is_kept_apart
from benchmarks.joint_network import Network as PairNetwork
from benchmarks.joint_network import Situation
from benchmarks.joint_network import train as train_pairs
from benchmarks.learn_examples import Example, examples
from benchmarks.question_sets import parser
from benchmarks.reader_network import Network, inputs, reader_of
from embeddings import load_encoder
from qa.answering.candidates import FEATURES, Candidate, ScoredPassage, candidates
from qa.answering.confidence import ANSWERABLE, CONFIDENCE_FEATURES, confidence_features
from qa.answering.joint_reader import WEIGHTS_FILE, JointReader
from qa.answering.late_interaction import EncodedQuery, Match, Reading
from qa.answering.readers import Reader
from qa.answering.weights import FOLDER, FeatureWeights, Weights

EPOCHS, BATCH, RATE, DECAY, DROPOUT = 6, 16, 2e-3, 0.01, 0.1
_SIMPLE = ("maxsim_idf", "maxsim_mean", "passage", "is_question")
QUICK_FEATURES = (*_SIMPLE, "reader_logit")
THOROUGH_FEATURES = (*_SIMPLE, "cosine", "thorough_logit")
RIDGE = 1e-3
THOROUGH_EPOCHS, EVERYDAY_EPOCHS, EVERYDAY_RATE = 3, 4, 5e-4
OTHERS = 0.3  # situations of other sets among everyday ones, for each
LISTWISE_EPOCHS, LISTWISE_RATE = 0.25, 1.5e-4
LENGTHS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)  # what a second sentence may cost
FOLDS = 2

Readers = Sequence[Reader | None]
"""For each fold, a reader that was trained on the others."""

Pair = tuple[EncodedQuery, Match, NDArray[np.bool_]]
"""A question, a passage scored against it, and which of the passage's tokens answer it."""


def train_reader(training: Sequence[Example], dim: int) -> Network:
    """Train the reader to point at any token of an answer, or at none."""
    torch.manual_seed(0)
    chance = random.Random(0)
    network = Network(dim, DROPOUT).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * (len(training) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=steps, pct_start=0.1
    )
    for _ in tqdm(range(EPOCHS), desc="reader", unit=" epochs"):
        for batch in _batches(training, chance):
            loss = _loss(network, [pair for each in batch for pair in _pairs(each, chance)])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    return network.eval()


def _batches(of: Sequence[Example], chance: random.Random) -> Iterator[list[Example]]:
    shuffled = chance.sample(list(of), len(of))
    for start in range(0, len(of) - BATCH + 1, BATCH):
        yield shuffled[start : start + BATCH]


def _pairs(example: Example, chance: random.Random) -> list[Pair]:
    """Draw a retrieved passage that answers, if there is one, and two that do not."""
    pairs = [(example.query, match, example.answers(match)) for match in example.matches]
    good = [pair for pair in pairs if pair[2].any()]
    bad = [pair for pair in pairs if not pair[2].any()]
    if good:
        return [chance.choice(good), *chance.sample(bad, min(2, len(bad)))]
    return [bad[0], *chance.sample(bad[1:], min(1, len(bad) - 1))]


def _loss(network: Network, pairs: Sequence[Pair]) -> torch.Tensor:
    parts, none = network(*inputs([(query, match) for query, match, _ in pairs]))
    logs = torch.cat([parts, none[:, None]], 1).log_softmax(1)
    answering = pad_sequence([torch.from_numpy(a) for _, _, a in pairs], batch_first=True)
    pointed = logs[:, :-1].masked_fill(~answering, -1e4).logsumexp(1)
    return -torch.where(answering.any(1), pointed, logs[:, -1]).mean()


def scored(
    example: Example, reader: Reader | None, thorough: Reader | None = None
) -> list[ScoredPassage]:
    query, matches = example.query, example.matches
    nothing = [Reading(0 * match.cosines) for match in matches]
    read = reader.read(query, matches) if reader else nothing
    also = thorough.read(query, matches) if thorough else [None] * len(matches)
    return [ScoredPassage(query, *each) for each in zip(matches, read, also, strict=True)]


def fold(example: Example) -> int:
    """Return the fold of an example; those of an article are in the same one."""
    return zlib.crc32(f"fold {example.group}".encode()) % FOLDS


def fit_weights(
    sets: Sequence[Sequence[Example]],
    readers: Readers,
    names: Sequence[str] = QUICK_FEATURES,
    thorough: Reader | None = None,
) -> dict[str, float]:
    """Fit the weights of single sentences' features, then the cost of a second sentence."""
    none = dict.fromkeys(FEATURES, 0.0)
    ranked = [
        [(e, candidates(scored(e, readers[fold(e)], thorough), none)) for e in of if e.places]
        for of in sets
    ]
    weights = none | _listwise(ranked, names)
    best = -1.0
    for pair in LENGTHS:
        for no_backreference in LENGTHS:
            tried = weights | {"pair": -pair, "no_backreference": -no_backreference}
            worth = float(np.mean([_worth(of, tried) for of in ranked]))
            if worth > best + 1e-9:
                best, kept = worth, tried
    return kept


def _listwise(
    ranked: Sequence[Sequence[tuple[Example, list[Candidate]]]], names: Sequence[str]
) -> dict[str, float]:
    """Maximise the softmax probability of the sentences that answer; sets count alike."""
    rows, answers, sizes, shares = [], [], [], []
    for of in ranked:
        for example, every in of:
            single = [c for c in every if not c.features["pair"]]
            right = [example.answered_by(c) for c in single]
            if any(right) and not all(right):
                rows += [[c.features[name] for name in names] for c in single]
                answers += right
                sizes.append(len(single))
                shares.append(1 / len(of))
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
    return dict(zip(names, theta.tolist(), strict=True))


def _worth(of: Sequence[tuple[Example, list[Candidate]]], weights: dict[str, float]) -> float:
    def score(candidate: Candidate) -> float:
        return sum(weights[name] * value for name, value in candidate.features.items())

    return float(np.mean([example.worth(max(every, key=score)) for example, every in of]))


def train_thorough(
    sets: Sequence[Sequence[Example]], own: Sequence[Example], make: Situations, train: Path
) -> PairNetwork:
    """Train the thorough reader on what there is, then on everyday questions with a part of it.

    The last stage has a listwise loss, over the passages of a question. Its weights are averaged
    with those before it (Wortsman et al. 2022), which keeps more of what other sets taught.
    """
    torch.manual_seed(0)
    chance = random.Random(0)
    seen = [made for of in sets for e in of if not is_kept_apart(e) and (made := make.of(e))]
    seen += make.deciding(train)
    network = train_pairs(PairNetwork(), [seen] * THOROUGH_EPOCHS)
    made_of = [(e, made) for e in own if not is_kept_apart(e) and (made := make.of(e))]
    weights, situations = evened([e for e, _ in made_of]), [made for _, made in made_of]

    def epoch(size: int) -> list[Situation]:
        others = chance.sample(seen, int(OTHERS * size))
        return chance.choices(situations, weights, k=size) + others

    whole = len(situations)
    train_pairs(network, [epoch(whole) for _ in range(EVERYDAY_EPOCHS)], EVERYDAY_RATE)
    before = {name: weights.clone() for name, weights in network.state_dict().items()}
    last = [epoch(int(LISTWISE_EPOCHS * whole))]
    after = train_pairs(network, last, LISTWISE_RATE, listwise=True).state_dict()
    network.load_state_dict({name: (before[name] + after[name]) / 2 for name in before})
    return network


def fit_confidence(
    sets: Sequence[Sequence[Example]],
    reader: Reader | None,
    weights: dict[str, float],
    thorough: Reader | None = None,
) -> dict[str, float]:
    """Fit a logistic regression: whether a question has an answer, as `ANSWERABLE` of them do.

    With the thorough reader, the quick one no longer counts, and the size of the corpus does.
    Sets count alike.
    """
    names = ["maxsim_mean", "cosine", "reader_logit"]
    if thorough is not None:
        names[-1:] = ["thorough_logit", "size"]
        names += [f"{name}*size" for name in names[:3]]
    rows, answerable, counts = [], [], []
    for of in sets:
        found = [(e, candidates(scored(e, reader, thorough), weights)) for e in of]
        found = [(example, ranked) for example, ranked in found if ranked]
        of_set = np.array([example.question.answerable for example, _ in found])
        for example, ranked in found:
            features = confidence_features(ranked, example.searched)
            rows.append([features[name] for name in names])
        share = np.where(of_set, ANSWERABLE / of_set.sum(), (1 - ANSWERABLE) / (~of_set).sum())
        answerable += of_set.tolist()
        counts += share.tolist()
    x = np.array(rows)
    size = np.maximum(x.std(axis=0), 1e-6)  # without a reader, its feature is always 0
    count = np.array(counts) * len(x) / len(sets)
    fitted = LogisticRegression(max_iter=5_000).fit(x / size, answerable, sample_weight=count)
    odds = {"intercept": float(fitted.intercept_[0])} | dict.fromkeys(CONFIDENCE_FEATURES, 0.0)
    return odds | dict(zip(names, (fitted.coef_[0] / size).tolist(), strict=True))


def main(bench: Path, train: Path) -> None:
    encoder = load_encoder(precision="float32")
    squad, chroma, mtrag = (
        examples(bench / name, encoder) for name in ("squad2_cs224n", "chroma_chunking", "mtrag")
    )
    own = list(everyday(encoder))
    both = [*squad, *chroma]
    network = train_reader(both, encoder.dim)
    save_file(network.state_dict(), FOLDER / "reader.safetensors")
    halves = [[e for e in both if fold(e) != number] for number in range(FOLDS)]
    others = [reader_of(train_reader(half, encoder.dim)) for half in halves]

    sets = [squad, *(list(asked(train / "qa" / name, encoder)) for name in DOCUMENTS)]
    train_thorough(sets, own, Situations(encoder), train).save(WEIGHTS_FILE)
    thorough = JointReader.load()
    own_apart = [example for example in own if is_kept_apart(example)]

    nobody = [None] * FOLDS
    quick, alone = fit_weights([squad, chroma], others), fit_weights([squad, chroma], nobody)
    together = fit_weights([chroma, own_apart], nobody, THOROUGH_FEATURES, thorough)
    reader = reader_of(network)
    of_both = fit_confidence([mtrag, own_apart], None, together, thorough)
    fitted = Weights(
        encoder.digest,
        FeatureWeights(quick, fit_confidence([mtrag], reader, quick)),
        FeatureWeights(together, of_both),
        FeatureWeights(alone, fit_confidence([mtrag], None, alone)),
    )
    fitted.save()
    print(fitted.to_json())


if __name__ == "__main__":
    command = parser("benchmarks.learn", __doc__)
    command.add_argument("--train", type=Path, required=True, help="a folder of sets to learn from")
    options = command.parse_args()
    main(options.bench, options.train)
