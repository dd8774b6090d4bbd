"""Evaluations to HTML: how far one is, its figures, its misses, and its whole report."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence

from qa.evaluation import Comparison, Run
from qa.evaluation.records import OUTCOMES, RIGHT_OUTCOMES, Record
from qa.evaluation.report.cards import Card, Part, Words, cards
from qa.evaluation.report.formatting import counted, writable
from qa.evaluation.report.tables import (
    RIGHT_FIRST,
    DifferenceRow,
    FigureRow,
    difference_rows,
    difference_scale,
    figure_rows,
    outcome_bar,
    outcome_style,
)
from qa.evaluation.report.wording import flipped, headlines, main_result, notes_of
from ui.escaping import exact
from ui.evaluation.evaluating import Evaluated
from ui.visitors.background import Step

_MISSES = 20  # that are shown here; the report has all
_LARGEST_REPORT = 8_000_000  # characters, to be shown in the page

_IN_WORDS = {
    "balanced score": (
        "Right over all",
        "right answers and right refusals, each kind of question weighing the same",
    ),
    "quote-hit@1": (
        "Right quote first",
        "of the questions that the text answers, those whose first quote is right",
    ),
    "answer-in-quote@1": ("Short answer quoted", "the first quote holds it, word for word"),
    "citation F1": ("Quotes that fit", "neither more nor less is quoted than answers"),
    "quotes verified": ("Quotes that verify", "character for character; it must be 1"),
    "hit@5": ("Found", "a passage that answers is among the first five"),
    "AUROC": (
        "Confidence that tells",
        "how often a question that the text answers gets more of it than one that it does not",
    ),
    "abstention recall": (
        "Correct abstentions",
        "of the questions that the text does not answer, those that got an abstention",
    ),
    "seconds p50": ("Time", "half of the questions take no longer"),
    "seconds p95": ("Longest times", "19 of 20 questions take no longer"),
}


def introduction(title: str, shipped: int | None) -> str:
    """Return what the page is for; `shipped` is how many questions come with the corpus."""
    asked = (
        f"Without a file, the {counted(shipped, 'question')} that come with it are asked."
        if shipped
        else "Give it a set of questions whose answers you know."
    )
    return (
        '<header class="iq-eval-head"><h2>How well is '
        f'<cite class="iq-eval-exact" dir="auto">{exact(title)}</cite> answered?</h2>'
        "<p>Every question of a set is asked, and each answer is held against what you know to be "
        f"right. {asked}</p>{_FORMS}</header>"
    )


_FORMS = (
    '<details class="iq-eval-forms"><summary>What a set looks like</summary>'
    "<p>A table, as a spreadsheet saves it (CSV or TSV), with a row for each question; the quote "
    "is copied from the document, and an empty one says that the document does not tell:</p>"
    "<pre>question,answerable,quote\nHow much is a ticket?,true,Tickets cost five euros.\n"
    "Who built the tower?,false,</pre>"
    "<p>Or JSON lines, as <code>inquote eval --review</code> writes them.</p></details>"
)


def waiting() -> str:
    """Say that a run is about to start, or waits for another's to end."""
    return _status("Waiting to start …")


def progress(asked: Step) -> str:
    """Draw how far a run is, and say how long the rest will take."""
    done, total = asked.done, asked.total
    share = done / total if total else 1.0
    told = f"{done:,} of {counted(total, 'question')}"
    left = "working out the figures" if done == total else time_left(asked.seconds_left)
    words = f"{told}, {left}" if left else told
    return (
        f'<div class="iq-eval-progress" role="progressbar" aria-label="Questions asked" '
        f'aria-valuemin="0" aria-valuemax="{total}" aria-valuenow="{done}" '
        f'aria-valuetext="{words}"><div class="iq-eval-bar">'
        f'<div style="width:{share:.1%}"></div></div><p>{words}</p></div>'
    )


def time_left(seconds: float | None) -> str:
    """Say roughly how long something takes yet; nothing where that is not known."""
    if seconds is None:
        return ""
    if seconds <= 5:
        return "a few seconds left"
    if seconds <= 50:
        return f"about {math.ceil(seconds / 10) * 10} seconds left"
    minutes = math.ceil(seconds / 60)
    return "about a minute left" if minutes == 1 else f"about {minutes:,} minutes left"


def stopped(asked: Step | None) -> str:
    """Say that a run was stopped."""
    told = f" after {asked.done:,} of {counted(asked.total, 'question')}" if asked else ""
    return _status(f"Stopped{told}; nothing of this run is kept.")


def done(run: Run) -> str:
    """Say that a run is done."""
    seconds = run.costs["questions seconds"]
    return _status(f"{counted(len(run.records), 'question')} asked in {seconds:,.1f} seconds.")


