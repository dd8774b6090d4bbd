"""Two texts, read together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import starmap
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer

from embeddings.bert import build_joint
from embeddings.model_config import read_config
from embeddings.models import ModelFiles
from embeddings.openvino_runtime import LATENCY, Network, has_bfloat16, has_int8, padded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

_TOKENISED_CACHED = 512

Side = tuple[Sequence[int], "Array"]
"""A text of a pair: the ids of its tokens, and what is added to their embeddings."""


class PairEncoder:
    """A BERT that reads two texts together, on OpenVINO.

    Its matrix products are in int8 where the processor has it, by dynamic quantization, and the
    rest in bfloat16, likewise. Its vectors do not depend on the rest of a batch.

    Args:
        files: the model's.
        adapter: what training changed of its weights, by their names there: other values, or, as
            "weight.A" and "weight.B", two matrices whose product B A is added (Hu et al. 2021,
            LoRA).

    Raises:
        ModelError: the files cannot be read.
    """

    def __init__(self, files: ModelFiles, adapter: Mapping[str, Array]) -> None:
        try:
            from safetensors.numpy import load_file

            tokenizer = Tokenizer.from_file(str(files.folder / "tokenizer.json"))
            weights = load_file(files.folder / "model.safetensors")
            config = read_config(files.folder).config
            graph = build_joint(_adapted(weights, adapter), config, int8=has_int8())
            precision = "bfloat16" if has_bfloat16() else "float32"
            self._network = Network(graph, LATENCY, precision)
        except Exception as error:  # tokenizers, safetensors and OpenVINO share no base class
            raise files.unloadable(error) from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._first, self._between = tokenizer.encode("").ids
        self._ids = lru_cache(_TOKENISED_CACHED)(
            lambda text: tokenizer.encode(text, add_special_tokens=False).ids
        )

    def token_ids(self, text: str) -> Sequence[int]:
        """Return the ids of a text's tokens."""
        ids: Sequence[int] = self._ids(text)
        return ids

    def encode(self, pairs: Sequence[tuple[Side, Side]]) -> list[tuple[Array, Array]]:
        """Return the vectors of the tokens of each pair's texts: (tokens, dim) and (tokens, dim).

        A pair's tokens are at most as many as the model has positions, less three.
        """
        rows = list(starmap(self._row, pairs))
        lengths = np.array([len(ids) for ids, _, _ in rows])
        mask = np.arange(padded(lengths.max())) < lengths[:, None]
        cells = np.flatnonzero(mask)
        tokens = np.maximum(mask.cumsum().reshape(mask.shape) - 1, 0)
        ids, kinds, added = (np.concatenate(each) for each in zip(*rows, strict=True))
        (vectors,) = self._network.run(
            *(ids, kinds, cells % mask.shape[1], cells, tokens, mask.astype(np.int64), added)
        )
        found = []
        starts = lengths.cumsum() - lengths
        for start, ((one, _), (other, _)) in zip(starts, pairs, strict=True):
            first, second = start + 1, start + 2 + len(one)
            found.append((vectors[first : first + len(one)], vectors[second : second + len(other)]))
        return found

    def _row(self, one: Side, other: Side) -> tuple[list[int], list[int], Array]:
        """Return a pair's ids, kinds and summands, with those of the special tokens."""
        ids = [self._first, *one[0], self._between, *other[0], self._between]
        kinds = [0] * (2 + len(one[0])) + [1] * (len(other[0]) + 1)
        special = np.zeros((1, one[1].shape[1]), np.float32)
        return ids, kinds, np.concatenate([special, one[1], special, other[1], special])


def _adapted(weights: Mapping[str, Array], adapter: Mapping[str, Array]) -> dict[str, Array]:
    changed = dict(weights)
    for name, value in adapter.items():
        if name.endswith(".A"):
            whole = name.removesuffix(".A")
            changed[whole] = weights[whole] + adapter[f"{whole}.B"] @ value
        elif not name.endswith(".B"):
            changed[name] = value
    return changed
