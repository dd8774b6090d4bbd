"""Documents in an object store: a server of S3 on this machine."""

from __future__ import annotations

import gzip
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from qa.documents import Document
from qa.errors import LoadError
from qa.loaders import File, find, load
from qa.milvus import workers
from qa.opening import Corpus, open_corpus
from tests.fakes import FakeEncoder

moto = pytest.importorskip("moto.server", reason="no object store here: make test-distributed")
s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed: make test-distributed")

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "sesame"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Start a server, and have everything that asks for S3 ask there."""
    server = moto.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    named = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in (KEYS | named).items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()
    yield server
    server.stop()
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def bucket(server: Any) -> Any:
    store = s3fs.S3FileSystem()
    store.mkdir("bucket")
    put(
        store,
        {
            "notes/a.txt": b"Tickets cost five euros.",
            "notes/a.txt.meta.json": b'{"year": 2024}',
            "notes/sub/b.md": b"# Hours\n\nThe museum opens at nine.",
            "notes/.hidden/c.txt": b"Hidden.",
            "rows/1.jsonl": rows(a="One.", b="Two."),
            "rows/2.jsonl.gz": gzip.compress(rows(c="Three.")),
        },
    )
    return store


def put(store: Any, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        store.pipe(f"bucket/{path}", data)


def rows(**texts: str) -> bytes:
    lines = (json.dumps({"id": id_, "text": text}) + "\n" for id_, text in texts.items())
    return "".join(lines).encode()


@pytest.mark.usefixtures("bucket")
class TestABucket:
    def test_is_read_like_a_folder(self) -> None:
        first, second = load("s3://bucket/notes")
        assert (first.id, first.source) == ("a.txt", "s3://bucket/notes/a.txt")
        assert first.metadata == {"year": 2024}
        assert (second.id, second.blocks[0].kind) == ("sub/b.md", "heading")

    def test_has_files_of_many_documents(self) -> None:
        assert [one.id for one in load("s3://bucket/rows/*")] == ["a", "b", "c"]
        assert [one.source for one in load("s3://bucket/rows/1.jsonl")] == [
            "s3://bucket/rows/1.jsonl#a",
            "s3://bucket/rows/1.jsonl#b",
        ]

    def test_stamps_are_the_same_however_a_file_is_named(self) -> None:
        (named,) = find("s3://bucket/notes/a.txt")
        listed, _ = find("s3://bucket/notes")
        assert named.stamp == listed.stamp is not None

    def test_is_downloaded_only_where_it_changed(
        self, bucket: Any, no_model: FakeEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def updated() -> Corpus:
            corpus = open_corpus("s3://bucket/notes", index=tmp_path / "i", remove_deleted=True)
            corpus.index.close()
            return corpus

        read: list[str] = []
        file_load = File.load

        def noted(one: File) -> Document:
            read.append(one.id)
            return file_load(one)

        monkeypatch.setattr(File, "load", noted)
        assert updated().changes.added == ["a.txt", "sub/b.md"]
        read.clear()
        put(bucket, {"notes/sub/b.md": b"# Hours\n\nThe museum opens at ten."})
        assert (updated().changes.updated, read) == (["sub/b.md"], ["sub/b.md"])
        bucket.rm("bucket/notes/a.txt")
        assert updated().changes.removed == ["a.txt"]


class TestErrors:
    def test_name_what_is_not_there(self, bucket: Any) -> None:
        for named in ("s3://none/a.txt", "s3://bucket/none", "s3://bucket/none/a.txt"):
            with pytest.raises(LoadError, match=f"^there is no file or folder {named}$"):
                find(named)

    def test_say_that_credentials_are_missing(
        self, bucket: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in KEYS:
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("HOME", "/nowhere")
        s3fs.S3FileSystem.clear_instance_cache()
        with pytest.raises(LoadError, match="cannot be read: Unable to locate credentials"):
            find("s3://bucket/notes")

    def test_say_that_the_server_does_not_answer(
        self, bucket: Any, server: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (found, _) = find("s3://bucket/notes")
        server.stop()
        monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)  # of five, for half a minute
        with pytest.raises(LoadError, match=r"s3://bucket/notes/a\.txt cannot be read") as caught:
            found.load()
        assert caught.value.source == "s3://bucket/notes/a.txt"
        with pytest.raises(LoadError, match="s3://bucket/notes cannot be read: Could not connect"):
            find("s3://bucket/notes")


@pytest.mark.usefixtures("bucket")
def test_workers_of_ray_read_them_as_well() -> None:
    ray = pytest.importorskip("ray", reason="Ray is not installed: make test-distributed")
    files = [*find("s3://bucket/notes"), *find("s3://bucket/rows/*")]
    with workers._ray(None):
        done = ray.data.from_items([workers._row(one) for one in files]).map_batches(read_all)
        assert sorted(row["id"] for row in done.iter_rows()) == ["a", "a.txt", "b", "c", "sub/b.md"]


def read_all(batch: workers.Batch) -> dict[str, list[str]]:
    return {"id": [pickle.loads(file).load().id for file in batch["file"]]}