def failure(sentence: str) -> str:
    """Return what went wrong."""
    return (
        '<p class="iq-eval-failure iq-eval-exact" role="alert" dir="auto">'
        f"{exact(writable(sentence))}</p>"
    )


def results(evaluated: Evaluated) -> str:
    """Show a run: its result in words, its figures, what changed since the last, its misses."""
    run = evaluated.run
    parts = [
        f'<h2 class="iq-eval-exact" dir="auto">{exact(run.name)}</h2>',
        f'<p class="iq-eval-lead iq-eval-exact">{exact(main_result(run))}</p>',
        _notes(notes_of(run)),
        _outcomes(run.records),
        _figures(run),
        _comparison(evaluated.comparison) if evaluated.comparison else "",
        _misses(run.records),
        _downloads(evaluated),
    ]
    return writable(f'<section class="iq-eval-results">{"".join(parts)}</section>')


def report(page: str) -> str:
    """Show a report, a page by itself, in a frame that may run its script and no more."""
    head = '<h3 id="iq-eval-report-title">The whole report</h3>'
    if len(page) > _LARGEST_REPORT:
        return f"{head}<p>It is too large to be shown here: download it.</p>"
    return (
        f'{head}<iframe class="iq-eval-report" title="The whole report" sandbox="allow-scripts" '
        f'referrerpolicy="no-referrer" srcdoc="{exact(page)}"></iframe>'
    )


def _status(words: str) -> str:
    return f'<p class="iq-eval-status" role="status">{words}</p>'


def _notes(notes: Sequence[str]) -> str:
    items = "".join(f'<li class="iq-eval-exact" dir="auto">{exact(note)}</li>' for note in notes)
    return f'<ul class="iq-eval-notes" aria-label="Notes">{items}</ul>' if notes else ""


def _outcomes(records: Sequence[Record]) -> str:
    """Draw what became of the questions: those that the corpus answers, and the others."""
    parts = []
    for answerable, what in ((True, "the text answers"), (False, "the text does not answer")):
        held = [record for record in records if record.answerable is answerable]
        if held:
            noun = counted(len(held), "question")
            parts.append(f"<p>{noun} that {what}</p>{outcome_bar(held)}{_legend(held)}")
    return f'<div class="iq-eval-outcomes">{"".join(parts)}</div>'


def _legend(records: Sequence[Record]) -> str:
    came = [record.outcome for record in records]
    items = "".join(
        f'<li title="{exact(OUTCOMES[outcome])}">{_outcome(outcome)} {came.count(outcome):,}</li>'
        for outcome in RIGHT_FIRST
        if outcome in came
    )
    return f"<ul>{items}</ul>"


def _outcome(outcome: str) -> str:
    return f'<i class="iq-eval-o-{outcome_style(outcome)}" aria-hidden="true"></i>{outcome}'


def _figures(run: Run) -> str:
    rows = "".join(_figure(row) for row in figure_rows(headlines(run.figures)))
    head = _head("Figure", "Value", "95% interval", "", "Questions")
    return (
        f'<h3 id="iq-eval-figures-title">Figures</h3><p class="iq-eval-soft">{_INTERVALS}</p>'
        '<table class="iq-eval-figures" aria-labelledby="iq-eval-figures-title">'
        f"{head}<tbody>{rows}</tbody></table>"
    )


_INTERVALS = (
    "Shares run from 0 to 1. An interval says where a figure might as well lie, had other "
    "questions of the same kind been asked."
)


def _head(*names: str) -> str:
    cells = "".join(f'<th scope="col">{name}</th>' if name else "<td></td>" for name in names)
    return f"<thead><tr>{cells}</tr></thead>"


def _measure(name: str, meaning: str = "") -> str:
    plain, explained = _IN_WORDS.get(name, (name, meaning))
    return (
        f'<th scope="row"><span>{exact(plain)}</span> <code>{exact(name)}</code>'
        f"<small>{exact(explained)}</small></th>"
    )


def _figure(row: FigureRow) -> str:
    return (
        f'<tr data-measure="{exact(row.measure)}">{_measure(row.measure, row.meaning)}'
        f'<td class="iq-eval-value">{row.value}</td><td class="iq-eval-soft">{row.interval}</td>'
        f'<td class="iq-eval-drawn">{row.chart}</td>'
        f'<td class="iq-eval-soft">{row.questions:,}</td></tr>'
    )


