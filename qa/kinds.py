"""Whether a question asks for one thing or for several (English)."""

from __future__ import annotations

import re

_SEVERAL = re.compile(
    r"""
    \bwhy\b | \breasons?\b | \bcauses\b | \bhow\ come\b
    | \b(list|enumerate|compare|contrast|versus|vs|differ\w*|between|both|each)\b
    | \b(advantages|disadvantages|benefits|drawbacks|pros|steps|ways|examples|factors|types|kinds)\b
    | \b(what|which|who)\ (else\ )?(are|were)\b | \b(what|which)\ (two|three|four|five|other)\b
    | \bname\ (some|two|three|four|five|the)\b | \bhow\ (do|does|did|can|should)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def asks_for_several(question: str) -> bool:
    """Tell whether an answer is likely to stand in several places: lists, reasons, comparisons."""
    return bool(_SEVERAL.search(question))
