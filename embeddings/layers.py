"""What networks on OpenVINO are built from: the layers of a transformer, as nodes of a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embeddings.openvino_runtime import opset13

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embeddings.openvino_runtime import Node, Output

    Array = NDArray[np.float32]

_NOWHERE = np.float32(-3e38)


def linear(x: Node, weight: Array, bias: Array) -> Node:
    """Return x times the weight's transpose, and the bias added to it, as torch's `Linear` does."""
    return opset13.add(opset13.matmul(x, constant(weight), False, True), constant(bias))


def norm(x: Node, weight: Array, bias: Array, epsilon: float) -> Node:
    """Return what torch's `LayerNorm` does, over the last axis."""
    scaled = opset13.mvn(x, numbers(-1), True, epsilon, "INSIDE_SQRT")
    return opset13.add(opset13.multiply(scaled, constant(weight)), constant(bias))


def attention(query: Node, key: Node, value: Node, there: Node, *, heads: int, width: int) -> Node:
    """Return attention with several heads (Vaswani et al. 2017), but for the products around it.

    Args:
        query: (texts, tokens, width).
        key: as the query.
        value: as the query.
        there: (texts, tokens), 0 where a token only pads and is not to be looked at, else 1.
        heads: how many.
        width: of all heads together.
    """

    def split(x: Node) -> Node:
        shape = numbers(0, 0, heads, width // heads)
        return opset13.transpose(opset13.reshape(x, shape, True), numbers(0, 2, 1, 3))

    bias = opset13.unsqueeze(nowhere(there), numbers(1, 2))
    read = opset13.scaled_dot_product_attention(split(query), split(key), split(value), bias)
    return opset13.reshape(opset13.transpose(read, numbers(0, 2, 1, 3)), numbers(0, 0, width), True)


def nowhere(there: Node) -> Node:
    """Return 0 for what is there, and for what is not a number that nothing outweighs."""
    return opset13.multiply(opset13.subtract(constant(1.0), there), constant(_NOWHERE))


def constant(value: Array | np.float32 | float) -> Output:
    """Return a constant of float32; memory that is in order already is shared, not copied."""
    return opset13.constant(np.asarray(value, np.float32), shared_memory=True).output(0)


def numbers(*values: int) -> Output:
    """Return a constant list of whole numbers, such as a shape or axes."""
    return opset13.constant(np.array(values, np.int64)).output(0)


def whole(value: int) -> Output:
    """Return a constant whole number."""
    return opset13.constant(np.int64(value)).output(0)
