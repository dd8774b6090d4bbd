"""What a failure, a kill or a full disk leaves of an index."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.stores.faiss_store import FaissStore
from qa.errors import IndexMissing, IndexNotWritten
from qa.index import Index, transaction, update_index, writer
from qa.index.storage import DATABASE
from qa.index.upgrade import needs_upgrade
from tests.fakes import FakeEncoder, contents, corpus, resume_file_of, state_of, vectors_of

ENCODED = "encoded"
ROOT = Path(__file__).parents[3]


class Cancelled(Exception):
    pass


class TestStoppedByItsProgress:
    @pytest.mark.parametrize("at", [0, 1, 2, 3])
    def test_the_index_is_as_it_was_and_can_be_changed_again(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, at: int
    ) -> None:
        monkeypatch.setattr(writer, "_ENCODED_AT_ONCE", 20)
        monkeypatch.setattr(writer, "_STORED_AT_ONCE", 20)
        before, files = state_of(folder), contents(folder)
        told: list[int] = []

        def progress(done: int, total: int) -> None:
            told.append(done)
            if len(told) > at or done == total:
                raise Cancelled

        new = corpus("bd", edition="second", parts=200)
        with pytest.raises(Cancelled):
            update_index(folder, new, encoder=FakeEncoder(), remove=["a"], progress=progress)
        assert len(told) == at + 1
        assert state_of(folder) == before
        assert contents(folder) == ([ENCODED, *files] if at else files)
        assert update_index(folder, corpus("d"), encoder=FakeEncoder()).added == ["d"]
        assert contents(folder) == [DATABASE, "vectors-2"]

    def test_a_new_index_is_not_there_yet(self, tmp_path: Path) -> None:
        def progress(done: int, total: int) -> None:
            raise Cancelled

        with pytest.raises(Cancelled):
            update_index(tmp_path / "new", corpus("a"), encoder=FakeEncoder(), progress=progress)
        with pytest.raises(IndexMissing):
            Index.open(tmp_path / "new")
        update_index(tmp_path / "new", corpus("a"), encoder=FakeEncoder())
        assert state_of(tmp_path / "new")["ids"] == ["a"]


class Stopping(FakeEncoder):
    """Is stopped, as by Ctrl-C, before it would encode more than so many passages."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if len(self.encoded) + len(texts) > self.most:
            raise KeyboardInterrupt
        return super().encode_passages(texts)


def stopped(folder: Path, most: int = 25) -> list[str]:
    encoder = Stopping(most)
    with pytest.raises(KeyboardInterrupt):
        update_index(folder, corpus("abcde", parts=60), encoder=encoder)
    return encoder.encoded


def finished(folder: Path, encoder: FakeEncoder) -> list[str]:
    changes = update_index(folder, corpus("abcde", parts=60), encoder=encoder)
    assert changes.encoded == len(encoder.encoded)
    assert ENCODED not in contents(folder)
    return encoder.encoded


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], object]:
    """Index without a stop; return what was encoded, and all that the index gives."""
    folder = tmp_path_factory.mktemp("at once")
    return finished(folder, FakeEncoder()), state_of(folder)


