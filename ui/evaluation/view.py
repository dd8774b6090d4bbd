"""Evaluations to HTML: how far one is, what changed since the run before, and its report."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment

from qa.evaluation import Comparison, Run
from qa.evaluation.formatting import counted, writable
from qa.evaluation.report import html_comparison
from qa.evaluation.report.wording import flipped, main_result, verdict
from ui.assets import markup
from ui.escaping import exact
from ui.visitors.background import Step

_LARGEST_REPORT = 8_000_000  # characters, to be shown in the page


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A finished evaluation: its report as a whole page, and the folder of its run as a ZIP file.

    `comparison` is with the run before, if there is one with common questions.
    """

    run: Run
    report: str
    archive: bytes
    comparison: Comparison | None = None


def introduction(title: str, shipped: int | None) -> str:
    """Return what the page is for; `shipped` is how many questions come with the corpus."""
    return _html("introduction", title, counted(shipped, "question") if shipped else "")


def waiting() -> str:
    """Say that a run is about to start, or waits for another's to end."""
    return _html("status", "Waiting to start …")


def progress(asked: Step) -> str:
    """Draw how far a run is, and say how long the rest will take."""
    done, total = asked.done, asked.total
    left = "working out the figures" if done == total else time_left(asked.seconds_left)
    words = f"{done:,} of {counted(total, 'question')}"
    return _html("progress", done, total, f"{words}, {left}" if left else words)


def time_left(seconds: float | None) -> str:
    """Say roughly how much longer something takes; nothing where that is not known."""
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
    after = f" after {asked.done:,} of {counted(asked.total, 'question')}" if asked else ""
    return _html("status", f"Stopped{after}; nothing of this run is kept.")


def done(questions: int, seconds: float) -> str:
    """Say that a run is done."""
    return _html("status", f"{counted(questions, 'question')} asked in {seconds:,.1f} seconds.")


def failure(sentence: str) -> str:
    """Say what went wrong."""
    return _html("failure", sentence)


def results(evaluated: Evaluated) -> str:
    """Show a run: its files, what changed since the run before, and its report."""
    run, report, comparison = evaluated.run, evaluated.report, evaluated.comparison
    change = too_large = ""
    if comparison:
        now = comparison.runs[1]
        change = f"Against the run before: {flipped(comparison, now)} {verdict(comparison, now)}"
    if len(report) > _LARGEST_REPORT:
        too_large = f"{main_result(run)} The report is too large to be shown here: download it."
    return _html(
        "results",
        report=report,
        page=base64.b64encode(report.encode()).decode(),
        archive=base64.b64encode(evaluated.archive).decode(),
        too_large=too_large,
        change=change,
        comparison=html_comparison(comparison) if comparison else "",
    )


def comparison(made: Comparison) -> str:
    """Show how the newer of two runs compares with the older."""
    newer = made.runs[1]
    words = f"{flipped(made, newer)} {verdict(made, newer)}"
    return _html("compared", words, html_comparison(made))


def _html(macro: str, *arguments: object, **named: object) -> str:
    return str(getattr(_macros(), macro)(*arguments, **named))


@cache
def _macros() -> Any:
    environment = Environment(
        autoescape=True,
        finalize=lambda value: value if hasattr(value, "__html__") else exact(writable(str(value))),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.from_string(markup("evaluation.html")).module
