"""Runs and comparisons as Markdown, for a pull request."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from qa.evaluation.comparison import Comparison
from qa.evaluation.formatting import writable
from qa.evaluation.report.pages import environment
from qa.evaluation.report.tables import tagged
from qa.evaluation.runs import Run

if TYPE_CHECKING:
    from jinja2 import Environment

# What Markdown, or what renders it in a pull request, would make something of.
_ACTIVE = re.compile(r"[\\`*_\[\]|~]")
_LINKED = re.compile(r"(?<!\w)@(?=\w)|#(?=\d)")  # a person, another pull request
_REFERENCES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&dollar;"})


def markdown_summary(run: Run) -> str:
    """Write a run's main result and figures, with all of them folded away."""
    return _rendered("run.md", run=run, tagged=tagged(run))


def markdown_comparison(comparison: Comparison) -> str:
    """Write verdicts and differences, with the questions that flipped folded away."""
    names = [run.name for run in comparison.runs]
    flips = sorted(comparison.flips, key=lambda flip: flip.gained)
    return _rendered(
        "comparison.md", comparison=comparison, baseline=names[0], others=names[1:], flips=flips
    )


def plain(text: str) -> str:
    """Write a text in one line, so that Markdown makes nothing of it."""
    text = " ".join(text.split()).translate(_REFERENCES)
    return _LINKED.sub(r"\g<0><!-- -->", _ACTIVE.sub(r"\\\g<0>", text))


@cache
def _environment() -> Environment:
    return environment().overlay(finalize=_finalized)


def _finalized(value: object) -> Markup:
    """Let what a macro wrote stand, and take anything else as a text."""
    return value if isinstance(value, Markup) else Markup(plain(str(value)))  # noqa: S704  # it is escaped


def _rendered(template: str, **context: Any) -> str:
    text = _environment().get_template(template).render(**context)
    return writable(re.sub(r"\n{3,}", "\n\n", text).strip() + "\n")
