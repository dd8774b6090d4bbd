"""What is not the index's fault is not called damage."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from embeddings import StoreError
from embeddings.stores import vector_files
from qa import QA, QAError
from qa.errors import IndexDamaged, IndexNotWritten, StoredIndexError
from qa.index import Index, storage, update_index
from qa.index.faults import faults_named, passing
from tests.fakes import FakeEncoder, corpus


def of_sqlite(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("it says")
    error.sqlite_errorcode = code
    return error


def caused(error: OSError) -> StoreError:
    wrapped = StoreError("the vector file cannot be read")
    wrapped.__cause__ = error
    return wrapped


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "x"), "the disk is full"),
        (of_sqlite(sqlite3.SQLITE_FULL), "the disk is full"),
        (OSError(errno.EACCES, "x"), "no permission"),
        (of_sqlite(sqlite3.SQLITE_READONLY), "read-only"),
        (OSError(errno.EROFS, "x"), "read-only"),
        (OSError(errno.EMFILE, "x"), "too many files are open"),
        (caused(OSError(errno.EMFILE, "x")), "too many files are open"),
        (OSError(errno.EIO, "x"), "could not be read or written"),
        (of_sqlite(sqlite3.SQLITE_IOERR | 1 << 8), "could not be read or written"),
        (of_sqlite(sqlite3.SQLITE_IOERR_SHMSIZE), "may be full"),
        (of_sqlite(sqlite3.SQLITE_CANTOPEN), "cannot be opened"),
        (of_sqlite(sqlite3.SQLITE_BUSY), "another process"),
        (of_sqlite(sqlite3.SQLITE_NOMEM), "memory is full"),
        (MemoryError(), "memory is full"),
        (sqlite3.ProgrammingError("Cannot operate on a closed database."), "it is closed"),
    ],
)
def test_what_passes_is_told_as_what_it_is(error: Exception, said: str, tmp_path: Path) -> None:
    assert said in (passing(error) or "")
    with pytest.raises(StoredIndexError, match=said) as caught, faults_named(tmp_path):
        raise error
    assert not isinstance(caught.value, IndexDamaged)
    assert "delete" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        of_sqlite(sqlite3.SQLITE_CORRUPT),
        of_sqlite(sqlite3.SQLITE_CORRUPT | 1 << 8),
        of_sqlite(sqlite3.SQLITE_NOTADB),
        caused(FileNotFoundError(errno.ENOENT, "x")),
        StoreError("the vector file is not the one that was written"),
        ValueError("x"),
    ],
)
def test_what_a_check_says_is_damage(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged, match="index again into a new folder"), faults_named(tmp_path):
        raise error


@pytest.mark.parametrize("owner", [storage, vector_files])
@pytest.mark.parametrize(
    ("code", "said"), [(errno.EACCES, "no permission"), (errno.EMFILE, "too many files are open")]
)
def test_vectors_that_cannot_be_opened_are_not_called_damaged(
    folder: Path, monkeypatch: pytest.MonkeyPatch, owner: object, code: int, said: str
) -> None:
    def refuse(path: Path) -> None:
        raise OSError(code, "x", str(path))

    monkeypatch.setattr(owner, "open_plain", refuse)
    with pytest.raises(StoredIndexError, match=said) as caught:
        Index.open(folder)
    assert not isinstance(caught.value, IndexDamaged)


def test_an_index_that_is_closed_says_so(folder: Path) -> None:
    with QA(Index.open(folder), FakeEncoder()) as qa:
        assert qa.ask("What is part 7 of b about?").passages
    for use in (
        lambda: qa.ask("What is part 7 of b about?"),
        lambda: qa.retrieve("What is part 7?"),
        lambda: qa.index.document("a"),
        qa.index.document_ids,
        qa.index.check_whole,
        lambda: qa.index.passages([1]),
    ):
        with pytest.raises(QAError, match="is closed: open it again"):
            use()
    qa.close()


def test_an_index_is_read_where_the_disk_has_no_room_for_what_readers_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update_index(tmp_path / "index", corpus("a"), encoder=FakeEncoder())

    class Full(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if sql.startswith("ATTACH") and "immutable" not in values[0][0]:
                raise of_sqlite(sqlite3.SQLITE_IOERR_SHMSIZE)
            return super().execute(sql, *values)

    def connect(_address: str) -> sqlite3.Connection:
        return sqlite3.connect(":memory:", uri=True, isolation_level=None, factory=Full)

    monkeypatch.setattr(storage, "_connected", connect)
    with QA(Index.open(tmp_path / "index"), FakeEncoder()) as qa:
        assert qa.index.document_ids() == ["a"]


def test_an_index_is_written_though_what_a_stopped_run_left_cannot_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith("encoded"):
            raise PermissionError(errno.EACCES, "no")
        unlink(path, missing_ok)

    update_index(tmp_path / "index", corpus("a"), encoder=FakeEncoder())
    monkeypatch.setattr(Path, "unlink", refuse)
    changes = update_index(tmp_path / "index", [], encoder=FakeEncoder(), remove=["a"])
    assert changes.removed == ["a"]


def test_a_place_where_no_folder_can_be_made_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "there is no such place")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(IndexNotWritten, match="no folder can be made there: name another"):
        update_index(tmp_path / "index", corpus("a"), encoder=FakeEncoder())
