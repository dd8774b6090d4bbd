"""Text to HTML whose `textContent` is the very text."""

from __future__ import annotations

import html

from markupsafe import Markup


def exact(text: object) -> Markup:
    """Escape a text so that a browser gives back the same characters."""
    return Markup(html.escape(str(text), quote=True).replace("\r", "&#13;"))  # noqa: S704
