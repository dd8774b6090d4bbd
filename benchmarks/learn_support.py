"""Trains the network that scores how well quotes support a statement.

    python -m benchmarks.learn_support --train FOLDER

FOLDER has `support/`, with a folder of pairs for each set. The network starts from the thorough
reader (`benchmarks/learn.py`), and learns from half of the premises of each set that may be
learnt from, with statements damaged on purpose (`benchmarks/damage.py`), sentences of the
premises as they stand, other premises, and questions turned into statements; then from our own
statements and claims (`benchmarks/everyday`), with two fifths of the rest beside them.
The weights before and after the last epoch are averaged (Wortsman et al. 2022).
`benchmarks.support` measures it on what is kept apart, and on sets that nothing is learnt from. It
takes four hours on two cores with bfloat16.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import torch

from benchmarks.support_examples import (
    LEARNT,
    SupportPair,
    beside,
    claim_pairs,
    everyday_pairs,
    is_kept_apart,
    pairs,
    with_damage,
)
from benchmarks.support_network import SupportNetwork, average, encoded, train
from benchmarks.support_questions import asked, stated, unsaid
from qa.answering.joint_reader import WEIGHTS_FILE as READER
from qa.writing.support import WEIGHTS_FILE

BEFORE, OWN, LAST = 2, 7, 1  # epochs: without our own statements, with them, and once more
BESIDE_OWN = 0.4  # of the rest, beside our own
MOST = 7_000  # pairs of a set
BESIDE, STATED, UNSAID = 3_000, 1_800, 500  # an epoch: in all, of each set, of each set
WEIGHTS = {"name": 3.0, "role": 3.0, "quantifier": 2.0, "modality": 2.0}  # of kinds of damage


def main(folder: Path, without: str | None, out: Path) -> None:
    torch.manual_seed(0)
    chance = random.Random(0)
    seen: list[SupportPair] = []
    for name in LEARNT:
        if name != without:
            of = [pair for pair in pairs(folder / "support" / name) if not is_kept_apart(pair)]
            seen += chance.sample(of, min(MOST, len(of)))
    claims = [pair for pair in seen if pair.premise[:1].isupper()]
    questions = list(asked(folder / "qa"))

    def epoch() -> list[SupportPair]:
        drawn = [*seen, *beside(chance.sample(claims, BESIDE), chance)]
        for of in questions:
            drawn += stated(of, STATED, chance)
            drawn += unsaid([each.text for each in of], UNSAID, chance)
        return list(with_damage(drawn, chance, WEIGHTS))

    own = [*everyday_pairs(apart=False), *claim_pairs(apart=False)]
    network = SupportNetwork(READER)
    train(network, [encoded(epoch()) for _ in range(BEFORE)])
    for count in (OWN, LAST):
        before = {name: weights.clone() for name, weights in network.state_dict().items()}
        others = [epoch() for _ in range(count)]
        with_own = [[*own, *chance.sample(of, int(BESIDE_OWN * len(of)))] for of in others]
        train(network, [encoded(of) for of in with_own])
    average(network, before)
    network.save(out)


if __name__ == "__main__":
    command = argparse.ArgumentParser(description=__doc__)
    command.add_argument("--train", type=Path, required=True, help="a folder of sets to learn from")
    command.add_argument("--without", choices=LEARNT, help="a set to leave out whole")
    command.add_argument("--out", type=Path, default=WEIGHTS_FILE, help="where to write weights")
    options = command.parse_args()
    main(options.train, options.without, options.out)
