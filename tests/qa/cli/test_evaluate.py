"""`inquote eval` and `inquote compare`, run as a person does, on an encoder without a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from qa.cli.commands import main
from qa.cli.evaluate import GATE_FAILED
from qa.evaluation import load_run
from qa.evaluation.records import OUTCOMES
from qa.retrieval import RERANKED
from tests.fakes import FakeEncoder, FakeReranker

pytestmark = pytest.mark.usefixtures("no_model")


@pytest.fixture(scope="module")
def museum(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a document of forty rooms, each with a fact of its own."""
    path = tmp_path_factory.mktemp("museum") / "museum.txt"
    path.write_text(" ".join(f"Room{n} shows item{n} from year{n}." for n in range(40)))
    return path


def write_questions(folder: Path, answerable: int, unanswerable: int) -> Path:
    """Write questions that the museum's text answers, and some that it does not."""
    path = folder / "museum-questions.jsonl"
    rows = [
        {"id": f"q{n}", "question": f"What does room{n} show?", "answerable": True}
        | {"quotes": [f"item{n} from year{n}"], "tags": ["odd" if n % 2 else "even"]}
        for n in range(answerable)
    ] + [
        {"id": f"u{n}", "question": f"Zebra{n} quagga{n} okapi{n}?", "answerable": False}
        for n in range(unanswerable)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return write_questions(tmp_path, 6, 2)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def run_json(*arguments: object) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def assert_one_sentence(result: Result, *parts: str) -> None:
    assert result.exit_code in (1, 2), result.output
    assert "Traceback" not in result.output
    for part in parts:
        assert part in result.stderr


class TestEval:
    def test_the_figures_come_with_intervals_and_what_became_of_the_questions(
        self, questions: Path, museum: Path
    ) -> None:
        printed = run("eval", questions, "--document", museum).stdout
        assert "8 questions, 6 answerable; 1 document in" in printed
        assert "quote-hit@1" in printed
        assert "MAP" not in printed
        assert "correct abstention" in printed
        assert "MAP" in run("eval", questions, "--document", museum, "--all").stdout

    def test_figures_stand_below_each_other(self, questions: Path, museum: Path) -> None:
        printed = run("eval", questions, "--document", museum).stdout
        names = "  false answers ", "  tentative on unanswerable "
        first, second = [line for line in printed.split("\n") if line.startswith(names)]
        assert len(first) == len(second)

    def test_a_run_is_kept_with_its_reports(
        self, questions: Path, museum: Path, tmp_path: Path
    ) -> None:
        out = tmp_path / "runs" / "first"
        printed = run("eval", questions, "--document", museum, "--out", out, "--name", "first")
        assert str(out / "report.html") in printed.stdout
        assert {path.name for path in out.iterdir()} == {
            *("run.json", "records.jsonl", "trec.run", "trec.qrels", "report.html", "report.md")
        }
        kept = load_run(out)
        assert kept.name == "first"
        assert kept.costs["start-up seconds"] > 0
        assert {record.outcome for record in kept.records} <= OUTCOMES.keys()

    def test_a_run_that_is_there_is_kept_before_any_question_is_asked(
        self, questions: Path, museum: Path, tmp_path: Path
    ) -> None:
        out = tmp_path / "run"
        run("eval", questions, "--document", museum, "--out", out)
        again = run("eval", tmp_path / "no such.jsonl", "--out", out)
        assert_one_sentence(again, "there is a run in", "already")
        assert (
            run("eval", questions, "--document", museum, "--out", out, "--overwrite").exit_code == 0
        )

    def test_settings_are_what_the_run_is_made_with(self, questions: Path, museum: Path) -> None:
        settings = run_json(
            *("eval", questions, "--document", museum),
            *("--set", "top_k=2", "--threshold", "0.5", "--set", "tentative=0.2"),
            *("--set", "max_tokens=32"),
        )["settings"]
        assert (settings["top_k"], settings["threshold"], settings["tentative"]) == (2, 0.5, 0.2)
        assert settings["chunking"]["max_tokens"] == 32

    def test_several_values_make_a_sweep_with_a_comparison(
        self, museum: Path, tmp_path: Path
    ) -> None:
        questions, out = write_questions(tmp_path, 24, 4), tmp_path / "sweep"
        result = run(
            *("eval", questions, "--document", museum, "--out", out),
            *("--set", "threshold=0,1", "--set", "top_k=1,3", "--tentative", "1"),
        )
        assert result.exit_code == 0, result.output
        assert "+ significantly better, - significantly worse than the first" in result.stdout
        (row,) = [row for row in result.stdout.split("\n") if row.startswith("quote-hit@1")]
        assert row.split()[-4:] == ["0.000", "-", "0.000", "-"]
        names = {path.name for path in out.iterdir()}
        assert names == {
            *("threshold=0 top_k=1", "threshold=0 top_k=3"),
            *("threshold=1 top_k=1", "threshold=1 top_k=3"),
            *("comparison.html", "comparison.md", "comparison.json"),
        }
        answers = {
            name: load_run(out / name).figures["abstention recall"].value
            for name in ("threshold=0 top_k=1", "threshold=1 top_k=1")
        }
        assert answers == {"threshold=0 top_k=1": 0.0, "threshold=1 top_k=1": 1.0}

    def test_a_run_says_which_reranker_there_was(
        self, questions: Path, museum: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("qa.engine.load_reranker", lambda _: FakeReranker())
        asked = ("eval", questions, "--document", museum)
        settings = run_json(*asked, "--reranker", "some/cross-encoder")["settings"]
        assert settings["reranker"] == "fake reranker"
        assert settings["reranker_digest"] == FakeReranker.digest
        assert settings["reranked"] == RERANKED
        assert "reranker" not in run_json(*asked)["settings"]

    def test_a_sweep_holds_a_reranker_against_none(
        self, questions: Path, museum: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        contrary = FakeReranker(**{f"item{n} ": -1 for n in range(6)})
        monkeypatch.setattr("qa.engine.load_reranker", lambda _: contrary)
        without, by_it = run_json(
            *("eval", questions, "--document", museum, "--set", "max_tokens=16"),
            *("--set", "reranker=none,some/cross-encoder"),
        )["runs"]
        assert without["name"] == "reranker=none"
        assert by_it["name"] == "reranker=some/cross-encoder"
        assert "reranker" not in without["settings"]
        assert without["figures"]["hit@1"]["value"] > by_it["figures"]["hit@1"]["value"]

    def test_a_sample_is_drawn_by_its_seed_and_noted(self, questions: Path, museum: Path) -> None:
        def ids(seed: int) -> list[str]:
            run = run_json("eval", questions, "--document", museum, "--sample", 5, "--seed", seed)
            assert (
                f"a sample of 5 of the 8 questions, drawn with seed {seed}"
                in (run["settings"]["notes"])
            )
            return [record["question_id"] for record in run["records"]]

        first = ids(1)
        assert len(first) == 5
        assert ids(1) == first != ids(2)

    def test_a_set_that_brings_its_corpus_is_asked_on_that(self, tmp_path: Path) -> None:
        folder = tmp_path / "beir"
        folder.mkdir()
        (folder / "corpus.jsonl").write_text(
            '{"_id": "a", "title": "", "text": "Cats are not let in."}\n'
            '{"_id": "b", "title": "", "text": "Tickets cost five euros."}\n'
        )
        (folder / "queries.jsonl").write_text('{"_id": "1", "text": "What do tickets cost?"}\n')
        (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\tb\t1\n")
        figures = run_json("eval", folder)["figures"]
        assert figures["hit@1"]["value"] == 1.0
        index = tmp_path / "index"
        assert run_json("eval", folder, "--index", index)["settings"]["documents"] == 2
        assert run_json("eval", folder, "--index", index)["figures"]["hit@1"]["value"] == 1.0

    def test_a_set_of_another_corpus_needs_leave(self, questions: Path, museum: Path) -> None:
        lines = questions.read_text()
        questions.write_text(json.dumps({"corpus": "0" * 64}) + "\n" + lines)
        assert_one_sentence(
            run("eval", questions, "--document", museum), "was made for the corpus", "--any-corpus"
        )
        kept = run_json("eval", questions, "--document", museum, "--any-corpus")
        assert "was made for the corpus 000000000000" in kept["settings"]["notes"][0]

    def test_an_index_that_is_there_is_asked_and_not_added_to(
        self, questions: Path, museum: Path, tmp_path: Path
    ) -> None:
        index = tmp_path / "index"
        assert run("eval", questions, "--document", museum, "--index", index).exit_code == 0
        assert run("eval", questions, "--index", index).exit_code == 0
        again = run("eval", questions, "--document", museum, "--index", index)
        assert_one_sentence(again, "is already an index", "inquote index")

    def test_a_run_is_called_by_its_name_or_its_folder_or_its_set(
        self, questions: Path, museum: Path, tmp_path: Path
    ) -> None:
        asked = ("eval", questions, "--document", museum)
        assert run_json(*asked)["name"] == "museum-questions"
        assert run_json(*asked, "--out", tmp_path / "before")["name"] == "before"
        assert run_json(*asked, "--name", "a\u202eb\x1b[1m")["name"] == r"a\u202eb\x1b[1m"

    def test_a_value_that_is_there_twice_is_asked_once(self, questions: Path, museum: Path) -> None:
        run_ = run_json("eval", questions, "--document", museum, "--set", "top_k=2,2")
        assert run_["settings"]["top_k"] == 2

    def test_a_sweep_is_not_written_into_what_is_there(
        self, questions: Path, museum: Path, tmp_path: Path
    ) -> None:
        sweep = ("eval", questions, "--document", museum, "--set", "top_k=1,2", "--out")
        assert_one_sentence(run(*sweep, tmp_path), questions.name, "name another folder")
        assert run(*sweep, tmp_path / "sweep").exit_code == 0
        assert_one_sentence(run(*sweep, tmp_path / "sweep"), "there is a comparison in")
        assert run(*sweep, tmp_path / "sweep", "--overwrite").exit_code == 0

    def test_a_review_goes_with_few_options(self, questions: Path, tmp_path: Path) -> None:
        review = ("eval", questions, "--review", tmp_path / "mine.jsonl")
        for option in (("--json",), ("--out", tmp_path / "run"), ("--set", "top_k=2")):
            assert_one_sentence(run(*review, *option), "--review can only be combined with")
        by_it = run(*review, "--reranker", "./no/such")
        assert_one_sentence(by_it, "there is no model folder ./no/such")

    @pytest.mark.parametrize("command", ["eval", "compare"])
    def test_a_seed_is_not_negative(self, questions: Path, command: str) -> None:
        assert_one_sentence(run(command, questions, "--seed", "-1"), "--seed")

    @pytest.mark.parametrize(
        ("assignment", "what_is_said"),
        [
            ("top_k", "write key=value"),
            ("topk=3", "did you mean top_k?"),
            ("colour=red", "those are top_k, threshold"),
            ("top_k=three", "top_k=three does not fit"),
            ("top_k=0", "top_k=0 does not fit"),
            ("threshold=2", "threshold=2 does not fit"),
            ("max_tokens=1", "too short"),
            ("top_k=3,,5", "top_k= does not fit"),
        ],
    )
    def test_a_setting_that_does_not_fit_is_refused_in_a_sentence(
        self, questions: Path, assignment: str, what_is_said: str
    ) -> None:
        assert_one_sentence(run("eval", questions, "--set", assignment), what_is_said)


@pytest.fixture(scope="module")
def runs(museum: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Keep a good run, and one of a corpus asked so that it refuses everything."""
    folder = tmp_path_factory.mktemp("runs")
    questions = write_questions(folder, 16, 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qa.opening.load_encoder", lambda *_, **__: FakeEncoder())
        patch.setenv("INQUOTE_CACHE", str(folder / "cache"))
        for name, threshold in [("good", 0), ("refusing", 1)]:
            result = run(
                *("eval", questions, "--document", museum, "--name", name),
                *("--out", folder / name, "--threshold", str(threshold), "--tentative", "1"),
            )
            assert result.exit_code == 0, result.output
    return folder / "good", folder / "refusing"


class TestCompare:
    def test_what_is_worse_is_said_in_words_with_the_questions_that_flipped(
        self, runs: tuple[Path, Path]
    ) -> None:
        printed = run("compare", *runs).stdout
        (line,) = [line for line in printed.split("\n") if line.startswith("quote-hit@1")]
        assert line.rstrip().endswith("worse")
        assert "refusing: better on" in printed
        assert "lost" in printed
        assert "What does room0 show?" in printed

    def test_a_run_against_itself_shows_no_difference(self, runs: tuple[Path, Path]) -> None:
        compared = run_json("compare", runs[0], runs[0])
        verdicts = {difference["verdict"] for difference in compared["differences"]}
        assert verdicts == {"no evidence of a difference", "not tested"}
        assert compared["flips"] == []

    def test_the_comparison_is_kept_as_page_markdown_and_json(
        self, runs: tuple[Path, Path], tmp_path: Path
    ) -> None:
        out = tmp_path / "comparison"
        run("compare", *runs, "--out", out)
        assert_one_sentence(run("compare", *runs, "--out", out), "there is a comparison in")
        assert_one_sentence(run("compare", *runs, "--out", tmp_path), "name another folder")
        assert {p.name for p in out.iterdir()} == {
            f"comparison.{s}" for s in ("html", "md", "json")
        }

    def test_a_gate_that_fails_has_an_exit_code(
        self, runs: tuple[Path, Path], tmp_path: Path
    ) -> None:
        out = tmp_path / "gated"
        failed = run("compare", *runs, "--gate", "quote-hit@1:0.05", "--out", out)
        assert failed.exit_code == GATE_FAILED
        assert failed.stdout.count("FAILED") == 1
        assert "gate FAILED: quote-hit@1 is" in (out / "comparison.md").read_text()
        passed = run("compare", runs[0], runs[0], "--gate", "quote-hit@1:0.05")
        assert passed.exit_code == 0
        assert "passed" in passed.stdout

    def test_a_gate_is_checked_on_a_measure_that_is_not_compared_else(
        self, runs: tuple[Path, Path]
    ) -> None:
        result = run("compare", *runs, "--measure", "hit@1", "--gate", "Quote-Hit@1:0.05")
        assert result.exit_code == GATE_FAILED
        assert "FAILED  quote-hit@1" in result.stdout

    def test_the_folder_of_a_sweep_stands_for_its_runs_in_order(
        self, questions: Path, museum: Path, tmp_path: Path
    ) -> None:
        sweep = tmp_path / "sweep"
        run("eval", questions, "--document", museum, "--set", "top_k=8,1", "--out", sweep)
        assert run_json("compare", sweep)["runs"] == ["top_k=8", "top_k=1"]

    def test_bad_input_is_answered_in_a_sentence(
        self, runs: tuple[Path, Path], tmp_path: Path
    ) -> None:
        assert_one_sentence(run("compare", runs[0]), "at least two runs")
        assert_one_sentence(run("compare", runs[0], tmp_path / "none"), "is not a run")
        assert_one_sentence(run("compare", *runs, "--measure", "quote-hit"), "did you mean")
        assert_one_sentence(run("compare", *runs, "--gate", "MAP"), "measure:drop")
