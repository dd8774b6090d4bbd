"""`python -m tests.attacks [NAME ...]`: run attacks in full, and print what survived."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

import click

from tests.attacks import Named, find_attacks
from tests.network import ASKED, refuse_network


@click.command()
@click.argument("names", nargs=-1)
@click.option("--tries", type=click.IntRange(min=1), help="Tries of each; by default, its own.")
@click.option("--seed", default=0, show_default=True)
def main(names: tuple[str, ...], tries: int | None, seed: int) -> None:
    """Run the attacks of these names, or all; exit with 1 if anything survived."""
    refuse_network()
    attacks = {each.name: each for each in find_attacks()}
    if unknown := set(names).difference(attacks):
        raise click.UsageError(f"there is no attack {unknown.pop()}; there are {list(attacks)}")
    click.echo("| attack | tries | survivors | seconds |\n| --- | --- | --- | --- |")
    survived = [_run(attacks[name], tries, seed) for name in names or attacks]
    sys.exit(1 if any(survived) or ASKED else 0)


def _run(each: Named, tries: int | None, seed: int) -> bool:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="inquote-attack-") as folder:
        outcome = each.attack(tries or each.full, random.Random(seed), Path(folder))
    seconds = time.monotonic() - started
    survivors = len(outcome.survivors)
    click.echo(f"| {each.name}: {each.summary} | {outcome.tries:,} | {survivors} | {seconds:.0f} |")
    for line in (*outcome.survivors[:20], *ASKED):
        click.echo(f"  {line}", err=True)
    return survivors > 0


if __name__ == "__main__":
    main()
