"""The runs that are kept for a visitor."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qa.evaluation import Run, load_run
from tests.sample_runs import AFTER, HOSTILE, RUN, hostile_run
from ui.evaluation.history import AllRuns, RunHandlers, Runs
from ui.visitors import limits


@pytest.fixture
def all_runs(tmp_path: Path) -> Iterator[AllRuns]:
    with AllRuns(tmp_path) as runs:
        yield runs


@pytest.fixture
def runs(all_runs: AllRuns) -> Runs:
    return all_runs.of(None, "here")


@pytest.fixture
def handlers(all_runs: AllRuns) -> RunHandlers:
    return RunHandlers(all_runs)


def named(number: int) -> Run:
    return replace(RUN, name=f"run {number}")


def listed(handlers: RunHandlers, runs: Runs) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = handlers.listed({"token": runs.token})["runs"]
    return found


def test_the_last_twenty_are_listed_the_newest_first(handlers: RunHandlers, runs: Runs) -> None:
    for number in range(22):
        runs.keep(named(number), "the museum")
    shown = listed(handlers, runs)
    assert [one["name"] for one in shown] == [f"run {number}" for number in range(21, 1, -1)]
    assert {one["corpus"] for one in shown} == {"the museum"}
    assert re.match(r"\d+ of \d+ right, quote-hit@1 \d\.\d{3}", shown[0]["figures"])
    assert len(list(runs._folder.iterdir())) == 20


def test_what_is_kept_has_a_size_too_and_the_last_run_is_always_kept(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_RUN_BYTES", 10)
    for number in range(3):
        runs.keep(named(number), "the museum")
    assert [kept.name for kept in runs.kept] == ["run 2"]


def test_one_is_opened_again_with_what_changed_since_the_one_before(
    handlers: RunHandlers, runs: Runs, tmp_path: Path
) -> None:
    first, other = runs.keep(RUN, "the museum"), runs.keep(RUN, "Your documents")
    last = runs.keep(AFTER, "the museum")
    opened = [
        handlers.report({"token": runs.token, "run": kept.id})["html"]
        for kept in (first, other, last)
    ]
    assert ["Against the run before: " in html for html in opened] == [False, False, True]
    packed = re.search(r'download="run.zip" href="data:[a-z/]*;base64,([^"]*)"', opened[2])
    assert packed
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(packed[1]))) as archive:
        archive.extractall(tmp_path / "unpacked")
    assert load_run(tmp_path / "unpacked" / "run").figures == AFTER.figures


def test_two_are_compared_the_older_as_the_baseline_whichever_is_ticked_first(
    handlers: RunHandlers, runs: Runs
) -> None:
    older, newer = runs.keep(RUN, "the museum"), runs.keep(AFTER, "Your documents")
    both = [
        handlers.compared({"token": runs.token, "runs": ids})["html"]
        for ids in ([older.id, newer.id], [newer.id, older.id])
    ]
    assert both[0] == both[1]
    assert "1 question gained, 1 lost. " in both[0]


def test_two_without_a_common_question_are_not_compared(handlers: RunHandlers, runs: Runs) -> None:
    alone = replace(AFTER, records=(replace(AFTER.records[0], question_id="z"),))
    ids = [runs.keep(RUN, "the museum").id, runs.keep(alone, "the museum").id]
    assert "error" in handlers.compared({"token": runs.token, "runs": ids})
    assert "Against" not in handlers.report({"token": runs.token, "run": ids[1]})["html"]


@pytest.mark.parametrize("words", HOSTILE)
def test_what_a_run_is_called_names_no_file(
    handlers: RunHandlers, runs: Runs, words: str, tmp_path: Path
) -> None:
    kept = runs.keep(hostile_run(words), "the museum")
    assert kept.folder.parent == runs._folder
    assert "error" in handlers.report({"token": runs.token, "run": words[:100]})


def test_nobody_else_finds_them_and_they_go_when_asked_or_with_the_server(
    handlers: RunHandlers, all_runs: AllRuns, runs: Runs, tmp_path: Path
) -> None:
    kept, other = runs.keep(RUN, "the museum"), all_runs.of(None, "elsewhere")
    other.keep(AFTER, "the museum")
    told = handlers.report({"token": other.token, "run": kept.id})
    assert told == {"error": "This run is no longer here: run it again"}
    assert handlers.listed({"token": "made up"}) == {"runs": []}
    assert handlers.forget({"token": runs.token}) == {"runs": []}
    assert not kept.folder.exists()
    assert (
        "Your runs are no longer here"
        in handlers.report({"token": runs.token, "run": kept.id})["error"]
    )
    all_runs.close()
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("given", [None, {}, {"token": 1}, {"token": "x" * 200}, [1]])
def test_what_is_no_request_gets_one_sentence(handlers: RunHandlers, given: object) -> None:
    for method in (handlers.listed, handlers.report, handlers.compared, handlers.forget):
        assert "The page sent what cannot be read" in method(given)["error"]
