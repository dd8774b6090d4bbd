"""Corpora at addresses and in files of many documents, from the command line and from Python."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from click.testing import CliRunner, Result

from qa import QA
from qa.cli.commands import main
from qa.errors import LoadError, SettingsError
from qa.index.wanted import files_wanted
from qa.loaders import find, remote
from qa.opening import open_corpus
from tests.fakes import FakeEncoder, corpus

PRICE, HOURS = "Tickets cost five euros.", "The museum opens at nine."


@pytest.fixture
def store() -> Iterator[Any]:
    store = fsspec.filesystem("memory")
    store.pipe({"/notes/a.txt": PRICE.encode(), "/notes/sub/b.md": HOURS.encode()})
    yield store
    store.store.clear()
    store.pseudo_dirs[:] = [""]


@pytest.fixture
def downloads(store: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List what is downloaded from the store."""
    listed: list[str] = []
    get_file = type(store).get_file

    def noted(self: Any, path: str, *rest: Any, **options: Any) -> Any:
        listed.append(path)
        return get_file(self, path, *rest, **options)

    monkeypatch.setattr(type(store), "get_file", noted)
    return listed


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def indexed(source: str, index: Path | None = None, **options: Any) -> dict[str, list[str]]:
    """Bring an index up to date, and return the ids of what changed."""
    updated = open_corpus(source, index=index, remove_deleted=index is not None, **options)
    updated.index.close()
    changes = updated.changes
    named = {"added": changes.added, "updated": changes.updated, "removed": changes.removed}
    return {name: ids for name, ids in named.items() if ids}


def write_rows(path: Path, **texts: str) -> None:
    rows = (json.dumps({"id": id_, "text": text}) + "\n" for id_, text in texts.items())
    path.write_text("".join(rows))


@pytest.mark.usefixtures("no_model")
class TestAnAddress:
    def test_is_asked_and_verified_like_a_folder(self, store: Any, tmp_path: Path) -> None:
        asked = run("ask", "What do tickets cost?", "--document", "memory://notes", "--json")
        answer = json.loads(asked.stdout)
        quotes = [*answer["citations"], *answer["near"]]
        assert quotes[0]["quote"] == PRICE
        assert quotes[0]["source"] == "memory://notes/a.txt"
        (tmp_path / "answer.json").write_text(asked.stdout)
        verified = run("verify", tmp_path / "answer.json", "--document", "memory://notes")
        assert verified.exit_code == 0, verified.output
        store.pipe("/notes/a.txt", b"Tickets cost six euros.")
        changed = run("verify", tmp_path / "answer.json", "--document", "memory://notes")
        assert changed.exit_code == 4

    @pytest.mark.parametrize("is_named", [True, False])
    def test_is_downloaded_only_where_it_changed(
        self, store: Any, downloads: list[str], tmp_path: Path, is_named: bool
    ) -> None:
        index = tmp_path / "index" if is_named else None
        assert indexed("memory://notes", index) == {"added": ["a.txt", "sub/b.md"]}
        store.pipe("/notes/a.txt", b"Tickets cost six euros.")
        downloads.clear()
        assert indexed("memory://notes", index) == {"updated": ["a.txt"]}
        assert downloads == ["/notes/a.txt"]

    def test_what_is_gone_below_it_is_taken_out_and_nothing_else(
        self, store: Any, tmp_path: Path
    ) -> None:
        store.pipe({"/notes2/c.txt": b"Other.", "/notes/z.txt": b"Gone soon."})
        (tmp_path / "d.txt").write_text("On disk.")
        index = tmp_path / "index"
        for source in ("memory://notes", "memory://notes2", str(tmp_path / "d.txt")):
            indexed(source, index)
        store.rm("/notes/z.txt")
        assert indexed("memory://notes/*", index) == {}
        assert indexed("memory://notes", index) == {"removed": ["z.txt"]}

    def test_does_not_take_the_name_of_another_ones_document(
        self, store: Any, tmp_path: Path
    ) -> None:
        store.pipe("/other/a.txt", b"Other.")
        indexed("memory://notes", tmp_path / "index")
        with pytest.raises(LoadError, match=r"'a\.txt' from memory://notes/a\.txt"):
            indexed("memory://other", tmp_path / "index")

    def test_is_not_watched(self, tmp_path: Path) -> None:
        told = run("index", "s3://bucket/notes", "--index", tmp_path / "index", "--watch")
        assert told.exit_code == 2
        assert "--watch watches files and folders on this machine" in told.stderr

    def test_that_is_wrong_is_named(self, tmp_path: Path) -> None:
        told = run("index", "memory://none", "--index", tmp_path / "index")
        assert (told.exit_code, told.stderr) == (
            1,
            "Error: there is no file or folder memory://none\n",
        )


