"""How well support is scored: AUROC on sets of pairs, and what is caught of unsupported statements.

    python -m benchmarks.support --train FOLDER

FOLDER has `support/`, with a folder for each set. Of the sets that are learnt from, the halves
that were kept apart count, without the claims that the thorough reader learnt from, as training
starts from that; of our own, the documents that were kept apart; of the others all. "caught" is
of statements that were damaged on purpose, or that we wrote to be unsupported, at the limit for
what is shown, by the score alone and with the checks to the letter; "lost" is of supported ones
that are left out.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.joint_examples import claims_read
from benchmarks.results import head, row
from benchmarks.support_examples import (
    LEARNT,
    MEASURED,
    SupportPair,
    claim_pairs,
    everyday_pairs,
    is_kept_apart,
    pairs,
    with_damage,
)
from qa.writing.literal import first_fault
from qa.writing.support import ENOUGH, SupportScorer

_BATCH = 16

Scored = tuple[SupportPair, float]
"""A pair with its support."""


def scores(scorer: SupportScorer, of: Sequence[SupportPair]) -> list[float]:
    """Return the support of each pair; those of one length are scored together."""
    order = sorted(range(len(of)), key=lambda n: len(of[n].premise) + len(of[n].statement))
    found = [0.0] * len(of)
    for start in range(0, len(order), _BATCH):
        part = order[start : start + _BATCH]
        scored = scorer.score([(of[n].premise, of[n].statement) for n in part])
        for number, score in zip(part, scored, strict=True):
            found[number] = score
    return found


def main(train: Path, most: int) -> None:
    scorer = SupportScorer.load()
    print(head("set", "pairs", "AUROC", "supported and kept", "others left out"))
    true: list[Scored] = []
    damaged: list[Scored] = []
    for name, of in measured(train, most):
        found = scored(scorer, of)
        show_set(name, found)
        if name in LEARNT:
            true += [each for each in found if each[0].label == "supported"]
            hurt = [pair for pair in with_damage(of, random.Random(1)) if pair.kind]
            damaged += scored(scorer, hurt)
    ours = {
        name: scored(scorer, drawn(of, 3 * most))
        for name, of in (
            ("our statements", everyday_pairs(apart=True)),
            ("our claims", claim_pairs(apart=True)),
        )
    }
    for name, found in ours.items():
        show_set(name, found)

    show_kinds("damage", damaged, true)
    for name, found in ours.items():
        wrong, right = (
            [each for each in found if (each[0].label == "supported") == is_right]
            for is_right in (False, True)
        )
        show_kinds(name, wrong, right)
    started = time.perf_counter()
    for pair, _ in true[:200]:
        scorer.score([(pair.premise, pair.statement)])
    print(f"\na score takes {1000 * (time.perf_counter() - started) / len(true[:200]):.1f} ms")


def measured(train: Path, most: int) -> Iterator[tuple[str, list[SupportPair]]]:
    """Yield the pairs of each set that nothing was learnt from."""
    claims = claims_read(train, random.Random(1))
    read = {(row["premise"], row["hypothesis"]) for _, row in claims}
    for name in (*LEARNT, *MEASURED):
        of = pairs(train / "support" / name)
        if name in LEARNT:
            of = [pair for pair in of if is_kept_apart(pair) and pair[:2] not in read]
        yield name, drawn(of, most)


def drawn(of: Sequence[SupportPair], most: int) -> list[SupportPair]:
    return random.Random(0).sample(of, min(most, len(of)))


def scored(scorer: SupportScorer, of: Sequence[SupportPair]) -> list[Scored]:
    return list(zip(of, scores(scorer, of), strict=True))


def show_set(name: str, found: Sequence[Scored]) -> None:
    supported = np.array([pair.label == "supported" for pair, _ in found])
    found_scores = np.array([score for _, score in found])
    kept = found_scores >= ENOUGH
    area = roc_auc_score(supported, found_scores)
    cells = area, kept[supported].mean(), 1 - kept[~supported].mean()
    print(row(name, len(found), *(f"{cell:.3f}" for cell in cells)), flush=True)


def show_kinds(title: str, wrong: Sequence[Scored], true: Sequence[Scored]) -> None:
    """Show how much of each kind is caught, and what that costs of true statements."""
    print(f"\n{head(title, 'statements', 'AUROC', 'caught by the score', 'caught')}")
    kinds = sorted({pair.kind for pair, _ in wrong})
    for kind in (*kinds, "all"):
        of_kind = [each for each in wrong if kind in ("all", each[0].kind)]
        both = [(0, s) for _, s in of_kind] + [(1, s) for _, s in true]
        area = roc_auc_score(*zip(*both, strict=True))
        by_score = np.mean([score < ENOUGH for _, score in of_kind])
        caught = np.mean([score < ENOUGH or has_fault(pair) for pair, score in of_kind])
        print(row(kind, len(of_kind), *(f"{cell:.3f}" for cell in (area, by_score, caught))))
    print(f"\n{head('limit', 'true lost by the score', 'lost', 'wrong caught')}")
    tenth = float(np.quantile([score for _, score in true], 0.1))
    for limit in (0.4, 0.5, ENOUGH, 0.7, 0.8, 0.9, tenth):
        alone = np.mean([score < limit for _, score in true])
        lost = np.mean([score < limit or has_fault(pair) for pair, score in true])
        caught = np.mean([score < limit or has_fault(pair) for pair, score in wrong])
        print(row(f"{limit:.2f}", *(f"{cell:.3f}" for cell in (alone, lost, caught))))


def has_fault(pair: SupportPair) -> bool:
    return first_fault(pair.statement, [pair.premise], [pair.premise]) is not None


if __name__ == "__main__":
    command = argparse.ArgumentParser(description=__doc__)
    command.add_argument("--train", type=Path, required=True, help="a folder of sets to learn from")
    command.add_argument("--most", type=int, default=2_000, help="pairs of a set, at most")
    options = command.parse_args()
    main(options.train, options.most)
