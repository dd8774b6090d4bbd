"""The page's own files: markup, styles and scripts."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parent / "page"
# Each uses those before it.
_SCRIPTS = (
    "store.js",
    "sending.js",
    "document_layout.js",
    "document_view.js",
    "document_find.js",
    "page_view.js",
    "document_tools.js",
    "user_documents.js",
    "chat.js",
    "review.js",
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


def script() -> str:
    """Return all scripts of the page, in a block."""
    return f"'use strict';{{{''.join(markup(name) for name in _SCRIPTS)}}}"
