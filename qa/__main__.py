"""The command line: reads options, calls the public API, prints.

Exit codes: 0 success; 1 an error, in one sentence; 2 wrong options; 3 an abstention; 4 a quote does
not verify; 5 a gate of a comparison failed; 130 indexing was stopped by Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing, suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qa.evaluation_command import compare, evaluate
from qa.quotes import place
from qa.terminal import (
    as_json_option,
    backend_option,
    corpus_options,
    model_option,
    precision_option,
    print_json,
    printable,
    printable_name,
    show_every_character,
    threshold_option,
    top_k_option,
)
from qa.verification import ConversationVerification, Verification

if TYPE_CHECKING:
    from embeddings import Encoder
    from qa.documents import Document
    from qa.errors import QAError
    from qa.indexing import Changes
    from qa.retrieval import RetrievedPassage

ABSTAINED = 3
NOT_VERIFIED = 4
STOPPED = 130


class _Commands(click.Group):
    """The commands of this module, and those that other packages add by entry point.

    Our errors are printed as one sentence, without a traceback.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        brought = [entry.name for entry in entry_points(group="inquote.commands")]
        return sorted({*super().list_commands(ctx), *brought})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        for entry in entry_points(group="inquote.commands", name=cmd_name):
            command = entry.load()
            if isinstance(command, click.Command):
                return command
        return None

    def invoke(self, ctx: click.Context) -> Any:
        from embeddings.errors import EmbeddingsError
        from qa.errors import QAError

        try:
            return super().invoke(ctx)
        except (QAError, EmbeddingsError) as error:
            raise click.ClickException(printable(str(error))) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="inquote")
def main() -> None:
    """Ask a document a question, and get an answer made of its own words.

    Commands use the essay that comes with inquote unless you name documents or an index.
    """
    show_every_character()


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--index", type=click.Path(path_type=Path), help="Folder of the index.")
@model_option
@backend_option
@precision_option
@click.option("--max-tokens", type=int, help="Tokens in a passage, at most.  [default: 96]")
@click.option("--overlap", type=int, help="Sentences that adjacent passages share.  [default: 1]")
@click.option(
    "--token-vectors",
    type=click.IntRange(min=0),
    metavar="PASSAGES",
    help="Passages to store token vectors of, for faster first answers, at 31 kB each; 5,000 in a "
    "new index.",
)
@click.option(
    "--remove", multiple=True, metavar="ID", help="Remove the document with this id; repeatable."
)
@click.option("--watch", is_flag=True, help="Keep running, and update the index when files change.")
@click.option("--check", is_flag=True, help="Read all of --index, and check it for damage.")
@as_json_option
def index(
    paths: tuple[Path, ...],
    index: Path | None,
    model: str | None,
    backend: str | None,
    precision: str,
    max_tokens: int | None,
    overlap: int | None,
    token_vectors: int | None,
    remove: tuple[str, ...],
    watch: bool,
    check: bool,
    as_json: bool,
) -> None:
    """Index files and folders, so that questions start at once.

    Only new and changed documents are encoded. Without --index, the index is kept in your cache
    folder, where other commands find it when they are given the same paths as --document.

    Ctrl-C keeps what is encoded: the same command continues from there.
    """
    from qa.engine import prepare
    from qa.passages import Chunking

    if check:
        _check(index, bare=not paths and not remove and not watch)
        return
    if watch and not paths:
        raise click.UsageError("--watch needs the files and folders to watch.")
    if remove and index is None:
        raise click.UsageError("--remove needs --index, the index to change.")
    chunking = None
    if max_tokens is not None or overlap is not None:
        if index is None:
            raise click.UsageError("--max-tokens and --overlap need --index.")
        default = Chunking()
        chunking = Chunking(
            default.max_tokens if max_tokens is None else max_tokens,
            default.overlap if overlap is None else overlap,
        )
    source = list(paths) or None
    try:
        folder, encoder, changes = prepare(
            source,
            index=index,
            model=model,
            backend=backend or "auto",
            precision=precision,
            chunking=chunking,
            remove=remove,
            token_vectors=token_vectors,
        )
    except KeyboardInterrupt:
        click.echo("Stopped. The same command continues from here.", err=True)
        sys.exit(STOPPED)
    _print_changes(folder, changes, as_json)
    if watch:
        _watch(paths, folder, encoder, as_json)


def _check(index: Path | None, *, bare: bool) -> None:
    """Print that an index is not damaged; `IndexDamaged` if it is."""
    from qa.index import Index

    if index is None or not bare:
        raise click.UsageError("--check needs --index and takes nothing else.")
    with closing(Index.open(index)) as opened:
        opened.check_whole()
        documents, passages = len(opened.document_ids()), len(opened)
    click.echo(
        f"The index in {index} is not damaged: {documents:,} documents, {passages:,} passages."
    )


def _watch(paths: tuple[Path, ...], folder: Path, encoder: Encoder, as_json: bool) -> None:
    """Print what changes, until Ctrl-C."""
    from qa.watching import watch

    def told(error: QAError) -> None:
        click.echo(f"Not indexed: {printable(str(error))}", err=True)

    click.echo("Watching for changes. Press Ctrl-C to stop.", err=True)
    with suppress(KeyboardInterrupt):
        for changes in watch(paths, folder, encoder, told):
            _print_changes(folder, changes, as_json)
    click.echo("Stopped watching.", err=True)


