"""Front matter: what a Markdown file says of itself above its text, in YAML between two `---`."""

from __future__ import annotations

import re
from typing import Any

_LONGEST = 10_000  # characters
_MOST_BRACKETS = 500  # which may be in each other, and take quadratic time
_LINE_END = re.compile(r"\r\n|\n|\r")
_BEGINS = re.compile(r"---[ \t]*[\r\n]")
_ENDS = re.compile(r"(?:---|\.\.\.)[ \t]*")


def front_matter_lines(text: str) -> tuple[str, ...]:
    """Return the lines of a text's front matter, the two of `---` included."""
    if not _BEGINS.match(text):
        return ()
    lines = _LINE_END.split(text[:_LONGEST])
    ends = next((n for n, line in enumerate(lines[1:], 1) if _ENDS.fullmatch(line)), None)
    return tuple(lines[: ends + 1]) if ends else ()


def front_matter(text: str) -> dict[str, Any]:
    """Return the values by name, which are texts and lists of texts; none if it is not in YAML.

    No type of YAML is looked at, and no alias is multiplied.
    """
    inside = "\n".join(front_matter_lines(text)[1:-1])
    if not inside or inside.count("[") + inside.count("{") > _MOST_BRACKETS:
        return {}
    import yaml

    try:
        told = yaml.BaseLoader(inside).get_single_data()
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