class TestWhatAStoppedRunEncoded:
    """It is kept in a file, and is not encoded again."""

    @pytest.fixture
    def new(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(writer, "_ENCODED_AT_ONCE", 10)
        return tmp_path / "new"

    def test_is_not_encoded_again(self, new: Path, at_once: tuple[list[str], object]) -> None:
        first = stopped(new)
        assert len(first) == 20
        rest = finished(new, FakeEncoder())
        assert (first + rest, state_of(new)) == at_once

    def test_is_kept_however_often_it_is_stopped(
        self, new: Path, at_once: tuple[list[str], object]
    ) -> None:
        encoded = [*stopped(new), *stopped(new, 10), *stopped(new, 0)]
        assert len(encoded) == 30
        assert encoded + finished(new, FakeEncoder()) == at_once[0]

    @pytest.mark.parametrize("lost", [1, 291, 293, 20 * 292])
    def test_is_lost_only_where_its_file_is_cut_short(
        self, new: Path, at_once: tuple[list[str], object], lost: int
    ) -> None:
        first = stopped(new)
        record = 32 + 4 * 64 + 4
        whole = resume_file_of(new).read_bytes()
        resume_file_of(new).write_bytes(whole[:-lost])
        rest = finished(new, FakeEncoder())
        kept = 20 - -(-lost // record)
        assert (first[:kept] + rest, state_of(new)) == at_once

    def test_is_encoded_again_from_where_its_file_is_damaged(
        self, new: Path, at_once: tuple[list[str], object]
    ) -> None:
        first = stopped(new)
        broken = bytearray(resume_file_of(new).read_bytes())
        broken[32 + 5 * 292 + 50] ^= 1
        resume_file_of(new).write_bytes(broken)
        rest = finished(new, FakeEncoder())
        assert (first[:5] + rest, state_of(new)) == at_once

    def test_is_of_no_use_to_another_model(self, new: Path) -> None:
        stopped(new)
        other = FakeEncoder(model="other")
        assert len(finished(new, other)) > 20


class FailingConnection(sqlite3.Connection):
    """Fails at the first statement that starts with `fail_at`."""

    fail_at = ""

    def execute(self, sql: str, *args: object) -> sqlite3.Cursor:
        if sql.startswith(self.fail_at):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return super().execute(sql, *args)  # type: ignore[arg-type]


class TestAFailureLeavesTheIndexAsItWas:
    @pytest.mark.parametrize(
        "fail_at",
        [
            "PRAGMA",
            "BEGIN",
            "INSERT OR REPLACE INTO doc",
            "INSERT INTO pass",
            "DELETE",
            "INSERT INTO man",
            "COMMIT",
        ],
    )
    def test_of_the_database(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, fail_at: str
    ) -> None:
        def failing(folder: Path) -> sqlite3.Connection:
            connection = sqlite3.connect(
                folder / DATABASE, factory=FailingConnection, isolation_level=None
            )
            connection.fail_at = fail_at
            return connection

        before = state_of(folder)
        monkeypatch.setattr(transaction, "connect", failing)
        with pytest.raises(IndexNotWritten, match="was not changed: the disk is full"):
            update_index(folder, corpus("bd", edition="second"), encoder=FakeEncoder())
        monkeypatch.undo()
        assert state_of(folder) == before
        assert update_index(folder, corpus("d"), encoder=FakeEncoder()).added == ["d"]
        assert contents(folder) == [DATABASE, "vectors-2"]

    @pytest.mark.parametrize(
        ("owner", "name"),
        [(FaissStore, "save"), (os, "fsync"), (transaction, "_flushed_digest")],
    )
    def test_of_writing_the_vectors(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        before, files = state_of(folder), contents(folder)
        monkeypatch.setattr(owner, name, full)
        with pytest.raises(IndexNotWritten, match="was not changed: the disk is full") as caught:
            update_index(folder, corpus("d"), encoder=FakeEncoder())
        assert caught.value.folder == folder
        assert state_of(folder) == before
        assert contents(folder) == [ENCODED, *files]

    @pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, TypeError, KeyError])
    def test_of_the_encoder_which_comes_through(
        self, folder: Path, error: type[BaseException]
    ) -> None:
        class Broken(FakeEncoder):
            def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
                raise error("of the encoder")

        before, files = state_of(folder), contents(folder)
        with pytest.raises(error, match="of the encoder"):
            update_index(folder, corpus("d"), encoder=Broken(), remove=["a"])
        assert state_of(folder) == before
        assert contents(folder) == files

    def test_in_a_new_folder_leaves_no_index(self, tmp_path: Path) -> None:
        class Broken(FakeEncoder):
            def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            update_index(tmp_path / "new", corpus("a"), encoder=Broken())
        with pytest.raises(IndexMissing):
            Index.open(tmp_path / "new")
        update_index(tmp_path / "new", corpus("a"), encoder=FakeEncoder())
        assert state_of(tmp_path / "new")["ids"] == ["a"]


KILLED = """
import os, shutil, sys
from pathlib import Path
import sentencex, tqdm.auto
from embeddings.stores.faiss_store import FaissStore
from qa.index import transaction
from qa.index import writer
from qa.passages import tiktoken_encoding
from tests.fakes import FakeEncoder, connect, contents, corpus

original, copies = map(Path, sys.argv[1:3])
steps = [0]
tiktoken_encoding()  # once, before the forks

def step(limit):
    steps[0] += 1
    if steps[0] == limit:
        os._exit(9)

def update(folder, limit):
    connect, save, fsync, unlink = transaction.connect, FaissStore.save, os.fsync, Path.unlink

    def traced(folder):
        connection = connect(folder)
        connection.set_trace_callback(lambda sql: sql.startswith("SELECT") or step(limit))
        return connection

    def torn(store, path):
        path.write_bytes(b"the beginning")
        step(limit)
        unlink(path)
        save(store, path)
        step(limit)

    def stepped(call):
        return lambda *args, **named: (step(limit), call(*args, **named))[1]

    transaction.connect, FaissStore.save = traced, torn
    os.fsync, Path.unlink = stepped(fsync), stepped(unlink)
    if sys.argv[3] == "upgrade":
        writer.update_index(folder, [], encoder=FakeEncoder(dim=16))
        return
    documents = corpus("bd", edition="second", parts=12)
    writer.update_index(folder, documents, encoder=FakeEncoder(), remove=["a"])

for limit in range(1, 1_000, int(sys.argv[4])):
    folder = copies / str(limit)
    shutil.copytree(original, folder)
    child = os.fork()
    if child == 0:
        update(folder, limit)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
"""

FULL_DISK = """
import resource, sys
from pathlib import Path
from qa.errors import IndexNotWritten
from qa.index import update_index
from tests.fakes import FakeEncoder, corpus, state_of, vectors_of

folder = Path(sys.argv[1])
before, size = state_of(folder), vectors_of(folder).stat().st_size
encoder, documents = FakeEncoder(dim=4_096), corpus("de")
for limit in [100, 5_000, 40_000, size - 1, size, size + 5_000, *map(int, sys.argv[2:])]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        update_index(folder, documents, encoder=encoder)
    except IndexNotWritten as error:
        assert "was not changed" in str(error)
        print("refused", limit)
    else:
        sys.exit(f"written at a limit of {limit}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    assert state_of(folder) == before, limit
update_index(folder, documents, encoder=encoder)
"""


def run(code: str, *args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, args)],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.process
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_at_any_step_leaves_the_old_index_or_the_new(tmp_path: Path) -> None:
    folder, copies = tmp_path / "index", tmp_path / "copies"
    update_index(folder, corpus("abc", parts=12), encoder=FakeEncoder())
    copies.mkdir()
    result = run(KILLED, folder, copies, "update", 1)
    assert result.returncode == 0, result.stderr
    *killed, finished = sorted(copies.iterdir(), key=lambda path: int(path.name))
    old, new = state_of(folder), state_of(finished)
    states = [state_of(copy) for copy in killed]
    switch = states.index(new)
    assert states == [old] * switch + [new] * (len(states) - switch)
    assert 0 < switch < len(states)
    for copy in killed:
        update_index(copy, corpus("e", parts=1), encoder=FakeEncoder())
        assert len(contents(copy)) == 2
        assert state_of(copy)["ids"] == [*("cbd" if copy in killed[switch:] else "abc"), "e"]


