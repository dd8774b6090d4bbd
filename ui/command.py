"""The command `inquote chat`."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qa.cli.options import (
    STANDARD_INPUT,
    CorpusOptions,
    Thresholds,
    as_json_option,
    corpus_options,
    llm_options,
    print_json,
    threshold_options,
)
from qa.documents import Document
from qa.errors import QAError
from qa.loaders import File, find_all
from qa.schemas import format_of
from ui.chat.page_files import CorpusFiles
from ui.server.accounts import Accounts, find_accounts
from ui.strings import say
from ui.visitors.clients import parse_address
from ui.visitors.folder import private_folder
from ui.visitors.library import Library, kept_library, library_name
from ui.visitors.limits import KEPT_DAYS

if TYPE_CHECKING:
    from qa.engine import QA
    from qa.writing import LLM

_FIRST_PORT = 7860
_PORTS_TRIED = 20

ESSAY_TITLE = "the essay"
ESSAY_EXAMPLES = (
    "When was the Belt and Road Initiative proposed?",
    "What did Kissinger endorse during his visit to China?",
    "Is the China-Russia partnership an alliance?",
    "Why does China oppose THAAD?",
    "Why is populism on the rise?",
    "What is the capital of France?",
)


@click.command()
@corpus_options
@threshold_options
@llm_options
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port; by default 7860 or the next free one."
)
@click.option(
    "--open/--no-open",
    "open_browser",
    default=None,
    help="Open a browser. By default, if there is a screen.",
)
@click.option(
    "--auth",
    type=click.Path(path_type=Path),
    help="Require a login: a file with one name:password per line. The variable INQUOTE_AUTH may "
    "hold the lines instead.",
)
@click.option(
    "--allow-host",
    "names",
    multiple=True,
    metavar="NAME",
    help="Another host name that the page is reached by, for example behind a proxy; repeatable.",
)
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    callback=lambda _context, _option, given: [_network(one) for one in given],
    help="Address or network of a proxy in front of the page; its forwarded headers are trusted. "
    "Repeatable.",
)
@click.option("--mcp", is_flag=True, help="Also serve its endpoints as MCP tools.")
@click.option(
    "--feedback",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to save ratings of answers in, as a question set. By default, one in your data "
    "folder.",
)
@click.option(
    "--keep-days",
    type=click.FloatRange(0, 365),
    default=KEPT_DAYS,
    show_default=True,
    help="How long visitors' own documents are kept after they were last used, in your data "
    "folder; with 0, for two hours, and no longer than the page is served.",
)
@click.option(
    "--allow-urls",
    is_flag=True,
    help="Let visitors add web pages by their addresses, which this machine then fetches; never "
    "one of its own network.",
)
@as_json_option
def chat(
    corpus: CorpusOptions,
    thresholds: Thresholds,
    llm: LLM | None,
    host: str,
    port: int | None,
    open_browser: bool | None,
    auth: Path | None,
    names: tuple[str, ...],
    proxies: list[str],
    mcp: bool,
    feedback: Path | None,
    keep_days: float,
    allow_urls: bool,
    as_json: bool,
) -> None:
    """Serve a web page to ask questions on; Ctrl-C stops it."""
    port = _free_port(host, port)  # before the slow part
    accounts = find_accounts(auth)
    _warn_of_strangers(host, accounts)
    if llm:
        click.echo(say("settings.sends", model=llm.model, host=llm.host), err=True)
    click.echo("Loading the model and the document …", err=True)
    files = CorpusFiles(_files(corpus))  # before their texts are read
    with (
        private_folder() as folder,
        corpus.open(thresholds=thresholds, llm=llm, lasting=True) as qa,
    ):
        from ui.server.gradio_patches.start import import_gradio

        import_gradio()  # it is slow, so a bad document is reported first
        from ui.app import built
        from ui.server.endpoints import Endpoints
        from ui.server.server import Server, Serving, address, stop_event
        from ui.visitors.uploads import Uploads

        essay = not corpus.documents and corpus.index is None
        title = ESSAY_TITLE if essay else _title(qa.index.document_ids())
        thumbs = feedback or _data_path("feedback", title, "jsonl")
        links = _data_path("links", title, "sqlite")
        examples = ESSAY_EXAMPLES if essay else ()
        tools = Endpoints(qa) if mcp else None
        uploads = Uploads(folder)
        with (
            _library(title, qa.encoder.digest, keep_days) as library,
            built(
                qa,
                title=title,
                folder=folder,
                uploads=uploads,
                feedback=thumbs,
                links=links,
                examples=examples,
                login=accounts is not None,
                library=library,
                files=files,
                with_urls=allow_urls,
            ) as page,
        ):
            stop = stop_event()  # before the page answers: from then on it may be stopped
            try:
                serving = Serving(host, port, uploads, accounts, names, proxies, tools)
                server = Server(page, serving)
            except OSError as error:
                raise click.ClickException(f"the page cannot be served: {error}") from error
            threading.Thread(target=_warm_up, args=(qa,), daemon=True).start()
            url = address(host, port)
            _say_where(url, mcp, as_json)
            if _has_screen() if open_browser is None else open_browser:
                webbrowser.open(url)
            while not stop.wait(timeout=1):  # without one, Windows waits for Ctrl-C in vain
                pass
            server.stop()


@contextmanager
def _library(title: str, model: str, days: float) -> Iterator[Library | None]:
    """Open the folder in which visitors' documents are kept; None to keep none."""
    if not days:
        yield None
        return
    with kept_library(_data_folder() / "documents" / library_name(title, model), days) as library:
        if library is None:
            click.echo(
                "Another page with the same documents is running and keeps its visitors' own; "
                "this page forgets those of its visitors when it stops.",
                err=True,
            )
        yield library


