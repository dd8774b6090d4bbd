"""Files are read where their size or time is another, and only there."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from qa.documents import Document
from qa.errors import LoadError
from qa.index import Changes, update_index, writer
from qa.loaders import LOADERS, find
from tests.fakes import FakeEncoder, state_of


class TestFilesThatAreAsTheyWere:
    """They are told by size and time, and not read."""

    @pytest.fixture
    def files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        (tmp_path / "files").mkdir()
        for name in "abc":
            write(tmp_path / "files" / f"{name}.txt", f"All about {name}. And more.")
        return tmp_path / "files"

    def update(self, files: Path, **options: Any) -> tuple[Changes, list[str]]:
        """Return the changes, and the ids of the files that were read."""
        read: list[str] = []
        loader = LOADERS[".txt"]

        def load(path: Path, document_id: str) -> Document:
            read.append(document_id)
            return loader(path, document_id)

        with pytest.MonkeyPatch.context() as patched:
            patched.setitem(LOADERS, ".txt", load)
            folder, encoder = files.parent / "index", FakeEncoder()
            return update_index(folder, find(files), encoder=encoder, **options), read

    def test_are_not_read_and_no_vectors_are(
        self, files: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert self.update(files)[1] == ["a.txt", "b.txt", "c.txt"]
        monkeypatch.setattr(writer, "load_vectors", None)
        changes, read = self.update(files, only_these=True)
        assert (changes.unchanged, read) == (["a.txt", "b.txt", "c.txt"], [])

    def test_a_changed_one_alone_is_read_and_encoded(self, files: Path) -> None:
        self.update(files)
        write(files / "b.txt", "All about B. And more.", at=2_000)
        changes, read = self.update(files)
        assert (changes.updated, changes.encoded, read) == (["b.txt"], 1, ["b.txt"])
        assert self.update(files)[1] == []

    def test_one_of_another_time_is_read_once_and_not_encoded_if_its_text_is_the_same(
        self, files: Path
    ) -> None:
        self.update(files)
        os.utime(files / "b.txt", (3_000, 3_000))
        changes, read = self.update(files)
        assert (changes.any, changes.encoded, read) == (False, 0, ["b.txt"])
        assert self.update(files)[1] == []

    def test_one_of_another_size_is_read_though_its_time_is_the_same(self, files: Path) -> None:
        self.update(files)
        write(files / "b.txt", "Something else altogether.")
        assert self.update(files)[0].updated == ["b.txt"]

    def test_one_that_was_changed_only_now_is_read_again(self, files: Path) -> None:
        write(files / "b.txt", "All about B. And more.", at=time.time())
        self.update(files)
        assert self.update(files)[1] == ["b.txt"]

    def test_one_in_another_folder_is_read(self, files: Path) -> None:
        self.update(files)
        moved = files.rename(files.with_name("moved"))
        changes, read = self.update(moved)
        assert (changes.any, read) == (False, ["a.txt", "b.txt", "c.txt"])

    def test_one_that_another_version_read_is_read_again(
        self, files: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.update(files)
        monkeypatch.setattr("qa.loaders.files.inquote_version", lambda: "9.9")
        assert self.update(files)[1] == ["a.txt", "b.txt", "c.txt"]

    def test_one_that_cannot_be_read_is_told_and_stays_as_it_was(self, files: Path) -> None:
        self.update(files)
        write(files / "a.txt", "")
        write(files / "b.txt", "Something else altogether.")
        with pytest.raises(LoadError, match=r"a\.txt is empty"):
            self.update(files)
        told: list[LoadError] = []
        changes, _ = self.update(files, unreadable=told.append, only_these=True)
        assert (changes.updated, changes.removed) == (["b.txt"], [])
        assert ["a.txt is empty" in str(error) for error in told] == [True]
        assert state_of(files.parent / "index")["ids"] == ["a.txt", "c.txt", "b.txt"]


def write(path: Path, text: str, at: float = 1_000) -> None:
    path.write_text(text)
    os.utime(path, (at, at))
