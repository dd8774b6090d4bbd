"""The OpenVINO runtime, without the telemetry that comes along with it.

Importing `openvino` reports to Google Analytics, unless its telemetry package is missing; so, for
this process, it is. A program that imported `openvino` before keeps what it has.
"""

from __future__ import annotations

import sys
from typing import Any

_TELEMETRY: Any = {"openvino_telemetry": None}  # None has its import fail, as Python documents
if "openvino" not in sys.modules:
    sys.modules.update(_TELEMETRY)

from openvino import CompiledModel, Core, InferRequest, Model, Node, Output, opset13  # noqa: E402  # not before

__all__ = [
    "CompiledModel",
    "Core",
    "InferRequest",
    "Model",
    "Node",
    "Output",
    "has_bfloat16",
    "opset13",
]


def has_bfloat16() -> bool:
    """Tell whether the processor has instructions for bfloat16 (AMX or AVX512-BF16)."""
    return "BF16" in Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
