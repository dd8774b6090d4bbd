"""The network of BERT and RoBERTa, built for OpenVINO from a model's weights.

Devlin et al. 2018; Liu et al. 2019. Building takes a tenth of a second, so no converted model
needs to be stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from embeddings.layers import attention, constant, linear, mask_bias, norm, numbers, whole
from embeddings.model_config import UnsupportedModel, first_place
from embeddings.openvino_runtime import Model, opset13
from embeddings.quantization import int8_weight

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embeddings.openvino_runtime import Node

Weights = Mapping[str, "NDArray[np.float32]"]

_KINDS = "embeddings.token_type_embeddings"
_PREFIX = re.compile(r"^(bert|roberta)\.(?=embeddings\.|encoder\.)")


def build(weights: Weights, config: dict[str, Any], pooling: str, *, int8: bool = False) -> Model:
    """Build the network.

    Its inputs are token ids and a mask that is 0 for padding, int64, each of shape (texts,
    tokens), padded on the right. Its outputs are "tokens", of shape (texts, tokens, dim), and
    "text", (texts, dim).

    Args:
        weights: by their names in the model.
        config: the model's.
        pooling: how the vectors of tokens become one.
        int8: whether to take matrix products in int8, and not in float32.

    Raises:
        UnsupportedModel: a weight is missing, or not float32.
    """
    network = _Network(_without_prefix(weights), config, int8=int8)
    ids, mask = _ids_and_mask()
    present = opset13.convert(mask, np.float32)
    tokens = network.tokens(ids, present)
    text = _pooled(tokens, present, pooling)
    results = [opset13.result(tokens, name="tokens"), opset13.result(text, name="text")]
    return Model(results, [ids, mask], "bert")


def build_joint(weights: Weights, config: dict[str, Any], *, int8: bool = False) -> Model:
    """Build the network for pairs of texts that are read together.

    The tokens of all pairs follow one another without padding; only attention needs a table of
    (pairs, tokens). The inputs are, of each token, its id, which text it is of (0 or 1), its place
    in the pair, and its cell in the table, by number; the number of each cell's token; and a mask
    that is 0 for cells without one: all int64. The last is what is added to each embedded token,
    float32, (tokens, dim). The output is the last layer's vectors, (tokens, dim).

    Raises:
        UnsupportedModel: a weight is missing, or not float32.
    """
    network = _Network(weights, config, int8=int8)
    ids, kinds, places, cells = (
        opset13.parameter([-1], np.int64, name=name) for name in ("ids", "kinds", "places", "cells")
    )
    tokens, mask = (opset13.parameter([-1, -1], np.int64, name=name) for name in ("tokens", "mask"))
    added = opset13.parameter([-1, config["hidden_size"]], np.float32, name="added")
    embedded = opset13.add(network.embedded_pairs(ids, kinds, places), added)
    packing = _Packing(tokens, cells, config["hidden_size"])
    read = network.layers(embedded, opset13.convert(mask, np.float32), packing)
    inputs = [ids, kinds, places, cells, tokens, mask, added]
    return Model([opset13.result(read)], inputs, "joint")


class _Packing(NamedTuple):
    """Texts whose tokens follow one another, and a table of (texts, tokens).

    Attributes:
        tokens: the number of each cell's token.
        cells: the number of each token's cell.
        dim: of their vectors.
    """

    tokens: Node
    cells: Node
    dim: int

    def padded(self, x: Node) -> Node:
        """Return the table's vectors: (texts, tokens, dim)."""
        return opset13.gather(x, self.tokens, whole(0))

    def packed(self, x: Node) -> Node:
        """Return the vectors without those of padding: (tokens, dim)."""
        flat = opset13.reshape(x, numbers(-1, self.dim), False)
        return opset13.gather(flat, self.cells, whole(0))


