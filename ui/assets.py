"""The page's own files: markup, styles and scripts."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from ui.strings import STRINGS, say_in_markup

PAGE = Path(__file__).parent / "page"
# Each uses those before it.
_SCRIPTS = (
    "theme.js",
    "shell.js",
    "store.js",
    "connection.js",
    "asking.js",
    "conversations.js",
    "links.js",
    "sending.js",
    "document_layout.js",
    "document_view.js",
    "document_list.js",
    "adding.js",
    "document_find.js",
    "page_view.js",
    "document_tools.js",
    "user_documents.js",
    "settings.js",
    "turn_actions.js",
    "feedback.js",
    "writing.js",
    "welcome.js",
    "chat.js",
    "sources.js",
    "review.js",
    "runs.js",
    "evaluate.js",
    "main.js",
)


def templates(**options: Any) -> Environment:
    """Return an environment for the page's markup, in which `say` gives the page's strings."""
    environment = Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **options,
    )
    environment.globals["say"] = say_in_markup
    return environment


def markup(name: str, **values: object) -> str:
    """Return a file of markup with the page's strings, and with values, in their places."""
    return _template(name).render(values)


@cache
def _template(name: str) -> Template:
    return templates().get_template(name)


def source(name: str) -> str:
    """Return a style sheet or a script as it is."""
    return (PAGE / name).read_text(encoding="utf-8")


def head() -> str:
    """Return what goes into the head of the page: all styles, and all scripts in a block."""
    styles = "".join(source(path.name) for path in sorted(PAGE.glob("*.css")))
    return f"<style>{styles}</style><script>{script()}</script>"


def login_page(detail: str, nonce: str, link: str = "") -> str:
    """Return the page that asks for a name and a password.

    Args:
        detail: why it asks again; empty if it does not.
        nonce: the mark of the page's script, which chooses light or dark.
        link: the query of the page that is shown afterwards.
    """
    colours, theme = Markup(source("colours.css")), Markup(source("theme.js"))  # noqa: S704
    return markup("login.html", colours=colours, theme=theme, nonce=nonce, link=link, detail=detail)


def script() -> str:
    """Return the page's strings and all of its scripts, in a block."""
    return f"'use strict';{{{strings()}{''.join(source(name) for name in _SCRIPTS)}}}"


def strings() -> str:
    """Return the page's strings, and what looks them up, as a script."""
    written = json.dumps(STRINGS, ensure_ascii=False).replace("<", "\\u003c")
    return f"const STRINGS = {written};\n{source('strings.js')}"
