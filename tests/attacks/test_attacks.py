"""Every attack in a small size; `make attack` runs them in full."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.attacks import Named, find_attacks


@pytest.mark.parametrize("each", find_attacks(), ids=lambda each: each.name)
def test_nothing_survives(each: Named, tmp_path: Path) -> None:
    outcome = each.attack(each.small, random.Random(0), tmp_path)
    assert outcome.tries >= each.small
    assert outcome.survivors == ()