def _print_changes(folder: Path, changes: Changes, as_json: bool) -> None:
    if as_json:
        print_json({"index": str(folder), **changes.to_dict()})
        return
    click.echo(f"The index is in {printable_name(folder)}")
    for what in ("added", "updated", "removed", "unchanged"):
        if ids := getattr(changes, what):
            click.echo(f"  {what}: {len(ids):,} ({_few(ids)})")
    click.echo(f"  passages encoded: {changes.encoded:,}")


@main.command()
@click.argument("question")
@corpus_options
@threshold_option
@top_k_option
@as_json_option
def ask(
    question: str,
    documents: tuple[Path, ...],
    index: Path | None,
    model: str | None,
    backend: str | None,
    precision: str,
    reranker: str | None,
    threshold: float | None,
    top_k: int,
    as_json: bool,
) -> None:
    """Answer QUESTION with quotes.

    Exit code 3 means that the document does not say.
    """
    from qa.engine import QA
    from qa.retrieval import check_words

    check_words(question)  # before the model is loaded
    source = list(documents) or None
    with QA.open(
        source,
        index=index,
        model=model,
        backend=backend or "auto",
        precision=precision,
        reranker=reranker,
        threshold=threshold,
    ) as qa:
        answer = qa.ask(question, top_k=top_k)
    if as_json:
        print_json(answer.to_dict())
    else:
        _print_answer(answer.to_dict())
    if answer.abstained:
        sys.exit(ABSTAINED)


@main.command()
@click.argument("question")
@corpus_options
@top_k_option
@as_json_option
def retrieve(
    question: str,
    documents: tuple[Path, ...],
    index: Path | None,
    model: str | None,
    backend: str | None,
    precision: str,
    reranker: str | None,
    top_k: int,
    as_json: bool,
) -> None:
    """Find the passages nearest to QUESTION."""
    from qa.engine import QA
    from qa.retrieval import check_words

    check_words(question)  # before the model is loaded
    source = list(documents) or None
    with QA.open(
        source,
        index=index,
        model=model,
        backend=backend or "auto",
        precision=precision,
        reranker=reranker,
    ) as qa:
        found = qa.retrieve(question, top_k=top_k)
        places = [_start_of(qa.index.document(hit.passage.document_id), hit) for hit in found]
    if as_json:
        print_json([hit.to_dict() for hit in found])
        return
    for hit, where in zip(found, places, strict=True):
        click.secho(f"{hit.rank}.", bold=True, nl=False)
        click.secho(f"  {printable_name(hit.passage.document_id)}, {where}", dim=True, nl=False)
        reranked = "" if hit.rerank_score is None else f", rerank score {hit.rerank_score:.3f}"
        click.secho(f", score {hit.score:.3f}{reranked}", dim=True)
        click.echo(f"{printable(hit.passage.text)}\n")


@main.command()
@click.argument("answer", type=click.Path(path_type=Path))
@click.option(
    "--document",
    "documents",
    type=click.Path(path_type=Path),
    multiple=True,
    help="File or folder to check against; repeatable. By default, the files that ANSWER names.",
)
@click.option(
    "--index",
    type=click.Path(path_type=Path),
    help="Folder of an index to check against.",
)
@as_json_option
def verify(answer: Path, documents: tuple[Path, ...], index: Path | None, as_json: bool) -> None:
    """Check the quotes of a saved answer against the source.

    ANSWER is a file from `inquote ask --json`, or a saved conversation. No model is loaded. The
    file that was read is shown for each quote.

    Without --document or --index, the answer itself names the files. If this machine knows
    another text by the same name, quotes from such a file are not verified.

    Exit code 4 means that something does not match the source.
    """
    from qa.saved import SavedAnswer, read_saved
    from qa.sources import Sources
    from qa.verification import verify, verify_conversation

    if documents and index:
        raise click.UsageError("Use either --document or --index, not both.")
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


def _print_answer(answer: Mapping[str, Any]) -> None:
    if answer["abstained"]:
        click.secho(answer["text"], bold=True)
        if answer["near"]:
            click.echo("\nNear, but not an answer:")
    for quote in answer["citations"] or answer["near"]:
        mark = "  -" if answer["abstained"] else f"[{quote['number']}]"
        lead, rest = quote["quote"][: quote["lead"]], quote["quote"][quote["lead"] :]
        click.echo(f"\n{mark} {click.style(printable(lead), dim=True)}{printable(rest)}")
        where = place(quote["page"], quote["line"], quote["start"], quote["end"])
        click.secho(f"    {printable_name(quote['document_id'])}, {where}", dim=True)
    click.secho(f"\nconfidence {answer['confidence']:.2f}", dim=True)


def _start_of(document: Document, hit: RetrievedPassage) -> str:
    page = document.page(hit.passage.start)
    on_page = "" if page is None else f"page {page:,}, "
    return f"{on_page}line {document.line(hit.passage.start):,}"


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
        read = f" (read: {check.source})" if check.source else ""
        _print_finding(label, check.verified, check.finding + read)
    for problem in result.problems:
        _print_finding("answer", False, problem)
    if not result.checks and not result.problems:
        click.echo("There are no quotes to verify.")


def _print_finding(label: str, verified: bool, finding: str) -> None:
    click.secho(
        "verified     " if verified else "NOT verified ",
        fg="green" if verified else "red",
        nl=False,
    )
    click.echo(f"{label}: {printable(finding)}")


def _few(ids: list[str]) -> str:
    return ", ".join(map(printable_name, ids[:5])) + (", …" if len(ids) > 5 else "")


main.add_command(evaluate)
main.add_command(compare)

if __name__ == "__main__":
    main()
