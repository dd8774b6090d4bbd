"""Documents at addresses: a store in memory stands for all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import fsspec
import pytest

from qa.errors import LoadError
from qa.loaders import find, load, load_all, place_of
from qa.loaders.formats import MAX_BYTES
from tests.refusals import refusal

NOTES = {
    "notes/a.txt": "Tickets cost five euros.",
    "notes/sub/b.md": "# Hours\n\nThe museum opens at nine.",
    "notes/.git/c.txt": "Hidden.",
    "notes/d.png": "No text.",
    "notes/e.jsonl": '{"id": "1", "text": "One."}\n',
}


@pytest.fixture
def store() -> Iterator[Any]:
    store = fsspec.filesystem("memory")
    put(store, NOTES)
    yield store
    store.store.clear()
    store.pseudo_dirs[:] = [""]


def put(store: Any, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        store.pipe(f"/{path}", text.encode())


@pytest.mark.usefixtures("store")
class TestWhatIsNamed:
    def test_may_be_a_folder_of_which_hidden_and_other_files_are_skipped(self) -> None:
        found = load("memory://notes/")
        assert [(one.id, one.source) for one in found] == [
            ("a.txt", "memory://notes/a.txt"),
            ("sub/b.md", "memory://notes/sub/b.md"),
        ]
        assert found[0].text == NOTES["notes/a.txt"]
        assert [block.kind for block in found[1].blocks] == ["heading"]

    def test_may_be_a_file(self) -> None:
        (document,) = load("memory://notes/sub/b.md")
        assert (document.id, document.source) == ("b.md", "memory://notes/sub/b.md")

    def test_may_be_a_pattern_which_also_finds_files_of_many_documents(self) -> None:
        found = load("memory://notes/*")
        assert [one.id for one in found] == ["a.txt", "1"]
        assert [one.id for one in load("memory://notes/*/*.md")] == ["sub/b.md"]

    def test_is_read_in_its_encoding(self, store: Any) -> None:
        store.pipe("/notes/a.txt", "Fünf Euro.".encode("cp1252"))
        (document,) = load_all(["memory://notes/a.txt"], encoding="windows-1252")
        assert document.text == "Fünf Euro."

    def test_has_the_metadata_that_lie_beside_it(self, store: Any) -> None:
        put(store, {"notes/a.txt.meta.json": '{"year": 2024}'})
        assert load("memory://notes")[0].metadata == {"year": 2024}
        assert load("memory://notes/a.txt")[0].metadata == {"year": 2024}
        put(store, {"notes/a.txt.meta.json": "[]"})
        with pytest.raises(LoadError, match=r"^memory://notes/a\.txt\.meta\.json is not metadata"):
            load("memory://notes/a.txt")

    def test_may_be_on_this_machine(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("text")
        (document,) = load(f"file://{tmp_path}")
        assert document.source == str(tmp_path / "a.txt")
        assert place_of(f"file://{tmp_path}") == str(tmp_path)

    def test_leaves_no_file_behind(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        load("memory://notes")
        assert not list(tmp_path.iterdir())


class TestStamps:
    def test_tell_whether_a_file_or_its_metadata_changed(self, store: Any) -> None:
        def stamp() -> str | None:
            return find("memory://notes")[0].stamp

        first = stamp()
        assert stamp() == first
        put(store, {"notes/a.txt": "Tickets cost nine euros."})
        second = stamp()
        put(store, {"notes/a.txt.meta.json": "{}"})
        assert len({first, second, stamp(), None}) == 4

    def test_are_missing_where_the_store_tells_no_version(
        self, store: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = {"name": "/notes/a.txt", "size": 3, "type": "file"}
        monkeypatch.setattr(type(store), "info", lambda *_, **__: told)
        assert find("memory://notes/a.txt")[0].stamp is None


@pytest.mark.usefixtures("store")
class TestErrors:
    @pytest.mark.parametrize(
        ("named", "reason"),
        [
            ("memory://none", "there is no file or folder memory://none"),
            ("memory://", "memory:// names no file and no folder"),
            ("memory://notes/*.none", r"memory://notes/*.none matches no file that is read"),
            ("memory://notes/d.png", "memory://notes/d.png has a suffix that cannot be read"),
            ("zip://a.txt::memory://a.zip", "is several addresses: name one"),
            ("memory://notes/a::b.txt", "is several addresses: name one"),
            ("milvus://host/notes", "milvus:// is no kind of address that is known; some are s3"),
        ],
    )
    def test_name_the_address(self, named: str, reason: str) -> None:
        assert reason in refusal(named)

    def test_name_the_package_that_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "gcsfs", None)
        assert refusal("gs://bucket/a.txt").endswith("missing: run  pip install gcsfs")

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (PermissionError("Access Denied"), "may not be read with your credentials (Access"),
            (TimeoutError(), "does not answer: try again later"),
            (
                OSError("at https://me:sesame@host/?sig=sesame\nno"),
                "cannot be read: at https://host/ no",
            ),
            (RuntimeError(), "cannot be read: RuntimeError"),
        ],
    )
    def test_of_a_store_are_one_sentence_without_credentials(
        self, store: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(type(store), "info", fail)
        with pytest.raises(LoadError) as caught:
            find("memory://me:sesame@notes/a.txt")
        assert str(caught.value).startswith(f"memory://me@notes/a.txt {reason}")
        assert caught.value.source == "memory://me@notes/a.txt"
        assert "sesame" not in str(caught.value)
        assert caught.value.__cause__ is None

    def test_of_one_file_leave_the_others(
        self, store: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        open_ = type(store)._open

        def fail(self: Any, path: str, *rest: Any, **options: Any) -> Any:
            if path.endswith("a.txt"):
                raise PermissionError("Forbidden")
            return open_(self, path, *rest, **options)

        monkeypatch.setattr(type(store), "_open", fail)
        errors: list[LoadError] = []
        assert [one.id for one in load_all(["memory://notes"], errors.append)] == ["sub/b.md"]
        assert [error.source for error in errors] == ["memory://notes/a.txt"]

    def test_of_a_parser_name_the_address(self, store: Any) -> None:
        put(store, {"notes/a.pdf": "no PDF"})
        assert refusal("memory://notes/a.pdf").startswith("memory://notes/a.pdf is ")

    @pytest.mark.parametrize("told", [True, False])
    def test_tell_of_a_file_that_is_too_large_before_all_of_it_is_there(
        self, store: Any, monkeypatch: pytest.MonkeyPatch, told: bool
    ) -> None:
        monkeypatch.setitem(MAX_BYTES, "text", 10)
        if not told:
            info = {"name": "/notes/a.txt", "type": "file"}
            monkeypatch.setattr(type(store), "info", lambda *_, **__: info)
            monkeypatch.setattr(type(store), "isdir", lambda *_: False)
        assert "memory://notes/a.txt has more than 10 bytes" in refusal("memory://notes/a.txt")


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        ("https://me:sesame@host/a.pdf?sig=sesame#x", "https://host/a.pdf"),
        ("sftp://me:sesame@host/notes/", "sftp://me@host/notes"),
        ("abfs://folder@account.example/notes", "abfs://folder@account.example/notes"),
        ("s3://bucket/what?.txt", "s3://bucket/what?.txt"),
    ],
)
def test_an_address_is_shown_without_credentials(named: str, shown: str) -> None:
    assert place_of(named) == shown
