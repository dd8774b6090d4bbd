"""What no program could better on this machine: how fast it multiplies, and reads memory.

    python -m benchmarks.floor [--json]

The bundled model's arithmetic is 2 x 12 x 384^2 operations for a token in each of 6 layers, and
its attention; its weights, 42 MB in float32, are read once for a question. From these and the
machine's rates come the least times that encoding can take. Everything else that a program does
is left out, so that what is derived is a floor, and no estimate.

Rates are the best of torch's and OpenVINO's, with all cores, each the best of many tries; of the
model's three shapes of product, the quickest counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.machine import Machine, cores, this_machine
from benchmarks.summary import table
from benchmarks.timing import best_of, shown

if TYPE_CHECKING:
    import torch

LAYERS, DIM, INNER = 6, 384, 1_536  # of all-MiniLM-L6-v2
PRODUCTS = {(DIM, DIM): 4, (DIM, INNER): 1, (INNER, DIM): 1}  # in a layer: from, to, how many
WEIGHTS = 4 * LAYERS * sum(n * rows * columns for (rows, columns), n in PRODUCTS.items())  # bytes
TOKENS = 1_024  # in a batch
PRECISIONS = ("float32", "bfloat16")

_ROUNDS, _SECONDS = 4, 0.15  # for each rate
_MOST = 2 * 2**30  # bytes, to read from memory


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
    """Count the operations that a text of so many tokens takes."""
    products = 2 * sum(n * rows * columns for (rows, columns), n in PRODUCTS.items())
    return LAYERS * length * (products + 4 * DIM * length)


def measured() -> Rates:
    """Measure this machine, in a process of its own, whose threads disturb nothing else."""
    command = [sys.executable, "-m", "benchmarks.floor", "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Rates(**json.loads(done.stdout))


def measure() -> Rates:
    """Measure this machine, in this process; several rounds, as it may be busy for one."""
    import torch

    torch.set_num_threads(cores())
    has_bfloat16 = "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    precisions = PRECISIONS if has_bfloat16 else PRECISIONS[:1]
    return best([_round(precisions) for _ in range(_ROUNDS)])


def best(rounds: Sequence[Rates]) -> Rates:
    """Take the best of each rate."""
    products = {
        precision: [
            max(rates) for rates in zip(*(r.products[precision] for r in rounds), strict=True)
        ]
        for precision in rounds[0].products
    }
    return Rates(products, max(r.memory for r in rounds), max(r.weights for r in rounds))


def _round(precisions: Sequence[str]) -> Rates:
    products = {
        precision: [_product(rows, columns, precision) for rows, columns in PRODUCTS]
        for precision in precisions
    }
    return Rates(products, _bandwidth(_large()), _bandwidth(WEIGHTS))


def told(rates: Rates, machine: Machine) -> str:
    """Write the machine and its rates as a table."""
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    rows = [
        ("processor", f"{machine.processor}, {machine.cores} cores"),
        ("memory", f"{machine.memory:,.0f} GB"),
        ("programs that wanted a core before the run", shown(machine.busy)),
        ("versions", versions),
    ]
    for precision, found in rates.products.items():
        shapes = ", ".join(
            f"{shown(rate)} ({rows} to {columns})"
            for (rows, columns), rate in zip(PRODUCTS, found, strict=True)
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
    found = torch.empty(TOKENS, columns, dtype=kind)  # new memory each time would cost more
    return partial(torch.mm, texts, weights.T, out=found)


def _in_openvino(rows: int, columns: int, precision: str) -> Callable[[], object]:
    import numpy as np

    from embeddings.openvino_runtime import Model, opset13

    random = np.random.default_rng(0)
    given = opset13.parameter([TOKENS, rows], np.float32)
    weights = opset13.constant(random.standard_normal((columns, rows), np.float32))
    product = opset13.matmul(given, weights.output(0), False, True)
    settings = {
        "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
        "PERFORMANCE_HINT": "LATENCY",
    }
    graph = Model([opset13.result(product, name="product")], [given], "product")
    request = _core().compile_model(graph, "CPU", settings).create_infer_request()
    return partial(request.infer, [random.standard_normal((TOKENS, rows), np.float32)])


def _bandwidth(size: int) -> float:
    """Return how many GB/s of an array of so many bytes are read, by the quickest of three ways."""
    import torch

    array = torch.ones(size // 4 // DIM, DIM)
    vector = torch.ones(DIM)
    ways: tuple[Callable[[], torch.Tensor], ...] = (
        array.sum,
        array.amax,
        partial(torch.mv, array, vector),
    )
    return array.nbytes / min(best_of(way, 2 * _SECONDS) for way in ways) / 1e9


def _large() -> int:
    """Return more bytes than the caches of any machine of today hold, if there is the memory."""
    return min(_MOST, int(this_machine().memory * 1e9) // 8)


def _core() -> Any:
    from embeddings.openvino_runtime import Core

    return Core()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floor")
    parser.add_argument("--json", action="store_true", help="print the rates as JSON")
    found = measure()
    if parser.parse_args().json:
        print(json.dumps(asdict(found)))
    else:
        print(told(found, this_machine()))
