"""The command `inquote schema`."""

from __future__ import annotations

import click

from qa.cli.options import print_json
from qa.schemas import KINDS, schema


@click.command("schema")
@click.argument("kind", required=False, type=click.Choice(KINDS))
def print_schema(kind: str | None) -> None:
    """Print the JSON schema of what other commands print, or what there is a schema of.

    What a command prints with --json names its KIND as its format: inquote-KIND/1.
    """
    if kind is not None:
        print_json(schema(kind))
        return
    for one in KINDS:
        click.echo(f"{one:<28}{schema(one)['title']}")
