"""What the commands read: files that are skipped, encodings, standard input, and choices."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import watchfiles
from click.testing import CliRunner, Result

from qa.cli.commands import main
from qa.cli.verify import NOT_VERIFIED
from qa.index import Index

pytestmark = pytest.mark.usefixtures("no_model")

TICKET = "How much is a ticket?"


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)


def run_json(*arguments: str | Path, stdin: bytes | None = None) -> Any:
    return json.loads(run(*arguments, "--json", stdin=stdin).stdout)


def assert_wrong_usage(result: Result, *parts: str) -> None:
    assert result.exit_code == 2, result.output
    for part in parts:
        assert part in result.stderr


def ids(folder: Path) -> list[str]:
    index = Index.open(folder)
    try:
        return index.document_ids()
    finally:
        index.close()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Return a folder of two good files and two bad ones."""
    folder = tmp_path / "notes"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("Tickets cost five euros.")
    (folder / "b.txt").write_bytes(b"\0\1\2")
    (folder / "sub" / "c.txt").write_text("The harbour has two towers.")
    (folder / "sub" / "d.pdf").write_bytes(b"%PDF-1.7 and no more")
    return folder


class TestAFileThatCannotBeRead:
    TOLD = "Skipped 2 files (--strict stops at the first):\n"

    @pytest.mark.parametrize("kept", [True, False], ids=["in a folder", "in the cache"])
    def test_is_skipped_and_named_with_its_reason(
        self, notes: Path, tmp_path: Path, kept: bool
    ) -> None:
        where: list[str | Path] = ["--index", tmp_path / "index"] if kept else []
        result = run("index", notes, *where)
        assert result.exit_code == 0
        assert "added: 2 (a.txt, sub/c.txt)" in result.stdout
        told = result.stderr.partition(self.TOLD)[2].splitlines()
        assert [line.partition(" ")[0] == "" for line in told] == [True, True]
        assert f"{notes / 'b.txt'} looks like a binary file" in told[0]
        assert f"{notes / 'sub' / 'd.pdf'} is cut off" in told[1]

    def test_is_in_the_json_of_an_index(self, notes: Path) -> None:
        skipped = run_json("index", notes)["skipped"]
        assert [one["file"] for one in skipped] == [str(notes / "b.txt"), str(notes / "sub/d.pdf")]
        assert "binary file" in skipped[0]["reason"]

    @pytest.mark.parametrize("command", ["ask", "retrieve", "overview"])
    def test_is_named_behind_an_answer(self, notes: Path, command: str) -> None:
        question = [] if command == "overview" else [TICKET]
        result = run(command, *question, "--document", notes)
        assert result.exit_code in (0, 3, 4)
        assert "Tickets cost five euros." in result.stdout
        assert self.TOLD in result.stderr
        strict = run(command, *question, "--document", notes, "--strict")
        assert strict.exit_code == 1
        assert strict.stderr.startswith(f"Error: {notes / 'b.txt'} looks like a binary file")

    def test_stops_a_strict_command(self, notes: Path, tmp_path: Path) -> None:
        result = run("index", notes, "--index", tmp_path / "index", "--strict")
        assert (result.exit_code, result.stdout) == (1, "")
        assert not (tmp_path / "index").exists()

    def test_is_an_error_where_there_is_no_other(self, notes: Path) -> None:
        result = run("ask", TICKET, "--document", notes / "b.txt")
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
        (notes / "a.txt").unlink()
        (notes / "sub" / "c.txt").unlink()
        result = run("ask", TICKET, "--document", notes)
        assert result.exit_code == 1
        assert "Error: none of the 2 files can be read, for example: " in result.stderr

    def test_keeps_its_place_in_an_index_which_is_told(self, notes: Path, tmp_path: Path) -> None:
        run("index", notes, "--index", tmp_path / "index")
        (notes / "a.txt").write_bytes(b"\0\1\2")
        result = run("index", notes, "--index", tmp_path / "index")
        assert ids(tmp_path / "index") == ["a.txt", "sub/c.txt"]
        assert result.stderr.count("(the index still has its earlier text)") == 1

    def test_may_be_metadata_which_is_named(self, notes: Path, tmp_path: Path) -> None:
        run("index", notes, "--index", tmp_path / "index")
        (notes / "a.txt.meta.json").write_text("2023")
        told = run("index", notes, "--index", tmp_path / "index").stderr
        reason = 'is not metadata: write a JSON object, such as {"year": 2024}'
        kept = "(the index still has its earlier text)"
        assert f"{notes / 'a.txt.meta.json'} {reason} {kept}\n" in told
        assert "a.txt" in ids(tmp_path / "index")

    def test_is_told_once_while_files_are_watched(
        self, notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def seen(*_: Path, **__: object) -> Iterator[set[str]]:
            (notes / "sub" / "e.txt").write_bytes(b"\0\1\2")
            yield {"e"}
            raise KeyboardInterrupt

        monkeypatch.setattr(watchfiles, "watch", seen)
        result = run("index", notes, "--index", tmp_path / "index", "--watch")
        assert result.exit_code == 0
        assert result.stderr.count("b.txt looks") == 1
        assert result.stderr.count(f"Not indexed: {notes / 'sub' / 'e.txt'}") == 1

    def test_is_skipped_when_quotes_are_verified(self, notes: Path, tmp_path: Path) -> None:
        answer = tmp_path / "answer.json"
        answer.write_text(run("overview", "--document", notes, "--json").stdout)
        result = run("verify", answer, "--document", notes)
        assert (result.exit_code, self.TOLD in result.stderr) == (0, True)
        assert run("verify", answer, "--document", notes, "--strict").exit_code == 1
        assert run("verify", answer, "--document", notes / "b.txt").exit_code == 1


class TestAFileThatIsGone:
    @pytest.fixture
    def index(self, notes: Path, tmp_path: Path) -> Path:
        run("index", notes, "--index", tmp_path / "index")
        (notes / "a.txt").unlink()
        return tmp_path / "index"

    def test_is_taken_out(self, notes: Path, index: Path) -> None:
        assert "removed: 1 (a.txt)" in run("index", notes, "--index", index).stdout
        assert ids(index) == ["sub/c.txt"]

    def test_is_kept_if_that_is_asked_for(self, notes: Path, index: Path) -> None:
        assert "removed" not in run("index", notes, "--index", index, "--keep-missing").stdout
        assert ids(index) == ["a.txt", "sub/c.txt"]

    def test_is_kept_if_it_was_elsewhere(self, notes: Path, index: Path) -> None:
        run("index", notes / "sub", "--index", index)
        assert "a.txt" in ids(index)


class TestAnIndexThatIsAsked:
    @pytest.fixture
    def index(self, notes: Path, tmp_path: Path) -> Path:
        run("index", notes, "--index", tmp_path / "index")
        return tmp_path / "index"

    @pytest.mark.parametrize("command", ["ask", "retrieve", "overview", "chat"])
    def test_gets_no_documents(self, index: Path, notes: Path, command: str) -> None:
        question = [TICKET] if command in ("ask", "retrieve") else []
        result = run(command, *question, "--index", index, "--document", notes)
        assert_wrong_usage(result, f"inquote index PATH --index {index}", "--only PATTERN")

    def test_is_not_written(self, index: Path) -> None:
        def state() -> list[tuple[str, int, int]]:
            files = ((path.name, path.stat()) for path in index.iterdir())
            return sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in files)

        before = state()
        for arguments in (["ask", TICKET], ["retrieve", TICKET], ["overview"]):
            assert run(*arguments, "--index", index).exit_code in (0, 3, 4)
        assert state() == before

    def test_need_not_be_asked_whole(self, index: Path) -> None:
        for patterns, found in ((["a*"], ["a.txt"]), (["a*", "*/c.txt"], ["a.txt", "sub/c.txt"])):
            only = [part for pattern in patterns for part in ("--only", pattern)]
            hits = run_json("retrieve", "Tickets and towers", "--index", index, *only)["passages"]
            assert sorted(hit["passage"]["document_id"] for hit in hits) == found
        answer = run_json("ask", "How many towers?", "--index", index, "--only", "a*")
        assert {q["document_id"] for q in answer["citations"] + answer["near"]} == {"a.txt"}

    def test_has_a_document_that_matches(self, index: Path) -> None:
        result = run("ask", TICKET, "--index", index, "--only", "*.htm")
        told = "Error: no document matches '*.htm'; the index has: a.txt, sub/c.txt\n"
        assert (result.exit_code, result.stderr) == (1, told)

    def test_may_be_asked_by_metadata(self, notes: Path, index: Path) -> None:
        for name, year in (("a.txt", 2023), ("sub/c.txt", 2024)):
            (notes / f"{name}.meta.json").write_text(f'{{"year": {year}}}')
        assert "updated: 2 (a.txt, sub/c.txt)" in run("index", notes, "--index", index).stdout
        for command in (["retrieve", TICKET], ["ask", TICKET], ["overview"]):
            found = run(*command, "--index", index, "--where", "year=2024").stdout
            assert "sub/c.txt" in found
            assert "a.txt" not in found
        hits = run_json("retrieve", TICKET, "--document", notes, "--where", "year<2024")["passages"]
        assert [hit["passage"]["document_id"] for hit in hits] == ["a.txt"]
        hits = run_json(
            "retrieve", TICKET, "--index", index, "--where", "year=2023", "--where", "year=2024"
        )["passages"]
        assert len(hits) == 2

    @pytest.mark.parametrize(
        ("where", "told"),
        [
            ("year=1", "no document has year=1: year is one of 2023"),
            ("yeer=1", "no document has 'yeer' in its metadata; it has: year"),
            ("2023", "'2023' is no condition: give one such as year=2024"),
        ],
    )
    def test_has_a_document_with_such_metadata(self, notes: Path, where: str, told: str) -> None:
        (notes / "a.txt.meta.json").write_text('{"year": 2023}')
        result = run("ask", TICKET, "--document", notes / "a.txt", "--where", where)
        assert (result.exit_code, result.stderr) == (1, f"Error: {told}\n")

    def test_documents_need_not_be_asked_whole_either(self, notes: Path) -> None:
        hits = run_json("retrieve", TICKET, "--document", notes, "--only", "sub/*")["passages"]
        assert [hit["passage"]["document_id"] for hit in hits] == ["sub/c.txt"]


