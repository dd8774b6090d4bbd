"""The commands `inquote eval` and `inquote compare`.

They stand outside `qa.evaluation`, so that `inquote --help` loads none of it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qa.cli.options import (
    CorpusOptions,
    Skipped,
    Thresholds,
    as_json_option,
    corpus_options,
    llm_options,
    print_json,
    threshold_options,
)
from qa.schemas import format_of
from qa.text.printable import printable

if TYPE_CHECKING:
    from qa.evaluation import QuestionSet, Run
    from qa.evaluation.settings import Opened
    from qa.opening import Source
    from qa.writing import LLM

GATE_FAILED = 5

_folder = click.Path(path_type=Path)
_seed_option = click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of all random choices.",
)


@click.command("eval")
@click.argument("questions", type=_folder)
@corpus_options
@threshold_options
@llm_options
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change top_k, threshold, tentative, answerable, max_quotes, model, backend, reranker, "
    "max_tokens or overlap; repeatable. Values separated by commas make a sweep. reranker=none "
    "uses no reranker.",
)
@click.option("--out", type=_folder, help="Folder to save the run and its report in.")
@click.option("--overwrite", is_flag=True, help="Replace the run in --out.")
@click.option("--name", default="", help="Name of the run in reports.")
@click.option(
    "--sample", type=click.IntRange(min=1), help="Ask only this many questions, drawn at random."
)
@_seed_option
@click.option("--any-corpus", is_flag=True, help="Continue if the set was made for another corpus.")
@click.option("--all", "every", is_flag=True, help="Print all figures.")
@click.option(
    "--review",
    type=_folder,
    metavar="FILE",
    help="Judge questions that are not judged or look wrong: choose the right quotes. The set is "
    "written to FILE. QUESTIONS may be a text file, one question per line.",
)
@as_json_option
def evaluate(
    questions: Path,
    corpus: CorpusOptions,
    thresholds: Thresholds,
    llm: LLM | None,
    assignments: tuple[str, ...],
    out: Path | None,
    overwrite: bool,
    name: str,
    sample: int | None,
    seed: int,
    any_corpus: bool,
    every: bool,
    review: Path | None,
    as_json: bool,
) -> None:
    """Ask all questions of a set, and measure the answers.

    QUESTIONS is a file of JSON lines (such as seeds/questions.jsonl), a CSV file, a file in
    SQuAD's format, or a folder in BEIR's. The last two bring their own corpus, which is used
    unless you name another.

    --out saves the run, with a report in report.html. `inquote compare` compares saved runs.
    """
    from qa.cli.printing import print_runs
    from qa.evaluation import compare, load_questions
    from qa.evaluation import folders as kept
    from qa.evaluation.runs import REPORT_PAGE
    from qa.evaluation.settings import open_each, parse_settings

    if review is not None:
        limits = (given is not None for given in thresholds.values())
        _refuse_with_review(
            out, overwrite, name, sample, any_corpus, every, as_json, assignments, llm, *limits
        )
        _review(questions, review, corpus)
        return
    named = {key: getattr(corpus, key) for key in ("model", "backend", "reranker")}
    named |= thresholds
    by_option = [f"{key}={value}" for key, value in named.items() if value is not None]
    variants = parse_settings([*assignments, *by_option])
    folders = kept.folders_of([variant for variant, _ in variants], out, overwrite=overwrite)
    asked, notes = _drawn(load_questions(questions), sample, seed)
    name = name or ("" if len(variants) > 1 else out.name if out else asked.name)
    runs = []
    skipped = Skipped()
    click.get_current_context().call_on_close(skipped.tell)
    reading = corpus.reading(skipped) | {"llm": llm}
    source = _source(corpus, asked)
    opened = open_each(variants, source, corpus.index, corpus.precision, **reading)
    for one, folder in zip(opened, folders, strict=True):
        run = _run(one, asked, f"{name} {one.variant}".strip(), notes, any_corpus, seed)
        runs.append(run)
        if folder:
            kept.keep_run(run, folder, overwrite=overwrite)
    comparison = compare(*runs, seed=seed) if len(runs) > 1 else None
    if comparison and out:
        kept.keep_comparison(comparison, out, [folder.name for folder in folders if folder])
    if as_json:
        several = {"format": format_of("runs"), "runs": [run.to_dict() for run in runs]}
        print_json(several if comparison else runs[0].to_dict())
        return
    print_runs(runs, comparison, every=every)
    if out:
        page = kept.COMPARISON_PAGE if comparison else REPORT_PAGE
        click.echo(f"The report is {out / page}")


@click.command()
@click.argument("runs", nargs=-1, required=True, type=_folder)
@click.option(
    "--measure",
    "measures",
    multiple=True,
    help="Measure to compare, beside those of gates; repeatable. By default all. With fewer "
    "measures, smaller differences are significant.",
)
@click.option(
    "--gate",
    "gates",
    multiple=True,
    metavar="MEASURE:MIN_DROP",
    help="Exit with code 5 if the measure got worse by this much or more, significantly; "
    "repeatable.",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="Accepted probability of any false alarm.",
)
@_seed_option
@click.option("--out", type=_folder, help="Folder to save comparison.html, .md and .json in.")
@click.option("--overwrite", is_flag=True, help="Replace the comparison in --out.")
@click.option("--all", "every", is_flag=True, help="Print all measures.")
@as_json_option
def compare(
    runs: tuple[Path, ...],
    measures: tuple[str, ...],
    gates: tuple[str, ...],
    alpha: float,
    seed: int,
    out: Path | None,
    overwrite: bool,
    every: bool,
    as_json: bool,
) -> None:
    """Compare RUNS with the first of them: better, worse, or no evidence.

    RUNS are folders that `inquote eval --out` or `inquote judge --out` wrote; the folder of a sweep
    stands for its runs, in their order.

    Exit code 5 means that a gate failed.
    """
    from qa.cli.printing import print_comparison, print_gates
    from qa.evaluation import compare, load_run
    from qa.evaluation import folders as kept
    from qa.evaluation.comparison.gates import check_gates, parse_gate

    folders = [run for folder in runs for run in kept.runs_in(folder)]
    if len(folders) < 2:
        raise click.UsageError("Name at least two runs; the others are compared with the first.")
    if out is not None:
        kept.check_comparison_free(out, overwrite=overwrite)
    declared = [parse_gate(gate) for gate in gates]
    chosen = [*measures, *(gate.measure for gate in declared)] if measures else None
    loaded = [load_run(folder) for folder in folders]
    comparison = compare(*loaded, measures=chosen, alpha=alpha, seed=seed)
    results = check_gates(comparison, declared) if declared else []
    notes = [f"gate {'passed' if r.passed else 'FAILED'}: {r.sentence}" for r in results]
    if out is not None:
        kept.keep_comparison(replace(comparison, notes=(*notes, *comparison.notes)), out)
    if as_json:
        print_json(comparison.to_dict() | {"gates": [result.to_dict() for result in results]})
    else:
        print_comparison(comparison, every=every or bool(measures))
        print_gates(results)
    if not all(result.passed for result in results):
        sys.exit(GATE_FAILED)


def _source(corpus: CorpusOptions, questions: QuestionSet) -> Sequence[Source] | None:
    """Return what to ask: what is named, or else the corpus that the set brings along."""
    from qa.indexes import is_there

    if corpus.index is None or not is_there(corpus.index):
        return corpus.sources() or questions.documents or None
    if corpus.documents:
        raise click.UsageError(
            f"{corpus.index} is already an index: leave out --document to use it as it is, or add "
            "the documents with inquote index."
        )
    return None


def _run(
    opened: Opened,
    questions: QuestionSet,
    name: str,
    notes: list[str],
    any_corpus: bool,
    seed: int,
) -> Run:
    from qa.evaluation import evaluate

    if opened.asked_before:
        notes = [*notes, "times are of questions that were asked before"]
    run = evaluate(
        opened.qa,
        questions,
        top_k=opened.settings.top_k,
        write=opened.qa.llm is not None,
        name=printable(name),
        settings={"notes": notes},
        any_corpus=any_corpus,
        seed=seed,
    )
    return replace(run, costs={"start-up seconds": opened.seconds, **run.costs})


def _drawn(questions: QuestionSet, size: int | None, seed: int) -> tuple[QuestionSet, list[str]]:
    """Draw a sample, if one is asked for; and say so."""
    if size is None or size >= len(questions):
        return questions, []
    note = f"a sample of {size:,} of the {len(questions):,} questions, drawn with seed {seed}"
    return questions.sample(size, seed), [note]


def _refuse_with_review(*options: object) -> None:
    if any(options):
        raise click.UsageError(
            "--review can only be combined with --document, --index, --only, --where, --encoding, "
            "--strict, --model, --backend, --precision and --reranker."
        )


def _review(questions: Path, out: Path, corpus: CorpusOptions) -> None:
    from qa.cli.review import review_in_terminal
    from qa.evaluation.review import Review, read_drafts

    drafts = read_drafts(questions)
    with corpus.open(_source(corpus, drafts)) as qa:
        review_in_terminal(Review(qa, drafts, out))
