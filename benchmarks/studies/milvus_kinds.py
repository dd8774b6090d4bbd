"""What each kind of vector index finds on a Milvus server, how fast, and in how much memory.

    python -m benchmarks.studies.milvus_kinds --keep FOLDER --index milvus://HOST:PORT [--pid PID]

FOLDER is that of `python -m benchmarks scale`: vectors of real texts and questions, of which any
number of vectors is made up (`benchmarks/made_up.py`). Rows are those of a passage of the essay,
so that they take as many bytes. Each index is written as any other, but without an encoder, and
searched twice: as it is then, and once all of it is indexed. PID is that of a server on this
machine, for its memory.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.made_up import GivenEncoder, Vectors, made_up_vectors
from benchmarks.results import table
from benchmarks.studies.milvus import drop
from embeddings import load_encoder, open_store
from qa.bundled import essay_path
from qa.loaders import load
from qa.milvus.address import MilvusAddress
from qa.milvus.client import BOUNDED, SECONDS, Connection, Row
from qa.milvus.rows import passage_row
from qa.milvus.schema import VERSION, MilvusManifest, create, search_depth
from qa.passages import Chunking, cut
from qa.token_bound import TokenBound

TOP_K, SETTLED = 10, 20.0  # seconds without a change, after which an index is said to be built
AT_ONCE = 5_000  # vectors
HEAD = ("passages", "index", "state", "depth", "recall@10", "p50, ms", "p95, ms", "memory, MB")


def main(arguments: Sequence[str] | None = None) -> None:
    made = argparse.ArgumentParser("python -m benchmarks.studies.milvus_kinds", None, __doc__)
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.add_argument("--keep", type=Path, required=True, help="the folder of scale")
    made.add_argument("--index", required=True, help="the address of a server, without a name")
    made.add_argument("--kinds", nargs="*", default=["FLAT", "HNSW", "IVF_FLAT"])
    made.add_argument("--passages", nargs="*", type=int, default=[100_000])
    made.add_argument("--pid", type=int, help="of the server")
    options = made.parse_args(arguments)
    real, queries = np.load(options.keep / "real.npy"), np.load(options.keep / "asked.npy")
    rows = []
    for size in options.passages:
        nearest = exact(real, queries, size)
        for kind in options.kinds:
            where = f"{options.index}/kinds_{kind}?index={kind}"
            for state, *measured in states(where, real, queries, nearest, size):
                rows.append((f"{size:,}", kind, state, *measured, memory(options.pid)))
                print(table(HEAD, rows[-1:]), flush=True)
            drop(where)
    print(table(HEAD, rows))


def exact(real: Vectors, queries: Vectors, size: int) -> list[set[int]]:
    """Return the numbers of each query's nearest vectors."""
    store, number = open_store("exact", dim=real.shape[1]), VERSION
    for some in made_up_vectors(real, size):
        store.add(np.arange(number, number + len(some)), some)
        number += len(some)
    return [{*ids} for ids in store.search(queries, TOP_K)[1].tolist()]


def states(
    where: str, real: Vectors, queries: Vectors, nearest: list[set[int]], size: int
) -> Iterator[tuple[str, ...]]:
    """Write an index; yield what it finds then, and once it is built, at several depths."""
    drop(where)
    connection = Connection(MilvusAddress.parsed(where))
    manifest = create(connection, GivenEncoder([], {}, load_encoder()), Chunking())
    began = time.monotonic()
    for rows in rows_of(real, size, manifest):
        connection.upsert(connection.passages, rows)
    written = f"written, {time.monotonic() - began:.0f} s"
    depth = search_depth(manifest.kind, TOP_K)
    yield (written, *searched(connection, queries, nearest, depth))
    began = time.monotonic()
    build(connection)
    built = f"built, {time.monotonic() - began:.0f} s"
    for factor in (0.25, 0.5, 1, 2, 4) if depth else (1,):
        deeper = {name: int(factor * value) for name, value in depth.items()}
        yield (built, *searched(connection, queries, nearest, deeper))
    connection.close()


def rows_of(real: Vectors, size: int, manifest: MilvusManifest) -> Iterator[list[Row]]:
    (document,), encoder = load(essay_path()), load_encoder()
    passage = next(iter(cut(document, Chunking(), encoder, TokenBound(encoder))))
    number = VERSION
    for vectors in made_up_vectors(real, size):
        for start in range(0, len(vectors), AT_ONCE):
            some = vectors[start : start + AT_ONCE]
            yield [
                passage_row(number + n, VERSION, passage, vector, {}, manifest)
                for n, vector in enumerate(some)
            ]
            number += len(some)


def build(connection: Connection) -> None:
    """Have all that was written indexed, and loaded so."""
    client, name = connection.client, connection.passages
    client.flush(name, timeout=600)
    seen: object = None
    since = time.monotonic()
    while time.monotonic() - since < SETTLED:
        segments = client.list_loaded_segments(name, timeout=SECONDS)
        state = sorted((one.segment_id, str(one.state), one.num_rows) for one in segments)
        described: dict[str, Any] = client.describe_index(name, "vector", timeout=SECONDS)
        now = state, described.get("pending_index_rows"), described.get("state")
        if now != seen or described.get("pending_index_rows"):
            seen, since = now, time.monotonic()
        time.sleep(1)


def searched(
    connection: Connection, queries: Vectors, nearest: list[set[int]], depth: dict[str, int]
) -> tuple[str, ...]:
    """Ask every query alone; return the depth, the recall, and the milliseconds."""
    found, times = [], []
    for query in queries:
        began = time.perf_counter()
        (hits,) = connection.client.search(
            connection.passages,
            [query.tolist()],
            limit=TOP_K,
            anns_field="vector",
            output_fields=["number"],
            search_params={"metric_type": "IP", "params": depth},
            consistency_level=BOUNDED,
            timeout=SECONDS,
        )
        times.append(1_000 * (time.perf_counter() - began))
        found.append({int(hit["number"]) for hit in hits})
    share = np.mean([len(a & b) / TOP_K for a, b in zip(found, nearest, strict=True)])
    p50, p95 = np.percentile(times, (50, 95))
    named = " ".join(f"{name} {value}" for name, value in depth.items())
    return named or "exact", f"{share:.4f}", f"{p50:.1f}", f"{p95:.1f}"


def memory(pid: int | None) -> str:
    """Return the resident memory of a process on this machine."""
    if pid is None:
        return ""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (resident,) = (line.split()[1] for line in lines if line.startswith("VmRSS"))
    return f"{int(resident) / 1_000:,.0f}"


if __name__ == "__main__":
    main()
