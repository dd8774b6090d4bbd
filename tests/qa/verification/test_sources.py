"""Which files are read because an answer names them, and which are believed."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest
from click.testing import CliRunner, Result

from qa import Answer, Citation, Document, verify
from qa.cli.commands import main
from qa.cli.verify import NOT_VERIFIED
from qa.documents import Span
from qa.errors import LoadError
from qa.index import update_index
from qa.loaders import load
from qa.regular_files import read_regular
from qa.text.printable import printable_name
from qa.verification.answer_files import (
    MAX_FILE_BYTES,
    SavedAnswer,
    SavedConversation,
    parse_answer,
)
from qa.verification.sources import MAX_FILES, Sources, names_machine
from tests.fakes import FakeEncoder, index_here

TEXT = "The museum opens at nine. Cats are not let in."
FALSE = "The museum opens at nine. Cats are let in."


def write(path: Path, text: str = TEXT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def quoting(document: Document, **changes: object) -> dict[str, Any]:
    """Answer with the last sentence of a document."""
    start = document.text.rindex(". ") + 2
    citation = Citation(1, document, Span(start, len(document.text)))
    saved: dict[str, Any] = Answer("Cats?", "Cats?", 0.9, (citation,)).to_dict()
    saved["citations"][0] |= changes
    return saved


def read(saved: dict[str, Any]) -> SavedAnswer:
    return parse_answer(saved)


def run_verify(folder: Path, saved: object, *options: str | Path) -> Result:
    path = folder / "saved.json"
    path.write_text(json.dumps(saved))
    return CliRunner().invoke(main, ["verify", str(path), *map(str, options)])


class TestWhatWasRead:
    def test_is_told_of_each_quote(self, tmp_path: Path) -> None:
        path = write(tmp_path / "rules.txt")
        index_here(path)
        saved = quoting(*load(path))
        for options in ((), ("--document", path)):
            result = run_verify(tmp_path, saved, *options)
            assert result.exit_code == 0, result.output
            assert f"(read: {path})" in result.stdout
            told = json.loads(run_verify(tmp_path, saved, *options, "--json").stdout)
            assert told["checks"][0]["source"] == str(path)

    def test_is_told_where_a_quote_does_not_verify(self, tmp_path: Path) -> None:
        path = write(tmp_path / "rules.txt")
        index_here(path)
        saved = quoting(*load(path))
        write(path, FALSE)
        result = run_verify(tmp_path, saved)
        assert result.exit_code == NOT_VERIFIED
        assert f"(read: {path})" in result.stdout

    def test_is_told_where_there_is_nothing_of_that_name(self, tmp_path: Path) -> None:
        write(tmp_path / "other.txt")
        saved = quoting(Document("rules.txt", TEXT))
        result = run_verify(tmp_path, saved, "--document", tmp_path / "other.txt")
        assert result.exit_code == NOT_VERIFIED
        told = "there is no source 'rules.txt' to check against; there is other.txt"
        assert told in result.stdout

    def test_may_be_a_document_that_was_given(self) -> None:
        document = Document("notes", TEXT)
        (check,) = verify(quoting(document), [document]).checks
        assert (check.verified, check.source) == (True, "notes in the documents given")


class TestAnIndex:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        path = write(tmp_path / "rules.txt")
        update_index(tmp_path / "index", load(path), encoder=FakeEncoder())
        path.unlink()
        return tmp_path / "index"

    def test_gives_the_documents_to_check_against(self, tmp_path: Path, folder: Path) -> None:
        saved = quoting(Document("rules.txt", TEXT))
        result = run_verify(tmp_path, saved, "--index", folder)
        assert result.exit_code == 0, result.output
        assert f"(read: rules.txt in the index {folder})" in result.stdout

    def test_refuses_another_text(self, tmp_path: Path, folder: Path) -> None:
        other = write(tmp_path / "elsewhere" / "rules.txt", FALSE)
        result = run_verify(tmp_path, quoting(*load(other)), "--index", folder)
        assert result.exit_code == NOT_VERIFIED
        assert "rules.txt is not the text that was quoted from" in result.stdout

    def test_may_lack_the_document(self, tmp_path: Path, folder: Path) -> None:
        result = run_verify(tmp_path, quoting(Document("b.txt", TEXT)), "--index", folder)
        assert result.exit_code == NOT_VERIFIED
        assert f"there is no source 'b.txt' to check against in the index {folder}" in result.stdout

    def test_is_not_named_beside_documents(self, tmp_path: Path, folder: Path) -> None:
        saved = quoting(Document("rules.txt", TEXT))
        result = run_verify(tmp_path, saved, "--index", folder, "--document", tmp_path)
        assert result.exit_code == 2
        assert "not both" in result.stderr

    def test_must_be_there(self, tmp_path: Path) -> None:
        saved = quoting(Document("rules.txt", TEXT))
        result = run_verify(tmp_path, saved, "--index", tmp_path / "none")
        assert result.exit_code == 1
        assert "is not an inquote index" in result.stderr


class TestAFileThatOnlyTheAnswerNames:
    @pytest.mark.parametrize(
        "document_id",
        [
            "rules.txt",
            "RULES.txt",
            "rules.TXT",
            "museum/rules.txt",
            "rules\N{ZERO WIDTH SPACE}.txt",
            "rules\N{SOFT HYPHEN}.txt",
            "rul\N{CYRILLIC SMALL LETTER IE}s.txt",
            "essay.txt",
            "seeds/essay.txt",
        ],
    )
    def test_does_not_verify_however_it_is_called(self, tmp_path: Path, document_id: str) -> None:
        index_here(write(tmp_path / "mine" / "rules.txt"))
        planted = write(tmp_path / "planted" / document_id, FALSE)
        (document,) = load(planted)
        saved = quoting(replace(document, id=document_id))
        result = run_verify(tmp_path, saved)
        assert result.exit_code == NOT_VERIFIED
        assert f"only the answer names {printable_name(planted)}: name it with" in result.stdout

    def test_is_not_even_opened(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        saved = quoting(*load(write(tmp_path / "rules.txt")))
        monkeypatch.setattr("qa.verification.sources.read_regular", lambda *_, **__: 1 / 0)
        assert Sources.named_in(read(saved)).documents == {}

    def test_does_not_verify_as_a_copy_of_a_known_text_by_another_name(
        self, tmp_path: Path
    ) -> None:
        index_here(write(tmp_path / "rules.txt"))
        copy = write(tmp_path / "planted" / "laws.txt")
        assert run_verify(tmp_path, quoting(*load(copy))).exit_code == NOT_VERIFIED

    def test_verifies_once_it_is_named(self, tmp_path: Path) -> None:
        path = write(tmp_path / "essay.txt", FALSE)
        result = run_verify(tmp_path, quoting(*load(path)), "--document", path)
        assert result.exit_code == 0, result.output


class TestAFileThatIsKnownHere:
    def test_may_not_have_become_another_text(self, tmp_path: Path) -> None:
        path = write(tmp_path / "rules.txt")
        index_here(path)
        result = run_verify(tmp_path, quoting(*load(write(path, FALSE))))
        assert result.exit_code == NOT_VERIFIED
        assert f"another text than the rules.txt known here ({path})" in result.stdout

    def test_may_be_one_of_several_of_its_name(self, tmp_path: Path) -> None:
        files = [write(tmp_path / name / "rules.txt", f"{name}. {TEXT}") for name in "ab"]
        files.append(write(tmp_path / "c" / "rules.txt", f"a. {TEXT}"))  # as the first
        for path in files:
            index_here(path)
        for path in files:
            assert run_verify(tmp_path, quoting(*load(path))).exit_code == 0

    def test_verifies_beside_an_index_that_cannot_be_read(
        self, tmp_path: Path, cache_folder: Path
    ) -> None:
        write(cache_folder / "indexes" / "broken" / "inquote.sqlite", "no database")
        path = write(tmp_path / "rules.txt")
        index_here(path)
        assert run_verify(tmp_path, quoting(*load(path))).exit_code == 0

    def test_needs_a_cache_folder_that_can_be_read(
        self, tmp_path: Path, cache_folder: Path
    ) -> None:
        write(cache_folder / "indexes", "a file")
        result = run_verify(tmp_path, quoting(*load(write(tmp_path / "rules.txt"))))
        assert result.exit_code == 1
        assert result.stderr == (
            f"Error: the cache folder {cache_folder} cannot be read (Not a directory): look at who "
            "may read it, or name another in INQUOTE_CACHE\n"
        )


def test_what_cannot_be_seen_of_a_name_is_shown(tmp_path: Path) -> None:
    document = Document(
        "ru\N{SOFT HYPHEN}les.txt", TEXT, source=f"{tmp_path}/ru\N{SOFT HYPHEN}les.txt"
    )
    write(tmp_path / "ru\N{SOFT HYPHEN}les.txt")
    result = run_verify(tmp_path, quoting(document), "--document", document.source or "")
    assert "these words stand in ru\\xadles.txt, " in result.stdout
    assert f"(read: {tmp_path}/ru\\xadles.txt)" in result.stdout


@pytest.mark.parametrize("start", ["//", "\\\\", "/\\", "\\/"])
def test_a_path_on_another_machine_is_told_by_its_two_separators(start: str) -> None:
    path = f"{start}host/share/rules.txt"
    assert PureWindowsPath(path).drive == r"\\host\share"
    assert names_machine(path)
    assert not names_machine("/host/share/rules.txt")
    assert not names_machine("C:/share/rules.txt")


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


SPECIAL: dict[str, Callable[[Path], None]] = {
    "a pipe": make_pipe,
    "a socket": make_socket,
    "a folder": Path.mkdir,
    "a link to a device": lambda path: path.symlink_to("/dev/zero"),
}


class TestAFileThatAnAnswerNames:
    @pytest.mark.parametrize("name", SPECIAL)
    def test_is_not_read_unless_it_is_a_regular_file(self, tmp_path: Path, name: str) -> None:
        path = write(tmp_path / "rules.txt")
        index_here(path)
        path.unlink()
        SPECIAL[name](path)
        saved = read(quoting(Document("rules.txt", TEXT), source=str(path)))
        sources = Sources.named_in(saved)
        assert sources.documents == {}
        (check,) = verify(saved, sources).checks
        assert not check.verified
        assert check.finding.startswith(f"its source was not read: {path} is ")

    def test_is_not_read_through_a_link(self, tmp_path: Path) -> None:
        path = write(tmp_path / "public" / "rules.txt")
        index_here(path)
        path.rename(write(tmp_path / "secret" / "rules.txt"))
        path.symlink_to(tmp_path / "secret" / "rules.txt")
        saved = read(quoting(Document("rules.txt", TEXT), source=str(path)))
        assert "is a link" in verify(saved, Sources.named_in(saved)).checks[0].finding
        path.unlink()
        path.parent.rmdir()
        path.parent.symlink_to(tmp_path / "secret")
        told = verify(saved, Sources.named_in(saved)).checks[0].finding
        assert f"{path} leads through a link: name the file itself" in told

    @pytest.mark.parametrize(
        ("document_id", "source", "reason"),
        [
            ("rules.txt", None, "none is named for rules.txt"),
            ("rules.txt", "rules.txt", "not the full path"),
            ("rules.txt", "//host.example/share/rules.txt", "not the full path"),
            ("rules.txt", "\\\\host.example\\share\\rules.txt", "not the full path"),
            ("rules.txt", "/\\host.example/share/rules.txt", "not the full path"),
            ("rules.txt", "/proc/self/cwd/rules.txt", "only the answer names"),
            ("rules.txt", "/tmp/../etc/rules.txt", "not the full path"),
            ("rules.txt", "/somewhere/other.txt", "is not called rules.txt"),
            ("passwd", "/etc/passwd", "has a suffix that cannot be read"),
            ("/etc/a.txt", "/etc/a.txt", "is not called"),
            ("a.txt", "/none/\0/a.txt", "only the answer names"),
            ("a.txt", "/none/" + 1_000 * "x" + "/a.txt", "only the answer names"),
            ("a.txt", "/none/a.txt", "only the answer names"),
        ],
    )
    def test_must_be_the_full_path_of_what_is_called_as_the_document(
        self, document_id: str, source: str | None, reason: str
    ) -> None:
        saved = read(quoting(Document("a.txt", TEXT), document_id=document_id, source=source))
        sources = Sources.named_in(saved)
        assert sources.documents == {}
        assert reason in verify(saved, sources).checks[0].finding

    def test_that_cannot_be_loaded_is_told_by_its_own_name(self, tmp_path: Path) -> None:
        path = write(tmp_path / "rules.txt")
        index_here(path)
        path.write_bytes(b"\xff\xfe\x00")
        saved = read(quoting(Document("rules.txt", TEXT), source=str(path)))
        told = verify(saved, Sources.named_in(saved)).checks[0].finding
        assert told.startswith(f"its source was not read: {path} is not valid UTF-16")

    def test_is_one_of_a_bounded_number(self, tmp_path: Path) -> None:
        saved = quoting(Document("rules.txt", TEXT))
        (quote,) = saved["citations"]
        named = [quote | {"source": f"{tmp_path}/{n}/rules.txt"} for n in range(2 * MAX_FILES)]
        answers = [saved | {"citations": named[n : n + 100]} for n in range(0, len(named), 100)]
        conversation = SavedConversation.model_validate(
            {"format": "inquote-conversation/1", "title": "", "answers": answers}
        )
        sources = Sources.named_in(conversation)
        assert len(sources.unread) == MAX_FILES
        last = verify(conversation.answers[-1], sources).checks[-1]
        assert last.finding == "its source was not read: too many are named"


class TestTheAnswerItself:
    @pytest.mark.parametrize("name", SPECIAL)
    def test_must_be_a_regular_file(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / "answer.json"
        SPECIAL[name](path)
        result = CliRunner().invoke(main, ["verify", str(path)])
        assert result.exit_code == 1
        assert (
            result.stderr
            == f"Error: {path} is not a file that can be read: it is a folder, a pipe or a device\n"
        )

    def test_may_be_a_link_to_one(self, tmp_path: Path) -> None:
        path = write(tmp_path / "rules.txt")
        index_here(path)
        (tmp_path / "kept.json").write_text(json.dumps(quoting(*load(path))))
        (tmp_path / "link.json").symlink_to(tmp_path / "kept.json")
        result = CliRunner().invoke(main, ["verify", str(tmp_path / "link.json")])
        assert result.exit_code == 0, result.output

    def test_may_not_be_too_large(self, tmp_path: Path) -> None:
        path = tmp_path / "answer.json"
        with path.open("wb") as file:
            file.truncate(MAX_FILE_BYTES + 1)
        result = CliRunner().invoke(main, ["verify", str(path)])
        assert result.exit_code == 1
        assert "the most is 50,000,000: split it" in result.stderr


def test_what_is_opened_is_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.txt")
    regular = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(Path, "stat", lambda *_, **__: regular)
    with pytest.raises(LoadError, match="not a file that can be read"):
        read_regular(path, 100)
