"""What was learnt from question sets, as data; `benchmarks/learn.py` makes it."""

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
class Weights:
    """What the signs of an answer weigh.

    Attributes:
        candidate: of a candidate's features.
        confidence: of the signs that it answers, and "intercept".
    """

    candidate: Mapping[str, float]
    confidence: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Learnt:
    """All that was learnt, the reader's network apart.

    Attributes:
        model: the digest of the encoder that the reader was trained on.
        with_reader: weights for that encoder.
        without: weights for every other encoder, which the reader cannot be used with.
    """

    model: str
    with_reader: Weights
    without: Weights

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Make it of plain data."""
        return cls(data["model"], Weights(**data["with_reader"]), Weights(**data["without"]))

    def to_json(self) -> str:
        """Give it as it is kept, rounded to what matters."""
        rounded = json.loads(json.dumps(asdict(self)), parse_float=lambda x: round(float(x), 4))
        return json.dumps(rounded, indent=2) + "\n"

    def save(self) -> None:
        """Keep it."""
        _FILE.write_text(self.to_json(), encoding="utf-8")


@lru_cache(maxsize=1)
def learnt() -> Learnt:
    """Read what was learnt."""
    return Learnt.of(json.loads(_FILE.read_text(encoding="utf-8")))
