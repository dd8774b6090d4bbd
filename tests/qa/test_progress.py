from __future__ import annotations

import logging

import pytest
from tqdm.auto import tqdm

from qa.progress import Bar


@pytest.fixture
def bar(monkeypatch: pytest.MonkeyPatch) -> Bar:
    """A bar over 10,000 characters, which is there though no terminal is."""
    bar = Bar(10_000)
    bar.bar = tqdm(total=10_000, disable=False, delay=1e9, smoothing=0)
    return bar


def left(bar: Bar, seconds: float) -> float:
    """Return the seconds that the bar says are left, if these have passed."""
    told = bar.bar.format_dict | {"elapsed": seconds, "rate": None}
    return float((told["total"] - told["n"]) / ((told["n"] - told["initial"]) / seconds))


def test_the_time_that_is_left_is_told_by_characters_not_by_documents(bar: Bar) -> None:
    with bar:
        bar.advance("short", 500)
        bar.advance("long", 2_000)
        assert left(bar, 10) == 30
        bar.advance("long", 4_500)
        assert left(bar, 20) == 20


def test_what_passages_share_counts_once(bar: Bar) -> None:
    with bar:
        bar.advance("a", 100)
        bar.advance("a", 100)
        bar.advance("a", 150)
        bar.advance("b", 50)
        assert bar.bar.n == 200


def test_what_takes_no_time_does_not_make_the_rest_look_quick(bar: Bar) -> None:
    with bar:
        bar.advance("known", 5_000, at_once=True)
        bar.advance("new", 1_000)
        assert left(bar, 10) == 40


def test_without_a_terminal_it_does_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "inquote.progress")
    with Bar(10) as bar:
        bar.advance("a", 5, at_once=True)
        assert bar.bar.n == 0


def test_without_a_terminal_lines_are_logged_if_they_are_wanted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("qa.progress._SECONDS_BEFORE_PROGRESS", 0)
    monkeypatch.setattr("qa.progress._SECONDS_BETWEEN_LINES", 0)
    with caplog.at_level(logging.INFO, "inquote.progress"), Bar(2_000) as bar:
        for end in (500, 2_000):
            bar.advance("a", end)
            bar.show()
    assert [line.partition(",")[0] for line in caplog.messages][-2:] == [
        "indexing: 25% of 2.00k characters",
        "indexing: 100% of 2.00k characters",
    ]
    assert not any("\r" in line or line != line.strip() for line in caplog.messages)


def test_short_work_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "inquote.progress"), Bar(10) as bar:
        bar.advance("a", 10)
    assert caplog.messages == []
