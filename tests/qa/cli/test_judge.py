"""`inquote judge`, run as a person does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from qa.cli.commands import main
from qa.evaluation import load_run
from tests.qa.writing.scripted import WordScorer

ANSWERS = [
    {
        "id": "a",
        "question": "What do tickets cost?",
        "answer": "Tickets cost five euros. Or 7, says the “chief of all”.",
        "contexts": ["Tickets cost five euros."],
    },
    {"id": "b", "question": "When does it open?", "answer": "It opens early."},
]
QUESTIONS = [
    {"id": "a", "question": "Tickets?", "answerable": True, "quotes": ["five euros"]},
    {"id": "b", "question": "Open?", "answerable": True, "quotes": ["at nine"]},
]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Make a folder with documents, answers, gold and a run."""
    (tmp_path / "notes.txt").write_text("Tickets cost five euros. The museum opens at nine.")
    for name, rows in (("answers", ANSWERS), ("set", QUESTIONS)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "run.trec").write_text("a Q0 notes.txt:0-24 1 1 x\nb Q0 notes.txt:0-24 1 1 x\n")
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["judge", *map(str, arguments)])


def run_json(*arguments: object) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def judged(here: Path, *more: object) -> tuple[object, ...]:
    return here / "answers.jsonl", "--document", here / "notes.txt", *more


def test_the_counts_come_first_and_then_what_is_not_there(here: Path) -> None:
    printed = run(*judged(here)).stdout
    assert printed.startswith("2 answers, 3 sentences\n  quote                    1")
    assert "a: What do tickets cost?" in printed
    assert "number “7”" in printed
    assert "quotation “chief of all”" in printed
    assert "It opens early." not in printed


def test_documents_that_cannot_be_read_are_skipped_and_named(here: Path) -> None:
    (here / "more").mkdir()
    (here / "notes.txt").rename(here / "more" / "notes.txt")
    (here / "more" / "broken.pdf").write_bytes(b"%PDF-")
    about = here / "answers.jsonl", "--document", here / "more"
    result = run(*about)
    assert result.exit_code == 0
    assert result.stdout.startswith("2 answers, 3 sentences")
    assert "Skipped 1 file (--strict stops at the first):" in result.stderr
    assert run(*about, "--strict").exit_code == 1
    (here / "more" / "notes.txt").unlink()
    assert "Error: None of the documents can be read." in run(*about).stderr


def test_documents_may_come_from_standard_input_or_have_an_encoding(here: Path) -> None:
    about = "judge", str(here / "answers.jsonl"), "--document", "-"
    piped = CliRunner().invoke(main, about, input=(here / "notes.txt").read_bytes())
    assert piped.stdout == run(*judged(here)).stdout
    (here / "latin.txt").write_bytes("Das Café öffnet.".encode("cp1252"))
    named = "--document", here / "latin.txt", "--encoding", "cp1252"
    assert run(here / "answers.jsonl", *named).exit_code == 0


def test_all_sentences_are_shown_with_their_places(here: Path) -> None:
    printed = run(*judged(here, "--all")).stdout
    assert "“Tickets cost five euros.”  notes.txt, characters 0 to 24" in printed
    assert "own words           “It opens early.”" in printed


def test_json_has_all_of_it(here: Path) -> None:
    found = run_json(*judged(here, "--questions", here / "set.jsonl"))
    assert found["format"] == "inquote-judgement/1"
    first = found["answers"][0]
    assert first["sentences"][0]["kind"] == "quote"
    assert first["sentences"][0]["places"][0]["start"] == 0
    assert first["sentences"][0]["support"] is None
    assert [one["text"] for one in first["not_there"]] == ["7", "chief of all"]
    assert first["contexts"] == [{"document_id": "notes.txt", "start": 0, "end": 24}]
    assert found["figures"]["citation recall"]["value"] == 0.5


def test_a_run_is_kept_that_can_be_compared(here: Path) -> None:
    out = here / "runs" / "theirs"
    printed = run(*judged(here, "--questions", here / "set.jsonl", "--out", out)).stdout
    assert "quote-hit@1" in printed
    assert str(out / "report.html") in printed
    assert load_run(out).figures["quote-hit@1"].value == 0.5
    page = (out / "report.html").read_text()
    assert "It opens early." in page
    assert "confidence 0" not in page
    again = run(*judged(here, "--questions", here / "set.jsonl", "--out", out))
    assert again.exit_code == 1
    compared = CliRunner().invoke(main, ["compare", str(out), str(out), "--json"])
    assert compared.exit_code == 0, compared.output


def test_a_trec_run_is_scored(here: Path) -> None:
    scored = ("--run", here / "run.trec", "--document", here / "notes.txt")
    questions = ("--questions", here / "set.jsonl")
    assert run_json(*scored, *questions)["figures"]["hit@1"]["value"] == 0.5
    printed = run(*scored, *questions).stdout
    assert "nDCG@10" in printed
    assert "quote-hit" not in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "either a file of answers, or a TREC run"),
        (("answers.jsonl", "--run", "run.trec"), "either a file of answers, or a TREC run"),
        (("--run", "run.trec"), "need a question set"),
        (("answers.jsonl", "--out", "x"), "need a question set"),
        (("answers.jsonl", "--document", "a", "--index", "b"), "Use either --document or --index"),
        (("set.jsonl",), "set.jsonl has 2 bad lines"),
        (("nowhere.jsonl",), "nowhere.jsonl"),
    ],
)
def test_bad_input_is_answered_in_a_sentence(
    arguments: tuple[str, ...], said: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    result = run(*arguments)
    assert result.exit_code in (1, 2), result.output
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_what_contexts_do_not_support_is_printed_with_the_reason(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.evaluation.judging.support.scorer", WordScorer)
    printed = run(*judged(here, "--support")).stdout
    assert "supported                1   of 2, by their contexts; not scored: 1 answer" in printed
    assert "NOT SUPPORTED       “Or 7, says the “chief of all”.”: no context supports it" in printed
    (here / "answers.jsonl").write_text(json.dumps(ANSWERS[1]))
    assert "0   of 0, by their contexts" in run(*judged(here, "--support")).stdout