class TestRows:
    def test_only_those_that_changed_are_encoded(
        self, no_model: FakeEncoder, tmp_path: Path
    ) -> None:
        path, index = tmp_path / "rows.jsonl", tmp_path / "index"
        write_rows(path, a=PRICE, b=HOURS, c="Gone soon.")
        assert indexed(str(path), index) == {"added": ["a", "b", "c"]}
        no_model.encoded.clear()
        write_rows(path, d="New.", b=HOURS, a="Tickets cost six euros.")
        changes = indexed(str(path), index)
        assert changes == {"added": ["d"], "updated": ["a"], "removed": ["c"]}
        assert len(no_model.encoded) == 2

    def test_their_texts_are_not_kept_until_all_are_read(self, tmp_path: Path) -> None:
        write_rows(tmp_path / "rows.jsonl", a=PRICE, b=HOURS)
        wanted = files_wanted(dict, [*find(tmp_path / "rows.jsonl")], None)
        assert [one.characters for one in wanted] == [len(PRICE), len(HOURS)]
        assert wanted[0].document == wanted[0].document
        assert wanted[0].document is not wanted[0].document

    def test_that_cannot_be_read_now_are_kept(self, no_model: FakeEncoder, tmp_path: Path) -> None:
        path, index = tmp_path / "rows.jsonl", tmp_path / "index"
        write_rows(path, a=PRICE, b=HOURS)
        indexed(str(path), index)
        path.write_text(path.read_text().replace('{"id": "b"', '{"id": "b"]'))
        errors: list[LoadError] = []
        assert indexed(str(path), index, unreadable=errors.append) == {}
        assert [str(error).split(" is no JSON")[0] for error in errors] == [f"{path} line 2"]

    @pytest.mark.usefixtures("no_model")
    def test_that_are_bad_are_named_by_the_command(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.jsonl"
        write_rows(path, a=PRICE, b=" ")
        told = run("index", path, "--index", tmp_path / "index")
        assert told.exit_code == 0, told.output
        assert f'{path} line 2 has no "text"' in told.stderr
        assert run("index", path, "--index", tmp_path / "new", "--strict").exit_code == 1


class TestWhatIsDataIsNoAddress:
    """Only what the user names is looked for at an address."""

    URL = "memory://notes/a.txt"

    @pytest.fixture(autouse=True)
    def asked(self, store: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        opened: list[str] = []
        monkeypatch.setattr(remote, "_opened", opened.append)
        yield
        assert not opened

    @pytest.mark.usefixtures("no_model")
    @pytest.mark.parametrize(
        "gold",
        [{"spans": [{"document": URL, "start": 0, "end": 7}]}, {"relevant": {URL: 1}}],
    )
    @pytest.mark.parametrize("command", ["eval", "judge"])
    def test_in_a_question_set(self, tmp_path: Path, gold: dict[str, object], command: str) -> None:
        (tmp_path / "notes.txt").write_text(PRICE)
        questions = tmp_path / "questions.jsonl"
        questions.write_text(json.dumps({"question": "What do tickets cost?"} | gold))
        answers = tmp_path / "answers.jsonl"
        answers.write_text(json.dumps({"question": "What do tickets cost?", "answer": PRICE}))
        named = [questions] if command == "eval" else [answers, "--questions", questions]
        told = run(command, *named, "--document", tmp_path / "notes.txt")
        assert told.exit_code == 1
        assert self.URL in told.stderr

    @pytest.mark.usefixtures("no_model")
    def test_in_a_saved_answer(self, tmp_path: Path) -> None:
        with QA.open(corpus("a")[0]) as qa:
            saved = qa.overview().to_dict()
        for quoted in saved["citations"]:
            quoted |= {"source": self.URL, "document": "a.txt"}
        (tmp_path / "answer.json").write_text(json.dumps(saved))
        told = run("verify", tmp_path / "answer.json")
        assert told.exit_code == 4
        assert f"{self.URL} is not the full path of a file" in told.stdout

    @pytest.mark.usefixtures("no_model")
    def test_in_a_question(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text(PRICE)
        with QA.open(tmp_path / "notes.txt") as qa:
            with pytest.raises(SettingsError, match=self.URL):
                qa.ask("What do tickets cost?", documents=[self.URL])
            with pytest.raises(SettingsError, match=self.URL):
                qa.ask("What do tickets cost?", only=self.URL)

    @pytest.mark.usefixtures("no_model")
    def test_in_a_row(self, tmp_path: Path) -> None:
        row = {"id": "a", "text": PRICE, "source": self.URL, "url": "/etc/hostname"}
        (tmp_path / "rows.jsonl").write_text(json.dumps(row))
        with QA.open(tmp_path / "rows.jsonl") as qa:
            assert qa.index.document("a").source == f"{tmp_path / 'rows.jsonl'}#a"
            assert qa.index.document("a").metadata["source"] == self.URL
