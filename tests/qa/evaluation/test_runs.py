"""A run as a folder: written whole, read back the same."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qa.errors import RunError
from qa.evaluation.folders import keep_run
from qa.evaluation.records import Excerpt, Record, Retrieved
from qa.evaluation.runs import (
    RECORDS_FILE,
    RUN_FILE,
    TREC_QRELS,
    TREC_RUN,
    Run,
    check_free,
    figures,
    figures_by_tag,
    load_run,
)

RECORDS = (
    Record(
        question_id="q 1",
        question="When?\r\nExactly “when”?",
        answerable=True,
        history=("What is it?",),
        tags=("plain", "date"),
        answers=("2013",),
        gold=((Excerpt("my notes.txt", 3, 7, "2013"), Excerpt("my notes.txt", 9, 13, "2013")),),
        relevant={"my notes.txt:0-20": 1},
        query="What is it? When?",
        abstained=False,
        confidence=0.1 + 0.2,
        quotes=(Excerpt("my notes.txt", 0, 20, "In 2013, 2013 it is. "),),
        verified=1,
        ranking=(Retrieved("my notes.txt", 0, 20, 0.75), Retrieved("b", 0, 5, -0.25)),
        in_use=1,
        seconds={"total": 0.5},
    ),
    Record("q2", "Who?", False, tags=("plain",), error="the question is too long"),
)
RUN = Run(
    "a run",
    {"top_k": 3, "notes": ["é"]},
    RECORDS,
    figures(RECORDS),
    figures_by_tag(RECORDS),
    {"start-up seconds": 1.5},
)


def test_a_run_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    assert load_run(RUN.save(tmp_path / "runs" / "one")) == RUN


def test_a_run_saved_before_there_were_tentative_answers_is_read(tmp_path: Path) -> None:
    folder = RUN.save(tmp_path / "run")
    records = (folder / "records.jsonl").read_text(encoding="utf-8")
    (folder / "records.jsonl").write_text(records.replace(',"tentative":false', ""), "utf-8")
    assert records.count('"tentative"') == len(RUN.records)
    assert load_run(folder).records == RUN.records


def test_a_run_and_its_new_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    keep_run(RUN, tmp_path / "runs" / "one")
    for folder in (tmp_path / "runs", tmp_path / "runs" / "one"):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_the_rankings_are_written_as_trec_does(tmp_path: Path) -> None:
    folder = RUN.save(tmp_path / "run")
    assert (folder / TREC_RUN).read_text().splitlines() == [
        "q%201 Q0 my%20notes.txt:0-20 1 -1 a%20run",
        "q%201 Q0 b:0-5 2 -2 a%20run",
    ]
    assert (folder / TREC_QRELS).read_text().splitlines() == ["q%201 0 my%20notes.txt:0-20 1"]


def test_what_is_in_the_way_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "dear.txt").write_text("diary")
    RUN.save(tmp_path / "run")
    with pytest.raises(RunError, match="there is a run in"):
        RUN.save(tmp_path / "run")
    RUN.save(tmp_path / "run", overwrite=True)
    (tmp_path / "run" / "dear.txt").write_text("diary")
    for folder in ("notes", "run"):
        for overwrite in (False, True):
            with pytest.raises(RunError, match=r"holds no run alone \(dear.txt\)"):
                RUN.save(tmp_path / folder, overwrite=overwrite)
        assert (tmp_path / folder / "dear.txt").read_text() == "diary"
    assert {path.name for path in tmp_path.iterdir()} == {"notes", "run"}


def test_what_a_killed_save_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    RUN.save(tmp_path / "run").rename(tmp_path / ".run.before")
    with pytest.raises(RunError, match="is not a run"):
        load_run(tmp_path / "run")
    RUN.save(tmp_path / "run")
    (tmp_path / ".run.before").mkdir()
    (tmp_path / ".run.new").mkdir()
    RUN.save(tmp_path / "run", overwrite=True)
    assert {path.name for path in tmp_path.iterdir()} == {"run"}


def test_a_place_that_cannot_be_written_to_is_refused_beforehand(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="no run can be written to"):
        check_free(tmp_path / "file" / "runs" / "one", overwrite=True)
    check_free(tmp_path / "runs" / "one", overwrite=False)


@pytest.mark.parametrize(
    ("file", "content", "what_is_said"),
    [
        (RUN_FILE, None, "is not a run"),
        (RUN_FILE, "{", "is not whole"),
        (RUN_FILE, "[]", "is not whole"),
        (RUN_FILE, '{"format": 1}', "is not whole"),
        (RUN_FILE, '{"format": 99}', "has format 99, and this version reads inquote-run/1"),
        (RECORDS_FILE, None, "is not whole"),
        (RECORDS_FILE, '{"question_id": 5}', "is not whole"),
        (RECORDS_FILE, "", "has 0 of 2 records"),
        (RUN_FILE, '{"format": 1, "name": 5, "settings": []}', "is not whole"),
    ],
)
def test_a_run_that_is_not_whole_is_refused_in_a_sentence(
    tmp_path: Path, file: str, content: str | None, what_is_said: str
) -> None:
    folder = RUN.save(tmp_path / "run")
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_text(content)
    with pytest.raises(RunError, match=what_is_said):
        load_run(folder)


def test_the_plain_data_is_json() -> None:
    data = json.loads(json.dumps(RUN.to_dict()))
    assert data["figures"]["quote-hit@1"]["value"] == 1.0
    assert data["records"][0]["gold"][0][0]["text"] == "2013"


def test_the_frame_has_a_row_for_each_question() -> None:
    frame = RUN.frame()
    assert list(frame["question_id"]) == ["q 1", "q2"]
    assert list(frame["outcome"]) == ["right", "not asked"]
    assert frame["quote-hit@1"].mean() == 1.0


def test_without_pandas_the_frame_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(RunError, match="pip install pandas"):
        RUN.frame()


def test_a_figure_comes_with_its_interval_and_how_many_questions_count() -> None:
    halves = [
        Record(
            f"q{i}",
            "?",
            True,
            gold=((Excerpt("a", 0, 5, "xxxxx"),),),
            abstained=False,
            quotes=(Excerpt("a", 5 * (i % 2), 5 * (i % 2) + 5, "xxxxx"),),
        )
        for i in range(100)
    ]
    figure = figures([*halves, Record("u", "?", False)])["quote-hit@1"]
    assert figure.value == 0.5
    assert figure.questions == 100
    # The standard error of a half over 100 is 0.05, and the interval 1.96 of these each way.
    assert figure.low == pytest.approx(0.402, abs=0.02)
    assert figure.high == pytest.approx(0.598, abs=0.02)
    assert figures(halves) == figures(halves)


def test_a_tag_has_the_figures_of_its_questions() -> None:
    assert set(RUN.by_tag) == {"date", "plain"}
    assert RUN.by_tag["date"]["quote-hit@1"].questions == 1
    assert "abstention recall" not in RUN.by_tag["date"]
    assert RUN.by_tag["plain"]["abstention recall"].value == 1.0


def test_where_all_came_out_alike_the_interval_does_not_claim_to_be_certain() -> None:
    records = [Record(f"q{i}", "?", False, abstained=True) for i in range(14)]
    figure = figures(records)["abstention recall"]
    assert (figure.value, figure.high, figure.questions) == (1.0, 1.0, 14)
    assert figure.low == pytest.approx(0.025 ** (1 / 14))
    answered = figures([replace(record, abstained=False) for record in records])
    assert answered["abstention recall"].low == 0.0
    assert answered["abstention recall"].high == pytest.approx(1 - 0.025 ** (1 / 14))
