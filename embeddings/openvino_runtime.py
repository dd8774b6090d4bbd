"""The OpenVINO runtime, without the telemetry that comes along with it.

Importing `openvino` reports to Google Analytics, unless its telemetry package is missing; so, for
this process, it is. A program that imported `openvino` before keeps what it has.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

_TELEMETRY: Any = {"openvino_telemetry": None}  # None has its import fail, as Python documents
if "openvino" not in sys.modules:
    sys.modules.update(_TELEMETRY)

from openvino import Core, InferRequest, Model, Node, Output, opset13  # noqa: E402  # needs the lines above

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "GROUP",
    "LATENCY",
    "THROUGHPUT",
    "Core",
    "Model",
    "Network",
    "Node",
    "Output",
    "has_bfloat16",
    "has_int8",
    "opset13",
    "padded",
]

# A single text is fastest on all cores. Many are faster with several at once, about a core for
# each, the more so if other programs use the cores.
LATENCY, THROUGHPUT = "LATENCY", "THROUGHPUT"

GROUP = 64
"""How many inputs of a layer share a scale in dynamic quantization."""

_HINTS = {"float32": "f32", "bfloat16": "bf16"}
_INT8 = re.compile(r"\b(avx512_vnni|avx_vnni|amx_int8)\b")  # as Linux names them
_STEP = 16  # floats in the widest registers


class Network:
    """A compiled graph, and the requests that it can run at once, first come, first served.

    Args:
        graph: the network.
        use: `LATENCY` or `THROUGHPUT`.
        precision: "float32" or "bfloat16".
        threads: how many it takes; None takes one for each core.
    """

    def __init__(
        self,
        graph: Model,
        use: str = LATENCY,
        precision: str = "float32",
        threads: int | None = None,
    ) -> None:
        # Without a hint for it, the runtime would take bfloat16 wherever the processor has it.
        hints: dict[str, Any] = {
            "PERFORMANCE_HINT": use,
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": GROUP,  # where weights are in int8
        }
        if threads is not None:  # pinned, those of all processes would share the first cores
            hints |= {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
        compiled = Core().compile_model(graph, "CPU", hints)
        self.at_once: int = compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        self._idle: SimpleQueue[InferRequest] = SimpleQueue()
        for _ in range(self.at_once):
            self._idle.put(compiled.create_infer_request())

    def run(self, *inputs: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the graph's results for its inputs."""
        request = self._idle.get()
        try:
            request.infer(inputs)
            return [tensor.data.copy() for tensor in request.output_tensors]
        finally:
            self._idle.put(request)


def padded(length: int) -> int:
    """Return the length that so many tokens are padded to.

    At multiples of the step, sums over a text do not depend on the padding, and so no digit depends
    on the rest of the batch.
    """
    return -(-length // _STEP) * _STEP


def has_bfloat16() -> bool:
    """Return whether the processor has instructions for bfloat16 (AMX or AVX512-BF16)."""
    return "BF16" in Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def has_int8() -> bool:
    """Return whether the processor has instructions for 8-bit integers (VNNI or AMX).

    It is known on Linux alone. Without them, products are slower, and may overflow.
    """
    try:
        return bool(_INT8.search(Path("/proc/cpuinfo").read_text(encoding="utf-8")))
    except OSError:
        return False
