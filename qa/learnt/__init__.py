"""What was learnt from question sets, as data; `benchmarks/learn.py` makes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_FILE = FOLDER / "weights.json"


@dataclass(frozen=True, slots=True)
class Learnt:
    """Weights.

    Attributes:
        weights: of a candidate's features.
        confidence: of the signs that it answers, and "intercept".
    """

    weights: Mapping[str, float]
    confidence: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Give them as plain data, rounded to what matters."""
        return {
            kind: {name: round(value, 4) for name, value in numbers.items()}
            for kind, numbers in asdict(self).items()
        }

    def save(self) -> None:
        """Write them down."""
        _FILE.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")


@lru_cache(maxsize=1)
def learnt() -> Learnt:
    """Read them."""
    return Learnt(**json.loads(_FILE.read_text(encoding="utf-8")))
