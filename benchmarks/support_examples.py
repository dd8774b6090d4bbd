"""What the support network learns from: pairs of a premise and a statement."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.damage import damaged
from qa.text.sentences import split_sentences

LEARNT = ("fever_dev", "snli_devtest", "begin", "factcheck_gpt", "condaqa_edits")
"""The sets that may be learnt from."""

MEASURED = ("climate_fever", "healthver")
"""The sets that nothing may be learnt from."""

_DAMAGED = 0.5  # of the supported pairs
_COPIED = 0.15  # of the premises, of which a sentence is taken as a statement


class SupportPair(NamedTuple):
    """A statement and its premise.

    Attributes:
        premise: what is to support it.
        statement: it.
        label: "supported", "contradicted", "neutral", or "unsupported" for either of these.
        kind: of the damage; empty for one that is not damaged.
    """

    premise: str
    statement: str
    label: str
    kind: str = ""


def pairs(folder: Path) -> list[SupportPair]:
    """Return the pairs of a set."""
    found = []
    with (folder / "pairs.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            label = row["label"]
            if folder.name in ("begin", "condaqa_edits") and label == "neutral":
                label = "unsupported"
            found.append(SupportPair(row["premise"], row["hypothesis"], label))
    return found


def is_kept_apart(pair: SupportPair) -> bool:
    """Return whether a pair is measured on: half of the premises are."""
    return zlib.crc32(f"support {pair.premise}".encode()) % 2 == 0


def with_damage(of: Sequence[SupportPair], chance: random.Random) -> Iterator[SupportPair]:
    """Yield pairs, some of the supported ones also damaged, and some sentences of premises."""
    for pair in of:
        yield pair
        if pair.label == "supported" and chance.random() < _DAMAGED:
            yield from _damaged(pair, chance)
        if chance.random() < _COPIED:
            sentences = split_sentences(pair.premise)
            one = chance.choice(list(sentences))
            copied = SupportPair(pair.premise, pair.premise[one.start : one.end], "supported")
            yield copied
            yield from _damaged(copied, chance)


def _damaged(pair: SupportPair, chance: random.Random) -> Iterator[SupportPair]:
    if made := damaged(pair.statement, pair.premise, chance):
        yield SupportPair(pair.premise, made[0], "unsupported", made[1])
