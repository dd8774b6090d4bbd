"""Matrix products in 8-bit integers, which take a third of the time or less.

Weights are rounded to 255 values a channel, inputs to 256 values between the least and the most
that calibration has seen. A few channels of an input are far larger than the others, and would
take all of these values; so each channel is first divided by a factor, and the weights multiplied
by it (Xiao et al. 2022, SmoothQuant).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embeddings.layers import constant
from embeddings.openvino_runtime import opset13

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embeddings.openvino_runtime import Node, Output

    Array = NDArray[np.float32]

RANGES_FILE = Path(__file__).parent / "ranges" / "all-minilm-l6-v2.safetensors"
"""What calibration has seen of the bundled model; `benchmarks/calibrate.py` makes it."""

_SMOOTHING = 0.8  # of a channel's size that goes over from the input to the weights
_INPUTS, _WEIGHTS = 256, 255  # values
_LEAST = 1e-5

Ranges = Mapping[str, "Array"]
"""By the first layer that takes an input: the least and the most of its channels, (2, channels)."""


def known_ranges(digest: str) -> Ranges | None:
    """Return the ranges of the model with a digest; None if it was not calibrated."""
    from safetensors import safe_open

    with safe_open(RANGES_FILE, "numpy") as file:
        names = file.keys() if file.metadata()["model"] == digest else []
        found = {name: file.get_tensor(name).astype(np.float32) for name in names}
    return found or None


def quantised(x: Node, weights: Sequence[Array], ranges: Array) -> tuple[Node, list[Node]]:
    """Round an input, and the weights of the layers that take it.

    Args:
        x: (texts, tokens, channels).
        weights: each (outputs, channels).
        ranges: (2, channels): the least and the most of each channel.
    """
    size = np.maximum(np.abs(ranges).max(axis=0), _LEAST)
    of_weights = np.maximum(np.max([np.abs(w).max(axis=0) for w in weights], axis=0), _LEAST)
    factor = size**_SMOOTHING / of_weights ** (1 - _SMOOTHING)
    low, high = ranges / factor
    least, most = min(float(low.min()), 0.0), max(float(high.max()), 0.0)
    step = (most - least) / (_INPUTS - 1)
    below = round(-least / step)  # so that one of the values is 0
    bounds = constant(-below * step), constant((_INPUTS - 1 - below) * step)
    x = opset13.multiply(x, constant(1 / factor))
    return (
        opset13.fake_quantize(x, *bounds, *bounds, _INPUTS),
        [_rounded(weight * factor) for weight in weights],
    )


def _rounded(weight: Array) -> Output:
    most = np.abs(weight).max(axis=1, keepdims=True)
    bounds = constant(-most), constant(most)
    node: Node = opset13.fake_quantize(constant(weight), *bounds, *bounds, _WEIGHTS)
    return node.output(0)
