"""What the page says, all from `page/strings.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

STRINGS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "page" / "strings.json").read_text(encoding="utf-8")
)


def say(key: str, **values: object) -> str:
    """Return a string with values in its places; `count` decides between singular and plural.

    Raises:
        KeyError: there is no such string, or one of its places has no value.
    """
    return _found(key, values).format(**_shown(values))


def say_in_markup(key: str, **values: object) -> Markup:
    """Return a string as HTML, in which values that are no markup are escaped."""
    return escape(_found(key, values)).format(**_shown(values))


def _found(key: str, values: dict[str, object]) -> str:
    found: Any = STRINGS
    for name in key.split("."):
        found = found[name]
    if isinstance(found, dict):
        found = found["one" if values["count"] == 1 else "other"]
    return str(found)


def _shown(values: dict[str, object]) -> dict[str, object]:
    return {name: f"{one:,}" if isinstance(one, int) else one for name, one in values.items()}
