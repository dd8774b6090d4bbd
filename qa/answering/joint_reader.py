"""A second reader, which reads question and passage together, for where the first is unsure.

It is the encoder itself, adapted by training: attention from every token of the passage to every
one of the question in all layers. It stands on the same similarities of tokens as the first
reader (`qa/answering/span_reader.py`), which are added to the embedded tokens.
`benchmarks/learn.py` trains it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.models import find_model
from embeddings.pairs import PairEncoder
from qa.answering.late_interaction import EncodedQuery, Match, Reading
from qa.answering.span_reader import NOTHING, best_matches, by_sentence, token_features
from qa.answering.weights import FOLDER

WEIGHTS_FILE = FOLDER / "joint_reader.safetensors"

_READ = 5  # passages
HEADS = "heads."  # before the names of weights that are not of the encoder

Array = NDArray[np.float32]


class JointReader:
    """Reads passages together with the question.

    What a passage is read with makes no difference, not to the last digit.

    Args:
        encoder: reads the pairs.
        heads: the weights before and behind it, by name.
    """

    def __init__(self, encoder: PairEncoder, heads: Mapping[str, Array]) -> None:
        self._encoder = encoder
        self._heads = heads

    @classmethod
    def load(cls, file: Path = WEIGHTS_FILE) -> JointReader:
        """Load the bundled model and what training changed of it."""
        from safetensors.numpy import load_file

        weights = {name: value.astype(np.float32) for name, value in load_file(file).items()}
        heads = {n.removeprefix(HEADS): w for n, w in weights.items() if n.startswith(HEADS)}
        adapter = {n: w for n, w in weights.items() if not n.startswith(HEADS)}
        return cls(PairEncoder(find_model(), adapter), heads)

    def read(self, query: EncodedQuery, matches: Sequence[Match]) -> list[Reading]:
        """Read the passages that match the question best; the others are taken to be no better."""
        best = best_matches(query, matches, _READ)
        readings = dict(zip(best, self._read(query, [matches[n] for n in best]), strict=True))
        lowest = min((float(each.sentences.min()) for each in readings.values()), default=NOTHING)
        return [
            readings.get(number) or Reading(np.full(len(match.sentence_mask), lowest, np.float32))
            for number, match in enumerate(matches)
        ]

    def _read(self, query: EncodedQuery, matches: Sequence[Match]) -> list[Reading]:
        if not matches:
            return []
        of_question = self._encoder.token_ids(query.text)[: len(query.weights)]
        pairs, features = [], []
        for match in matches:
            question, passage = token_features(query, match)
            ids = self._encoder.token_ids(match.passage.text_in_context)[: len(passage)]
            features.append((question, passage))
            one = of_question, question @ self._heads["question_features.weight"].T
            pairs.append((one, (ids, passage @ self._heads["passage_features.weight"].T)))
        found = []
        vectors = self._encoder.encode(pairs)
        for match, (question, passage), (x, y) in zip(matches, features, vectors, strict=True):
            none = self._head(np.concatenate([x, question], 1), "none").mean()
            parts = self._head(np.concatenate([y, passage], 1), "part")[:, 0] - none
            found.append(Reading(by_sentence(match, parts), parts, self._head(y, "ends")))
        return found

    def _head(self, x: Array, name: str) -> Array:
        product: Array = x @ self._heads[f"{name}.weight"].T
        return product + self._heads[f"{name}.bias"]
