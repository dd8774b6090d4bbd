"""How well sentences support a statement: a network that reads both together.

It is the encoder itself, adapted by training (`benchmarks/learn_support.py`), as the second
reader is (`qa/answering/joint_reader.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings.models import find_model
from qa.writing.number_words import in_digits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embeddings.pairs import PairEncoder, Side

    Array = NDArray[np.float32]

WEIGHTS_FILE = Path(__file__).parent / "weights" / "support.safetensors"
HEAD = "head."

ENOUGH = 0.6
"""The least support of a statement that is shown."""

_MOST_STATEMENT, _MOST_TOKENS = 192, 500


class SupportScorer:
    """Scores statements against what they cite. A score does not depend on the rest of a batch.

    Args:
        encoder: reads the pairs.
        head: the weights behind it.
    """

    def __init__(self, encoder: PairEncoder, head: Mapping[str, Array]) -> None:
        self._encoder = encoder
        self._head = head

    @classmethod
    def load(cls, file: Path = WEIGHTS_FILE) -> SupportScorer:
        """Load the bundled model and what training changed of it."""
        import numpy as np
        from safetensors.numpy import load_file

        from embeddings.pairs import PairEncoder

        weights = {name: value.astype(np.float32) for name, value in load_file(file).items()}
        head = {n.removeprefix(HEAD): w for n, w in weights.items() if n.startswith(HEAD)}
        adapter = {n: w for n, w in weights.items() if not n.startswith(HEAD)}
        return cls(PairEncoder(find_model(), adapter), head)

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return how likely each premise supports its statement, from 0 to 1.

        Args:
            pairs: of (premise, statement). The end of a long premise is not read.
        """
        import numpy as np

        if not pairs:
            return []
        found = []
        for first, _ in self._encoder.encode([self._sides(*pair) for pair in pairs]):
            pooled = np.concatenate([first.mean(0), first.max(0)])
            logits = self._head["weight"] @ pooled + self._head["bias"]
            odds = np.exp(logits - logits.max())
            found.append(float(odds[0] / odds.sum()))
        return found

    def _sides(self, premise: str, statement: str) -> tuple[Side, Side]:
        stated = self._encoder.token_ids(in_digits(statement, premise))[:_MOST_STATEMENT]
        given = self._encoder.token_ids(in_digits(premise, statement))[: _MOST_TOKENS - len(stated)]
        return self._unchanged(stated), self._unchanged(given)

    def _unchanged(self, ids: Sequence[int]) -> Side:
        """Return a side of a pair, with nothing added to its tokens."""
        import numpy as np

        return ids, np.zeros((len(ids), self._head["weight"].shape[1] // 2), np.float32)


@cache
def scorer() -> SupportScorer:
    """Return the scorer, which is loaded once."""
    return SupportScorer.load()