class TestEncodings:
    @pytest.fixture
    def latin(self, tmp_path: Path) -> Path:
        path = tmp_path / "latin.txt"
        path.write_bytes("Die Füße kosten fünf Euro.".encode("latin-1"))
        os.utime(path, (1, 1))  # so it counts as unchanged
        return path

    def test_are_told_if_they_are_not_utf_8(self, latin: Path) -> None:
        result = run("index", latin)
        told = "Not in UTF-8: latin.txt (read as windows-1252). If a text looks wrong, name its"
        assert result.stderr.startswith(told)
        assert run("index", latin).stderr == ""

    def test_are_in_the_json(self, latin: Path) -> None:
        assert run_json("index", latin)["encodings"] == {"latin.txt": "windows-1252"}

    def test_may_be_named_and_changed(self, latin: Path) -> None:
        def quote(*options: str) -> str:
            hits = run_json("retrieve", "Euro", "--document", latin, *options)["passages"]
            return str(hits[0]["passage"]["text"])

        assert quote() == "Die Füße kosten fünf Euro."
        assert quote("--encoding", "windows-1251") == "Die FьЯe kosten fьnf Euro."
        assert quote() == "Die Füße kosten fünf Euro."

    def test_must_be_known(self, latin: Path) -> None:
        for paths, data in ((latin, None), ("-", latin.read_bytes())):
            result = run("ask", "Euro?", "--document", paths, "--encoding", "nonsense", stdin=data)
            assert result.exit_code == 1
            assert "there is no encoding 'nonsense': name one such as windows-1252" in result.stderr

    def test_are_of_what_is_verified(self, latin: Path, tmp_path: Path) -> None:
        answer = tmp_path / "answer.json"
        options: list[str | Path] = ["--document", latin]
        named: list[str | Path] = [*options, "--encoding", "windows-1251"]
        answer.write_text(run("overview", *named, "--json").stdout, encoding="utf-8")
        assert "FьЯe" in answer.read_text(encoding="utf-8")
        assert run("verify", answer, *named).exit_code == 0
        assert run("verify", answer, "--encoding", "windows-1251").exit_code == 0
        assert run("verify", answer, *options).exit_code == NOT_VERIFIED


