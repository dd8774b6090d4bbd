"""This machine: what it is, how busy, and the least time that it takes to encode a text.

The floor is the arithmetic of the bundled model alone: 2 x 12 x 384^2 operations for a token in
each of 6 layers, and its attention; for a question, at least the reading of the weights, 42 MB in
float32. Rates are the best of torch's and OpenVINO's on all cores, each the best of many tries,
and the fastest of the model's three shapes of matrix product.

`python -m benchmarks.machine` prints the rates as JSON.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import shown, table
from benchmarks.timing import best_of

PACKAGES = ("openvino", "torch", "faiss-cpu", "numpy", "gradio")

LAYERS, DIM, INNER = 6, 384, 1_536  # of all-MiniLM-L6-v2
PRODUCTS = {(DIM, DIM): 4, (DIM, INNER): 1, (INNER, DIM): 1}  # in a layer: from, to, how many
WEIGHTS = 4 * LAYERS * sum(n * rows * columns for (rows, columns), n in PRODUCTS.items())  # bytes
TOKENS = 1_024  # in a batch
PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}  # torch's names, and OpenVINO's

_ROUNDS, _SECONDS = 4, 0.15  # for each rate
_MOST = 2 * 2**30  # bytes, to read from memory: more than any cache holds


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine.

    Attributes:
        processor: its name.
        cores: how many this process may use.
        memory: in GB.
        busy: the load average of the minute before.
        versions: of Python and of the libraries that do the work, by name.
    """

    processor: str
    cores: int
    memory: float
    busy: float
    versions: dict[str, str]

    @property
    def short(self) -> str:
        """The machine in a few words, and how busy it was."""
        return f"{self.cores} cores of {self.processor}, load {self.busy:.1f} before"

    @property
    def is_busy(self) -> bool:
        """Whether half of its cores or more were taken: times on the clock are then too long."""
        return self.busy >= self.cores / 2


def megabytes(kind: str = "VmRSS") -> float:
    """Return this process's memory, or with "VmHWM" the most so far; mapped files included.

    Linux only.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(kind)) / 1024


def forget_peak() -> None:
    """Have the most memory so far be what is held now. Linux only."""
    Path("/proc/self/clear_refs").write_text("5")


@cache
def this_machine() -> Machine:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    versions = {"Python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return Machine(_processor(), cores, memory, os.getloadavg()[0], versions)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.machine()


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast a machine is at what encoding is made of.

    Attributes:
        products: GFLOP/s of the model's matrix products, by precision, in the order of
            `PRODUCTS`; a precision that the processor lacks is missing.
        memory: GB/s, reading an array that no cache holds.
        weights: GB/s, reading 42 MB again and again.
    """

    products: dict[str, list[float]]
    memory: float
    weights: float

    def encoding(self, lengths: Sequence[int], precision: str = "float32") -> float:
        """Return the least seconds for the arithmetic of texts of so many tokens each."""
        return sum(map(operations, lengths)) / (max(self.products[precision]) * 1e9)

    def question(self, length: int) -> float:
        """Return the least seconds to encode one text: its arithmetic, or reading the weights."""
        return max(self.encoding([length]), WEIGHTS / (self.weights * 1e9))

    def reading(self, count: int) -> float:
        """Return the least seconds to read so many bytes, from memory or from a cache."""
        return count / (max(self.memory, self.weights) * 1e9)


def operations(length: int) -> int:
    """Return the number of operations for a text of so many tokens."""
    products = 2 * sum(n * rows * columns for (rows, columns), n in PRODUCTS.items())
    return LAYERS * length * (products + 4 * DIM * length)


def measured_rates() -> Rates:
    """Measure this machine in a process of its own, whose threads disturb nothing else."""
    command = [sys.executable, "-m", "benchmarks.machine"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Rates(**json.loads(done.stdout))


def measure_rates() -> Rates:
    """Measure this machine in this process; the best of several rounds, as it may be busy."""
    import torch

    from embeddings.openvino_runtime import has_bfloat16

    torch.set_num_threads(this_machine().cores)
    precisions = [name for name in PRECISIONS if name == "float32" or has_bfloat16()]
    products = {name: [0.0] * len(PRODUCTS) for name in precisions}
    memory = weights = 0.0
    for _ in range(_ROUNDS):
        for name, best in products.items():
            rates = [_product(rows, columns, name) for rows, columns in PRODUCTS]
            products[name] = [*map(max, best, rates)]
        memory = max(memory, _bandwidth(_large()))
        weights = max(weights, _bandwidth(WEIGHTS))
    return Rates(products, memory, weights)


def described(machine: Machine, rates: Rates) -> str:
    """Return the machine and its rates as a table."""
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    rows = [
        ("processor", f"{machine.processor}, {machine.cores} cores"),
        ("memory", f"{machine.memory:,.0f} GB"),
        ("programs that wanted a core before the run", shown(machine.busy)),
        ("versions", versions),
    ]
    for precision, of_shapes in rates.products.items():
        shapes = ", ".join(
            f"{shown(rate)} ({rows} to {columns})"
            for (rows, columns), rate in zip(PRODUCTS, of_shapes, strict=True)
        )
        rows.append((f"matrix products of {TOKENS:,} tokens, {precision}, GFLOP/s", shapes))
    rows += [
        (f"reading {_large() / 1e9:.1f} GB of memory, GB/s", shown(rates.memory)),
        (f"reading {WEIGHTS / 1e6:.0f} MB again and again, GB/s", shown(rates.weights)),
    ]
    return table(("this machine", ""), rows)


def _product(rows: int, columns: int, precision: str) -> float:
    """Return the best rate of TOKENS x rows by rows x columns, in GFLOP/s."""
    works = (_in_torch(rows, columns, precision), _in_openvino(rows, columns, precision))
    return 2 * TOKENS * rows * columns / min(best_of(work, _SECONDS) for work in works) / 1e9


def _in_torch(rows: int, columns: int, precision: str) -> Callable[[], object]:
    import torch

    kind = getattr(torch, precision)
    texts, weights = torch.randn(TOKENS, rows, dtype=kind), torch.randn(columns, rows, dtype=kind)
    product = torch.empty(TOKENS, columns, dtype=kind)  # new memory each time would cost more
    return partial(torch.mm, texts, weights.T, out=product)


def _in_openvino(rows: int, columns: int, precision: str) -> Callable[[], object]:
    from embeddings.openvino_runtime import Core, Model, opset13

    random = np.random.default_rng(0)
    texts = opset13.parameter([TOKENS, rows], np.float32)
    weights = opset13.constant(random.standard_normal((columns, rows), np.float32))
    product = opset13.matmul(texts, weights.output(0), False, True)
    settings: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": PRECISIONS[precision],
        "PERFORMANCE_HINT": "LATENCY",
    }
    graph = Model([opset13.result(product, name="product")], [texts], "product")
    request = Core().compile_model(graph, "CPU", settings).create_infer_request()
    return partial(request.infer, [random.standard_normal((TOKENS, rows), np.float32)])


def _bandwidth(size: int) -> float:
    """Return at how many GB/s an array of so many bytes is read, by the fastest of three ways."""
    import torch

    array = torch.ones(size // 4 // DIM, DIM)
    ways = (array.sum, array.amax, partial(torch.mv, array, torch.ones(DIM)))
    return array.nbytes / min(best_of(way, 2 * _SECONDS) for way in ways) / 1e9


def _large() -> int:
    return min(_MOST, int(this_machine().memory * 1e9) // 8)


if __name__ == "__main__":
    print(json.dumps(asdict(measure_rates())))
