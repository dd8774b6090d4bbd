"""How fast it is, on this machine, beside what the machine allows.

    python -m benchmarks                          # all that needs no folder
    python -m benchmarks start ask                # some of it
    python -m benchmarks --bench FOLDER --write   # more, and into benchmarks/results.md

FOLDER has question sets in BEIR's format; `many`, `peers` and `scale` need it, and `scale` needs
`--keep OTHER` too. Sections run one after another, and each is printed, and written, when it is
done. Machines differ, and are busy at times: compare figures of one run with one another.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from benchmarks import asking, encoding, floor, load, many, peers, scale, stages, starting
from benchmarks.floor import Rates
from benchmarks.machine import this_machine
from benchmarks.summary import Measured, Options, merged
from benchmarks.writing import NoMarks, between, put

DOCUMENT = Path(__file__).with_name("results.md")
MACHINE, SUMMARY = "machine", "summary"
SECTIONS: dict[str, Callable[[Rates, Options], Measured]] = {
    "start": starting.measure,
    "ask": asking.measure,
    "stages": stages.measure,
    "index": encoding.measure,
    "many": many.measure,
    "peers": peers.measure,
    "load": load.measure,
    "scale": scale.measure,
}
NEED_BENCH, NEED_KEEP = ("many", "peers", "scale"), ("scale",)


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="python -m benchmarks")
    found.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}")
    found.add_argument("--bench", type=Path, help="a folder of question sets")
    found.add_argument("--keep", type=Path, help="a folder for the indexes that are built")
    found.add_argument("--write", action="store_true", help="write into benchmarks/results.md")
    found.add_argument("--peers", default=",".join(peers.PEERS), help="which, by name")
    found.add_argument("--paragraphs", type=_positive, default=10**9, help="take so many for peers")
    found.add_argument(
        "--clients", type=_positive, default=50, help="that ask the page at once, in load"
    )
    found.add_argument(
        "--answers", type=_positive, default=10_000, help="that they get in all, in load"
    )
    return found


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of at least 1")
    return int(text)


def options_of(arguments: argparse.Namespace) -> Options:
    """Return the options of a parsed command line."""
    return Options(
        arguments.bench,
        arguments.keep,
        [name for name in arguments.peers.split(",") if name],
        arguments.paragraphs,
        arguments.clients,
        arguments.answers,
    )


def main(given: Sequence[str] | None = None) -> None:
    arguments = parser().parse_args(given)
    options = options_of(arguments)
    chosen = chosen_sections(arguments.sections, options)
    if arguments.write:
        check_marks(DOCUMENT, (SUMMARY, MACHINE, *chosen))
    machine, rates = this_machine(), floor.measured()
    tell(MACHINE, Measured(floor.told(rates, machine)), write=arguments.write)
    for name in chosen:
        tell(name, SECTIONS[name](rates, options), write=arguments.write)


def chosen_sections(named: Sequence[str], options: Options) -> list[str]:
    """Return the sections to run; none named is all that can run."""
    if unknown := [name for name in named if name not in SECTIONS]:
        raise SystemExit(f"no section is called {unknown[0]}; there are: {', '.join(SECTIONS)}")
    if options.bench and not many.folders(options.bench):
        raise SystemExit(f"{options.bench} has no question sets in BEIR's format (corpus.jsonl)")
    if strange := [name for name in options.peers if name not in peers.PEERS]:
        raise SystemExit(f"no peer is called {strange[0]}; there are: {', '.join(peers.PEERS)}")
    if not named:
        return [name for name in SECTIONS if not lacking(name, options)]
    for name in named:
        if lacks := lacking(name, options):
            raise SystemExit(f"{name} needs {lacks}")
    return list(dict.fromkeys(named))


def lacking(name: str, options: Options) -> str:
    """Return what a section needs and was not given; "" if it can run."""
    if name in NEED_BENCH and not options.bench:
        return "question sets: add  --bench FOLDER"
    if name in NEED_KEEP and not options.keep:
        return "a folder for what it builds: add  --keep FOLDER"
    return ""


def check_marks(document: Path, names: Sequence[str]) -> None:
    """See that there is a place for everything, before anything is measured."""
    text = document.read_text(encoding="utf-8")
    try:
        for name in names:
            between(text, name)
    except NoMarks as error:
        raise SystemExit(f"{document.name}: {error}") from error


def tell(name: str, measured: Measured, *, write: bool) -> None:
    """Print what a section found; write it into its place, and its lines into the summary."""
    machine, day = this_machine(), date.today().isoformat()
    block = f"{measured.text}\n\n*{day}, {machine.short}*"
    print(f"## {name}\n\n{block}\n", flush=True)
    when = f"{day}, busy" if machine.is_busy else day
    if measured.lines:
        print(merged("", measured.lines, when), end="\n\n", flush=True)
    if write:
        text = put(DOCUMENT.read_text(encoding="utf-8"), name, block)
        if measured.lines:
            text = put(text, SUMMARY, merged(between(text, SUMMARY), measured.lines, when))
        DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
