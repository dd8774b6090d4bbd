"""From how many vectors on inverted lists pay, and how many lists of a million to search.

    python -m benchmarks.studies.scale_kinds --keep FOLDER

FOLDER is that of `python -m benchmarks scale`. Times are of the processor, the best of three.
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np

from benchmarks.machine import DIM
from benchmarks.made_up import Vectors, made_up_vectors
from benchmarks.results import head, row
from benchmarks.timing import clocked
from embeddings import VectorStore, open_store

TOP_K = 10
SIZES = (5_000, 10_000, 20_000, 50_000, 100_000)
SEARCHED, NEARLY_ALL = (16, 32, 48, 64, 96), 512  # of 2,000 lists


def searched(store: VectorStore, queries: Vectors) -> tuple[list[str], list[set[int]]]:
    """Return the median and the 95th percentile in milliseconds, and each query's nearest."""
    seconds, nearest = [], []
    for query in queries:
        search = partial(store.search, query[None], TOP_K)
        seconds.append(min(clocked(search)[1] for _ in range(3)))
        nearest.append({*search()[1][0].tolist()})
    return [f"{1000 * each:.2f}" for each in np.percentile(seconds, (50, 95))], nearest


def recall(nearest: list[set[int]], exact: list[set[int]]) -> str:
    return f"{np.mean([len(a & b) / TOP_K for a, b in zip(nearest, exact, strict=True)]):.3f}"


def main(keep: Path) -> None:
    real, queries = np.load(keep / "real.npy"), np.load(keep / "asked.npy")
    print(
        head("vectors", "exact: p50, ms", "p95", "lists: p50, ms", "p95", "recall@10", "write, s")
    )
    for size in SIZES:
        exact = open_store("faiss", dim=DIM)
        exact.add(np.arange(size), np.concatenate(list(made_up_vectors(real, size))))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "lists"
            written = open_store("ivf", dim=DIM)
            written.add(exact.ids, exact.vectors(exact.ids))
            seconds, _ = clocked(partial(written.save, path))
            lists = open_store("ivf", dim=DIM, path=path)
            (times, nearest), (list_times, of_lists) = (
                searched(store, queries) for store in (exact, lists)
            )
            share = recall(of_lists, nearest)
            print(row(f"{size:,}", *times, *list_times, share, f"{seconds:.1f}"), flush=True)
            lists.close()
    (large, *_) = sorted((keep / "index-1000000").glob("vectors-*"))
    lists = open_store("ivf", dim=DIM, path=large)
    with patch("embeddings.stores.ivf_store._PROBED", NEARLY_ALL):
        _, nearest = searched(lists, queries)
    print("\n" + head("lists of 2,000", "p50, ms", "p95", f"of what {NEARLY_ALL} find"))
    for count in SEARCHED:
        with patch("embeddings.stores.ivf_store._PROBED", count):
            times, of_lists = searched(lists, queries)
        print(row(count, *times, recall(of_lists, nearest)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m benchmarks.studies.scale_kinds")
    parser.add_argument("--keep", type=Path, required=True, help="the folder of scale")
    main(parser.parse_args().keep)
