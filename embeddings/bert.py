"""The network of BERT and RoBERTa, built for OpenVINO from a model's weights.

Devlin et al. 2018; Liu et al. 2019. Building takes a tenth of a second, so no converted model
needs to be stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.layers import attention, constant, linear, mask_bias, norm, numbers, whole
from embeddings.model_config import UnsupportedModel, first_place
from embeddings.openvino_runtime import Model, opset13
from embeddings.quantization import Ranges, quantized

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embeddings.openvino_runtime import Node

Weights = Mapping[str, "NDArray[np.float32]"]

_PREFIX = re.compile(r"^(bert|roberta)\.(?=embeddings\.|encoder\.)")


def build(
    weights: Weights, config: dict[str, Any], pooling: str, ranges: Ranges | None = None
) -> Model:
    """Build the network.

    Its inputs are token ids and a mask that is 0 for padding, int64, each of shape (texts,
    tokens), padded on the right. Its outputs are "tokens", of shape (texts, tokens, dim), and
    "text", (texts, dim).

    Args:
        weights: by their names in the model.
        config: the model's.
        pooling: how the vectors of tokens become one.
        ranges: of the activations, for matrix products in int8; None takes them in float32.

    Raises:
        UnsupportedModel: a weight is missing, or not float32.
    """
    network = _Network(_without_prefix(weights), config, ranges)
    ids, mask = _ids_and_mask()
    present = opset13.convert(mask, np.float32)
    tokens = network.tokens(ids, present)
    text = _pooled(tokens, present, pooling)
    results = [opset13.result(tokens, name="tokens"), opset13.result(text, name="text")]
    return Model(results, [ids, mask], "bert")


def build_inputs(weights: Weights, config: dict[str, Any]) -> tuple[Model, list[str]]:
    """Build a network whose outputs are the inputs of its matrix products, for calibration.

    Returns:
        The network, its inputs as those of `build`, and for each output the name of its ranges.
    """
    network = _Network(_without_prefix(weights), config)
    ids, mask = _ids_and_mask()
    network.tokens(ids, opset13.convert(mask, np.float32))
    results = [opset13.result(x) for x in network.inputs.values()]
    return Model(results, [ids, mask], "inputs"), list(network.inputs)


def build_joint(weights: Weights, config: dict[str, Any]) -> Model:
    """Build the network for two texts that are read together.

    Its inputs are token ids and which text each is of, 0 or 1, int64, the mask, likewise, each of
    shape (pairs, tokens); and what is added to the embedded tokens, float32, of shape (pairs,
    tokens, dim). Its output is the last layer's vectors, (pairs, tokens, dim).

    Raises:
        UnsupportedModel: a weight is missing, or not float32.
    """
    network = _Network(weights, config)
    ids, kinds, mask = (
        opset13.parameter([-1, -1], np.int64, name=name) for name in ("ids", "kinds", "mask")
    )
    added = opset13.parameter([-1, -1, config["hidden_size"]], np.float32, name="added")
    tokens = network.tokens(ids, opset13.convert(mask, np.float32), kinds, added)
    return Model([opset13.result(tokens)], [ids, kinds, mask, added], "joint")


class _Network:
    def __init__(
        self, weights: Weights, config: dict[str, Any], ranges: Ranges | None = None
    ) -> None:
        self._weights = weights
        self._ranges = ranges
        self.inputs: dict[str, Node] = {}
        try:
            self._layers: int = config["num_hidden_layers"]
            self._heads: int = config["num_attention_heads"]
            self._dim: int = config["hidden_size"]
        except KeyError as error:
            raise UnsupportedModel(f"its config.json does not say its {error}") from None
        self._epsilon: float = config.get("layer_norm_eps", 1e-12)
        self._first_place = first_place(config)

    def tokens(
        self, ids: Node, present: Node, kinds: Node | None = None, added: Node | None = None
    ) -> Node:
        """Return the last layer's vectors: (texts, tokens, dim)."""
        x = self._embedded(ids, kinds)
        if added is not None:
            x = opset13.add(x, added)
        for number in range(self._layers):
            x = self._layer(x, present, f"encoder.layer.{number}.")
        return x

    def _embedded(self, ids: Node, kinds: Node | None) -> Node:
        words = self._weight("embeddings.word_embeddings.weight")
        places = self._weight("embeddings.position_embeddings.weight")[self._first_place :]
        of_kinds = self._weight("embeddings.token_type_embeddings.weight")
        length = opset13.gather(opset13.shape_of(ids), numbers(1), whole(0))
        if kinds is None:
            places = places + of_kinds[0]
        first = opset13.slice(constant(places), numbers(0), length, numbers(1), numbers(0))
        x = opset13.add(opset13.gather(constant(words), ids, whole(0)), first)
        if kinds is not None:
            x = opset13.add(x, opset13.gather(constant(of_kinds), kinds, whole(0)))
        return self._norm(x, "embeddings.LayerNorm")

    def _layer(self, x: Node, present: Node, name: str) -> Node:
        parts = (f"{name}attention.self.{part}" for part in ("query", "key", "value"))
        query, key, value = self._linear(x, *parts)
        read = attention(query, key, value, present, heads=self._heads, width=self._dim)
        (attended,) = self._linear(read, f"{name}attention.output.dense")
        x = self._norm(opset13.add(attended, x), f"{name}attention.output.LayerNorm")
        (inner,) = self._linear(x, f"{name}intermediate.dense")
        (outer,) = self._linear(opset13.gelu(inner, "ERF"), f"{name}output.dense")
        return self._norm(opset13.add(outer, x), f"{name}output.LayerNorm")

    def _linear(self, x: Node, *names: str) -> list[Node]:
        """Return the outputs of layers that take the same input."""
        self.inputs[names[0]] = x
        weights = [self._weight(f"{name}.weight") for name in names]
        if self._ranges is None:
            nodes = list(map(constant, weights))
        else:
            x, nodes = quantized(x, weights, self._ranges[names[0]])
        biases = [self._weight(f"{name}.bias") for name in names]
        return [linear(x, node, bias) for node, bias in zip(nodes, biases, strict=True)]

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
