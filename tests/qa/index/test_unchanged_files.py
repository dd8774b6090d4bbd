"""A corpus is read again where a file's size or times are others, and only there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import qa.loaders.files
from embeddings.stores.segments import Segments
from qa import QA, Document
from qa.errors import LoadError
from qa.opening import open_corpus
from tests.fakes import FakeEncoder


@pytest.fixture(autouse=True)
def fake_model(no_model: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> FakeEncoder:
    monkeypatch.setattr(qa.loaders.files, "_SECONDS_TO_SETTLE", -1.0)
    return no_model


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "one.txt").write_text("Tickets cost five euros.")
    (folder / "two.md").write_text("The museum opens at nine.")
    return folder


@contextmanager
def nothing_read(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail where a file is read."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the sources are read again")

    with monkeypatch.context() as patched:
        patched.setattr(qa.loaders.File, "load", refuse)
        yield


def test_an_unchanged_corpus_is_opened_without_being_read(
    notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    QA.open(notes).close()
    with nothing_read(monkeypatch), QA.open(notes) as opened:
        assert opened.index.document_ids() == ["one.txt", "two.md"]
    with nothing_read(monkeypatch):
        corpus = open_corpus(notes)
        corpus.index.close()
    assert corpus.changes.unchanged == ["one.txt", "two.md"]


def test_vectors_are_loaded_once(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    QA.open(notes).close()
    loaded: list[Path] = []
    load = Segments.load

    def listed(folder: Path, *rest: Any) -> Segments:
        loaded.append(folder)
        return load(folder, *rest)

    monkeypatch.setattr(Segments, "load", listed)
    QA.open(notes).close()
    assert len(loaded) == 1


def test_documents_made_in_python_are_told_by_their_text() -> None:
    one = Document("a", "Tickets cost five euros.")
    QA.open(one).close()
    with QA.open(Document("a", "Tickets cost nine euros.")) as opened:
        assert "nine" in opened.index.document("a").text


def test_a_change_of_the_same_size_is_seen(notes: Path) -> None:
    QA.open(notes).close()
    (notes / "one.txt").write_text("Tickets cost nine euros.")
    os.utime(notes / "one.txt", (1_700_000_000, 1_700_000_000))
    with QA.open(notes) as opened:
        assert "nine" in opened.index.document("one.txt").text


def test_a_file_that_is_merely_touched_is_read_and_not_encoded_again(
    notes: Path, fake_model: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    QA.open(notes).close()
    os.utime(notes / "one.txt", (1_700_000_000, 1_700_000_000))
    with pytest.raises(AssertionError, match="read again"), nothing_read(monkeypatch):
        QA.open(notes)
    fake_model.encoded.clear()
    QA.open(notes).close()
    assert fake_model.encoded == []
    with nothing_read(monkeypatch):
        QA.open(notes).close()


def test_a_file_that_just_changed_is_read_again(
    notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qa.loaders.files, "_SECONDS_TO_SETTLE", 3_600.0)
    QA.open(notes).close()
    with pytest.raises(AssertionError, match="read again"), nothing_read(monkeypatch):
        QA.open(notes)


@pytest.mark.parametrize("file", ["vectors-*", "inquote.sqlite"])
def test_a_damaged_index_of_an_unchanged_corpus_is_made_anew(notes: Path, file: str) -> None:
    with closing(open_corpus(notes).index) as opened:
        folder = Path(opened.folder)
    (damaged,) = folder.glob(file)
    damaged.write_bytes(b"garbage")
    with QA.open(notes) as opened:
        assert len(opened.index) == 2


def test_a_file_that_is_gone_is_an_error_as_ever(notes: Path) -> None:
    QA.open(notes / "one.txt").close()
    (notes / "one.txt").unlink()
    with pytest.raises(LoadError, match=r"there is no file or folder .*one\.txt"):
        QA.open(notes / "one.txt")
