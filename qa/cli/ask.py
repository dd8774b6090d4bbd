"""The commands `inquote ask`, `inquote overview` and `inquote retrieve`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from qa.answering import Answer, abstention
from qa.cli.options import (
    CorpusOptions,
    Thresholds,
    as_json_option,
    corpus_options,
    llm_options,
    print_json,
    threshold_options,
    top_k_option,
)
from qa.text.printable import printable, printable_name

if TYPE_CHECKING:
    from qa.documents import Document
    from qa.retrieval import RetrievedPassage
    from qa.writing import LLM

EXIT_CODES = {"answered": 0, "abstained": 3, "tentative": 4}


@click.command()
@click.argument("question")
@corpus_options
@threshold_options
@top_k_option
@llm_options
@click.option(
    "--write/--quotes",
    default=None,
    help="Have a language model write the answer, or not. By default it does if --llm names one; "
    "--write alone takes the one that INQUOTE_LLM_MODEL names.",
)
@as_json_option
def ask(
    question: str,
    corpus: CorpusOptions,
    thresholds: Thresholds,
    top_k: int,
    llm: LLM | None,
    write: bool | None,
    as_json: bool,
) -> None:
    """Answer QUESTION with quotes.

    Exit codes: 0 answered, 3 abstained, or QUESTION is none, 4 a tentative answer.
    """
    from qa.errors import AskOtherwise
    from qa.retrieval import check_words

    try:
        check_words(question)  # before the model is loaded
        if write and llm is None:
            llm = _llm_of_environment()
        write = llm is not None if write is None else write
        with corpus.open(thresholds=thresholds, llm=llm) as qa:
            answer = qa.ask(question, top_k=top_k, write=write)
            nothing = abstention(qa.index.document_ids(), qa.index.document)
    except AskOtherwise as hint:
        click.echo(printable(str(hint)), err=True)
        sys.exit(EXIT_CODES["abstained"])
    if as_json:
        print_json(answer.to_dict())
    else:
        _print_answer(answer, nothing)
    sys.exit(EXIT_CODES[answer.status])


@click.command()
@click.option(
    "--sentences",
    type=click.IntRange(1, 30),
    default=5,
    show_default=True,
    help="Sentences to quote of each document.",
)
@corpus_options
@as_json_option
def overview(sentences: int, corpus: CorpusOptions, as_json: bool) -> None:
    """Quote sentences that together stand for a document.

    Of several documents, each gets its own; the first 20 are quoted.
    """
    from qa.asking.pipeline import MOST_DOCUMENTS

    with corpus.open() as qa:
        answer = qa.overview(sentences=sentences)
        nothing = abstention(qa.index.document_ids(), qa.index.document)
        left_out = len(qa.index.document_ids()) - MOST_DOCUMENTS
    if as_json:
        print_json(answer.to_dict())
    else:
        _print_answer(answer, nothing)
    if left_out > 0:
        click.echo(f"Documents left out: {left_out:,}. Name some with --document.", err=True)
    sys.exit(EXIT_CODES[answer.status])


@click.command()
@click.argument("question")
@corpus_options
@top_k_option
@as_json_option
def retrieve(
    question: str,
    corpus: CorpusOptions,
    top_k: int,
    as_json: bool,
) -> None:
    """Find the passages nearest to QUESTION."""
    from qa.retrieval import check_words

    check_words(question)  # before the model is loaded
    with corpus.open() as qa:
        hits = qa.retrieve(question, top_k=top_k)
        places = [_start_of(qa.index.document(hit.passage.document_id), hit) for hit in hits]
    if as_json:
        print_json(hits.to_dict())
        return
    for hit, where in zip(hits, places, strict=True):
        click.secho(f"{hit.rank}.", bold=True, nl=False)
        click.secho(f"  {printable_name(hit.passage.document_id)}, {where}", dim=True, nl=False)
        reranked = "" if hit.rerank_score is None else f", rerank score {hit.rerank_score:.3f}"
        click.secho(f", score {hit.score:.3f}{reranked}", dim=True)
        click.echo(f"{printable(hit.passage.text)}\n")


def _llm_of_environment() -> LLM:
    from qa.writing import LLM

    return LLM.of()


def _print_answer(answer: Answer, nothing: str) -> None:
    """Print an answer; `nothing` is what is said in place of one."""
    for number, paragraph in enumerate(answer.paragraphs(nothing)):
        click.echo("\n" if number else "", nl=False)
        for text, style in paragraph:
            bold, dim = style == "bold" or None, style == "dim" or None
            click.secho(printable(text), nl=False, bold=bold, dim=dim)
        click.echo()


def _start_of(document: Document, hit: RetrievedPassage) -> str:
    page = document.page(hit.passage.start)
    on_page = "" if page is None else f"page {page:,}, "
    return f"{on_page}line {document.line(hit.passage.start):,}"
