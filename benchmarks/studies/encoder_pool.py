"""What several processes encode on the same cores, and what token vectors cost to move.

    python -m benchmarks.studies.encoder_pool [--workers 2] [--passages 1000]

Passages are those of the essay, in batches of 128; times are on the clock, the best of three.
"""

from __future__ import annotations

import argparse
import pickle
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle, islice
from multiprocessing import active_children
from pathlib import Path

from benchmarks.timing import Sample, clocked, in_turns
from embeddings import Encoder, Tokens, load_encoder
from embeddings.pool import at_once, in_processes
from qa import QA

BATCH, TURNS = 128, 3
KINDS = ("encode_passages", "encode_with_tokens")


def encode(encoder: Encoder, kind: str, texts: list[str]) -> None:
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    with ThreadPoolExecutor(at_once(encoder)) as threads:
        list(threads.map(getattr(encoder, kind), batches))


def moved(tokens: list[Tokens]) -> str:
    """Say what it costs to pack token vectors for another process and to unpack them there."""

    def there_and_back() -> object:
        return pickle.loads(pickle.dumps(tokens))  # noqa: S301 - what was packed just now

    clock, _ = min(clocked(there_and_back) for _ in range(TURNS))
    size = len(pickle.dumps(tokens)) / len(tokens)
    return f"{size / 1000:.0f} kB and {1e6 * clock / len(tokens):.0f} µs a passage"


def memory(process: int | None) -> str:
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    (resident,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
    return f"{int(resident) / 1000:.0f} MB"


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--workers", type=int, default=2)
    made.add_argument("--passages", type=int, default=1_000)
    options = made.parse_args()
    with QA.open() as qa:
        (essay,) = qa.index.document_ids()
        texts = [passage.text_in_context for passage in qa.index.passages_of(essay)]
    random.Random(0).shuffle(texts)
    texts = [*islice(cycle(texts), options.passages)]
    encoder = load_encoder(device="cpu")
    with in_processes(encoder, {}, options.workers) as pool:
        works: dict[str, Callable[[], Sample]] = {}
        for kind in KINDS:
            for name, one in (("one process", encoder), (f"{options.workers} processes", pool)):
                encode(one, kind, texts[: BATCH * options.workers])  # starts them, and compiles
                works[f"{kind}, {name}"] = partial(clocked, partial(encode, one, kind, texts))
        for name, times in in_turns(works, TURNS).items():
            print(f"{name}: {len(texts) / times.best:.0f} passages/s")
        print("memory of each process:", *(memory(each.pid) for each in active_children()))
    print("token vectors moved:", moved(encoder.passage_tokens(texts[:BATCH])))


if __name__ == "__main__":
    main()
