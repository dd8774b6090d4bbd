"""JSON schemas of what inquote prints, saves and serves: a file for each kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

KINDS = (
    "answer",
    "changes",
    "check",
    "comparison",
    "conversation",
    "conversation-verification",
    "judgement",
    "passages",
    "run",
    "runs",
    "server",
    "verification",
)
"""What there is a schema of."""

_VERSION = 1  # of all of them so far


def format_of(kind: str) -> str:
    """Return what such JSON has as its `format`.

    Within a version, fields may be added, but none changes its meaning or goes.
    """
    return f"inquote-{kind}/{_VERSION}"


def schema(kind: str) -> dict[str, Any]:
    """Return the schema of a kind; those that it refers to are among its `$defs`.

    Raises:
        ValueError: there is none of that kind.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no schema of {kind!r}: there are {', '.join(KINDS)}")
    text = (Path(__file__).parent / f"{kind}.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    for other in KINDS:
        if f'"$ref": "{other}.json"' in text:
            read.setdefault("$defs", {})[other] = schema(other)
    return read
