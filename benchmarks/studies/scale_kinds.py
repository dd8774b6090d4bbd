"""Where it pays to search lists rather than every vector; how many lists to read of a million.

    python -m benchmarks.studies.scale_kinds --keep FOLDER

FOLDER has what `benchmarks.scale` keeps. Times are of the processor, the best of three.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.scale_corpus import made_up
from embeddings import VectorStore, open_store

Vectors = NDArray[np.float32]

TOP_K = 10
SIZES = (5_000, 10_000, 20_000, 50_000, 100_000)
PROBED = (16, 32, 48, 64, 96)


def searched(store: VectorStore, queries: Vectors) -> tuple[str, list[set[int]]]:
    """Return the median and the 95th percentile in milliseconds, and what was found."""
    times, found = [], []
    for query in queries:
        taken = []
        for _ in range(3):
            started = time.thread_time()
            _, ids = store.search(query[None], TOP_K)
            taken.append(time.thread_time() - started)
        times.append(min(taken) * 1000)
        found.append(set(ids[0].tolist()))
    p50, p95 = np.percentile(times, (50, 95))
    return f"{p50:.2f} | {p95:.2f}", found


def shared(found: list[set[int]], exact: list[set[int]]) -> float:
    return float(np.mean([len(a & b) / TOP_K for a, b in zip(found, exact, strict=True)]))


def lists_of(flat: VectorStore, folder: Path, dim: int) -> tuple[float, VectorStore]:
    """Write lists of a store's vectors; return the seconds that it takes, and what reads them."""
    store = open_store("ivf", dim=dim)
    store.add(flat.ids, flat.vectors(flat.ids))
    started = time.perf_counter()
    store.save(folder / "lists")
    return time.perf_counter() - started, open_store("ivf", dim=dim, path=folder / "lists")


def main(keep: Path) -> None:
    real, queries = np.load(keep / "real.npy"), np.load(keep / "asked.npy")
    print("| vectors | every one: p50, ms | p95 | lists: p50, ms | p95 | recall@10 | to write, s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for size in SIZES:
        flat = open_store("faiss", dim=real.shape[1])
        flat.add(np.arange(size), np.concatenate(list(made_up(real, size))))
        with tempfile.TemporaryDirectory() as folder:
            seconds, lists = lists_of(flat, Path(folder), real.shape[1])
            one, exact = searched(flat, queries)
            other, found = searched(lists, queries)
            recall = shared(found, exact)
            print(f"| {size:,} | {one} | {other} | {recall:.3f} | {seconds:.1f} |", flush=True)
            lists.close()
    (large,) = sorted((keep / "index-1000000").glob("vectors-*"))[:1]
    lists = open_store("ivf", dim=real.shape[1], path=large)
    with patch("embeddings.stores.ivf_store._PROBED", 512):
        _, nearly_all = searched(lists, queries)
    print("\n| lists read of 2,000 | p50, ms | p95 | of what 512 find |\n| --- | --- | --- | --- |")
    for probed in PROBED:
        with patch("embeddings.stores.ivf_store._PROBED", probed):
            cells, found = searched(lists, queries)
        print(f"| {probed} | {cells} | {shared(found, nearly_all):.3f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.scale_kinds")
    parser.add_argument("--keep", type=Path, required=True, help="what benchmarks.scale keeps")
    main(parser.parse_args().keep)
