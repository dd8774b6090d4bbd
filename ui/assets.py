"""The page's own files: markup, styles and scripts."""

from __future__ import annotations

import html
from pathlib import Path

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
    "welcome.js",
    "chat.js",
    "sources.js",
    "review.js",
    "runs.js",
    "evaluate.js",
    "main.js",
)


def markup(name: str) -> str:
    """Return a file of markup."""
    return (PAGE / name).read_text(encoding="utf-8")


def head() -> str:
    """Return what goes into the head of the page: all styles, and all scripts in a block."""
    styles = "".join(markup(path.name) for path in sorted(PAGE.glob("*.css")))
    return f"<style>{styles}</style><script>{script()}</script>"


def login_page(detail: str, nonce: str, link: str = "") -> str:
    """Return the page that asks for a name and a password.

    Args:
        detail: why it asks again; empty if it does not.
        nonce: the mark of the page's script, which chooses light or dark.
        link: the query of the page that is shown afterwards.
    """
    filled = {"colours": markup("colours.css"), "theme": markup("theme.js")}
    page = markup("login.html")
    filled |= {"nonce": nonce, "link": html.escape(link), "detail": html.escape(detail)}
    for name, text in filled.items():
        page = page.replace(f"{{{name}}}", text)
    return page


def script() -> str:
    """Return all scripts of the page, in a block."""
    return f"'use strict';{{{''.join(markup(name) for name in _SCRIPTS)}}}"
