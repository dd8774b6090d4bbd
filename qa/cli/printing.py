"""Runs and comparisons on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import click

from qa.evaluation.comparison.comparing import Comparison, Difference, Flip
from qa.evaluation.comparison.gates import GateResult
from qa.evaluation.evaluating import DEPTH
from qa.evaluation.formatting import amount, counted, difference, interval, probability
from qa.evaluation.measures import MEASURES
from qa.evaluation.records import OUTCOMES, Record
from qa.evaluation.report.wording import HEADLINES
from qa.evaluation.runs import Figure, Run
from qa.text.printable import printable

# The measures that are printed where not all are asked for.
_PRINTED = {
    *HEADLINES,
    *("hit@1", "nDCG@10", "span recall@5", "quote-hit@3", "token F1", "abstention F1", "ECE"),
    *(measure.name for measure in MEASURES.values() if measure.group == "statements"),
    *("false answers", "tentative on unanswerable", "false abstentions"),
}
_FLIPS_SHOWN = 6
_NAMES = 26  # characters of the column with the names of measures
_COLOURS = {"better": "green", "worse": "red"}


def print_runs(runs: Sequence[Run], comparison: Comparison | None, *, every: bool = False) -> None:
    """Print a run; or of several how they compare, and the runs too if all is asked for."""
    for run in runs:
        if every or not comparison:
            print_run(run, every=every)
    if comparison:
        print_comparison(comparison, every=every)


def print_run(run: Run, *, every: bool = False) -> None:
    """Print a run's figures, and the outcomes of its questions."""
    answerable = sum(record.answerable for record in run.records)
    click.secho(printable(run.name), bold=True)
    asked = counted(len(run.records), "question")
    click.echo(f"{asked}, {answerable:,} answerable; {_asked(run)}")
    for note in run.settings.get("notes", []):
        click.secho(f"Note: {printable(note)}", fg="yellow")
    print_figures(run.figures, every=every, depth=DEPTH)
    click.secho("\noutcomes", dim=True)
    counts = Counter(record.outcome for record in run.records)
    for outcome, meaning in OUTCOMES.items():
        if counts[outcome]:
            click.echo(f"  {outcome:<{_NAMES}}{counts[outcome]:>8,}   ", nl=False)
            click.secho(meaning, dim=True)
    costs = ", ".join(f"{name} {cost:,.1f}" for name, cost in run.costs.items())
    click.secho(f"\n{costs}\n", dim=True)


def print_figures(figures: Mapping[str, Figure], *, every: bool, depth: int | None = None) -> None:
    """Print figures by group, with the depth of the rankings where that is known."""
    group = ""
    for name, figure in figures.items():
        if every or name in _PRINTED:
            if MEASURES[name].group != group:
                group = MEASURES[name].group
                title = f"{group}, {depth} deep" if group == "retrieval" and depth else group
                heading = f"\n{title:<{_NAMES + 2}}{'value':>8}   {'95% interval':<18}questions"
                click.secho(heading, dim=True)
            click.echo(_figure(figure))


def print_comparison(comparison: Comparison, *, every: bool = False) -> None:
    """Print how runs differ, in figures and in words, and the questions that flipped.

    Several runs stand in one table. Where not all is asked for, its measures are the headlines
    and those with a verdict.
    """
    baseline, *others = (run.name for run in comparison.runs)
    shown = [one for one in comparison.differences if every or _is_shown(one)]
    if len(others) > 1:
        _print_table(comparison, list(dict.fromkeys(one.measure for one in shown)))
    for name in others if every or len(others) == 1 else []:
        click.secho(f"{printable(name)}, compared with {printable(baseline)}", bold=True)
        heading = f"{'':<{_NAMES}}{'before':>9}{'after':>9}{'change':>9}   {'95% interval':<19}"
        click.secho(f"{heading}{'p':<9}{'adjusted':<10}", dim=True)
        for one in shown:
            if one.run == name:
                _print_difference(one)
        click.echo()
    click.echo(printable(comparison.summary()))
    for note in comparison.notes:
        click.secho(f"Note: {printable(note)}", fg="yellow")
    for name in others:
        of = f" in {printable(name)}" if len(others) > 1 else ""
        _print_flips([flip for flip in comparison.flips if flip.run == name], of)