class _Network:
    def __init__(self, weights: Weights, config: dict[str, Any], *, int8: bool) -> None:
        self._weights = weights
        self._stored = int8_weight if int8 else constant
        try:
            self._layers: int = config["num_hidden_layers"]
            self._heads: int = config["num_attention_heads"]
            self._dim: int = config["hidden_size"]
        except KeyError as error:
            raise UnsupportedModel(f"its config.json does not say its {error}") from None
        self._epsilon: float = config.get("layer_norm_eps", 1e-12)
        self._first_place = first_place(config)

    def tokens(self, ids: Node, present: Node) -> Node:
        """Return the last layer's vectors: (texts, tokens, dim)."""
        return self.layers(self._embedded(ids), present)

    def layers(self, x: Node, present: Node, packing: _Packing | None = None) -> Node:
        """Return the last layer's vectors, packed as the first layer's are."""
        for number in range(self._layers):
            x = self._layer(x, present, f"encoder.layer.{number}.", packing)
        return x

    def embedded_pairs(self, ids: Node, kinds: Node, places: Node) -> Node:
        """Return the first layer's vectors of tokens of pairs: (tokens, dim)."""
        of_places, of_kinds = self._places(), self._weight(f"{_KINDS}.weight")
        x = opset13.add(self._words(ids), opset13.gather(constant(of_places), places, whole(0)))
        x = opset13.add(x, opset13.gather(constant(of_kinds), kinds, whole(0)))
        return self._norm(x, "embeddings.LayerNorm")

    def _embedded(self, ids: Node) -> Node:
        places = self._places() + self._weight(f"{_KINDS}.weight")[0]
        length = opset13.gather(opset13.shape_of(ids), numbers(1), whole(0))
        first = opset13.slice(constant(places), numbers(0), length, numbers(1), numbers(0))
        return self._norm(opset13.add(self._words(ids), first), "embeddings.LayerNorm")

    def _words(self, ids: Node) -> Node:
        words = self._weight("embeddings.word_embeddings.weight")
        return opset13.gather(constant(words), ids, whole(0))

    def _places(self) -> NDArray[np.float32]:
        return self._weight("embeddings.position_embeddings.weight")[self._first_place :]

    def _layer(self, x: Node, present: Node, name: str, packing: _Packing | None) -> Node:
        parts = (f"{name}attention.self.{part}" for part in ("query", "key", "value"))
        inputs = self._linear(x, *parts)
        query, key, value = map(packing.padded, inputs) if packing else inputs
        read = attention(query, key, value, present, heads=self._heads, width=self._dim)
        read = packing.packed(read) if packing else read
        (attended,) = self._linear(read, f"{name}attention.output.dense")
        x = self._norm(opset13.add(attended, x), f"{name}attention.output.LayerNorm")
        (inner,) = self._linear(x, f"{name}intermediate.dense")
        (outer,) = self._linear(opset13.gelu(inner, "ERF"), f"{name}output.dense")
        return self._norm(opset13.add(outer, x), f"{name}output.LayerNorm")

    def _linear(self, x: Node, *names: str) -> list[Node]:
        """Return the outputs of layers that take the same input."""
        return [
            linear(x, self._stored(self._weight(f"{name}.weight")), self._weight(f"{name}.bias"))
            for name in names
        ]

    def _norm(self, x: Node, name: str) -> Node:
        weight, bias = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
        return norm(x, weight, bias, self._epsilon)

    def _weight(self, name: str) -> NDArray[np.float32]:
        if (weight := self._weights.get(name)) is None:
            raise UnsupportedModel(f"its weights hold no {name}")
        if weight.dtype != np.float32:
            raise UnsupportedModel(f"its weights are of type {weight.dtype}")
        return weight


def _without_prefix(weights: Weights) -> Weights:
    return {_PREFIX.sub("", name): array for name, array in weights.items()}


def _ids_and_mask() -> tuple[Node, Node]:
    ids, mask = (opset13.parameter([-1, -1], np.int64, name=name) for name in ("ids", "mask"))
    return ids, mask


def _pooled(tokens: Node, present: Node, pooling: str) -> Node:
    """Pool the vectors of each text's tokens: (texts, dim)."""
    if pooling == "cls":
        return opset13.gather(tokens, whole(0), whole(1))
    mask = opset13.unsqueeze(present, numbers(2))
    if pooling == "max":
        return opset13.reduce_max(opset13.add(tokens, mask_bias(mask)), numbers(1))
    total = opset13.reduce_sum(opset13.multiply(tokens, mask), numbers(1))
    count = opset13.reduce_sum(mask, numbers(1))
    return opset13.divide(total, opset13.sqrt(count) if pooling != "mean" else count)