def _files(corpus: CorpusOptions) -> Sequence[File | Document]:
    """Return the files to be served; none if some cannot be, which opening them tells."""
    named = [path for path in corpus.documents if path != STANDARD_INPUT]
    with suppress(QAError):
        return find_all(named, unreadable=lambda _: None)
    return ()


def _warm_up(qa: QA) -> None:
    """Ask a question, so that everything is loaded before the first visitor asks."""
    with suppress(Exception):
        qa.ask("What is this about?")


def _warn_of_strangers(host: str, accounts: Accounts | None) -> None:
    """Warn if other machines can ask without a login."""
    if accounts is None and not _is_loopback(host):
        click.echo(
            f"Warning: everyone who can reach this machine on {host} can read these documents. "
            "Add --auth to require a login.",
            err=True,
        )


def _network(given: str) -> str:
    """Return the address or network of a proxy, if it is one."""
    try:
        return str(ipaddress.ip_network(given))
    except ValueError:
        raise click.BadParameter(
            f"{given!r} is not an address or network: use one such as 127.0.0.1 or 10.0.0.0/8"
        ) from None


def _is_loopback(host: str) -> bool:
    address = parse_address(host)
    return address.is_loopback if address else host == "localhost"


def _say_where(url: str, mcp: bool, as_json: bool) -> None:
    tools = f"{url}mcp"
    if as_json:
        print_json({"format": format_of("server"), "url": url} | ({"mcp": tools} if mcp else {}))
        return
    click.echo(f"inquote is at {url} (Ctrl-C stops it)")
    if mcp:
        click.echo(f"Its MCP server is at {tools}")


def _data_path(what: str, title: str, suffix: str) -> Path:
    """Return the file for what is kept about a corpus with this title."""
    safe = "".join(c if c.isalnum() else "-" for c in title)[:80]
    return _data_folder() / what / f"{safe}.{suffix}"


def _data_folder() -> Path:
    from platformdirs import user_data_path

    named = os.environ.get("INQUOTE_CACHE")
    return Path(named).expanduser() if named else user_data_path("inquote")


def _title(document_ids: list[str]) -> str:
    return document_ids[0] if len(document_ids) == 1 else f"{len(document_ids):,} documents"


def _free_port(host: str, asked: int | None) -> int:
    """Return the port to listen on: the one asked for, or the first free one."""
    tried = [asked] if asked else range(_FIRST_PORT, _FIRST_PORT + _PORTS_TRIED)
    reason = ""
    for port in tried:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            if os.name == "posix":  # elsewhere, it lets two programs have one port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                reason = error.strerror or str(error)
            else:
                return port
    ports = f"port {asked}" if asked else f"any port from {tried[0]} to {tried[-1]}"
    raise click.ClickException(
        f"the page cannot listen on {host}, {ports} ({reason}): use another --host or --port"
    )


def _has_screen() -> bool:
    if not sys.stdout.isatty():
        return False
    return (
        os.name == "nt"
        or sys.platform == "darwin"
        or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    )