def print_gates(results: Sequence[GateResult]) -> None:
    """Print which gates passed and which failed."""
    for result in results:
        word, colour = ("passed", "green") if result.passed else ("FAILED", "red")
        click.secho(f"{word}  ", fg=colour, nl=False)
        click.echo(printable(result.sentence))


def _figure(figure: Figure) -> str:
    name = figure.measure
    value, between = amount(name, figure.value), interval(name, figure.low, figure.high)
    return f"  {name:<{_NAMES}}{value:>8}   {between:<18}{figure.questions:>9,}"


def _asked(run: Run) -> str:
    asked = counted(run.settings.get("documents", 0), "document")
    if passages := run.settings.get("passages"):
        asked += f" in {counted(passages, 'passage')}"
    return asked


def _is_shown(one: Difference) -> bool:
    return one.measure in _PRINTED or one.verdict in _COLOURS


def _print_table(comparison: Comparison, measures: Sequence[str]) -> None:
    """Print a column for each run, with a mark where a test finds it better or worse."""
    differences = {(one.measure, one.run): one for one in comparison.differences}
    names = [run.name for run in comparison.runs]
    widths = [max(len(name), 9) + 2 for name in map(printable, names)]
    headings = zip(names, widths, strict=True)
    click.echo(" " * _NAMES + "".join(f"{printable(name):>{width}}  " for name, width in headings))
    for measure in measures:
        click.echo(f"{measure:<{_NAMES}}", nl=False)
        rows = (differences.get((measure, name)) for name in names[1:])
        first = next(filter(None, rows))
        click.echo(f"{amount(measure, first.baseline):>{widths[0]}}  ", nl=False)
        for name, width in zip(names[1:], widths[1:], strict=True):
            one = differences.get((measure, name))
            value = amount(measure, one.value) if one else "–"
            verdict = one.verdict if one else ""
            mark = {"better": "+", "worse": "-"}.get(verdict, " ")
            click.secho(f"{value:>{width}} {mark}", fg=_COLOURS.get(verdict), nl=False)
        click.echo()
    click.echo("\n+ significantly better, - significantly worse than the first\n")


def _print_difference(one: Difference) -> None:
    values = [amount(one.measure, value) for value in (one.baseline, one.value)]
    change = difference(one.measure, one.difference)
    ends = dict.fromkeys(difference(one.measure, end) for end in (one.low, one.high))
    between = " to ".join(ends)
    chances = f"{probability(one.p):<9}{probability(one.adjusted):<10}"
    click.echo(f"{one.measure:<{_NAMES}}{values[0]:>9}{values[1]:>9}{change:>9}   ", nl=False)
    click.echo(f"{between:<19}{chances}", nl=False)
    colour = _COLOURS.get(one.verdict)
    because = f" {one.because}" if one.because else ""
    click.secho(f"{one.verdict}{because}", fg=colour, dim=colour is None)


def _print_flips(flips: Sequence[Flip], of: str) -> None:
    lost = [flip for flip in flips if not flip.gained]
    gained = [flip for flip in flips if flip.gained]
    if not flips:
        click.echo(f"\nNo question flipped between right and wrong{of}.")
        return
    click.echo(f"\nQuestions that flipped{of}: {len(lost):,} lost, {len(gained):,} gained")
    for flip in _some(lost, gained):
        sign, colour = ("+", "green") if flip.gained else ("-", "red")
        click.secho(f"{sign} ", fg=colour, nl=False)
        click.echo(f"{printable(flip.before.question)} ({printable(flip.before.question_id)})")
        for word, record in (("before", flip.before), ("after", flip.after)):
            click.secho(f"    {word:<7}{record.outcome}: ", dim=True, nl=False)
            click.echo(_first_quote(record))
    if len(flips) > _FLIPS_SHOWN:
        click.secho("The report that --out writes has all of them.", dim=True)


def _some(lost: Sequence[Flip], gained: Sequence[Flip]) -> Iterable[Flip]:
    most_lost = max(_FLIPS_SHOWN // 2, _FLIPS_SHOWN - len(gained))
    shown = list(lost[:most_lost])
    return [*shown, *gained[: _FLIPS_SHOWN - len(shown)]]


def _first_quote(record: Record) -> str:
    if record.abstained:
        return "(abstained)"
    if not record.quotes:
        return "(no quote)"
    text = " ".join(record.quotes[0].text.split())
    return printable(text if len(text) <= 100 else f"{text[:99]}…")
