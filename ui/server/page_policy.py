"""Which scripts a browser runs on the page: Gradio's, by a word made for each answer, and ours."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, MutableMapping
from functools import cache
from typing import Any

from jinja2 import BaseLoader, Environment

from qa.evaluation.report.pages import report_script
from ui.assets import script

_NONCE = "inquote.nonce"
_SCRIPT_TAG = re.compile(r"<script\b")


def policy_for(scope: MutableMapping[str, Any]) -> str:
    """Return the policy for the answer to a request, and note in its scope what marks scripts.

    Styles may stand anywhere, as Gradio writes them into the page's elements. It also compiles its
    templates and handlers from text, which takes 'unsafe-eval'.
    """
    scope[_NONCE] = nonce = secrets.token_urlsafe(16)
    return _policy().replace(_NONCE, nonce)


def mark_scripts() -> None:
    """Have Gradio's page carry the mark of each answer on the scripts that stand in it."""
    from gradio.routes import templates

    loader = templates.env.loader
    if loader is not None and not isinstance(loader, _MarkedScripts):
        templates.env.loader = _MarkedScripts(loader)


@cache
def _policy() -> str:
    ours = " ".join(f"'{_digest(text)}'" for text in (script(), report_script()))
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'nonce-{_NONCE}' {ours} 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class _MarkedScripts(BaseLoader):
    """Loads templates in which each script is marked; what is filled into them is not."""

    def __init__(self, loader: BaseLoader) -> None:
        self._loader = loader

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, name, is_fresh = self._loader.get_source(environment, template)
        marked = f"<script nonce=\"{{{{ request.scope['{_NONCE}'] }}}}\""
        return _SCRIPT_TAG.sub(marked, source), name, is_fresh


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
