"""The assertion that other people's tests make of their runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.errors import SettingsError
from qa.evaluation.testing import assert_no_worse
from tests.qa.evaluation.comparison.test_comparing import answered

GOOD, BAD, NOISY = answered("good"), answered("bad", lost=15), answered("noisy", lost=3, gained=1)


def test_a_run_that_is_as_good_or_better_passes() -> None:
    assert_no_worse(GOOD, GOOD, "quote-hit@1", by=0.02)
    assert_no_worse(GOOD, BAD, "quote-hit@1", "citation F1", by=0.02)


def test_one_that_is_worse_fails_with_the_values_and_the_questions() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_no_worse(BAD, GOOD, "quote-hit@1", by=0.02)
    message = str(caught.value)
    assert message.startswith("quote-hit@1 is 0.417 in bad and 0.667 in good: worse by 0.250")
    assert "15 questions were lost, such as:\n  q0: Question 0?" in message


def test_a_small_drop_and_one_that_chance_explains_pass() -> None:
    assert_no_worse(BAD, GOOD, "quote-hit@1", by=0.3)
    assert_no_worse(NOISY, GOOD, "quote-hit@1", by=0.02)


def test_runs_may_be_folders(tmp_path: Path) -> None:
    folders = [run.save(tmp_path / run.name) for run in (GOOD, BAD)]
    with pytest.raises(AssertionError, match=r"quote-hit@1 is 0\.417 in bad"):
        assert_no_worse(folders[1], folders[0], "quote-hit@1", by=0.02)


@pytest.mark.parametrize("measures", [(), ("quote-hit",), ("seconds p50",)])
def test_without_a_measure_that_is_tested_it_is_no_test(measures: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError):
        assert_no_worse(GOOD, GOOD, *measures, by=0.02)
