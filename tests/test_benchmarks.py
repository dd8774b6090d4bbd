"""How results are written down, and which options are refused; no test depends on speed."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from benchmarks.__main__ import (
    DOCUMENT,
    MACHINE,
    OTHERS,
    SECTIONS,
    SUMMARY,
    check_marks,
    chosen_sections,
    main,
    parser,
)
from benchmarks.everyday_examples import FOLDER as EVERYDAY
from benchmarks.everyday_examples import evened, texts
from benchmarks.learn_examples import Example
from benchmarks.load import slope
from benchmarks.machine import DIM, WEIGHTS, Rates, operations
from benchmarks.made_up import WORDS, build_index
from benchmarks.peers import ratio
from benchmarks.results import Line, MarkError, merged, section, with_section
from benchmarks.stages import STAGES
from qa.evaluation import Question, load_questions
from qa.index import Index

PAGE = """# Speed

Prose before.

<!-- bench: ask -->

old table

<!-- /bench: ask -->

Prose after.
"""


def test_what_is_written_takes_the_place_of_what_stood_between_the_marks() -> None:
    written = with_section(PAGE, "ask", "| new |\n")
    assert written == PAGE.replace("old table", "| new |")
    assert section(written, "ask") == "| new |"
    assert with_section(written, "ask", "| new |") == written


@pytest.mark.parametrize("marks", ["", "<!-- bench: ask -->", f"{PAGE}{PAGE}"])
def test_a_document_without_one_place_for_a_section_is_refused(marks: str) -> None:
    with pytest.raises(MarkError, match="ask"):
        with_section(marks, "ask", "| new |")


def test_marks_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(MarkError, match="wrong way round"):
        with_section("<!-- /bench: ask --> <!-- bench: ask -->", "ask", "| new |")


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
    row = "| index | at least 40.0 a second | 30.0 a second | 60.0 a second | 50% | no | today |"
    assert line.row("today") == row


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
    ("given", "message"),
    [
        (["peers"], "peers needs a folder: add  --bench FOLDER"),
        (["many"], "many needs a folder: add  --bench FOLDER"),
        (["scale"], "scale needs a folder: add  --bench FOLDER"),
        (["--bench", "nowhere"], "nowhere has no question sets"),
        (["speed"], "no section is called speed; there are: start,"),
        (["--peers", "sbert,gpt"], "no peer is called gpt"),
        (["--clients", "0"], "at least 1"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is(
    given: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(given)
    assert message in f"{end.value} {capsys.readouterr().err}"


def test_a_million_passages_are_measured_only_where_there_is_a_folder_for_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "corpus.jsonl").touch()
    given = ["--bench", str(tmp_path)]
    assert "scale" not in chosen_sections(parser().parse_args(given))
    assert chosen_sections(parser().parse_args([*given, "--keep", "kept"])) == list(SECTIONS)
    with pytest.raises(SystemExit, match="scale needs a folder: add  --keep FOLDER"):
        chosen_sections(parser().parse_args(["scale", *given]))


def test_a_document_without_marks_is_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    monkeypatch.setattr("benchmarks.__main__.DOCUMENT", page)
    with pytest.raises(SystemExit, match=r"page\.md: no single place for summary"):
        main(["ask", "--write"])


def test_a_made_up_index_has_as_many_passages_as_wanted_and_is_the_same_each_time(
    tmp_path: Path,
) -> None:
    texts = ["The quick brown fox jumps over the lazy dog. A heron stands in the cold water."]
    real = np.random.default_rng(0).standard_normal((30, DIM), np.float32)
    contents = []
    for name in ("first", "second"):
        seconds, memory = build_index(tmp_path / name, texts, real, 40, token_vectors=40)
        assert 0 < seconds < 60
        assert 0 <= memory < 1_000
        with closing(Index.open(tmp_path / name)) as index:
            passages = [p for id_ in index.document_ids() for p in index.passages_of(id_)]
            contents.append((passages, index.search(real[:1], 3)))
    assert contents[0] == contents[1]
    assert [len(passage.text.split()) for passage in passages] == [WORDS] * 40


def test_every_stage_names_functions_that_exist() -> None:
    assert all(hasattr(owner, name) for functions in STAGES.values() for owner, name in functions)


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    assert all(f"\n  {name} " in printed for name in (*SECTIONS, *OTHERS))
    folder = DOCUMENT.parent
    measuring = {Path(section.module.replace(".", "/")).stem for section in SECTIONS.values()}
    runnable = {
        path.stem for path in folder.glob("*.py") if "parse_args" in path.read_text("utf-8")
    }
    assert runnable - {"__main__"} - measuring <= {*OTHERS}


def test_every_study_has_a_line_that_says_what_it_settled() -> None:
    folder = DOCUMENT.parent / "studies"
    listed = re.findall(
        r"^\| `(\w+)", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    runnable = [path.stem for path in folder.glob("*.py") if "__main__" in path.read_text("utf-8")]
    assert sorted(listed) == sorted(runnable)


def test_what_answers_the_everyday_questions_stands_in_their_documents() -> None:
    documents = {Path(name).stem: " ".join(text.split()) for name, text in texts().items()}
    questions = load_questions(EVERYDAY / "questions.jsonl")
    asked = {question.id.rpartition("-")[0] for question in questions}
    assert asked == documents.keys()
    for question in questions:
        text = documents[question.id.rpartition("-")[0]]
        assert all(quote in text for quote in question.quotes), question.id
        assert all(words in question.quotes[0] for words in question.answers), question.id


def test_surprising_questions_count_more() -> None:
    def example(number: int, text: str, *, answerable: bool) -> Example:
        question = Question(str(number), text, answerable)
        return Example(question, None, [], frozenset(), str(number))  # type: ignore[arg-type]

    usual = [example(n, "how many are there", answerable=False) for n in range(40)]
    usual += [example(n, "why is it so", answerable=True) for n in range(40, 80)]
    surprising = [example(80, "how many are there", answerable=True)]
    *weights, last = evened([*usual, *surprising])
    assert last > 2 * max(weights)
