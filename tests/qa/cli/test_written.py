"""Answers that a language model writes, on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from qa.cli.commands import main
from qa.cli.verify import NOT_VERIFIED
from qa.evaluation import load_run
from tests.qa.writing.endpoints import Asked, replies, serving
from tests.qa.writing.scripted import KEY, Said, WordScorer, pointing
from tests.schemas import assert_valid

pytestmark = pytest.mark.usefixtures("no_model", "words_are_support")

TICKETS = "What do tickets cost?"
GOOD: Said = ("The tickets cost five euros.", ["five euros"])
BAD: Said = ("The tickets cost 28 euros.", ["five euros"])
STRAY: Said = ("The zebras fly over hills at noon.", ["five euros"])


@pytest.fixture
def words_are_support(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.writing.writer.scorer", WordScorer)
    for name in ("URL", "MODEL", "KEY"):
        monkeypatch.delenv(f"INQUOTE_LLM_{name}", raising=False)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "museum.md"
    path.write_text("# The museum\n\nTickets cost five euros. It opens at nine in the morning.\n")
    return path


@pytest.fixture
def url() -> Iterator[str]:
    with pointing(lambda _: [GOOD, BAD, STRAY]) as address:
        yield address


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def asked(notes: Path, *more: object) -> Result:
    return run("ask", TICKETS, "--document", notes, "--threshold", 0, *more)


def saved(notes: Path, url: str) -> dict[str, Any]:
    result = asked(notes, "--llm", "m", "--llm-url", url, "--json")
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_statements_stand_before_their_quotes(notes: Path, url: str) -> None:
    result = asked(notes, "--llm", "m", "--llm-url", url)
    assert result.exit_code == 0, result.output
    paragraphs = result.stdout.strip().split("\n\n")
    host = url.removeprefix("http://").removesuffix("/v1")
    assert paragraphs[0] == f"{GOOD[0]} [1]"
    assert paragraphs[1].startswith(f"written by m at {host}; ")
    assert "not" in paragraphs[1]
    assert paragraphs[2].startswith("[1] Tickets cost five euros.\n    museum.md, ")
    assert paragraphs[3] == "2 sentences were left out: no quote supports them"


def test_what_is_written_is_in_the_json(notes: Path, url: str) -> None:
    answer = saved(notes, url)
    assert_valid(answer, "answer")
    assert answer["text"] == f"{GOOD[0]} [1]"
    verdicts = {one["sentence"]: one["verdict"] for one in answer["written"]["statements"]}
    assert verdicts == {GOOD[0]: "supported", BAD[0]: "number", STRAY[0]: "unsupported"}
    assert answer["written"]["statements"][0]["citations"] == [1]


@pytest.mark.parametrize("options", [["--quotes"], []])
def test_no_model_is_asked_unless_it_is_named_to_write(
    notes: Path, url: str, options: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INQUOTE_LLM_MODEL", "m")
    monkeypatch.setenv("INQUOTE_LLM_URL", url)
    named = ["--llm", "m"] if options else []
    result = asked(notes, *named, *options, "--json")
    assert "written" not in json.loads(result.stdout)
    written = asked(notes, "--write", "--json")
    assert json.loads(written.stdout)["written"]["model"] == "m"


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--llm", "m"], 1, "endpoint is not named: give --llm-url"),
        (["--write"], 1, "endpoint is not named"),
        (["--llm", "m", "--llm-url", "ftp://x"], 1, "address cannot be used"),
        (["--llm-url", "http://127.0.0.1:1/v1"], 2, "need --llm"),
        (["--llm", "m", "--llm-context", "9"], 2, "not in the range"),
    ],
)
def test_what_cannot_be_used_is_told(
    notes: Path, options: Sequence[str], code: int, told: str
) -> None:
    result = asked(notes, *options)
    assert (result.exit_code, told in result.stderr) == (code, True), result.stderr


def test_an_endpoint_that_is_gone_leaves_the_quotes(notes: Path) -> None:
    with pointing(lambda _: []) as address:
        pass
    result = asked(notes, "--llm", "m", "--llm-url", address)
    assert result.exit_code == 0
    assert result.stdout.startswith("[1] Tickets cost five euros.")
    assert "cannot be reached" in result.stdout


class TestVerify:
    def checked(self, notes: Path, answer: dict[str, Any], *more: str) -> Result:
        file = notes.with_name("answer.json")
        file.write_text(json.dumps(answer))
        return run("verify", file, "--document", notes, *more)

    def test_quotes_are_proven_and_statements_are_not(self, notes: Path, url: str) -> None:
        answer = saved(notes, url)
        result = self.checked(notes, answer)
        assert result.exit_code == 0, result.output
        proven, stated, told = result.stdout.splitlines()
        assert proven.startswith("verified     [1]: these words stand in museum.md")
        support = answer["written"]["statements"][0]["support"]
        assert stated == f"not proven   [1]: support {support:.2f}: {GOOD[0]}"
        assert told.startswith("What is not proven are a language model's words.")
        assert_valid(json.loads(self.checked(notes, answer, "--json").stdout), "verification")

    def test_other_words_than_its_statements_fail(self, notes: Path, url: str) -> None:
        answer = saved(notes, url)
        answer["text"] = "The tickets are free. [1]"
        result = self.checked(notes, answer)
        assert result.exit_code == NOT_VERIFIED
        assert "the answer's text is not its statements, word for word" in result.stdout

    def test_a_statement_cannot_look_like_a_proof(self, notes: Path, url: str) -> None:
        answer = saved(notes, url)
        forged = "Free.\nverified     [2]: these words stand in museum.md"
        answer["written"]["statements"][0]["sentence"] = forged
        answer["text"] = f"{forged} [1]"
        lines = self.checked(notes, answer).stdout.splitlines()
        assert [line for line in lines if line.startswith("verified")] == lines[:1]

    @pytest.mark.parametrize("numbers", [[7], []])
    def test_a_statement_that_cites_no_quote_fails(
        self, notes: Path, url: str, numbers: list[int]
    ) -> None:
        answer = saved(notes, url)
        answer["written"]["statements"][0]["citations"] = numbers
        answer["text"] = f"{GOOD[0]} {''.join(f'[{n}]' for n in numbers)}"
        result = self.checked(notes, answer)
        assert result.exit_code == NOT_VERIFIED
        assert "a statement cites " in result.stdout


class TestEval:
    QUESTIONS = (
        {"id": "a", "question": TICKETS, "quotes": ["five euros"], "answers": ["five euros"]},
        {"id": "b", "question": "Who can fly a zebra?", "answerable": False},
    )

    def evaluated(self, notes: Path, out: Path, *more: object) -> Result:
        questions = notes.with_name("set.jsonl")
        questions.write_text("\n".join(map(json.dumps, self.QUESTIONS)))
        limits = ("--threshold", 0, "--tentative", 0)
        return run("eval", questions, "--document", notes, "--out", out, *limits, *more)

    def test_a_written_run_is_measured_and_compared(
        self, notes: Path, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("INQUOTE_LLM_KEY", KEY)
        written, quoted = notes.with_name("written"), notes.with_name("quoted")
        named = ("--llm", "m", "--llm-url", url)
        result = self.evaluated(notes, written, *named, "--all")
        assert result.exit_code == 0, result.output
        assert "statements-supported" in result.stdout
        assert KEY not in result.output
        assert [file for file in written.rglob("*") if KEY in file.read_text()] == []
        assert self.evaluated(notes, quoted).exit_code == 0
        run_of = load_run(written)
        values = {name: figure.value for name, figure in run_of.figures.items()}
        assert values["statements-supported"] == pytest.approx(1 / 3)
        assert values["statements-left-out"] == 2
        assert values["written-citation-precision"] == values["written-citation-recall"] == 1
        assert values["written-contains-gold"] == 1
        assert values["written-F1"] == pytest.approx(2 * 2 / (4 + 2))
        assert values["quotes verified"] == 1
        assert run_of.settings["llm"]["host"] == "local"
        saved_as = (written / "run.json").read_text() + (written / "records.jsonl").read_text()
        assert url.removeprefix("http://").removesuffix("/v1") not in saved_as
        assert "statements-supported" not in load_run(quoted).figures
        compared = run("compare", quoted, written)
        assert compared.exit_code == 0, compared.output
        assert "not compared, for want of a value in both runs" in compared.stdout
        page = (written / "report.html").read_text()
        assert "Left out, as its quotes do not have" in page
        assert "statements-supported" in page
        assert_valid(json.loads((written / "run.json").read_text()), "run")

    def test_without_the_model_there_is_no_report(self, notes: Path) -> None:
        with pointing(lambda _: []) as address:
            pass
        out = notes.with_name("out")
        result = self.evaluated(notes, out, "--llm", "m", "--llm-url", address)
        assert result.exit_code == 1
        told = "Error: no answer could be written: the language model cannot be reached"
        assert told in result.stderr
        assert not out.exists()
        assert result.stdout == ""

    def test_what_could_not_be_written_is_told_without_the_address(self, notes: Path) -> None:
        def busy(asked: Asked) -> None:
            if b"zebra" in asked.body:
                asked.send(503, b"{}", content_type="application/json")
            else:
                asked.write(replies((GOOD[0], [1])))

        out = notes.with_name("out")
        with serving(busy) as server:
            result = self.evaluated(notes, out, "--llm", "m", "--llm-url", server.url)
        told = "without 1 answer that could not be written: the language model's endpoint answers"
        assert f"{told} with an error (503)" in result.stdout
        assert load_run(out).figures["statements-supported"].value == 1
        address = f"127.0.0.1:{server.server_port}"
        assert [file for file in out.rglob("*") if address in file.read_text()] == []
