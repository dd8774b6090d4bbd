"""Runs and comparisons as pages in one file, with a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup, escape

from qa.evaluation import formatting
from qa.evaluation.comparison import Comparison
from qa.evaluation.measures import MEASURES
from qa.evaluation.records import OUTCOMES
from qa.evaluation.report import cards, charts, tables, wording
from qa.evaluation.runs import Run

if TYPE_CHECKING:
    from jinja2 import Environment

_STYLES = ("page.css", "tables.css", "charts.css", "questions.css", "media.css")
_SCRIPT = "page.js"


class _Choice(NamedTuple):
    """A filter of the questions: its value in the page's address, its key at a question."""

    value: str
    name: str
    key: object
    questions: int
    style: str = ""


def html_report(run: Run) -> str:
    """Write the page of a run: its figures, and every question with its outcome."""
    tagged = tables.tagged(run)
    counts = Counter(record.outcome for record in run.records)
    outcomes = [outcome for outcome in OUTCOMES if counts[outcome]]
    return _page(
        "run.html",
        run=run,
        answerable=[record for record in run.records if record.answerable],
        unanswerable=[record for record in run.records if not record.answerable],
        settings=list(_settings(run)),
        tagged=tagged,
        tag_keys={tag: number for number, tag in enumerate(tagged)},
        tag_choices=[_Choice(t, t, n, len(tagged[t])) for n, t in enumerate(tagged)],
        outcome_choices=[
            _Choice(style(one), one, style(one), counts[one], f"o-{style(one)}") for one in outcomes
        ],
    )


def html_comparison(comparison: Comparison) -> str:
    """Write the page of a comparison: verdicts, differences, and the questions that flipped."""
    names = [run.name for run in comparison.runs]
    records = enumerate(comparison.runs[0].records, 1)
    flips = sorted(comparison.flips, key=lambda flip: flip.gained)
    kinds = Counter("gained" if flip.gained else "lost" for flip in flips)
    of_runs = Counter(flip.run for flip in flips)
    return _page(
        "comparison.html",
        comparison=comparison,
        baseline=names[0],
        others=names[1:],
        sweep=tables.by_group(tables.sweep_rows(comparison)) if len(names) > 2 else {},
        flips=flips,
        order={record.question_id: number for number, record in records},
        run_keys={name: number for number, name in enumerate(names)},
        kind_choices=[_Choice(k, k, k, kinds[k]) for k in ("lost", "gained") if kinds[k]],
        run_choices=[_Choice(n, n, key, of_runs[n]) for key, n in enumerate(names) if key],
    )


def report_script() -> str:
    """Return the script that stands in every page, for policies that name it."""
    return str(_static(_SCRIPT))


def exact(value: object) -> Markup:
    """Escape a text so that a browser gives back the same characters.

    Browsers read a carriage return as a line feed, unless it is written as a reference.
    """
    return escape(value).replace("\r", Markup("&#13;"))


def style(outcome: str) -> str:
    """Return what an outcome is called in styles and links."""
    return outcome.replace(" ", "-")


@cache
def environment() -> Environment:
    """Return the templates, with all that they call."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("qa.evaluation.report"),
        autoescape=True,
        finalize=exact,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "cards": cards,
        "charts": charts,
        "formatting": formatting,
        "tables": tables,
        "wording": wording,
        "MEASURES": MEASURES,
        "OUTCOMES": OUTCOMES,
        "zip": zip,
    }
    environment.filters |= {
        "counted": formatting.counted,
        "duration": formatting.duration,
        "percent": "{:.0%}".format,
        "style": style,
    }
    return environment


def _page(template: str, **context: Any) -> str:
    css, script = _static(*_STYLES), _static(_SCRIPT)
    policy = (
        f"default-src 'none'; style-src '{_digest(css)}'; script-src '{_digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    page = environment().get_template(template)
    return formatting.writable(page.render(css=css, script=script, policy=policy, **context))


@cache
def _static(*names: str) -> Markup:
    """Read files that stand in the page as they are."""
    folder = files("qa.evaluation.report") / "static"
    texts = [(folder / name).read_text(encoding="utf-8") for name in names]
    return Markup("\n").join(map(Markup, texts))


def _digest(text: str) -> str:
    """Name a text as policies do."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _settings(run: Run) -> Iterator[tuple[str, str]]:
    """Yield the settings and costs as names and texts, nested ones with both names."""
    yield from _flat({key: value for key, value in run.settings.items() if key != "notes"})
    for name, cost in run.costs.items():
        yield name, f"{cost:,.1f}"


def _flat(settings: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        name = f"{within}{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}: ")
        elif isinstance(value, list | tuple):
            yield name, ", ".join(map(str, value))
        else:
            yield name, str(value)
