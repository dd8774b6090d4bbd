"""What the commands print is as the schemas say that are shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator, ValidationError

from qa.cli.commands import main
from qa.evaluation import load_run
from qa.schemas import KINDS, format_of, schema
from tests.qa.writing.scripted import WordScorer
from tests.schemas import assert_valid

pytestmark = pytest.mark.usefixtures("no_model")

ROOT = Path(__file__).parents[3]
NOTES = {
    "museum.md": "# The museum\n\nTickets cost five euros. It opens at nine.\n\n- No cats.\n",
    "tower.txt": "The tower is open on Sundays. Nobody knows who built it.",
}
TICKETS = "What do tickets cost?"
QUESTIONS = [
    {"id": "a", "question": TICKETS, "answerable": True, "quotes": ["five euros"], "tags": ["x"]},
    {"id": "b", "question": "Who can fly a zebra?", "answerable": False},
]
ANSWERS = [
    {"id": "a", "answer": "Tickets cost five euros. Or 7, says the “chief of all tickets”.",
     "contexts": ["Tickets cost five euros.", "What nobody wrote."]},
    {"id": "b", "answer": ""},
]  # fmt: skip


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Make a folder with notes, a question set, answers, and a TREC run."""
    (tmp_path / "notes").mkdir()
    for name, text in NOTES.items():
        (tmp_path / "notes" / name).write_text(text)
    (tmp_path / "notes" / "bad.pdf").write_bytes(b"%PDF-1.4")
    for name, rows in (("set", QUESTIONS), ("answers", ANSWERS)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "run.trec").write_text("a Q0 museum.md:14-38 1 1 x\n")
    return tmp_path


def printed(*arguments: object) -> Any:
    result = CliRunner().invoke(main, [*map(str, arguments), "--json"])
    assert result.exit_code in (0, 3, 4), result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_a_schema_and_is_in_the_documents(kind: str) -> None:
    Draft202012Validator.check_schema(schema(kind))
    documented = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert f"`{format_of(kind)}`" in documented
    assert json.loads(CliRunner().invoke(main, ["schema", kind]).stdout) == schema(kind)
    assert f"{kind} " in CliRunner().invoke(main, ["schema"]).stdout


@pytest.mark.parametrize("question", [TICKETS, "Who can fly a zebra?"])
@pytest.mark.parametrize("confidence", [0, 1])
def test_answers(here: Path, question: str, confidence: int) -> None:
    limits = ("--threshold", confidence, "--tentative", confidence)
    answer = printed("ask", question, "--document", here / "notes", *limits)
    assert_valid(answer, "answer")
    assert bool(answer["citations"]) != bool(answer["near"])


def test_overviews_are_answers(here: Path) -> None:
    assert_valid(printed("overview", "--document", here / "notes"), "answer")


def test_passages(here: Path) -> None:
    passages = printed("retrieve", TICKETS, "--document", here / "notes")
    assert_valid(passages, "passages")
    assert passages["passages"]


def test_verifications(here: Path) -> None:
    answer = printed("ask", TICKETS, "--document", here / "notes", "--tentative", 0)
    talk = {"format": format_of("conversation"), "title": "Tickets", "answers": [answer]}
    assert_valid(talk, "conversation")
    kinds = {"verification": answer, "conversation-verification": talk}
    for kind, saved in kinds.items():
        (here / "saved.json").write_text(json.dumps(saved))
        checked = printed("verify", here / "saved.json", "--document", here / "notes")
        assert_valid(checked, kind)
        assert checked["verified"]
        (here / "saved.json").write_text(json.dumps(saved).replace("five euros", "two euros"))
        checked = printed("verify", here / "saved.json", "--document", here / "notes")
        assert_valid(checked, kind)
        assert not checked["verified"]


def test_changes_and_checks_of_an_index(here: Path) -> None:
    changes = printed("index", here / "notes", "--index", here / "index")
    assert_valid(changes, "changes")
    assert changes["skipped"]
    assert_valid(printed("index", "--check", "--index", here / "index"), "check")


def test_runs_and_comparisons(here: Path) -> None:
    asked = ("eval", here / "set.jsonl", "--document", here / "notes", "--any-corpus")
    one = printed(*asked, "--out", here / "one")
    assert_valid(one, "run")
    assert_valid(json.loads((here / "one" / "run.json").read_text()), "run")
    assert [one["records"][0]] == [
        json.loads(line) for line in (here / "one" / "records.jsonl").read_text().splitlines()
    ][:1]
    assert_valid(printed(*asked, "--set", "top_k=1,2", "--out", here / "sweep"), "runs")
    kept = json.loads((here / "sweep" / "comparison.json").read_text())
    assert_valid(kept, "comparison")
    assert kept["folders"]
    compared = printed("compare", here / "sweep", "--gate", "quote-hit@1:0.1")
    assert_valid(compared, "comparison")
    assert compared["gates"]


def test_judgements(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "notes" / "bad.pdf").unlink()
    judge = ("judge", "--document", here / "notes", "--questions", here / "set.jsonl")
    judgement = printed(*judge, here / "answers.jsonl", "--any-corpus")
    assert_valid(judgement, "judgement")
    monkeypatch.setattr("qa.evaluation.judging.support.scorer", WordScorer)
    scored = printed(*judge, here / "answers.jsonl", "--any-corpus", "--support")
    assert_valid(scored, "judgement")
    assert scored["answers"][0]["sentences"][0]["support"] == 1
    assert judgement["figures"]
    assert_valid(printed(*judge, "--run", here / "run.trec", "--any-corpus"), "run")


def test_a_run_that_was_saved_before_formats_had_names_is_read(here: Path) -> None:
    printed("eval", here / "set.jsonl", "--document", here / "notes", "--out", here / "one")
    file = here / "one" / "run.json"
    file.write_text(file.read_text().replace('"inquote-run/1"', "1"))
    assert load_run(here / "one").name == "one"


def test_a_field_that_is_not_described_is_no_valid_output(here: Path) -> None:
    answer = printed("ask", TICKETS, "--document", here / "notes")
    with pytest.raises(ValidationError, match="mood"):
        assert_valid(answer | {"mood": "good"}, "answer")
    with pytest.raises(ValidationError, match="format"):
        assert_valid(answer | {"format": "inquote-answer/2"}, "answer")
