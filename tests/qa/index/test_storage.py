"""An index's folder: what is the index's in it, and who may read it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from qa.errors import IndexDamaged, IndexMissing, IndexNotWritten, StoredIndexError
from qa.index import Index, update_index
from qa.index.storage import DATABASE
from tests.fakes import FakeEncoder, contents, corpus, state_of, vectors_of


class Stopped(FakeEncoder):
    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise KeyboardInterrupt


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class TestANewIndex:
    @pytest.mark.parametrize(
        "name",
        [
            "notes.txt",
            ".hidden",
            "encoded",
            "vectors-mine.npy",
            "vectors-1",
            f"{DATABASE}-wal",
            f"{DATABASE}-shm",
            f"{DATABASE}-journal",
        ],
    )
    def test_is_not_made_beside_something_else(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("theirs")
        with pytest.raises(IndexNotWritten, match=r"holds .* and no index: name an empty"):
            update_index(tmp_path, corpus("a"), encoder=FakeEncoder())
        assert files_of(tmp_path) == {name: b"theirs"}

    @pytest.mark.parametrize("theirs", [b"x", b"theirs" * 1_000])
    def test_is_not_made_in_a_file_that_merely_has_the_name_of_its_database(
        self, tmp_path: Path, theirs: bytes
    ) -> None:
        (tmp_path / DATABASE).write_bytes(theirs)
        with pytest.raises(IndexDamaged, match="index again into a new folder"):
            update_index(tmp_path, corpus("a"), encoder=FakeEncoder())
        assert files_of(tmp_path) == {DATABASE: theirs}

    def test_is_not_made_in_an_empty_file_beside_something_else(self, tmp_path: Path) -> None:
        (tmp_path / DATABASE).touch()
        (tmp_path / "notes.txt").write_text("theirs")
        with pytest.raises(IndexNotWritten, match=r"holds 'notes\.txt'"):
            update_index(tmp_path, corpus("a"), encoder=FakeEncoder())
        assert (tmp_path / "notes.txt").read_text() == "theirs"

    def test_is_made_in_an_empty_folder(self, tmp_path: Path) -> None:
        update_index(tmp_path, corpus("a"), encoder=FakeEncoder())
        assert state_of(tmp_path)["ids"] == ["a"]

    def test_that_was_stopped_is_told_and_made_by_the_next_run(self, tmp_path: Path) -> None:
        with pytest.raises(KeyboardInterrupt):
            update_index(tmp_path / "new", corpus("a"), encoder=Stopped())
        with pytest.raises(IndexMissing, match="was never finished: index into it again"):
            Index.open(tmp_path / "new")
        update_index(tmp_path / "new", corpus("b"), encoder=FakeEncoder(model="other"))
        index = Index.open(tmp_path / "new")
        assert (index.document_ids(), index.manifest.model) == (["b"], "other")
        index.close()


class TestFilesOfOthers:
    def test_stay_whatever_they_are_called(self, folder: Path) -> None:
        theirs = {
            name: name.encode()
            for name in ("vectors-mine.npy", "vectors-2024.csv", "vectors-9", "encoded", "notes")
        }
        for name, data in theirs.items():
            (folder / name).write_bytes(data)
        update_index(folder, corpus("d"), encoder=FakeEncoder(), remove=["a"])
        found = files_of(folder)
        assert {name: found.get(name) for name in theirs} == theirs
        assert state_of(folder)["ids"] == ["b", "c", "d"]

    @pytest.mark.parametrize("name", [DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "vectors"])
    def test_are_not_reached_by_a_link(self, folder: Path, tmp_path: Path, name: str) -> None:
        path = vectors_of(folder) if name == "vectors" else folder / name
        target = tmp_path / "target"
        if path.exists():
            path.rename(target)
        else:
            target.write_bytes(b"theirs")
        path.symlink_to(target)
        before = target.read_bytes()
        for use in (Index.open, lambda at: update_index(at, corpus("d"), encoder=FakeEncoder())):
            with pytest.raises(StoredIndexError, match="is a link, or no plain file"):
                use(folder)
        assert target.read_bytes() == before

    @pytest.mark.parametrize("name", ["next_file", "resume_file"])
    def test_are_not_written_through_a_link(self, folder: Path, tmp_path: Path, name: str) -> None:
        index = Index.open(folder)
        named: str = getattr(index.manifest, name)
        index.close()
        (tmp_path / "target").write_bytes(b"theirs")
        (folder / named).symlink_to(tmp_path / "target")
        with suppress(StoredIndexError):
            update_index(folder, corpus("d"), encoder=FakeEncoder())
        assert (tmp_path / "target").read_bytes() == b"theirs"

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
    def test_a_pipe_is_not_waited_for(self, folder: Path) -> None:
        path = vectors_of(folder)
        path.unlink()
        os.mkfifo(path)
        with pytest.raises(StoredIndexError, match="no plain file"):
            Index.open(folder)

    def test_are_not_deleted_by_a_journal_that_names_them(
        self, folder: Path, tmp_path: Path
    ) -> None:
        """SQLite deletes a file that such a journal names."""
        (tmp_path / "theirs").write_text("theirs")
        (folder / f"{DATABASE}-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" * 64)
        for use in (Index.open, lambda at: update_index(at, corpus("d"), encoder=FakeEncoder())):
            with pytest.raises(StoredIndexError, match="-journal belongs to no index"):
                use(folder)
        assert (tmp_path / "theirs").read_text() == "theirs"


@pytest.mark.skipif(os.name != "posix", reason="needs modes")
class TestWhoMayRead:
    @staticmethod
    def modes(folder: Path) -> set[int]:
        return {path.stat().st_mode & 0o777 for path in folder.iterdir()}

    def test_a_new_folder_is_for_its_owner_alone(self, folder: Path) -> None:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert self.modes(folder) == {0o600}

    @pytest.mark.parametrize(("mode", "files"), [(0o755, 0o644), (0o770, 0o660), (0o700, 0o600)])
    def test_files_may_be_read_by_those_who_may_use_the_folder(
        self, tmp_path: Path, mode: int, files: int
    ) -> None:
        tmp_path.chmod(mode)
        update_index(tmp_path, corpus("a"), encoder=FakeEncoder())
        with pytest.raises(KeyboardInterrupt):
            update_index(tmp_path, corpus("b"), encoder=Stopped())
        assert self.modes(tmp_path) == {files}


class TestAReaderOfASmallIndex:
    def test_holds_up_no_writer(self, folder: Path) -> None:
        index = Index.open(folder)
        update_index(folder, corpus("d"), encoder=FakeEncoder())
        connection = sqlite3.connect(folder / DATABASE)
        busy, left, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.close()
        assert (busy, left) == (0, 0)
        assert index.document_ids() == ["a", "b", "c"]
        index.close()
        assert contents(folder) == [DATABASE, "vectors-2"]
