"""What a run was made with: versions, the processor, and what runs the model."""

from __future__ import annotations

import os
import platform
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from embeddings import Encoder

_PACKAGES = (
    *("inquote", "sentence-transformers", "torch", "openvino", "tokenizers", "faiss-cpu", "numpy"),
    *("sentencex", "tiktoken", "pystemmer", "scipy", "ir-measures"),
)
_OF_THE_ENCODER = ("backend", "precision", "device")


def machine() -> dict[str, Any]:
    """Return the machine, and the versions of Python and of what figures depend on."""
    versions = {}
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            versions[package] = version(package)
    return {
        "python": platform.python_version(),
        "versions": versions,
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
    }


def of_encoder(encoder: Encoder) -> dict[str, str]:
    """Return what an encoder runs on, and in which precision it encodes passages.

    An encoder of another make is named by its type.
    """
    known = {name: getattr(encoder, name, None) for name in _OF_THE_ENCODER}
    known["backend"] = known["backend"] or type(encoder).__name__
    return {name: str(value) for name, value in known.items() if value}


def peak_memory() -> dict[str, float]:
    """Return the most memory that this process has held, where the system tells."""
    try:
        import resource
    except ImportError:  # Windows
        return {}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"peak memory MB": peak / (1e6 if sys.platform == "darwin" else 1e3)}


def _processor() -> str:
    """Return the processor's name: Linux has it in a file, others tell Python."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            key, _, name = line.partition(":")
            if key.strip() == "model name":
                return name.strip()
    return platform.processor() or platform.machine()
