"""Metadata in a file of its own, beside the one that it is about: `report.pdf.meta.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qa.errors import LoadError
from qa.regular_files import read_regular
from qa.text.printable import printable_name

SUFFIX = ".meta.json"

MAX_BYTES = 100_000
"""The largest such file."""


def sidecar_of(path: Path) -> Path:
    """Return where the metadata of a file is, if it has any."""
    return path.with_name(path.name + SUFFIX)


def sidecar_stamp(path: Path) -> tuple[str, float]:
    """Return what shows whether the metadata of a file changed, and when it did; "-" without it."""
    try:
        status = sidecar_of(path).lstat()
    except OSError:
        return "-", 0.0
    return f"{status.st_size} {status.st_mtime_ns}", status.st_mtime


def read_sidecar(path: Path) -> Mapping[str, Any]:
    """Read the metadata of a file, which may have none.

    Raises:
        LoadError: it is a link, too large, or no JSON object.
    """
    sidecar = sidecar_of(path)
    if sidecar.is_symlink():
        raise _refused(path, "is a link: put the file itself there")
    if not sidecar.exists():
        return {}
    try:
        told = json.loads(read_regular(sidecar, MAX_BYTES))
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise _refused(path, 'is not metadata: write a JSON object, such as {"year": 2024}')
    return told


def _refused(path: Path, reason: str) -> LoadError:
    """Return the error that a document's metadata cannot be read, and so the document."""
    return LoadError(f"{printable_name(sidecar_of(path))} {reason}", source=str(path))
