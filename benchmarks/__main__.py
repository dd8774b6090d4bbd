"""Speed on this machine, beside the best that the machine allows.

    python -m benchmarks                          # every section that needs no folder
    python -m benchmarks start ask                # some sections
    python -m benchmarks --bench FOLDER --write   # more, written to benchmarks/results.md

FOLDER has question sets in BEIR's format. Sections run one after another; each is printed, and
written, when it is done. Compare figures of one run only: machines differ, and are busy at times.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path

from benchmarks.machine import Rates, described, measured_rates, this_machine
from benchmarks.peers import PEERS
from benchmarks.question_sets import folders
from benchmarks.results import MarkError, Measured, merged, section, with_section

DOCUMENT = Path(__file__).with_name("results.md")
MACHINE, SUMMARY = "machine", "summary"


@dataclass(frozen=True, slots=True)
class Section:
    """A section of results.md: the module that measures it, and the options that it needs."""

    module: str
    what: str
    needs: Sequence[str] = ()

    def measure(self, rates: Rates, options: argparse.Namespace) -> Measured:
        """Run the module's `measure`."""
        measured: Measured = import_module(self.module).measure(rates, options)
        return measured


SECTIONS = {
    "start": Section("benchmarks.starting", "process start to an answer, and to the page"),
    "ask": Section("benchmarks.asking", "a question on the essay"),
    "stages": Section("benchmarks.stages", "the stages of a question"),
    "index": Section("benchmarks.indexing", "encoding, indexing, exact search"),
    "many": Section("benchmarks.many", "a question among 100,000 passages", ["bench"]),
    "peers": Section("benchmarks.peers", "other libraries at the same work", ["bench"]),
    "load": Section("benchmarks.load", "many clients of the page at once; its memory"),
    "scale": Section("benchmarks.scale", "a thousand to a million passages", ["bench", "keep"]),
}
OTHERS = {
    "page": "time to a usable page and to an answer, in a browser",
    "quality": "retrieval, quotes and abstention beside baselines; two versions compared",
    "conversation": "what following a conversation gains and costs",
    "manuals": "questions on manuals, of packages of documentation that it fetches",
    "overviews": "how well an overview stands for its document",
    "support": "how well the support of written statements is scored",
    "learn": "trains the weights in qa/answering/weights",
    "learn_support": "trains the weights in qa/writing/weights",
    "studies": "settled questions: benchmarks/studies/README.md",
}


def parser() -> argparse.ArgumentParser:
    described = [
        "sections:",
        *(f"  {name:14}{section.what}" for name, section in SECTIONS.items()),
        "",
        "other commands, python -m benchmarks.NAME:",
        *(f"  {name:14}{what}" for name, what in OTHERS.items()),
    ]
    made = argparse.ArgumentParser(
        "python -m benchmarks",
        description=__doc__,
        epilog="\n".join(described),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("sections", nargs="*", metavar="SECTION", help="default: all that can run")
    made.add_argument("--bench", type=Path, help="a folder of question sets")
    made.add_argument("--keep", type=Path, help="a folder to keep the indexes of many and scale in")
    made.add_argument("--write", action="store_true", help="write to benchmarks/results.md")
    made.add_argument("--peers", type=_peers, default=PEERS, help=f"of {','.join(PEERS)}")
    made.add_argument("--rounds", type=_positive, default=3, help="of peers")
    made.add_argument(
        "--passages",
        type=_positive,
        default=10**6,
        help="at most so many, in many, peers and scale",
    )
    made.add_argument("--clients", type=_positive, default=50, help="in load")
    made.add_argument("--answers", type=_positive, default=10_000, help="in load, in all")
    return made


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of at least 1")
    return int(text)


def _peers(text: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    if unknown := [name for name in names if name not in PEERS]:
        raise argparse.ArgumentTypeError(
            f"no peer is called {unknown[0]}; there are: {', '.join(PEERS)}"
        )
    return names


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser().parse_args(arguments)
    chosen = chosen_sections(options)
    if options.write:
        check_marks(DOCUMENT, (SUMMARY, MACHINE, *chosen))
    machine, rates = this_machine(), measured_rates()
    report(MACHINE, Measured(described(machine, rates)), write=options.write)
    for name in chosen:
        report(name, SECTIONS[name].measure(rates, options), write=options.write)


def chosen_sections(options: argparse.Namespace) -> list[str]:
    """Return the sections to run; without names, all that have the options they need."""
    if options.bench and not folders(options.bench):
        raise SystemExit(f"{options.bench} has no question sets in BEIR's format (corpus.jsonl)")
    for name in options.sections:
        if name not in SECTIONS:
            raise SystemExit(f"no section is called {name}; there are: {', '.join(SECTIONS)}")
        if lacks := lacking(name, options):
            raise SystemExit(f"{name} needs a folder: add  --{lacks[0]} FOLDER")
    can_run = [name for name in SECTIONS if not lacking(name, options)]
    return list(dict.fromkeys(options.sections)) or can_run


def lacking(name: str, options: argparse.Namespace) -> list[str]:
    return [need for need in SECTIONS[name].needs if not getattr(options, need)]


def check_marks(document: Path, names: Sequence[str]) -> None:
    """Stop, before anything is measured, unless the document has a place for every section."""
    text = document.read_text(encoding="utf-8")
    try:
        for name in names:
            section(text, name)
    except MarkError as error:
        raise SystemExit(f"{document.name}: {error}") from error


def report(name: str, measured: Measured, *, write: bool) -> None:
    """Print the result of a section; write it to its place, and its lines to the summary."""
    machine, day = this_machine(), date.today().isoformat()
    block = f"{measured.text}\n\n*{day}, {machine.short}*"
    print(f"## {name}\n\n{block}\n", flush=True)
    when = f"{day}, busy" if machine.is_busy else day
    if measured.lines:
        print(merged("", measured.lines, when), end="\n\n", flush=True)
    if write:
        text = with_section(DOCUMENT.read_text(encoding="utf-8"), name, block)
        if measured.lines:
            summary = merged(section(text, SUMMARY), measured.lines, when)
            text = with_section(text, SUMMARY, summary)
        DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
