"""Trained weights; `benchmarks/learn.py` makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

FOLDER = Path(__file__).parent
_FILE = FOLDER / "weights.json"


@dataclass(frozen=True, slots=True)
class FeatureWeights:
    """The weights of features.

    Attributes:
        candidate: of a candidate's features.
        confidence: of the features of the confidence, and "intercept".
    """

    candidate: Mapping[str, float]
    confidence: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Weights:
    """All trained weights but those of the readers' networks.

    Attributes:
        model: the digest of the encoder that the readers were trained on.
        with_reader: weights for that encoder and the quick reader.
        with_both: those for the quick and the thorough reader together.
        without: weights for every other encoder, which no reader can be used with.
    """

    model: str
    with_reader: FeatureWeights
    with_both: FeatureWeights
    without: FeatureWeights

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Make them of plain data."""
        kinds = ("with_reader", "with_both", "without")
        return cls(data["model"], *(FeatureWeights(**data[kind]) for kind in kinds))

    def to_json(self) -> str:
        """Return them as JSON, rounded to four digits."""
        rounded = json.loads(json.dumps(asdict(self)), parse_float=lambda x: round(float(x), 4))
        return json.dumps(rounded, indent=2) + "\n"

    def save(self) -> None:
        """Save them in this package."""
        _FILE.write_text(self.to_json(), encoding="utf-8")


@lru_cache(maxsize=1)
def load_weights() -> Weights:
    """Load the trained weights."""
    return Weights.of(json.loads(_FILE.read_text(encoding="utf-8")))
