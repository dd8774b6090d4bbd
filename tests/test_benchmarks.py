"""How what was measured is written down; how fast anything is, no test says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.__main__ import (
    DOCUMENT,
    MACHINE,
    SECTIONS,
    SUMMARY,
    check_marks,
    chosen_sections,
    main,
    options_of,
    parser,
)
from benchmarks.floor import WEIGHTS, Rates, operations
from benchmarks.load import slope
from benchmarks.peers import ratio
from benchmarks.summary import Line, merged
from benchmarks.writing import NoMarks, between, put

PAGE = """# Speed

Prose before.

<!-- bench: ask -->

old table

<!-- /bench: ask -->

Prose after.
"""


def test_what_is_written_takes_the_place_of_what_stood_between_the_marks() -> None:
    written = put(PAGE, "ask", "| new |\n")
    assert written == PAGE.replace("old table", "| new |")
    assert between(written, "ask") == "| new |"
    assert put(written, "ask", "| new |") == written


@pytest.mark.parametrize("marks", ["", "<!-- bench: ask -->", f"{PAGE}{PAGE}"])
def test_a_document_without_one_place_for_a_section_is_refused(marks: str) -> None:
    with pytest.raises(NoMarks, match="ask"):
        put(marks, "ask", "| new |")


def test_marks_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(NoMarks, match="wrong way round"):
        put("<!-- /bench: ask --> <!-- bench: ask -->", "ask", "| new |")


def test_there_is_a_place_for_every_section() -> None:
    check_marks(DOCUMENT, (SUMMARY, MACHINE, *SECTIONS))


def test_a_summary_keeps_the_lines_that_were_not_measured_again() -> None:
    first = merged("", [Line("start", 2.0, "s", 1.0), Line("ask", 9.0, "ms", 8.0, 4.0)], "monday")
    again = merged(first, [Line("start", 0.5, "s", 1.0)], "tuesday")
    assert again.splitlines()[2:] == [
        "| start | at most 1.00 s | 0.50 s |  |  | yes | tuesday |",
        "| ask | at most 8.00 ms | 9.00 ms | 4.00 ms | 44% | no | monday |",
    ]


def test_what_should_be_none_at_all_and_is_reaches_its_target() -> None:
    assert Line("wrong", 0, "", 0).row("today") == "| wrong | at most 0 | 0 |  |  | yes | today |"


def test_of_a_rate_more_is_better() -> None:
    line = Line("index", 30.0, "a second", 40.0, 60.0, more_is_better=True)
    assert line.reached == "no"
    assert line.share == "50%"
    assert line.row("today").startswith("| index | at least 40.0 a second |")


def test_the_floor_counts_the_models_weights_and_operations() -> None:
    assert WEIGHTS == 42_467_328
    assert operations(1) == 6 * (2 * 12 * 384**2 + 4 * 384)
    assert operations(20) > 20 * operations(1)  # attention
    rates = Rates({"float32": [50.0, 100.0, 80.0]}, memory=10.0, weights=20.0)
    assert rates.encoding([10, 20]) == (operations(10) + operations(20)) / 100e9
    assert rates.question(1) == WEIGHTS / 20e9
    assert rates.question(200) == operations(200) / 100e9


def test_memory_that_settles_has_no_slope() -> None:
    grows_at_first = [(n, 400 + min(n, 500) / 10) for n in range(0, 1_001, 10)]
    assert slope(grows_at_first) == pytest.approx(0)
    assert slope([(n, 400 + n / 10) for n in range(0, 1_001, 10)]) == pytest.approx(100)
    assert slope([(0, 400.0), (1, 410.0)]) == 0


def test_times_as_fast_is_above_one_where_ours_is_ahead() -> None:
    ours = {"per_second": 60.0, "p50_ms": 5.0}
    peer = {"per_second": 40.0, "p50_ms": 10.0}
    assert ratio(ours, peer, "index") == 1.5
    assert ratio(ours, peer, "warm query, p50") == 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["peers"], "peers needs question sets: add  --bench FOLDER"),
        (["many"], "many needs question sets: add  --bench FOLDER"),
        (["scale"], "scale needs question sets: add  --bench FOLDER"),
        (["--bench", "nowhere"], "nowhere has no question sets"),
        (["speed"], "no section is called speed; there are: start,"),
        (["--peers", "sbert,gpt"], "no peer is called gpt"),
        (["--clients", "0"], "at least 1"),
    ],
)
def test_what_cannot_be_measured_is_told_before_anything_is(
    given: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(given)
    assert told in f"{end.value} {capsys.readouterr().err}"


def test_a_million_passages_are_measured_only_where_there_is_a_folder_for_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "corpus.jsonl").touch()
    given = ["--bench", str(tmp_path)]
    without = options_of(parser().parse_args(given))
    with_one = options_of(parser().parse_args([*given, "--keep", "kept"]))
    assert "scale" not in chosen_sections([], without)
    assert chosen_sections([], with_one) == list(SECTIONS)
    with pytest.raises(SystemExit, match="scale needs a folder for what it builds"):
        chosen_sections(["scale"], without)


def test_a_document_without_marks_is_told_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    monkeypatch.setattr("benchmarks.__main__.DOCUMENT", page)
    with pytest.raises(SystemExit, match=r"page\.md: there is no one place for summary"):
        main(["ask", "--write"])


def test_every_study_has_a_line_that_says_what_it_settled() -> None:
    folder = DOCUMENT.parent / "studies"
    told = re.findall(
        r"^\| `(\w+)", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    runnable = [path.stem for path in folder.glob("*.py") if "__main__" in path.read_text("utf-8")]
    assert sorted(told) == sorted(runnable)
