"""Evaluations to HTML: how far one is, what changed since the run before, and its report."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from qa.evaluation import Comparison, Run
from qa.evaluation.formatting import writable
from qa.evaluation.report import html_comparison
from qa.evaluation.report.wording import flipped, main_result, verdict
from ui.assets import templates
from ui.escaping import exact
from ui.strings import say
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
    return _html("introduction", title, shipped)


def waiting() -> str:
    """Say that a run is about to start, or waits for another's to end."""
    return _html("status", say("evaluate.waiting"))


def progress(asked: Step) -> str:
    """Draw how far a run is, and say how long the rest will take."""
    done, total = asked.done, asked.total
    left = say("evaluate.figures") if done == total else time_left(asked.seconds_left)
    words = say(
        "evaluate.progress_left" if left else "evaluate.progress",
        done=done,
        count=total,
        left=left,
    )
    return _html("progress", done, total, words)


def time_left(seconds: float | None) -> str:
    """Say roughly how much longer something takes; nothing where that is not known."""
    if seconds is None:
        return ""
    if seconds <= 5:
        return say("evaluate.few_seconds")
    if seconds <= 50:
        return say("evaluate.seconds", seconds=math.ceil(seconds / 10) * 10)
    return say("evaluate.minutes", count=math.ceil(seconds / 60))


def stopped(asked: Step | None) -> str:
    """Say that a run was stopped."""
    if asked is None:
        return _html("status", say("evaluate.stopped"))
    return _html("status", say("evaluate.stopped_after", done=asked.done, count=asked.total))


def done(questions: int, seconds: float) -> str:
    """Say that a run is done."""
    return _html("status", say("evaluate.done", count=questions, seconds=f"{seconds:,.1f}"))


def failure(sentence: str) -> str:
    """Say what went wrong."""
    return _html("failure", sentence)


def results(evaluated: Evaluated) -> str:
    """Show a run: its files, what changed since the run before, and its report."""
    run, report, comparison = evaluated.run, evaluated.report, evaluated.comparison
    change = too_large = ""
    if comparison:
        now = comparison.runs[1]
        words = f"{flipped(comparison, now)} {verdict(comparison, now)}"
        change = say("runs.change", change=words)
    if len(report) > _LARGEST_REPORT:
        too_large = say("runs.too_large", result=main_result(run))
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
    environment = templates(
        finalize=lambda value: value if hasattr(value, "__html__") else exact(writable(str(value)))
    )
    return environment.get_template("evaluation.html").module
