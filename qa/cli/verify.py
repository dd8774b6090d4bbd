"""The command `inquote verify`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from qa.cli.options import as_json_option, print_json
from qa.text.printable import printable
from qa.verification import ConversationVerification, Verification

NOT_VERIFIED = 4


@click.command()
@click.argument("answer", type=click.Path(path_type=Path))
@click.option(
    "--document",
    "documents",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A source to check against, a file or a folder, any number of times; by default, what the "
    "answer itself names.",
)
@click.option(
    "--index",
    type=click.Path(path_type=Path),
    help="The folder of an index whose documents to check against.",
)
@as_json_option
def verify(answer: Path, documents: tuple[Path, ...], index: Path | None, as_json: bool) -> None:
    """Check every quote of a saved ANSWER (from ask --json) against its source, without a model.

    A saved conversation is checked too, answer by answer. Which file was read is told of each
    quote. Where neither --document nor --index is given, the answer itself names the files, and
    one that differs from the document known here by that name is not verified.

    Exit code 4 tells that something in it is not as the source has it.
    """
    from qa.verification import verify, verify_conversation
    from qa.verification.answer_files import SavedAnswer, read_saved
    from qa.verification.sources import Sources

    if documents and index:
        raise click.UsageError("--document and --index are two ways to name sources: take one.")
    saved = read_saved(answer)
    if index:
        found = Sources.of_index(index, saved)
    elif documents:
        found = Sources.of_files(documents)
    else:
        found = Sources.named_in(saved)
    result: Verification | ConversationVerification
    if isinstance(saved, SavedAnswer):
        result = verify(saved, found)
    else:
        result = verify_conversation(saved, found)
    if as_json:
        print_json(result.to_dict())
    else:
        _print_verified(result)
    if not result.verified:
        sys.exit(NOT_VERIFIED)


def _print_verified(result: Verification | ConversationVerification) -> None:
    if isinstance(result, ConversationVerification):
        for number, (question, answer) in enumerate(result.each, 1):
            click.secho(f"{number}. {printable(question)}", bold=True)
            _print_verified(answer)
        if not result.answers:
            click.echo("There is no answer in it to verify.")
        return
    for check in result.checks:
        label = f"[{check.number}]" + (" near" if check.near else "")
        read = f" (read: {check.source})" if check.source else ""
        _print_finding(label, check.verified, check.finding + read)
    for problem in result.problems:
        _print_finding("answer", False, problem)
    if not result.checks and not result.problems:
        click.echo("There is no quote in it to verify.")


def _print_finding(label: str, verified: bool, finding: str) -> None:
    click.secho(
        "verified     " if verified else "NOT verified ",
        fg="green" if verified else "red",
        nl=False,
    )
    click.echo(f"{label}: {printable(finding)}")
