"""What the support network learns from: pairs of a premise and a statement."""

from __future__ import annotations

import json
import random
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks.damage import damaged
from qa.text.analysis import terms
from qa.text.sentences import split_sentences

LEARNT = ("fever_dev", "snli_devtest", "begin", "factcheck_gpt", "condaqa_edits")
"""The sets that may be learnt from."""

MEASURED = ("climate_fever", "healthver")
"""The sets that nothing may be learnt from."""

EVEN: Mapping[str, float] = {}
"""Each kind of damage as often as another."""

EVERYDAY = Path(__file__).parent / "everyday"
_APART = 4  # one of so many everyday documents is measured on
_NEAR = 4  # premises, that are close to a statement
_DAMAGED = 0.5  # of the supported pairs
_COPIED = 0.15  # of the premises, of which a sentence is taken as a statement


_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_SIGNS = re.compile(r"\*\*|^[-*>#|] ?|(?<!\w)[*_]|[*_](?!\w)")  # of Markdown


class SupportPair(NamedTuple):
    """A statement and its premise.

    Attributes:
        premise: what is to support it.
        statement: it.
        label: "supported", "contradicted", "neutral", or "unsupported" for either of these.
        kind: of what is wrong, where that is told.
    """

    premise: str
    statement: str
    label: str
    kind: str = ""


def rows(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file of JSON lines."""
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def pairs(folder: Path) -> list[SupportPair]:
    """Return the pairs of a set."""
    found = []
    for row in rows(folder / "pairs.jsonl"):
        label = row["label"]
        if folder.name in ("begin", "condaqa_edits") and label == "neutral":
            label = "unsupported"
        found.append(SupportPair(row["premise"], row["hypothesis"], label))
    return found


def everyday_pairs(*, apart: bool) -> list[SupportPair]:
    """Return our own statements on everyday documents, of those that are kept apart or the others.

    A premise stands under its document's title and the heading above it, as it does in an answer.
    """
    found = []
    documents = {
        row["name"].partition(".")[0]: row["text"] for row in rows(EVERYDAY / "documents.jsonl")
    }
    for row in rows(EVERYDAY / "statements.jsonl"):
        if (zlib.crc32(row["document"].encode()) % _APART == 0) == apart:
            premise = _in_context(documents[row["document"]], row["premise"])
            found += [SupportPair(premise, said, "supported") for said in row["supported"]]
            found += [
                SupportPair(premise, said, "unsupported", kind) for kind, said in row["unsupported"]
            ]
    return found


def claim_pairs(*, apart: bool) -> list[SupportPair]:
    """Return our own claims with their evidence, those that are kept apart or the others."""
    labels = {"supported": "supported", "contradicted": "contradicted", "undecided": "neutral"}
    return [
        SupportPair(row["evidence"], claim, label, "" if key == "supported" else key)
        for row in rows(EVERYDAY / "claims.jsonl")
        if (zlib.crc32(row["evidence"].encode()) % _APART == 0) == apart
        for key, label in labels.items()
        for claim in row[key]
    ]


def _in_context(text: str, sentences: Sequence[str]) -> str:
    lines: list[str] = []
    for sentence in sentences:
        above = [match[1] for match in _HEADING.finditer(text, 0, text.index(sentence))]
        lines += [" > ".join(dict.fromkeys([*above[:1], *above[-1:]])), sentence]
    return "\n".join(_SIGNS.sub("", line) for line in dict.fromkeys(filter(None, lines)))


def is_kept_apart(pair: SupportPair) -> bool:
    """Return whether a pair is measured on: half of the premises are."""
    return zlib.crc32(f"support {pair.premise}".encode()) % 2 == 0


def with_damage(
    of: Sequence[SupportPair], chance: random.Random, weights: Mapping[str, float] = EVEN
) -> Iterator[SupportPair]:
    """Yield pairs, some of the supported ones also damaged, and some sentences of premises."""
    for pair in of:
        yield pair
        if pair.label == "supported" and chance.random() < _DAMAGED:
            yield from _damaged(pair, chance, weights)
        if chance.random() < _COPIED:
            sentences = split_sentences(pair.premise)
            one = chance.choice(list(sentences))
            copied = SupportPair(pair.premise, pair.premise[one.start : one.end], "supported")
            yield copied
            yield from _damaged(copied, chance, weights)


def beside(of: Sequence[SupportPair], chance: random.Random) -> Iterator[SupportPair]:
    """Yield statements with another one's premise, which is close to theirs in its words."""
    premises = list(dict.fromkeys(pair.premise for pair in of))
    own = defaultdict(set)
    for pair in of:
        own[pair.statement].add(pair.premise)
    words = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit(premises)
    near = words.transform(pair.statement for pair in of) @ words.transform(premises).T
    for pair, row in zip(of, near, strict=True):
        order = row.indices[np.argsort(-row.data)][:_NEAR]
        close = [
            premises[n]
            for n in order
            if premises[n] not in own[pair.statement]
            and not terms(pair.statement) <= terms(premises[n])
        ]
        if close:
            yield SupportPair(chance.choice(close), pair.statement, "neutral")


def _damaged(
    pair: SupportPair, chance: random.Random, weights: Mapping[str, float]
) -> Iterator[SupportPair]:
    if made := damaged(pair.statement, pair.premise, chance, weights):
        yield SupportPair(pair.premise, made[0], "unsupported", made[1])
