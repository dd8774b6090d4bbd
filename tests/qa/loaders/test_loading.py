from __future__ import annotations

import os
from pathlib import Path

import pytest

from qa.documents import Document
from qa.errors import LoadError
from qa.loaders import load, load_all
from tests.refusals import refusal


class TestNamingAFile:
    def test_names_what_is_missing(self, tmp_path: Path) -> None:
        assert str(tmp_path / "no.txt") in refusal(tmp_path / "no.txt")

    def test_names_the_kinds_it_knows(self, tmp_path: Path) -> None:
        (tmp_path / "a.xyz").write_text("text")
        assert ".docx, .htm, .html, .markdown, .md, .pdf, .text, .txt, .xhtml" in refusal(
            tmp_path / "a.xyz"
        )

    @pytest.mark.parametrize("name", ["x" * 5_000, "no\0name.txt", "~nobody-of-that-name/a.txt"])
    def test_refuses_names_that_no_file_can_have(self, name: str) -> None:
        with pytest.raises(LoadError):
            load(name)


class TestReadingAFolder:
    def test_gives_every_readable_file_in_order_of_id(self, tmp_path: Path) -> None:
        for name in ["b.txt", "a/z.md", "a/c.txt", "skip.png", "noise"]:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(name)
        assert [d.id for d in load(tmp_path)] == ["a/c.txt", "a/z.md", "b.txt"]

    def test_passes_over_hidden_files_and_folders(self, tmp_path: Path) -> None:
        for name in ["a.txt", ".hidden.txt", ".git/notes.txt", "sub/.x/y.txt", "~$a.docx"]:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(name)
        assert [d.id for d in load(tmp_path)] == ["a.txt"]

    def test_reads_a_folder_that_is_itself_hidden(self, tmp_path: Path) -> None:
        (tmp_path / ".notes").mkdir()
        (tmp_path / ".notes" / "a.txt").write_text("text")
        assert [d.id for d in load(tmp_path / ".notes")] == ["a.txt"]

    def test_says_so_when_nothing_in_it_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").write_bytes(b"\x89PNG")
        assert ".txt" in refusal(tmp_path)

    def test_stops_at_a_file_that_is_not_text(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("text")
        (tmp_path / "b.txt").write_bytes(b"\xff\xff")
        with pytest.raises(LoadError, match=r"b\.txt"):
            load(tmp_path)


class TestReadingSeveral:
    def test_gives_files_folders_and_documents_together(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("one")
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "b.txt").write_text("two")
        made = Document("made", "three")
        found = load_all([tmp_path / "a.txt", tmp_path / "folder", made])
        assert [d.id for d in found] == ["a.txt", "b.txt", "made"]
        assert found[2] is made

    def test_takes_one_file_named_twice_once(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("one")
        assert len(load_all([tmp_path / "a.txt", str(tmp_path / "a.txt")])) == 1

    def test_refuses_two_files_of_one_name(self, tmp_path: Path) -> None:
        for name in ["x", "y"]:
            (tmp_path / name).mkdir()
            (tmp_path / name / "a.txt").write_text("the same text")
        with pytest.raises(LoadError, match=r"two documents are called 'a\.txt'") as caught:
            load_all([tmp_path / "x", tmp_path / "y"])
        assert str(tmp_path / "x") in str(caught.value)
        assert str(tmp_path / "y") in str(caught.value)

    def test_refuses_two_texts_under_one_id(self) -> None:
        with pytest.raises(LoadError, match="two documents"):
            load_all([Document("a", "one"), Document("a", "two")])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
def test_a_named_pipe_in_a_folder_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "a.txt").write_text("text")
    assert [d.id for d in load(tmp_path)] == ["a.txt"]
