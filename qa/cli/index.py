"""The command `inquote index`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qa.cli.options import (
    Skipped,
    SourceType,
    as_json_option,
    index_option,
    model_options,
    print_json,
    reading_options,
)
from qa.schemas import format_of
from qa.text.printable import printable, printable_name

if TYPE_CHECKING:
    from qa.errors import QAError
    from qa.index import Changes
    from qa.indexes import Place
    from qa.passages import Chunking

STOPPED = 130


@click.command()
@click.argument("paths", nargs=-1, type=SourceType())
@index_option("Index to make or update: its folder, or its address on Milvus.")
@reading_options
@model_options
@click.option("--max-tokens", type=int, help="Most tokens in a passage.  [default: 96]")
@click.option("--overlap", type=int, help="Sentences that adjacent passages share.  [default: 1]")
@click.option(
    "--token-vectors",
    type=click.IntRange(min=0),
    metavar="PASSAGES",
    help="Store the token vectors of this many passages, for faster first answers; 31 kB each.  "
    "[default: 5,000 in a new index]",
)
@click.option(
    "--remove", multiple=True, metavar="ID", help="Remove the document with this id; repeatable."
)
@click.option(
    "--keep-missing",
    is_flag=True,
    help="Keep documents in --index whose files are not in the folders any more.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes that encode, each with its share of the cores; on Milvus, they write, too.",
)
@click.option("--ray", "cluster", metavar="ADDRESS", help="Ray cluster that the workers are on.")
@click.option("--watch", is_flag=True, help="Keep running, and update the index when files change.")
@click.option("--check", is_flag=True, help="Check all of --index for damage.")
@as_json_option
def index(
    paths: tuple[Path | str, ...],
    index: Place | None,
    encoding: str | None,
    strict: bool,
    model: str | None,
    backend: str | None,
    precision: str,
    max_tokens: int | None,
    overlap: int | None,
    token_vectors: int | None,
    remove: tuple[str, ...],
    keep_missing: bool,
    workers: int | None,
    cluster: str | None,
    watch: bool,
    check: bool,
    as_json: bool,
) -> None:
    """Index files and folders, so that questions start at once.

    Only what is new or changed is encoded, and documents whose files are gone are taken out. Files
    that cannot be read are skipped, and named at the end. Without --index, the index is kept in
    your cache folder, and used by other commands that name the same paths with --document.

    An index of an earlier version is upgraded, also if no paths are named. After Ctrl-C, the same
    command continues where it stopped.
    """
    from qa.index import is_index
    from qa.index.upgrade import needs_upgrade
    from qa.opening import open_corpus
    from qa.watcher import watch as watch_files

    if check:
        _check(index, as_json, bare=not paths and not remove and not watch)
        return
    if watch and not paths:
        raise click.UsageError("--watch needs files or folders to watch: name them.")
    watched = [path for path in paths if isinstance(path, Path)]
    if watch and len(watched) < len(paths):
        raise click.UsageError(
            "--watch watches files and folders on this machine: for addresses, run the command "
            "again when something has changed."
        )
    upgrade = not paths and isinstance(index, Path) and is_index(index) and needs_upgrade(index)
    if not paths and not remove and not upgrade:
        raise click.UsageError(
            "Name the files or folders to index, such as: inquote index notes/. The essay that "
            "comes with inquote needs no index: inquote ask asks it if nothing is named."
        )
    if remove and index is None:
        raise click.UsageError("--remove needs --index: the index to remove from.")
    chunking = _chunking(max_tokens, overlap)
    if chunking and index is None:
        raise click.UsageError("--max-tokens and --overlap need --index.")
    skipped = Skipped()
    try:
        corpus = open_corpus(
            list(paths) or None,
            index=index,
            model=model,
            backend=backend or "auto",
            precision=precision,
            chunking=chunking,
            remove=remove,
            token_vectors=token_vectors,
            encoding=encoding,
            unreadable=None if strict else skipped.add,
            remove_deleted=not keep_missing,
            upgrade=upgrade,
            workers=workers,
            cluster=cluster,
        )
    except KeyboardInterrupt:
        click.echo("Stopped. The same command continues from here.", err=True)
        sys.exit(STOPPED)
    skipped.look_up(corpus.index)
    corpus.index.close()
    _print_changes(corpus.index.folder, corpus.changes, as_json, skipped)
    skipped.tell()
    if watch:
        errors = skipped.errors.values()
        changes = watch_files(
            watched,
            corpus.index.folder,
            corpus.encoder,
            _report,
            encoding=encoding,
            reported=errors,
        )
        _watch(changes, corpus.index.folder, as_json)


def _check(index: Place | None, as_json: bool, *, bare: bool) -> None:
    """Print that an index is not damaged; raise `IndexDamaged` if it is."""
    from qa.indexes import open_index

    if index is None or not bare:
        raise click.UsageError("--check needs --index, and no paths, --remove or --watch.")
    with closing(open_index(index)) as opened:
        opened.check_whole()
        documents, passages = len(opened.document_ids()), len(opened)
    if as_json:
        counts = {"documents": documents, "passages": passages}
        print_json({"format": format_of("check"), "index": str(index)} | counts)
        return
    click.echo(f"The index in {printable_name(str(index))} is not damaged.")
    click.echo(f"  documents: {documents:,}, passages: {passages:,}")


def _chunking(max_tokens: int | None, overlap: int | None) -> Chunking | None:
    from qa.passages import Chunking

    named = {"max_tokens": max_tokens, "overlap": overlap}
    settings = {name: value for name, value in named.items() if value is not None}
    return Chunking(**settings) if settings else None


def _report(error: QAError) -> None:
    click.echo(f"Not indexed: {printable(str(error))}", err=True)


def _watch(seen: Iterator[Changes], where: Place, as_json: bool) -> None:
    click.echo("Watching for changes. Press Ctrl-C to stop.", err=True)
    with suppress(KeyboardInterrupt):
        for changes in seen:
            _print_changes(where, changes, as_json)
    click.echo("Stopped watching.", err=True)


def _print_changes(
    where: Place, changes: Changes, as_json: bool, skipped: Skipped | None = None
) -> None:
    if as_json:
        files = skipped.to_list() if skipped else []
        print_json(changes.to_dict() | {"index": str(where), "skipped": files})
        return
    click.echo(f"The index is in {printable_name(str(where))}")
    if changes.upgraded_from is not None:
        click.echo(changes.upgrade)
    if changes.without_blocks:
        click.echo(
            "Headings, lists and tables of these are not known until their files are indexed "
            f"again: {len(changes.without_blocks):,} ({_few(changes.without_blocks)})"
        )
    for what in ("added", "updated", "removed", "unchanged"):
        if ids := getattr(changes, what):
            click.echo(f"  {what}: {len(ids):,} ({_few(ids)})")
    click.echo(f"  passages encoded: {changes.encoded:,}")


def _few(ids: list[str]) -> str:
    return ", ".join(map(printable_name, ids[:5])) + (", …" if len(ids) > 5 else "")
