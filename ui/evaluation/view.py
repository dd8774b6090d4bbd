"""Evaluations to HTML: how far one is, what changed since the run before, and its report."""

from __future__ import annotations

import base64
import math

from qa.evaluation import Comparison, Run
from qa.evaluation.report import html_comparison
from qa.evaluation.report.formatting import counted, writable
from qa.evaluation.report.wording import flipped, main_result, verdict
from ui.escaping import exact
from ui.evaluation.evaluating import Evaluated
from ui.visitors.background import Step

_LARGEST_REPORT = 8_000_000  # characters, to be shown in the page


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
    """Show a run: its files, what changed since the run before, and its report."""
    compared = _comparison(evaluated.comparison) if evaluated.comparison else ""
    report = _report(evaluated.run, evaluated.report)
    return f'<section class="iq-eval-results">{_downloads(evaluated)}{compared}{report}</section>'


def _status(words: str) -> str:
    return f'<p class="iq-eval-status" role="status">{words}</p>'


def _report(run: Run, page: str) -> str:
    if len(page) > _LARGEST_REPORT:
        told = f"{main_result(run)} The report is too large to be shown here: download it."
        return f'<p class="iq-eval-exact">{exact(writable(told))}</p>'
    return _frame("Report", page)


def _comparison(comparison: Comparison) -> str:
    """Say what is better and what is worse, with the whole comparison to unfold."""
    now = comparison.runs[1]
    told = f"Against the run before: {flipped(comparison, now)} {verdict(comparison, now)}"
    return (
        f'<details class="iq-eval-compared"><summary>{exact(writable(told))}</summary>'
        f"{_frame('Comparison with the run before', html_comparison(comparison))}</details>"
    )


def _frame(title: str, page: str) -> str:
    """Show a page by itself, in a frame that may run its script and no more."""
    return (
        f'<iframe class="iq-eval-report" title="{title}" sandbox="allow-scripts" '
        f'referrerpolicy="no-referrer" srcdoc="{exact(page)}"></iframe>'
    )


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
