"""Runs and comparisons as Markdown, for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from qa.evaluation.comparison.comparing import Comparison, Difference, Flip
from qa.evaluation.records import Record
from qa.evaluation.report.formatting import (
    NONE,
    amount,
    counted,
    difference,
    difference_interval,
    interval,
    probability,
    writable,
)
from qa.evaluation.report.tables import (
    VERDICTS,
    by_group,
    outcome_counts,
    sweep_rows,
    tag_measures,
)
from qa.evaluation.report.wording import (
    flipped,
    headlines,
    main_result,
    method,
    notes_of,
    verdict,
)
from qa.evaluation.runs import Figure, Run

_FLIPS = 10  # that are listed
_WORDS = 160  # the most characters of a quote that are shown

# What Markdown, or what renders it in a pull request, would make something of.
_ACTIVE = re.compile(r"[\\`*_\[\]|~]")
_LINKED = re.compile(r"(?<!\w)@(?=\w)|#(?=\d)")  # a person, another pull request
_REFERENCES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&dollar;"})


def markdown_summary(run: Run) -> str:
    """Write a run's main result and figures, with all of them folded away."""
    counts = outcome_counts(run.records).items()
    every = f"All {counted(len(run.figures), 'figure')}"
    return _joined(
        f"### {plain(run.name)}",
        plain(main_result(run)),
        _notes(notes_of(run)),
        _figures(headlines(run.figures)),
        " · ".join(f"{name} {count:,}" for name, count in counts),
        _folded(every, _figures(list(run.figures.values()))),
        _folded("By tag", _tags(run)),
    )


def markdown_comparison(comparison: Comparison) -> str:
    """Write verdicts and differences, with the questions that flipped folded away."""
    names = [run.name for run in comparison.runs]
    return _joined(
        f"### {plain(', '.join(names[1:]))} against {plain(names[0])}",
        _notes(comparison.notes),
        _sweep(comparison) if len(names) > 2 else "",
        *(part for run in comparison.runs[1:] for part in _against(comparison, run)),
        plain(method(comparison)),
    )


def plain(text: str) -> str:
    """Write a text in one line, so that Markdown makes nothing of it."""
    text = " ".join(text.split()).translate(_REFERENCES)
    return _LINKED.sub(r"\g<0><!-- -->", _ACTIVE.sub(r"\\\g<0>", text))


def _joined(*parts: str) -> str:
    return writable("\n\n".join(filter(None, parts)) + "\n")


def _notes(notes: Iterable[str]) -> str:
    lines = [f"> - {plain(note)}" for note in notes]
    return "\n".join(["> [!NOTE]", *lines]) if lines else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Write a table, the first columns to the left and the others to the right."""
    aligned = [":--" if number < left else "--:" for number in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, aligned, *rows))


def _folded(title: str, inside: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{inside}\n\n</details>" if inside else ""


def _figures(figures: Sequence[Figure]) -> str:
    rows = [
        (
            plain(one.measure),
            amount(one.measure, one.value),
            interval(one.measure, one.low, one.high),
            f"{one.questions:,}",
        )
        for one in figures
    ]
    return _table(("measure", "value", "95% interval", "questions"), rows) if rows else ""


def _tags(run: Run) -> str:
    measures = tag_measures(run)
    rows = [
        (
            plain(tag),
            f"{sum(tag in record.tags for record in run.records):,}",
            *(_tag_cell(figures.get(measure)) for measure in measures),
        )
        for tag, figures in run.by_tag.items()
    ]
    return _table(("tag", "questions", *map(plain, measures)), rows) if rows else ""


def _tag_cell(figure: Figure | None) -> str:
    if figure is None:
        return NONE
    value = amount(figure.measure, figure.value)
    return f"{value} ({interval(figure.measure, figure.low, figure.high)})"


def _sweep(comparison: Comparison) -> str:
    rows = []
    for measure, cells in sweep_rows(comparison):
        values = [f"**{cell.value}**" if cell.best else cell.value for cell in cells]
        signed = [f"{c.sign} {value}".strip() for c, value in zip(cells, values, strict=True)]
        rows.append([plain(measure), *signed])
    return _table(("measure", *(plain(run.name) for run in comparison.runs)), rows)


def _against(comparison: Comparison, run: Run) -> list[str]:
    """Write one run's verdict: what changed, then all that was compared, then the flips."""
    differences = [one for one in comparison.differences if one.run == run.name]
    changed = [one for one in differences if one.verdict in ("better", "worse")]
    flips = [flip for flip in comparison.flips if flip.run == run.name]
    names = comparison.runs[0].name, run.name
    every = f"All {counted(len(differences), 'measure')}"
    return [
        plain(verdict(comparison, run)),
        _differences(changed, names),
        _folded(every, _differences(differences, names)),
        _folded(f"Flipped: {flipped(comparison, run)}", _flips(flips)),
    ]


def _differences(differences: Sequence[Difference], names: tuple[str, str]) -> str:
    head = ("measure", "verdict", *map(plain, names), "difference", "95% interval", "adjusted p")
    rows = [_cells(one) for group in by_group(differences).values() for one in group]
    return _table(head, rows, left=2) if rows else ""


def _cells(one: Difference) -> tuple[str, ...]:
    sign, style = VERDICTS[one.verdict]
    return (
        plain(one.measure),
        f"{sign} {style}" if style in ("better", "worse") else NONE,
        amount(one.measure, one.baseline),
        amount(one.measure, one.value),
        difference(one.measure, one.difference),
        difference_interval(one.measure, one.low, one.high),
        plain(probability(one.adjusted)),
    )


def _flips(flips: Sequence[Flip]) -> str:
    """List flips, those lost first."""
    ordered = sorted(flips, key=lambda flip: flip.gained)
    lines = [_flip(flip) for flip in ordered[:_FLIPS]]
    more = len(ordered) - _FLIPS
    return "\n".join([*lines, f"- and {more:,} more"] if more > 0 else lines)


def _flip(flip: Flip) -> str:
    before, after = flip.before, flip.after
    quotes = [f"before: {_first(before)}", f"after: {_first(after)}"]
    if _first(before) == _first(after):
        quotes = [f"both: {_first(before)}"]
    kind = "gained" if flip.gained else "lost"
    head = f"- **{kind}** {plain(before.question_id)}: {_short(before.question)} "
    return "\n  - ".join([f"{head}({before.outcome} → {after.outcome})", *quotes])


def _first(record: Record) -> str:
    return f"“{_short(record.quotes[0].text)}”" if record.quotes else "nothing"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return plain(text if len(text) <= _WORDS else f"{text[:_WORDS].rstrip()}…")
