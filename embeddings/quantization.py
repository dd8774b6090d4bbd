"""Matrix products in int8, by post-training quantization, static or dynamic.

Static: weights have a scale per output, activations one scale and zero point per tensor, from the
minimum and maximum that calibration has seen. A few channels of the activations are far larger than
the others, so part of their scale goes to the weights first (Xiao et al. 2022, SmoothQuant).

Dynamic, slower and more exact: weights have a scale for every 64 inputs of an output, and the
runtime quantizes the activations of each token likewise as they come, so that no digit depends on
the rest of a batch. It needs no calibration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embeddings.layers import constant, numbers
from embeddings.openvino_runtime import GROUP, opset13

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embeddings.openvino_runtime import Node, Output

    Array = NDArray[np.float32]

RANGES_FILE = Path(__file__).parent / "ranges" / "all-minilm-l6-v2.safetensors"
"""What calibration has seen of the bundled model; `benchmarks/calibrate.py` makes it."""

_ALPHA = 0.8  # SmoothQuant's migration strength
_ACTIVATION_LEVELS, _WEIGHT_HIGHEST = 256, 127
_LEAST = 1e-5

Ranges = Mapping[str, "Array"]
"""By the first layer that takes an input: its channels' minimum and maximum, (2, channels)."""


def known_ranges(digest: str) -> Ranges | None:
    """Return the ranges of the model with a digest; None if it was not calibrated."""
    from safetensors import safe_open

    with safe_open(RANGES_FILE, "numpy") as file:
        names = file.keys() if file.metadata()["model"] == digest else []
        found = {name: file.get_tensor(name).astype(np.float32) for name in names}
    return found or None


def quantized(x: Node, weights: Sequence[Array], ranges: Array) -> tuple[Node, list[Node]]:
    """Quantize an input, and the weights of the layers that take it.

    Args:
        x: (texts, tokens, channels).
        weights: each (outputs, channels).
        ranges: (2, channels): the minimum and maximum of each channel.
    """
    of_input = np.maximum(np.abs(ranges).max(axis=0), _LEAST)
    of_weights = np.maximum(np.max([np.abs(w).max(axis=0) for w in weights], axis=0), _LEAST)
    smoothing = of_input**_ALPHA / of_weights ** (1 - _ALPHA)
    minima, maxima = ranges / smoothing
    low, high = min(float(minima.min()), 0.0), max(float(maxima.max()), _LEAST)
    scale = (high - low) / (_ACTIVATION_LEVELS - 1)
    zero_point = round(-low / scale)  # so that 0 is one of the levels
    bounds = constant(-zero_point * scale), constant((_ACTIVATION_LEVELS - 1 - zero_point) * scale)
    x = opset13.multiply(x, constant(1 / smoothing))
    return (
        opset13.fake_quantize(x, *bounds, *bounds, _ACTIVATION_LEVELS),
        [_quantized_weight(weight * smoothing) for weight in weights],
    )


def _quantized_weight(weight: Array) -> Output:
    high = np.maximum(np.abs(weight).max(axis=1, keepdims=True), _LEAST)
    bounds = constant(-high), constant(high)
    node: Node = opset13.fake_quantize(constant(weight), *bounds, *bounds, 2 * _WEIGHT_HIGHEST + 1)
    return node.output(0)


def int8_weight(weight: Array) -> Output:
    """Return a layer's weight, (outputs, inputs), in int8, for dynamic quantization."""
    outputs, inputs = weight.shape
    grouped = weight.reshape(outputs, -1, GROUP if inputs % GROUP == 0 else inputs)
    scale = np.maximum(np.abs(grouped).max(axis=2, keepdims=True), _LEAST) / _WEIGHT_HIGHEST
    levels = opset13.constant(np.rint(grouped / scale).astype(np.int8))
    restored = opset13.multiply(opset13.convert(levels, np.float32), constant(scale))
    return opset13.reshape(restored, numbers(outputs, inputs), False).output(0)