class TestStandardInput:
    TEXT = "Tickets cost five euros. Bärenführungen sind frei."

    def test_is_asked_and_leaves_nothing_behind(self, cache_folder: Path) -> None:
        data = self.TEXT.encode("utf-16")
        answer = run_json("overview", "--document", "-", stdin=data)
        assert answer["citations"][0]["document_id"] == "stdin"
        assert answer["citations"][0]["quote"] in self.TEXT
        assert not (cache_folder / "indexes").exists()

    def test_is_verified_against(self, tmp_path: Path) -> None:
        data = self.TEXT.encode("latin-1")
        answer = tmp_path / "answer.json"
        saved = run("overview", "--document", "-", "--json", stdin=data).stdout
        answer.write_text(saved, encoding="utf-8")
        assert run("verify", answer, "--document", "-", stdin=data).exit_code == 0
        other = run("verify", answer, "--document", "-", stdin=b"Something else.")
        assert other.exit_code == NOT_VERIFIED

    def test_may_be_the_answer(self, notes: Path) -> None:
        saved = run("overview", "--document", notes / "a.txt", "--json").stdout_bytes
        assert run("verify", "-", stdin=saved).exit_code == 0
        bad = run("verify", "-", stdin=b"{}")
        assert (bad.exit_code, bad.stderr.startswith("Error: standard input is not")) == (1, True)

    def test_is_read_once(self) -> None:
        assert_wrong_usage(run("verify", "-", "--document", "-"), "can be read once")

    def test_must_be_text(self) -> None:
        result = run("ask", TICKET, "--document", "-", stdin=b"\0\1\2")
        assert result.exit_code == 1
        assert result.stderr.startswith("Error: standard input looks like a binary file")


def test_indexing_nothing_says_what_it_would_do(tmp_path: Path) -> None:
    assert_wrong_usage(run("index"), "Name the files or folders to index", "inquote ask")
    assert_wrong_usage(run("index", "--index", tmp_path / "index"), "Name the files or folders")


@pytest.mark.parametrize(("typed", "meant"), [("aks", "ask"), ("caht", "chat"), ("eva", "eval")])
def test_a_mistyped_command_is_recognised(typed: str, meant: str) -> None:
    assert_wrong_usage(run(typed), f"No such command '{typed}'", f"'{meant}'")
