"""What a worker does with the files that it is handed."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import fsspec
import numpy as np
import pytest

from qa.indexes import open_index
from qa.loaders import File, find
from qa.milvus import workers
from qa.milvus.workers import Workers
from tests.fakes import FakeEncoder


def batch_of(files: list[File]) -> workers.Batch:
    return {"file": np.array([workers._row(one)["file"] for one in files], object)}


@pytest.fixture
def worker(address: str, monkeypatch: pytest.MonkeyPatch) -> workers._Worker:
    monkeypatch.setattr(workers, "load_encoder", lambda **_: FakeEncoder())
    return workers._Worker(address, {})


def test_a_worker_writes_files_rows_and_what_is_at_an_address(
    worker: workers._Worker, address: str, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("Tickets cost five euros.")
    (tmp_path / "rows.jsonl").write_text(json.dumps({"id": "row", "text": "One."}))
    fsspec.filesystem("memory").pipe("/notes/b.txt", b"The museum opens at nine.")
    named = [str(tmp_path / "a.txt"), str(tmp_path / "rows.jsonl"), "memory://notes/b.txt"]
    files = [file for one in named for file in find(one)]

    done = worker(batch_of(files))
    worker._writer.close()

    assert done["id"] == ["a.txt", "row", "b.txt"]
    assert done["outcome"] == ["added", "added", "added"]
    with closing(open_index(address)) as index:
        assert index.document("row").text == "One."
        assert index.document("b.txt").source == "memory://notes/b.txt"


def test_a_worker_tells_of_each_file_that_it_cannot_read(
    worker: workers._Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.txt").write_bytes(b"\0")
    Path("rows.jsonl").write_text(json.dumps({"id": "nul", "text": "a\0b"}))
    fsspec.filesystem("memory").pipe("/notes/bad.txt", b"\0")
    files = [file for one in ("bad.txt", "rows.jsonl") for file in find(one)]
    files += find("memory://notes/bad.txt")

    done = worker(batch_of([*files[:2]])), worker(batch_of(files[2:]))
    worker._writer.close()

    errors = done[0]["error"] + done[1]["error"]
    assert all(errors)
    assert [error.split(" ")[0] for error in errors] == [
        "bad.txt",
        f"{tmp_path / 'rows.jsonl'}#nul",
        "memory://notes/bad.txt",
    ]


def test_each_worker_of_this_machine_has_its_share_of_the_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers, "cores", lambda: 8)
    here = workers._on_their_cores(Workers(3, {"backend": "auto"}), "mine")
    too_many = workers._on_their_cores(Workers(99, {}), "mine")
    cluster = workers._on_their_cores(Workers(99, {}, "there:6379"), "mine")

    assert here == Workers(3, {"backend": "auto", "model": "mine", "threads": 2})
    assert too_many == Workers(8, {"model": "mine", "threads": 1})
    assert cluster == Workers(99, {"model": "mine"}, "there:6379")
