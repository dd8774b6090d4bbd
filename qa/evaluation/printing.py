"""Runs and comparisons on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import click

from qa.evaluation.comparing import Comparison, Difference, Flip
from qa.evaluation.gates import GateResult
from qa.evaluation.measures import MEASURES
from qa.evaluation.records import OUTCOMES, Record
from qa.evaluation.runs import Figure, Run
from qa.terminal import printable

HEADLINES = (
    *("hit@1", "hit@5", "nDCG@10", "span recall@5"),
    *("quote-hit@1", "quote-hit@3", "citation F1", "quotes verified"),
    *("answer-in-quote@1", "token F1"),
    *("balanced score", "abstention F1", "AUROC", "ECE"),
    *("seconds p50", "seconds p95"),
)
"""The measures that are printed where not all are asked for."""

_FLIPS_SHOWN = 6
_COLOURS = {"better": "green", "worse": "red"}


def print_runs(runs: Sequence[Run], comparison: Comparison | None, *, every: bool = False) -> None:
    """Print runs, and if there are several, how they compare."""
    for run in runs:
        print_run(run, every=every)
    if comparison:
        print_comparison(comparison, every=every)


def print_run(run: Run, *, every: bool = False) -> None:
    """Print a run's figures, and what became of its questions."""
    answerable = sum(record.answerable for record in run.records)
    click.secho(printable(run.name), bold=True)
    click.echo(f"{len(run.records):,} questions, {answerable:,} answerable; {_asked(run)}")
    for note in run.settings.get("notes", []):
        click.secho(f"Note: {printable(note)}", fg="yellow")
    group = ""
    for name, figure in run.figures.items():
        if every or name in HEADLINES:
            if MEASURES[name].group != group:
                group = MEASURES[name].group
                heading = f"\n{group:<26}{'value':>8}   {'95% interval':<18}questions"
                click.secho(heading, dim=True)
            click.echo(_figure(figure))
    click.secho("\nwhat became of them", dim=True)
    counts = Counter(record.outcome for record in run.records)
    for outcome, meaning in OUTCOMES.items():
        if counts[outcome]:
            click.echo(f"  {outcome:<24}{counts[outcome]:>8,}   ", nl=False)
            click.secho(meaning, dim=True)
    click.echo()


def print_comparison(comparison: Comparison, *, every: bool = False) -> None:
    """Print what differs between runs, in figures and in words, and the questions that flipped.

    Where not every measure is asked for, it is the headlines and those with a verdict.
    """
    baseline = comparison.runs[0].name
    for note in comparison.notes:
        click.secho(f"Note: {printable(note)}", fg="yellow")
    for run in comparison.runs[1:]:
        click.secho(f"{printable(run.name)}, held against {printable(baseline)}", bold=True)
        heading = f"{'':<24}{'before':>9}{'after':>9}{'change':>9}   {'95% interval':<19}"
        click.secho(f"{heading}{'p':<10}{'adjusted':<10}", dim=True)
        for difference in comparison.differences:
            if difference.run == run.name and (every or _is_shown(difference)):
                _print_difference(difference)
        click.echo()
    click.echo(printable(comparison.summary()))
    _print_flips(comparison.flips)


def print_gates(results: Sequence[GateResult]) -> None:
    """Print which gates passed and which failed."""
    for result in results:
        word, colour = ("passed", "green") if result.passed else ("FAILED", "red")
        click.secho(f"{word}  ", fg=colour, nl=False)
        click.echo(printable(result.sentence))


def _figure(figure: Figure) -> str:
    interval = f"{_number(figure.low)} to {_number(figure.high)}"
    name = f"  {figure.measure:<24}"
    return f"{name}{_number(figure.value):>8}   {interval:<18}{figure.questions:>9,}"


def _number(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.1f}"


def _asked(run: Run) -> str:
    documents = run.settings.get("documents", 0)
    asked = "1 document" if documents == 1 else f"{documents:,} documents"
    if passages := run.settings.get("passages"):
        asked += f" in {passages:,} passages"
    return asked


def _is_shown(difference: Difference) -> bool:
    return difference.measure in HEADLINES or difference.verdict in _COLOURS


def _print_difference(difference: Difference) -> None:
    interval = f"{difference.low:+.3f} to {difference.high:+.3f}"
    p = adjusted = ""
    if difference.p is not None and difference.adjusted is not None:
        p, adjusted = f"{difference.p:.4f}", f"{difference.adjusted:.4f}"
    values = f"{_number(difference.baseline):>9}{_number(difference.value):>9}"
    change = f"{difference.difference:>+9.3f}   {interval:<19}"
    click.echo(f"{difference.measure:<24}{values}{change}{p:<10}{adjusted:<10}", nl=False)
    colour = _COLOURS.get(difference.verdict)
    click.secho(difference.verdict, fg=colour, dim=colour is None)


def _print_flips(flips: Sequence[Flip]) -> None:
    lost = [flip for flip in flips if not flip.gained]
    gained = [flip for flip in flips if flip.gained]
    if not flips:
        click.echo("\nNo question flipped between right and wrong.")
        return
    click.echo(f"\nQuestions that flipped: {len(lost):,} lost, {len(gained):,} gained")
    for flip in _some(lost, gained):
        sign, colour = ("+", "green") if flip.gained else ("-", "red")
        click.secho(f"\n{sign} ", fg=colour, nl=False)
        click.echo(f"{printable(flip.before.question)} ({printable(flip.before.question_id)})")
        for word, record in (("before", flip.before), ("after", flip.after)):
            click.secho(f"    {word:<7}{record.outcome}: ", dim=True, nl=False)
            click.echo(_first_quote(record))
    if len(flips) > _FLIPS_SHOWN:
        click.secho("\nThe report has all of them (--out).", dim=True)


def _some(lost: Sequence[Flip], gained: Sequence[Flip]) -> Iterable[Flip]:
    most_lost = max(_FLIPS_SHOWN // 2, _FLIPS_SHOWN - len(gained))
    shown = list(lost[:most_lost])
    return [*shown, *gained[: _FLIPS_SHOWN - len(shown)]]


def _first_quote(record: Record) -> str:
    if record.abstained:
        return "(abstained)"
    text = " ".join(record.quotes[0].text.split()) if record.quotes else ""
    return printable(text if len(text) <= 100 else f"{text[:99]}…")