@pytest.mark.process
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_within_an_upgrade_leaves_the_earlier_index_or_this(tmp_path: Path) -> None:
    shutil.unpack_archive(Path(__file__).with_name("format-6.zip"), tmp_path)
    copies = tmp_path / "copies"
    copies.mkdir()
    result = run(KILLED, tmp_path / "format-6", copies, "upgrade", 4)
    assert result.returncode == 0, result.stderr
    *killed, finished = sorted(copies.iterdir(), key=lambda path: int(path.name))
    assert {needs_upgrade(copy) for copy in killed} == {True, False}
    for copy in killed:
        update_index(copy, [], encoder=FakeEncoder(dim=16))
        assert state_of(copy) == state_of(finished)
        assert contents(copy) == ["inquote.sqlite", "vectors-2"]


@pytest.mark.process
@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="needs limits on file sizes")
def test_a_full_disk_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    folder, trial = tmp_path / "index", tmp_path / "trial"
    update_index(folder, corpus("abc"), encoder=FakeEncoder(dim=4_096))
    shutil.copytree(folder, trial)
    update_index(trial, corpus("de"), encoder=FakeEncoder(dim=4_096))
    needed = vectors_of(trial).stat().st_size
    result = run(FULL_DISK, folder, needed - 4_000, needed - 100, needed - 1)
    assert result.returncode == 0, result.stdout + result.stderr
    assert state_of(folder) == state_of(trial)
