"""Matrix products in int8 without calibration.

Weights are quantized symmetrically, with a scale for every 64 inputs of an output. The runtime
quantizes the activations of each token likewise as they come (dynamic quantization), so that no
digit depends on the rest of a batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embeddings.layers import constant, numbers
from embeddings.openvino_runtime import GROUP, opset13

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embeddings.openvino_runtime import Output

_HIGHEST = 127


def compressed(weight: NDArray[np.float32]) -> Output:
    """Return a layer's weight, (outputs, inputs), stored in int8."""
    outputs, inputs = weight.shape
    group = GROUP if inputs % GROUP == 0 else inputs
    grouped = weight.reshape(outputs, -1, group)
    scale = np.abs(grouped).max(axis=2, keepdims=True) / _HIGHEST
    scale[scale == 0] = 1
    levels = np.rint(grouped / scale).astype(np.int8)
    restored = opset13.multiply(
        opset13.convert(opset13.constant(levels), np.float32), constant(scale)
    )
    return opset13.reshape(restored, numbers(outputs, inputs), False).output(0)