def _comparison(comparison: Comparison) -> str:
    before, now = comparison.runs
    rows = "".join(_difference(row) for row in difference_rows(comparison.differences))
    scale = difference_scale(comparison.differences)
    notes = _notes([note for note in comparison.notes if note not in notes_of(now)])
    head = _head("Figure", "Before", "Now", "Change", "Verdict")
    return (
        '<h3 id="iq-eval-compared-title">Against the run before</h3>'
        f'<p class="iq-eval-soft">Before: <span class="iq-eval-exact" dir="auto">'
        f"{exact(before.name)}</span>. {flipped(comparison, now)} Better or worse is said only "
        "where chance alone would seldom do as much; no evidence of a change is no evidence that "
        f"there is none. Changes are drawn from −{scale:g} to +{scale:g}.</p>{notes}"
        '<table class="iq-eval-compared" aria-labelledby="iq-eval-compared-title">'
        f"{head}<tbody>{rows}</tbody></table>"
    )


def _difference(row: DifferenceRow) -> str:
    return (
        f'<tr data-measure="{exact(row.measure)}">{_measure(row.measure)}'
        f'<td>{row.baseline}</td><td class="iq-eval-value">{row.value}</td>'
        f'<td class="iq-eval-drawn"><span class="iq-eval-soft">{row.difference}</span>{row.chart}'
        f'</td><td class="iq-eval-{row.style}">{row.sign} {row.verdict}</td></tr>'
    )


def _misses(records: Sequence[Record]) -> str:
    """Show each question that came out wrong, with what was said and what was expected."""
    missed = [card for card in cards(records, []) if card.record.outcome not in RIGHT_OUTCOMES]
    if not missed:
        return "<h3>Misses</h3><p>None: every question came out right.</p>"
    more = len(missed) - _MISSES
    shown = "".join(_miss(card, opened=number == 0) for number, card in enumerate(missed[:_MISSES]))
    rest = f'<p class="iq-eval-soft">And {more:,} more, in the report.</p>' if more > 0 else ""
    return (
        f'<h3>Misses</h3><p class="iq-eval-soft">{counted(len(missed), "question")} came out '
        f"wrong. <mark>Marked</mark> is what a quote shares with what was expected.</p>"
        f'<div class="iq-eval-misses">{shown}</div>{rest}'
    )


def _miss(card: Card, *, opened: bool) -> str:
    record = card.record
    read_as = (
        f'<p class="iq-eval-soft">Read as: <span class="iq-eval-exact" dir="auto">'
        f"{exact(record.query)}</span></p>"
        if record.query not in ("", record.question)
        else ""
    )
    return (
        f'<details class="iq-eval-miss"{" open" if opened else ""}><summary>'
        f'<span class="iq-eval-exact" dir="auto">{exact(record.question)}</span>'
        f'<span class="iq-eval-came">{_outcome(record.outcome)}, confidence '
        f"{record.confidence:.2f}</span></summary>{read_as}"
        f'<div class="iq-eval-sides"><section><h4>{_said(record)}</h4>'
        f"{_quotes(record, card.answered.quotes)}</section>"
        f"<section><h4>Expected</h4>{_expected(record, card.gold)}</section></div></details>"
    )


def _said(record: Record) -> str:
    return "Abstained; the nearest was" if record.abstained else "Answered"


def _quotes(record: Record, quotes: Iterable[Words]) -> str:
    if record.error:
        return f'<p class="iq-eval-exact">{exact(record.error)}</p>'
    return "".join(map(_words, quotes)) or "<p>Nothing was quoted.</p>"


def _expected(record: Record, parts: Sequence[Part]) -> str:
    if not record.answerable:
        return "<p>The text does not say.</p>"
    if parts:
        return "".join(_words(part.words[0]) for part in parts)
    relevant = ", ".join(exact(id_) for id_, grade in record.relevant.items() if grade > 0)
    return f'<p class="iq-eval-exact">A quote of {relevant}</p>'


def _words(words: Words) -> str:
    """Show words of the corpus, the shared ones marked, with what stands around them."""
    inside = "".join(
        f"<mark>{exact(piece.text)}</mark>" if piece.shared else exact(piece.text)
        for piece in words.pieces
    )
    before = f'<span class="iq-eval-around">…{exact(words.before)}</span>' if words.before else ""
    after = f'<span class="iq-eval-around">{exact(words.after)}…</span>' if words.after else ""
    return f'<blockquote class="iq-eval-exact" dir="auto">{before}{inside}{after}</blockquote>'


def _downloads(evaluated: Evaluated) -> str:
    page = _link("report.html", "text/html", evaluated.report.encode(), "Download the report")
    run = _link("run.zip", "application/zip", evaluated.archive, "Download the run")
    return (
        f'<p class="iq-eval-downloads">{page}{run}</p><p class="iq-eval-soft">Unpacked, a run can '
        "be held against others with <code>inquote compare</code>.</p>"
    )


def _link(name: str, kind: str, content: bytes, words: str) -> str:
    """Write a link that holds the file itself, so that none is left on the server."""
    encoded = base64.b64encode(content).decode()
    return f'<a download="{name}" href="data:{kind};base64,{encoded}">{words}</a>'
