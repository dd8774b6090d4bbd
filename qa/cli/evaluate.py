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

from qa.cli.options import as_json_option, corpus_options, print_json
from qa.text.printable import printable

if TYPE_CHECKING:
    from qa.engine import Source
    from qa.evaluation import QuestionSet, Run
    from qa.evaluation.settings import Opened

GATE_FAILED = 5

_folder = click.Path(path_type=Path)
_seed_option = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all that is drawn."
)


@click.command("eval")
@click.argument("questions", type=_folder)
@corpus_options
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting: top_k, threshold, max_quotes, model, backend, reranker, max_tokens or "
    "overlap. Several values, with commas between, make a sweep; reranker=none is one without.",
)
@click.option("--out", type=_folder, help="The folder to keep the run in, with its report.")
@click.option("--overwrite", is_flag=True, help="Put the run in the place of the one in --out.")
@click.option("--name", default="", help="What reports call the run.")
@click.option("--sample", type=click.IntRange(min=1), help="Ask only this many, drawn at random.")
@_seed_option
@click.option("--any-corpus", is_flag=True, help="Go on if the set was made for another corpus.")
@click.option("--all", "every", is_flag=True, help="Print every figure.")
@click.option(
    "--review",
    type=_folder,
    metavar="FILE",
    help="Go through the unanswered and the doubted questions, mark the right quotes, and write "
    "the set to FILE. QUESTIONS may then also be a text file, one question a line.",
)
@as_json_option
def evaluate(
    questions: Path,
    documents: tuple[Path, ...],
    index: Path | None,
    model: str | None,
    backend: str | None,
    precision: str,
    reranker: str | None,
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
    """Ask every question of a set, and say how well it went, and how sure that is.

    QUESTIONS is a file of JSON lines (seeds/questions.jsonl is one), a CSV file, a file in the
    format of SQuAD, or a folder in that of BEIR. The last two bring their corpus along, which is
    asked where no other is named.

    With --out the run is kept, for `inquote compare`; it holds a report, report.html.
    """
    from qa.cli.printing import print_runs
    from qa.evaluation import compare, load_questions
    from qa.evaluation import folders as kept
    from qa.evaluation.runs import REPORT_PAGE
    from qa.evaluation.settings import open_each, parse_settings

    if review is not None:
        _refuse_with_review(out, overwrite, name, sample, any_corpus, every, as_json, assignments)
        _review(questions, review, documents, index, model, backend, precision, reranker)
        return
    named = {"model": model, "backend": backend, "reranker": reranker}
    by_option = [f"{key}={value}" for key, value in named.items() if value is not None]
    variants = parse_settings([*assignments, *by_option])
    folders = kept.folders_of([variant for variant, _ in variants], out, overwrite=overwrite)
    asked, notes = _drawn(load_questions(questions), sample, seed)
    name = name or ("" if len(variants) > 1 else out.name if out else asked.name)
    runs = []
    opened = open_each(variants, _source(documents, index, asked), index, precision)
    for one, folder in zip(opened, folders, strict=True):
        run = _run(one, asked, f"{name} {one.variant}".strip(), notes, any_corpus, seed)
        runs.append(run)
        if folder:
            kept.keep_run(run, folder, overwrite=overwrite)
    comparison = compare(*runs, seed=seed) if len(runs) > 1 else None
    if comparison and out:
        kept.keep_comparison(comparison, out)
    if as_json:
        print_json([run.to_dict() for run in runs] if comparison else runs[0].to_dict())
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
    help="A measure to compare; may be given several times. The fewer, the smaller the "
    "difference that can be told from chance. By default all.",
)
@click.option(
    "--gate",
    "gates",
    multiple=True,
    metavar="MEASURE:MIN_DROP",
    help="Exit with code 5 if the measure got worse by this much, and not by chance.",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="The chance that is taken of any false alarm.",
)
@_seed_option
@click.option("--out", type=_folder, help="A folder for comparison.html, .md and .json.")
@click.option("--overwrite", is_flag=True, help="Put it in the place of the one in --out.")
@click.option("--all", "every", is_flag=True, help="Print every measure.")
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
    """Say whether later RUNS are better or worse than the first, or whether it may be chance.

    RUNS are folders that `inquote eval --out` wrote. Exit code 5 tells that a gate failed.
    """
    from qa.cli.printing import print_comparison, print_gates
    from qa.evaluation import compare, load_run
    from qa.evaluation import folders as kept
    from qa.evaluation.comparison.gates import check_gates, parse_gate

    if len(runs) < 2:
        raise click.UsageError("Name two runs or more; the first is what the others are held to.")
    if out is not None:
        kept.check_comparison_free(out, overwrite=overwrite)
    declared = [parse_gate(gate) for gate in gates]
    loaded = [load_run(folder) for folder in runs]
    comparison = compare(*loaded, measures=measures or None, alpha=alpha, seed=seed)
    results = check_gates(comparison, declared) if declared else []
    told = tuple(f"gate {'passed' if r.passed else 'FAILED'}: {r.sentence}" for r in results)
    if out is not None:
        kept.keep_comparison(replace(comparison, notes=(*told, *comparison.notes)), out)
    if as_json:
        print_json(comparison.to_dict() | {"gates": [result.to_dict() for result in results]})
    else:
        print_comparison(comparison, every=every or bool(measures))
        print_gates(results)
    if not all(result.passed for result in results):
        sys.exit(GATE_FAILED)


def _source(
    documents: tuple[Path, ...], index: Path | None, questions: QuestionSet
) -> Sequence[Source] | None:
    """Say what to ask: what is named, or else the corpus that the set brings along."""
    from qa.index import is_index

    if index is None or not is_index(index):
        return documents or questions.documents or None
    if documents:
        raise click.UsageError(
            f"{index} is an index already: leave --document out to ask it as it is, or add to it "
            "with inquote index."
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
        notes = [*notes, "its times are those of questions that were asked before"]
    run = evaluate(
        opened.qa,
        questions,
        top_k=opened.settings.top_k,
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
            "--review goes with --document, --index, --model, --backend, --precision and "
            "--reranker alone."
        )


def _review(
    questions: Path,
    out: Path,
    documents: tuple[Path, ...],
    index: Path | None,
    model: str | None,
    backend: str | None,
    precision: str,
    reranker: str | None,
) -> None:
    from qa.cli.review import review_in_terminal
    from qa.engine import QA
    from qa.evaluation.review import Review, read_drafts

    drafts = read_drafts(questions)
    source = _source(documents, index, drafts)
    with QA.open(
        source,
        index=index,
        model=model,
        backend=backend or "auto",
        precision=precision,
        reranker=reranker,
    ) as qa:
        review_in_terminal(Review(qa, drafts, out))
