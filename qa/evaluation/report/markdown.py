"""Runs and comparisons as Markdown, for a pull request."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from qa.evaluation.comparison.comparing import Comparison, Difference, Flip
from qa.evaluation.records import Record
from qa.evaluation.report.cards import kind_of
from qa.evaluation.report.formatting import counted, writable
from qa.evaluation.report.tables import (
    RIGHT_FIRST,
    DifferenceRow,
    FigureRow,
    by_group,
    difference_rows,
    figure_rows,
    sweep_rows,
    tag_measures,
    tag_rows,
)
from qa.evaluation.report.wording import (
    flipped,
    headlines,
    main_result,
    method,
    notes_of,
    verdict,
)
from qa.evaluation.runs import Run

_FLIPS = 10  # that are listed
_WORDS = 160  # the most characters of a quote that are shown

# What Markdown, or what renders it in a pull request, would make something of.
_ACTIVE = re.compile(r"[\\`*_\[\]|~]")
_LINKED = re.compile(r"(?<!\w)@(?=\w)|#(?=\d)")  # a person, another pull request
_REFERENCES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&dollar;"}


def markdown_summary(run: Run) -> str:
    """Write a run's main result and figures, with all of them folded away."""
    figures = figure_rows(run.figures.values())
    parts = [
        f"### {plain(run.name)}",
        plain(main_result(run)),
        *_notes(notes_of(run)),
        _figures(figure_rows(headlines(run.figures))),
        _outcomes(run.records),
        _folded(f"All {counted(len(figures), 'figure')}", _figures(figures)) if figures else "",
        _folded("By tag", _tags(run)) if run.by_tag else "",
    ]
    return _joined(parts)


def markdown_comparison(comparison: Comparison) -> str:
    """Write verdicts and differences, with the questions that flipped folded away."""
    names = [run.name for run in comparison.runs]
    parts = [
        f"### {plain(', '.join(names[1:]))} against {plain(names[0])}",
        *_notes(comparison.notes),
        _sweep(comparison) if len(names) > 2 else "",
    ]
    for run in comparison.runs[1:]:
        parts += _against(comparison, run)
    return _joined([*parts, plain(method(comparison))])


def plain(text: str) -> str:
    """Write a text in one line, so that Markdown makes nothing of it."""
    text = "".join(_REFERENCES.get(character, character) for character in " ".join(text.split()))
    text = _ACTIVE.sub(r"\\\g<0>", text)
    return _LINKED.sub(r"\g<0><!-- -->", text)


def _joined(parts: Iterable[str]) -> str:
    return writable("\n\n".join(part for part in parts if part) + "\n")


def _notes(notes: Iterable[str]) -> list[str]:
    lines = [f"> - {plain(note)}" for note in notes]
    return ["\n".join(["> [!NOTE]", *lines])] if lines else []


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Write a table, the first columns to the left and the others to the right."""
    aligned = [":--" if number < left else "--:" for number in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, aligned, *rows))


def _folded(title: str, inside: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{inside}\n\n</details>"


def _figures(rows: Sequence[FigureRow]) -> str:
    if not rows:
        return ""
    cells = [(plain(row.measure), row.value, row.interval, f"{row.questions:,}") for row in rows]
    return _table(("measure", "value", "95% interval", "questions"), cells)


def _outcomes(records: Iterable[Record]) -> str:
    counts = Counter(record.outcome for record in records)
    return " · ".join(f"{name} {counts[name]:,}" for name in RIGHT_FIRST if counts[name])


def _tags(run: Run) -> str:
    measures = tag_measures(run)
    rows = [
        (
            plain(row.tag),
            f"{row.questions:,}",
            *(f"{cell.value} ({cell.interval})" if cell else "–" for cell in row.figures),
        )
        for row in tag_rows(run)
    ]
    return _table(("tag", "questions", *map(plain, measures)), rows)


def _sweep(comparison: Comparison) -> str:
    names = [plain(run.name) for run in comparison.runs]
    rows = [
        (
            plain(measure),
            *(
                f"{cell.sign} {f'**{cell.value}**' if cell.best else cell.value}".strip()
                for cell in cells
            ),
        )
        for measure, cells in sweep_rows(comparison)
    ]
    return _table(("measure", *names), rows)


def _against(comparison: Comparison, run: Run) -> list[str]:
    """Write what is said of one run: what changed, then all that was compared, then the flips."""
    differences = [one for one in comparison.differences if one.run == run.name]
    changed = [one for one in differences if one.verdict in ("better", "worse")]
    flips = [flip for flip in comparison.flips if flip.run == run.name]
    names = comparison.runs[0].name, run.name
    every = _folded(f"All {counted(len(differences), 'measure')}", _differences(differences, names))
    return [
        plain(verdict(comparison, run)),
        _differences(changed, names) if changed else "",
        every if differences else "",
        _folded(f"Flipped: {flipped(comparison, run)}", _flips(flips)) if flips else "",
    ]


def _differences(differences: Sequence[Difference], names: tuple[str, str]) -> str:
    head = ("measure", "verdict", *map(plain, names), "difference", "95% interval", "adjusted p")
    grouped = by_group((row.measure, row) for row in difference_rows(differences))
    return _table(head, [_cells(row) for rows in grouped.values() for row in rows], left=2)


def _cells(row: DifferenceRow) -> tuple[str, ...]:
    said = f"{row.sign} {row.verdict}" if row.style in ("better", "worse") else "–"
    p = row.adjusted.replace("<", "&lt;")
    return (plain(row.measure), said, row.baseline, row.value, row.difference, row.interval, p)


def _flips(flips: Sequence[Flip]) -> str:
    """List flips, those lost first."""
    ordered = sorted(flips, key=lambda flip: flip.gained)
    lines = [_flip(flip) for flip in ordered[:_FLIPS]]
    more = len(ordered) - _FLIPS
    return "\n".join([*lines, f"- and {more:,} more"] if more > 0 else lines)


def _flip(flip: Flip) -> str:
    record = flip.before
    before, after = _first(flip.before), _first(flip.after)
    quotes = [f"both: {before}"] if before == after else [f"before: {before}", f"after: {after}"]
    return "\n  - ".join(
        [
            f"- **{kind_of(flip)}** {plain(record.question_id)}: {_short(record.question)} "
            f"({flip.before.outcome} → {flip.after.outcome})",
            *quotes,
        ]
    )


def _first(record: Record) -> str:
    return f"“{_short(record.quotes[0].text)}”" if record.quotes else "nothing"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return plain(text if len(text) <= _WORDS else f"{text[:_WORDS].rstrip()}…")
