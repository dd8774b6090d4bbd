"""The command `inquote verify`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qa.cli.options import (
    STANDARD_INPUT,
    Skipped,
    as_json_option,
    documents_option,
    index_option,
    named_sources,
    print_json,
    read_standard_input,
    reading_options,
)
from qa.text.printable import printable, printable_name
from qa.verification import ConversationVerification, Verification

if TYPE_CHECKING:
    from qa.indexes import Place
    from qa.verification.answer_files import SavedAnswer, SavedConversation

NOT_VERIFIED = 4


@click.command()
@click.argument("answer", type=click.Path(path_type=Path, allow_dash=True))
@documents_option("File, folder or address to check against, or - for standard input; repeatable.")
@index_option("Index to check against: its folder, or its address on Milvus.")
@reading_options
@as_json_option
def verify(
    answer: Path,
    documents: tuple[Path | str, ...],
    index: Place | None,
    encoding: str | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Check the quotes of a saved answer against the source.

    ANSWER is a file from `inquote ask --json`, or a saved conversation; - reads standard input. The
    file that each quote was checked against is shown. No model is loaded.

    Without --document or --index, only the essay and files that you asked or indexed here before
    are read. Name any other file with --document.

    Exit code 4 means that something does not match the source.
    """
    from qa.verification import verify, verify_conversation
    from qa.verification.answer_files import SavedAnswer
    from qa.verification.sources import Sources

    if documents and index:
        raise click.UsageError("Use either --document or --index, not both.")
    if [answer, *documents].count(STANDARD_INPUT) > 1:
        raise click.UsageError("Standard input can be read once: name a file in place of one -.")
    skipped = Skipped()
    saved = _read_answer(answer)
    if index:
        sources = Sources.of_index(index, saved)
    elif documents:
        unreadable = None if strict else skipped.add
        given = named_sources(documents, encoding)
        sources = Sources.of_files(given, encoding=encoding, unreadable=unreadable)
    else:
        sources = Sources.named_in(saved, encoding=encoding)
    result: Verification | ConversationVerification
    if isinstance(saved, SavedAnswer):
        result = verify(saved, sources)
    else:
        result = verify_conversation(saved, sources)
    if as_json:
        print_json(result.to_dict())
    else:
        _print_verified(result)
    skipped.tell()
    if not result.verified:
        sys.exit(NOT_VERIFIED)


def _read_answer(path: Path) -> SavedAnswer | SavedConversation:
    from qa.verification.answer_files import MAX_FILE_BYTES, parse_saved, read_saved

    if path != STANDARD_INPUT:
        return read_saved(path)
    return parse_saved(read_standard_input(MAX_FILE_BYTES), Path("standard input"))


def _print_verified(result: Verification | ConversationVerification) -> None:
    if isinstance(result, ConversationVerification):
        for number, (question, answer) in enumerate(result.each, 1):
            click.secho(f"{number}. {printable(question)}", bold=True)
            _print_verified(answer)
        if not result.answers:
            click.echo("There are no answers to verify.")
        return
    for check in result.checks:
        label = f"[{check.number}]" + (" near" if check.near else "")
        read = f" (read: {printable_name(check.source)})" if check.source else ""
        _print_finding(label, check.verified, check.finding + read)
    for problem in result.problems:
        _print_finding("answer", False, problem)
    for one in result.statements:
        click.secho("not proven   ", fg="yellow", nl=False)
        marks = "".join(f"[{number}]" for number in one.citations)
        click.echo(f"{marks}: support {one.support:.2f}: {printable_name(one.sentence)}")
    if result.statements:
        click.echo(
            "What is not proven are a language model's words. Support is a score of how well their "
            "quotes carry them."
        )
    if not result.checks and not result.problems:
        click.echo("There are no quotes to verify.")


def _print_finding(label: str, verified: bool, finding: str) -> None:
    word, colour = ("verified     ", "green") if verified else ("NOT verified ", "red")
    click.secho(word, fg=colour, nl=False)
    click.echo(f"{label}: {printable(finding)}")
