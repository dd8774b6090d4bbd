"""Matrix products in int8, by dynamic quantization.

Weights have a scale for every 64 inputs of an output. The runtime quantizes the activations of each
token likewise as they come, so that no digit depends on the rest of a batch, and no calibration is
needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embeddings.layers import constant, numbers
from embeddings.openvino_runtime import GROUP, opset13

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embeddings.openvino_runtime import Output

_HIGHEST, _LEAST = 127, 1e-5


def int8_weight(weight: NDArray[np.float32]) -> Output:
    """Return a layer's weight, (outputs, inputs), in int8, for dynamic quantization."""
    outputs, inputs = weight.shape
    grouped = weight.reshape(outputs, -1, GROUP if inputs % GROUP == 0 else inputs)
    scale = np.maximum(np.abs(grouped).max(axis=2, keepdims=True), _LEAST) / _HIGHEST
    levels = opset13.constant(np.rint(grouped / scale).astype(np.int8))
    restored = opset13.multiply(opset13.convert(levels, np.float32), constant(scale))
    return opset13.reshape(restored, numbers(outputs, inputs), False).output(0)
