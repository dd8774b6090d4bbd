"""Trains the network that scores how well quotes support a statement.

    python -m benchmarks.learn_support --train FOLDER

FOLDER has `support/`, with a folder of pairs for each set. The network starts from the thorough
reader (`benchmarks/learn.py`), and learns from half of the premises of each set that may be
learnt from, with statements damaged on purpose (`benchmarks/damage.py`) and sentences of the
premises as they stand. `benchmarks.support` measures it on the other half, and on sets that
nothing is learnt from. It takes an hour on two cores.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import torch

from benchmarks.support_examples import LEARNT, SupportPair, is_kept_apart, pairs, with_damage
from benchmarks.support_network import SupportNetwork, encoded, train
from qa.answering.joint_reader import WEIGHTS_FILE as READER
from qa.writing.support import WEIGHTS_FILE

EPOCHS = 2
MOST = 7_000  # pairs of a set


def main(folder: Path, without: str | None, out: Path) -> None:
    torch.manual_seed(0)
    chance = random.Random(0)
    seen: list[SupportPair] = []
    for name in LEARNT:
        if name != without:
            of = [pair for pair in pairs(folder / "support" / name) if not is_kept_apart(pair)]
            seen += chance.sample(of, min(MOST, len(of)))
    network = SupportNetwork(READER)
    train(network, [encoded(with_damage(seen, chance)) for _ in range(EPOCHS)])
    network.save(out)


if __name__ == "__main__":
    command = argparse.ArgumentParser(description=__doc__)
    command.add_argument("--train", type=Path, required=True, help="a folder of sets to learn from")
    command.add_argument("--without", choices=LEARNT, help="a set to leave out whole")
    command.add_argument("--out", type=Path, default=WEIGHTS_FILE, help="where to write weights")
    options = command.parse_args()
    main(options.train, options.without, options.out)
