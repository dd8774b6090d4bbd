"""The layers of a transformer, as nodes of an OpenVINO graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embeddings.openvino_runtime import opset13

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embeddings.openvino_runtime import Node, Output

    Array = NDArray[np.float32]

_MASKED = np.float32(-3e38)


def linear(x: Node, weight: Node | Output, bias: Array) -> Node:
    """Return x times the weight's transpose, and the bias added to it, as torch's `Linear` does."""
    return opset13.add(opset13.matmul(x, weight, False, True), constant(bias))


def norm(x: Node, weight: Array, bias: Array, epsilon: float) -> Node:
    """Return layer normalisation over the last axis, as torch's `LayerNorm` does."""
    scaled = opset13.mvn(x, numbers(-1), True, epsilon, "INSIDE_SQRT")
    return opset13.add(opset13.multiply(scaled, constant(weight)), constant(bias))


def attention(query: Node, key: Node, value: Node, mask: Node, *, heads: int, width: int) -> Node:
    """Return multi-head attention (Vaswani et al. 2017), without the projections.

    Args:
        query: (texts, tokens, width).
        key: as the query.
        value: as the query.
        mask: (texts, tokens), 0 for padding, else 1.
        heads: how many.
        width: of all heads together.
    """

    def split(x: Node) -> Node:
        shape = numbers(0, 0, heads, width // heads)
        return opset13.transpose(opset13.reshape(x, shape, True), numbers(0, 2, 1, 3))

    bias = opset13.unsqueeze(mask_bias(mask), numbers(1, 2))
    read = opset13.scaled_dot_product_attention(split(query), split(key), split(value), bias)
    return opset13.reshape(opset13.transpose(read, numbers(0, 2, 1, 3)), numbers(0, 0, width), True)


def mask_bias(mask: Node) -> Node:
    """Return a summand that is 0 where the mask is 1, and almost minus infinity where it is 0."""
    return opset13.multiply(opset13.subtract(constant(1.0), mask), constant(_MASKED))


def constant(value: Array | np.float32 | float) -> Output:
    """Return a constant of float32; contiguous memory is shared, not copied."""
    return opset13.constant(np.asarray(value, np.float32), shared_memory=True).output(0)


def numbers(*values: int) -> Output:
    """Return a constant list of integers, such as a shape or axes."""
    return opset13.constant(np.array(values, np.int64)).output(0)


def whole(value: int) -> Output:
    """Return a constant integer."""
    return opset13.constant(np.int64(value)).output(0)
