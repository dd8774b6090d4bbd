"""The command line, run as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import watchfiles
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from embeddings import Encoder, ModelError
from qa import Answer, Citation, Document
from qa.bundled import essay_path, questions_path
from qa.cli.ask import EXIT_CODES
from qa.cli.commands import main
from qa.cli.index import STOPPED
from qa.cli.verify import NOT_VERIFIED
from qa.documents import Span
from qa.retrieval import RERANKED
from tests.fakes import FakeEncoder, vectors_of
from tests.pdf_files import pages_of
from tests.tiny_models import save_cross_encoder

BELT = "When was the Belt and Road Initiative proposed?"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def run_json(*arguments: str | Path) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


def assert_one_sentence(result: Result, *parts: str) -> None:
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1, result.stderr
    for part in parts:
        assert part in result.stderr


def test_help_names_every_command() -> None:
    help_text = run("--help").stdout
    for command in ("index", "ask", "overview", "retrieve", "chat", "eval", "verify"):
        assert f"\n  {command} " in help_text
        assert run(command, "--help").exit_code == 0


@pytest.mark.process
def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, qa.__main__, embeddings, ui;"
        "heavy = {'torch', 'transformers', 'faiss', 'tiktoken', 'gradio', 'lxml', 'pypdfium2'};"
        "heavy &= set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_output_that_lacks_a_character_shows_it_as_an_escape(
    tmp_path: Path, essay: Document
) -> None:
    changed = Answer("Why?", "Why?", 0.9, (Citation(1, essay, Span(0, 20)),)).to_dict()
    changed["citations"][0]["quote"] = "“Füße"
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(changed))
    for options in ([], ["--json"]):
        runner = CliRunner(charset="latin-1")
        result = runner.invoke(main, ["verify", str(path), *options])
        assert result.exit_code == NOT_VERIFIED, result.stderr
        assert "\\u201c" in result.stdout


ABSTAINED = EXIT_CODES["abstained"]


@pytest.mark.parametrize("command", ["index", "ask", "retrieve", "eval", "review", "chat"])
def test_the_precision_that_is_named_is_taken(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*_: object, precision: str, **__: object) -> Encoder:
        raise ModelError(f"loaded in {precision}", model="")

    monkeypatch.setattr("qa.opening.load_encoder", load)
    (tmp_path / "a.txt").write_text("Tickets cost five euros.")
    asked = {"id": "1", "question": "How much?", "answerable": True, "quotes": ["five euros"]}
    (tmp_path / "set.jsonl").write_text(json.dumps(asked))
    named: list[str | Path] = ["--document", tmp_path / "a.txt"]
    arguments: dict[str, list[str | Path]] = {
        "index": ["index", tmp_path / "a.txt"],
        "ask": ["ask", "How much?", *named],
        "retrieve": ["retrieve", "How much?", *named],
        "eval": ["eval", tmp_path / "set.jsonl", *named],
        "review": ["eval", tmp_path / "set.jsonl", "--review", tmp_path / "out.jsonl", *named],
        "chat": ["chat", *named],
    }
    for options, told in (([], "auto"), (["--precision", "bfloat16"], "bfloat16")):
        result = run(*arguments[command], *options)
        assert (result.exit_code, f"Error: loaded in {told}\n" in result.stderr) == (1, True)


class TestIndex:
    @pytest.fixture
    def folder(self, tmp_path: Path, no_model: FakeEncoder) -> Path:
        (tmp_path / "a.txt").write_text("Tickets cost five euros.")
        assert run("index", tmp_path / "a.txt", "--index", tmp_path / "index").exit_code == 0
        return tmp_path / "index"

    def test_check_tells_that_an_index_is_not_damaged(self, folder: Path) -> None:
        result = run("index", "--index", folder, "--check")
        assert result.exit_code == 0
        assert "is not damaged.\n  documents: 1, passages: 1" in result.stdout

    def test_check_tells_what_is_damaged(self, folder: Path) -> None:
        whole = vectors_of(folder).read_bytes()
        vectors_of(folder).write_bytes(whole[:-1] + b"?")
        assert_one_sentence(run("index", "--index", folder, "--check"), "damaged", "vectors-1")

    def test_check_takes_nothing_else(self, folder: Path) -> None:
        there: list[str | Path] = ["--index", folder]
        every: list[list[str | Path]] = [[], [*there, "--remove", "a.txt"], [*there, "a.txt"]]
        for options in every:
            result = run("index", "--check", *options)
            assert (result.exit_code, "--check needs --index" in result.stderr) == (2, True)

    def test_watch_needs_paths(self, folder: Path) -> None:
        assert run("index", "--index", folder, "--watch").exit_code == 2

    def test_watch_prints_changes_until_it_is_interrupted(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def seen(*_: Path, **__: object) -> Iterator[set[str]]:
            (folder.parent / "a.txt").write_text("Tickets cost six euros.")
            yield {"a"}
            raise KeyboardInterrupt

        monkeypatch.setattr(watchfiles, "watch", seen)
        result = run("index", folder.parent / "a.txt", "--index", folder, "--watch")
        assert result.exit_code == 0
        assert "updated: 1 (a.txt)" in result.stdout
        assert result.stderr.endswith("Stopped watching.\n")

    def test_stopped_it_says_that_what_was_encoded_is_kept_and_goes_on(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Stopped(FakeEncoder):
            def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
                raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("qa.opening.load_encoder", lambda *_, **__: Stopped())
            result = run("index", tmp_path / "a.txt", "--index", tmp_path / "new")
        assert result.exit_code == STOPPED
        assert "The same command continues from here" in result.stderr
        assert run("index", tmp_path / "a.txt", "--index", tmp_path / "new").exit_code == 0


@pytest.mark.usefixtures("no_model")
def test_an_overview_is_printed_and_more_documents_are_told_of(tmp_path: Path) -> None:
    for number in range(21):
        text = (
            f"The museum has {number} rooms full of old paintings. Tickets cost five euros a day."
        )
        (tmp_path / f"{number:02}.txt").write_text(text)
    result = run("overview", "--document", tmp_path, "--sentences", "1")
    assert result.exit_code == 0
    assert "[20] " in result.stdout
    assert "[21] " not in result.stdout
    assert "Documents left out: 1. Name some with --document." in result.stderr
    (quote,) = run_json("overview", "--document", tmp_path / "03.txt", "--sentences", "1")[
        "citations"
    ]
    assert quote["quote"] in (tmp_path / "03.txt").read_text()


@pytest.mark.model
@pytest.mark.usefixtures("indexed_essay")
class TestWithTheRealModel:
    def test_the_threshold_decides_whether_it_answers(self) -> None:
        question = "What is the capital of France?"
        assert run("ask", question).exit_code == ABSTAINED
        assert run("ask", question, "--threshold", "0").exit_code == 0
        assert run("ask", BELT, "--threshold", "1", "--tentative", "1").exit_code == ABSTAINED

    def test_fewer_answerable_questions_make_it_less_sure(self) -> None:
        few = run("ask", BELT, "--answerable", "0.01")
        assert few.exit_code != run("ask", BELT).exit_code

    def test_a_tentative_answer_is_marked_and_has_an_exit_code_of_its_own(self) -> None:
        result = run("ask", BELT, "--threshold", "1")
        assert result.exit_code == EXIT_CODES["tentative"]
        assert result.stdout.startswith("Possibly:\n\n[1] ")

    def test_small_talk_is_told_what_may_be_asked(self) -> None:
        for text, told in (("hi", "ask a question about"), ("???", "no words")):
            result = run("ask", text)
            assert (result.exit_code, result.stdout) == (ABSTAINED, "")
            assert told in result.stderr

    def test_how_a_question_was_read_is_printed(self) -> None:
        assert run("ask", "What is the BRI?").stdout.startswith(
            "Read as: What is the BRI (Belt & Road Initiative)?"
        )

    def test_an_answer_is_quoted_and_verifies(self, tmp_path: Path) -> None:
        result = run("ask", BELT, "--json")
        assert result.exit_code == 0
        answer = tmp_path / "answer.json"
        answer.write_text(result.stdout, encoding="utf-8")
        assert "2013" in json.loads(result.stdout)["text"]
        assert run("verify", answer).exit_code == 0
        assert run("verify", answer, "--document", essay_path()).exit_code == 0

    def test_a_changed_answer_does_not_verify(self, tmp_path: Path) -> None:
        answer = tmp_path / "answer.json"
        changed = run("ask", BELT, "--json").stdout.replace("2013", "2014")
        answer.write_text(changed, encoding="utf-8")
        result = run("verify", answer)
        assert result.exit_code == NOT_VERIFIED
        assert "NOT verified [1]" in result.stdout

    def test_a_cross_encoder_puts_passages_in_order(self, tmp_path: Path) -> None:
        folder = save_cross_encoder(tmp_path / "cross-encoder")
        hits = run_json("retrieve", BELT, "--reranker", folder, "--top-k", "60")["passages"]
        scores = [hit["rerank_score"] for hit in hits if hit["rerank_score"] is not None]
        assert len(scores) == min(len(hits), RERANKED)
        assert scores == sorted(scores, reverse=True)
        assert scores[0] > scores[-1]
        printed = run("retrieve", BELT, "--reranker", folder, "--top-k", "1").stdout
        assert f"rerank score {scores[0]:.3f}" in printed

    def test_the_printed_answer_has_numbered_quotes_with_their_place(self) -> None:
        printed = run("ask", BELT).stdout
        assert printed.startswith("[1] ")
        assert "essay.txt, line 16, characters 5,721 to 5,927" in printed

    def test_an_abstention_has_an_exit_code_of_its_own(self) -> None:
        result = run("ask", "What is the capital of France?")
        assert result.exit_code == ABSTAINED
        assert result.stdout.startswith("I found nothing in “essay” that says this.\n\n")
        assert "\n\nNearest passages, which are no answer:\n\n    " in result.stdout

    def test_retrieve_gives_passages_best_first(self) -> None:
        found = run_json("retrieve", BELT, "--top-k", "3")["passages"]
        assert [hit["rank"] for hit in found] == [1, 2, 3]
        assert found[0]["score"] >= found[1]["score"] >= found[2]["score"]
        assert any("2013" in hit["passage"]["text"] for hit in found)

    def test_a_document_of_ones_own_is_asked(self, tmp_path: Path) -> None:
        path = tmp_path / "cats.txt"
        path.write_text("The museum opens at nine. Cats are not let in. Tickets cost five euros.")
        answer = run_json("ask", "How much is a ticket?", "--document", path)
        assert answer["citations"][0]["quote"] == "Tickets cost five euros."
        assert answer["citations"][0]["source"] == str(path)

    def test_the_page_of_a_pdf_is_named(self, tmp_path: Path) -> None:
        path, question = tmp_path / "museum.pdf", "How much is a ticket?"
        path.write_bytes(pages_of(["The museum opens at nine.", "Tickets cost five euros."]))
        place = "museum.pdf, page 2, line 3, characters 27 to 51"
        assert place in run("ask", question, "--document", path).stdout
        assert "museum.pdf, page 1, line 1" in run("retrieve", question, "--document", path).stdout
        answer = tmp_path / "answer.json"
        answer.write_text(run("ask", question, "--document", path, "--json").stdout)
        assert json.loads(answer.read_text())["citations"][0]["page"] == 2
        assert place in run("verify", answer).stdout

    def test_an_index_is_made_once_and_asked_without_its_sources(self, tmp_path: Path) -> None:
        source, index = tmp_path / "cats.txt", tmp_path / "index"
        source.write_text("The museum opens at nine. Tickets cost five euros.")
        first = run_json("index", source, "--index", index)
        assert (first["added"], first["encoded"]) == (["cats.txt"], 1)
        again = run_json("index", source, "--index", index)
        assert (again["unchanged"], again["encoded"]) == (["cats.txt"], 0)
        source.unlink()
        answer = run_json("ask", "How much is a ticket?", "--index", index)
        assert answer["citations"][0]["quote"] == "Tickets cost five euros."
        assert run_json("index", "--index", index, "--remove", "cats.txt")["removed"]

    def test_control_characters_of_a_document_do_not_reach_the_terminal(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "evil.txt"
        path.write_text("Tickets cost \x1b[31mfive\x1b[0m euros.")
        printed = run("ask", "How much is a ticket?", "--document", path).stdout
        assert "\x1b" not in printed
        assert r"\x1b[31mfive" in printed

    def test_eval_prints_figures_and_every_quote_verifies(self, tmp_path: Path) -> None:
        few = tmp_path / "few.jsonl"
        few.write_text("\n".join(questions_path().read_text(encoding="utf-8").split("\n")[:3]))
        figures = run_json("eval", few)["figures"]
        assert figures["quotes verified"]["value"] == 1.0
        assert set(figures) >= {"hit@1", "recall@5", "MRR@10", "nDCG@10", "quote-hit@3"}
        assert "quote-hit@1" in run("eval", few).stdout


def test_an_unknown_model_without_a_network_is_not_tried_over_and_over(
    network_asked_for: list[str],
) -> None:
    assert_one_sentence(run("ask", "Why so?", "--model", "no-such/model"), "no-such/model")
    assert 1 <= len(network_asked_for) <= 2
    network_asked_for.clear()


@pytest.mark.usefixtures("no_model")
class TestBadInput:
    def test_a_missing_file(self, tmp_path: Path) -> None:
        assert_one_sentence(run("ask", "Why?", "--document", tmp_path / "no.txt"), "no.txt")

    def test_a_folder_without_readable_files(self, tmp_path: Path) -> None:
        assert_one_sentence(run("ask", "Why so?", "--document", tmp_path), ".txt")

    def test_an_empty_document(self, tmp_path: Path) -> None:
        path = tmp_path / "empty.txt"
        path.write_text(" \n\t ")
        assert_one_sentence(run("index", path), "empty.txt", "empty")

    def test_a_binary_file(self, tmp_path: Path) -> None:
        path = tmp_path / "binary.txt"
        path.write_bytes(bytes(range(256)))
        assert_one_sentence(run("index", path), "binary")

    def test_invalid_utf8(self, tmp_path: Path) -> None:
        path = tmp_path / "damaged.txt"
        path.write_bytes("Füße ".encode() + b"\xff")
        assert_one_sentence(run("index", path), "offset 7", "UTF-8")

    @pytest.mark.parametrize("question", ["", "   ", "why " * 25_000])
    def test_a_question_that_is_none(self, question: str) -> None:
        assert_one_sentence(run("ask", question), "question")

    def test_a_folder_that_is_no_index(self, tmp_path: Path) -> None:
        assert_one_sentence(run("ask", "Why so?", "--index", tmp_path), "not an inquote index")

    def test_a_damaged_index(self, tmp_path: Path) -> None:
        index = tmp_path / "index"
        assert run("index", essay_path(), "--index", index).exit_code == 0
        vectors_of(index).write_bytes(b"short")
        assert_one_sentence(run("ask", "Why so?", "--index", index), "damaged", "vectors-1")

    @pytest.mark.parametrize(
        "command", [["ask", BELT], ["retrieve", BELT], ["eval", str(questions_path())]]
    )
    def test_a_reranker_that_is_not_there(self, command: list[str]) -> None:
        assert_one_sentence(run(*command, "--reranker", "./no/such"), "no model folder ./no/such")

    def test_a_bad_question_set(self, tmp_path: Path) -> None:
        path = tmp_path / "questions.jsonl"
        path.write_text("nonsense")
        result = run("eval", path)
        assert result.exit_code == 1
        assert "line 1" in result.stderr

    def test_removing_what_is_not_there_leaves_the_index_as_it_was(self, tmp_path: Path) -> None:
        index = tmp_path / "index"
        run("index", essay_path(), "--index", index)
        before = sorted((p.name, p.stat().st_size) for p in index.iterdir())
        assert_one_sentence(run("index", "--index", index, "--remove", "other.txt"), "other.txt")
        assert sorted((p.name, p.stat().st_size) for p in index.iterdir()) == before

    @pytest.mark.process
    def test_a_working_folder_that_was_removed(self, tmp_path: Path) -> None:
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "a.txt").write_text("Tickets cost five euros.")
        for paths in (["../docs"], ["../docs", "--index", tmp_path / "index"]):
            command = [sys.executable, "-m", "qa", "index", *paths]
            result = subprocess.run(
                [
                    "/bin/sh",
                    "-c",
                    'mkdir gone; cd gone; rmdir ../gone; exec "$@"',
                    "sh",
                    *command,
                ],
                cwd=tmp_path,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
                capture_output=True,
                text=True,
                check=False,
            )
            told = "Error: the folder that you are in was removed: change to another one\n"
            assert (result.returncode, result.stderr) == (1, told)

    def test_an_answer_file_that_is_none(self, tmp_path: Path) -> None:
        assert_one_sentence(run("verify", tmp_path / "no.json"), "no.json")
