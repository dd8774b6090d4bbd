"""The command `inquote judge`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qa.cli.options import (
    Skipped,
    as_json_option,
    documents_option,
    index_option,
    named_sources,
    print_json,
    reading_options,
)
from qa.text.printable import printable, printable_name

if TYPE_CHECKING:
    from qa.documents import Document
    from qa.evaluation import QuestionSet, Run
    from qa.evaluation.judging.judgement import JudgedAnswer, Judgement
    from qa.evaluation.judging.sentences import Kind
    from qa.evaluation.records import Excerpt
    from qa.indexes import Place

_SHOWN = 20  # answers with something that is not there
_LONGEST = 160

_path = click.Path(path_type=Path)


@click.command()
@click.argument("answers", type=_path, required=False)
@documents_option(
    "File, folder or address that the answers are about, or - for standard input; repeatable."
)
@index_option("Index with the documents: its folder, or its address on Milvus.")
@reading_options
@click.option("--questions", type=_path, help="Question set with the gold to measure against.")
@click.option("--run", "trec", type=_path, help="TREC run to score, in place of ANSWERS.")
@click.option(
    "--support",
    is_flag=True,
    help="Score how well its contexts support each sentence, with the network that checks written "
    "answers.",
)
@click.option("--out", type=_path, help="Folder to save a run in that inquote compare reads.")
@click.option("--overwrite", is_flag=True, help="Replace the run in --out.")
@click.option("--name", default="", help="Name of the run in reports.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seed of the intervals.")
@click.option("--any-corpus", is_flag=True, help="Continue if the set was made for another corpus.")
@click.option(
    "--all", "every", is_flag=True, help="Print every sentence of every answer, and all figures."
)
@as_json_option
def judge(
    answers: Path | None,
    documents: tuple[Path, ...],
    index: Place | None,
    encoding: str | None,
    strict: bool,
    questions: Path | None,
    trec: Path | None,
    support: bool,
    out: Path | None,
    overwrite: bool,
    name: str,
    seed: int,
    any_corpus: bool,
    every: bool,
    as_json: bool,
) -> None:
    """Judge the answers of any system by the documents. Only --support loads a model.

    ANSWERS is a file of JSON lines with question and answer; contexts, id, abstained and confidence
    are optional. It is shown which sentences are quotes and where they stand, and which quotations
    and numbers are nowhere in the documents.

    With --questions, citations and contexts are measured against gold. --run scores a TREC run.
    """
    from qa.evaluation import folders as kept
    from qa.evaluation import load_questions
    from qa.evaluation.runs import REPORT_PAGE, check_free

    if (answers is None) == (trec is None):
        raise click.UsageError("Name either a file of answers, or a TREC run with --run.")
    if questions is None and (trec or out):
        raise click.UsageError("--run and --out need a question set: name it with --questions.")
    if trec and support:
        raise click.UsageError("--support judges sentences; a TREC run has none.")
    if trec and out:
        raise click.UsageError("--out saves answers; a TREC run is a file already.")
    if out:
        check_free(out, overwrite=overwrite)
    asked = load_questions(questions) if questions else None
    skipped = Skipped()
    click.get_current_context().call_on_close(skipped.tell)
    given = named_sources(documents, encoding)
    reading = {"encoding": encoding, "unreadable": None if strict else skipped.add}
    corpus = _documents(given, index, asked, **reading)
    if trec and asked:
        _score(trec, corpus, asked, name, any_corpus=any_corpus, seed=seed, as_json=as_json)
        return
    from qa.evaluation.judging.answers import read_answers
    from qa.evaluation.judging.judgement import judge_answers

    path = answers or Path()
    name = printable(name or (out or path).name)
    checks = {"any_corpus": any_corpus, "support": support}
    result = judge_answers(read_answers(path), corpus, asked, name=name, seed=seed, **checks)
    if out and result.run:
        kept.keep_run(result.run, out, overwrite=overwrite)
    if as_json:
        print_json(result.to_dict())
        return
    _print(result, every=every, support=support)
    if out:
        click.echo(f"The report is {printable(str(out / REPORT_PAGE))}")


def _documents(
    named: Sequence[Path | str | Document],
    where: Place | None,
    questions: QuestionSet | None,
    **reading: Any,
) -> list[Document]:
    """Return the documents named; else those of the question set, or else the essay."""
    from qa.bundled import essay_path
    from qa.indexes import open_index
    from qa.loaders import load_all

    if named and where:
        raise click.UsageError("Use either --document or --index, not both.")
    if where:
        with closing(open_index(where)) as index:
            return [index.document(id_) for id_ in index.document_ids()]
    if not named and questions and questions.documents:
        return list(questions.documents)
    documents = load_all(named or [essay_path()], **reading)
    if not documents:
        raise click.ClickException("None of the documents can be read.")
    return documents


def _score(
    trec: Path,
    documents: Sequence[Document],
    questions: QuestionSet,
    name: str,
    *,
    any_corpus: bool,
    seed: int,
    as_json: bool,
) -> None:
    from qa.evaluation.judging.trec import read_trec_run, score_run

    run = score_run(
        read_trec_run(trec),
        documents,
        questions,
        name=printable(name or trec.name),
        any_corpus=any_corpus,
        seed=seed,
    )
    if as_json:
        print_json(run.to_dict())
        return
    click.secho(run.name, bold=True)
    _print_figures(run, every=True)


def _print(result: Judgement, *, every: bool, support: bool) -> None:
    """Print the counts, the answers with something that is not there, and the figures."""
    from qa.evaluation.formatting import counted

    kinds, missing = result.sentences, result.not_there
    answers = counted(len(result.answers), "answer")
    click.secho(f"{answers}, {counted(kinds.total(), 'sentence')}", bold=True)
    for kind, meaning in _MEANINGS.items():
        click.echo(f"  {kind:<20}{kinds[kind]:>6,}   {meaning}")
    for what in ("quotation", "number"):
        click.echo(f"  {what + 's not there':<20}{missing[what]:>6,}   in none of the documents")
    if support:
        supported, without = result.supported, result.without_contexts
        unscored = f"; not scored: {counted(without, 'answer')} without contexts" if without else ""
        of = f"of {supported.total():,}, by their contexts{unscored}"
        click.echo(f"  {'supported':<20}{supported[True]:>6,}   {of}")
    faulty = [one for one in result.answers if one.judged.not_there or one.judged.unsupported]
    shown = result.answers if every else faulty[:_SHOWN]
    for one in shown:
        _print_answer(one, every=every)
    if len(faulty) > len(shown):
        click.echo(f"\n… and {len(faulty) - len(shown):,} more: --all prints every answer")
    if result.run:
        click.echo()
        _print_figures(result.run, every=every)


_MEANINGS: Mapping[Kind, str] = {
    "quote": "whole sentences of a document",
    "part of a sentence": "the words stand in a document, and its sentence has more",
    "own words": "in no document as it is",
}


def _print_answer(one: JudgedAnswer, *, every: bool) -> None:
    title = one.answer.question or one.answer.text
    click.secho(f"\n{printable_name(one.answer.id)}: {_brief(title)}", bold=True)
    for sentence in one.judged.sentences if every else ():
        colour = {"quote": "green", "part of a sentence": "yellow"}.get(sentence.kind)
        click.secho(f"  {sentence.kind:<20}", fg=colour, nl=False)
        support = "" if sentence.support is None else f"  support {sentence.support:.2f}"
        click.echo(f"“{_brief(sentence.text)}”{_where(sentence.places)}{support}")
    for unsupported in one.judged.unsupported:
        click.secho(f"  {'NOT SUPPORTED':<20}", fg="red", nl=False)
        click.echo(f"“{_brief(unsupported.text)}”: {printable(unsupported.reason)}")
    for missing in one.judged.not_there:
        click.secho(f"  {'NOT THERE':<20}", fg="red", nl=False)
        near = missing.nearest
        nearest = f"; nearest is “{_brief(near.text)}”{_where([near])}" if near else ""
        click.echo(f"{missing.kind} “{_brief(missing.text)}”{nearest}")


def _where(places: Sequence[Excerpt]) -> str:
    if not places:
        return ""
    first = places[0]
    others = f" and {len(places) - 1} more" if len(places) > 1 else ""
    name = printable_name(first.document_id)
    return f"  {name}, characters {first.start:,} to {first.end:,}{others}"


def _print_figures(run: Run, *, every: bool) -> None:
    from qa.cli.printing import print_figures

    for note in run.settings["notes"]:
        click.secho(f"Note: {printable(note)}", fg="yellow")
    print_figures(run.figures, every=every)


def _brief(text: str) -> str:
    line = " ".join(printable(text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
