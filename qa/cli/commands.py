"""The command line: its commands read options, call the public API, print.

Exit codes: 0 success; 1 an error, in one sentence; 2 wrong options; 3 an abstention, or no
question; 4 a tentative answer (`ask`), or a quote that does not verify (`verify`); 5 a gate of a
comparison failed; 130 indexing was stopped by Ctrl-C.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click

from qa.cli.ask import ask, overview, retrieve
from qa.cli.evaluate import compare, evaluate
from qa.cli.index import index
from qa.cli.judge import judge
from qa.cli.process import print_log, show_every_character, start_quickly
from qa.cli.schema import print_schema
from qa.cli.verify import verify
from qa.text.printable import printable


class _Commands(click.Group):
    """The commands of inquote, and those that other packages add by entry point.

    Our errors are printed as one sentence, without a traceback.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        others = [entry.name for entry in entry_points(group="inquote.commands")]
        return sorted({*super().list_commands(ctx), *others})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        for entry in entry_points(group="inquote.commands", name=cmd_name):
            command = entry.load()
            if isinstance(command, click.Command):
                return command
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:  # it knows no others than our own
            raise click.NoSuchCommand(
                error.command_name, possibilities=self.list_commands(ctx), ctx=ctx
            ) from None

    def invoke(self, ctx: click.Context) -> Any:
        from embeddings.errors import EmbeddingsError
        from qa.errors import QAError

        try:
            return super().invoke(ctx)
        except (QAError, EmbeddingsError) as error:
            raise click.ClickException(printable(str(error))) from error
        except FileNotFoundError as error:
            if _working_folder_exists():
                raise
            raise click.ClickException(
                "the folder that you are in was removed: change to another one"
            ) from error


def _working_folder_exists() -> bool:
    try:
        return bool(Path.cwd())
    except FileNotFoundError:
        return False


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="inquote")
def main() -> None:
    """Ask a document a question, and get an answer made of its own words.

    Commands use the essay that comes with inquote unless you name documents or an index.
    """
    start_quickly()
    show_every_character()
    print_log()


for _command in (index, ask, overview, retrieve, verify, evaluate, compare, judge, print_schema):
    main.add_command(_command)
