"""The chart of `benchmarks.scale`."""

from __future__ import annotations

from collections.abc import Mapping


def draw(found: Mapping[int, Mapping[str, float]]) -> str:
    return ""
