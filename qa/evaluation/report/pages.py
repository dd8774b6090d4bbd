"""A page in one file: markup, style and script, with a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from qa.evaluation.report import formatting

if TYPE_CHECKING:
    from jinja2 import Environment

_STYLES = ("page.css", "tables.css", "charts.css", "questions.css", "media.css")
_SCRIPT = "page.js"


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that the questions of a page can be filtered by.

    Attributes:
        value: what stands for it in the page's address.
        name: what a reader calls it.
        key: what stands for it at a question.
        count: how many questions have it.
        style: what its colour is called; empty if it has none.
    """

    value: str
    name: str
    key: str
    count: int
    style: str = ""


def report_script() -> str:
    """Return the script that stands in every page, for policies that name it."""
    return str(_static(_SCRIPT))


def page(template: str, **context: Any) -> str:
    """Write the page of a template."""
    style, script = _static(*_STYLES), _static(_SCRIPT)
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    written = (
        _environment()
        .get_template(template)
        .render(style=style, script=script, policy=policy, **context)
    )
    return formatting.writable(written)


def exact(value: object) -> Markup:
    """Escape a text so that a browser gives back the same characters.

    Browsers read a carriage return as a line feed, unless it is written as a reference.
    """
    return escape(value).replace("\r", Markup("&#13;"))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("qa.evaluation.report"),
        autoescape=True,
        finalize=exact,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["counted"] = formatting.counted
    environment.filters["duration"] = formatting.duration
    return environment


@cache
def _static(*names: str) -> Markup:
    """Read files that stand in the page as they are."""
    folder = files("qa.evaluation.report") / "static"
    texts = [(folder / name).read_text(encoding="utf-8") for name in names]
    return Markup("\n").join(map(Markup, texts))


def _digest(text: str) -> str:
    """Name a text as policies do."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
