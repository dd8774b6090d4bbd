"""What can be handed in where a corpus is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from embeddings import open_store
from qa import QA, Document
from qa.answering import ExtractiveAnswerer
from qa.errors import LoadError, SettingsError
from qa.index import update_index
from qa.opening import open_corpus
from tests.fakes import FakeEncoder

pytestmark = pytest.mark.usefixtures("no_model")

PRICE = "What do tickets cost?"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "good.txt").write_text("Tickets cost five euros.")
    (folder / "bad.txt").write_bytes(b"\xff\x00\xfe")
    return folder


@pytest.mark.parametrize("own", [False, True])
def test_files_that_cannot_be_read_are_told_and_left_out(
    notes: Path, tmp_path: Path, own: bool
) -> None:
    named: dict[str, Any] = {"index": tmp_path / "index"} if own else {}
    told: list[LoadError] = []
    with pytest.raises(LoadError, match=r"bad\.txt"):
        QA.open(notes, **named)
    with QA.open(notes, unreadable=told.append, **named) as qa:
        assert qa.index.document_ids() == ["good.txt"]
    assert [Path(error.source).name for error in told] == ["bad.txt"]


@pytest.mark.parametrize("own", [False, True])
def test_progress_is_told_of_what_is_encoded(tmp_path: Path, own: bool) -> None:
    named: dict[str, Any] = {"index": tmp_path / "index"} if own else {}
    told: list[tuple[int, int]] = []
    documents = [Document("a", "Tickets cost five."), Document("b", "It opens at nine.")]
    for _ in range(2):
        QA.open(documents, progress=lambda *done: told.append(done), **named).close()
    assert told == [(0, 2), (2, 2)]


def test_an_answerer_and_a_store_are_used(fake_encoder: FakeEncoder) -> None:
    answerer, store = (
        ExtractiveAnswerer(fake_encoder, threshold=0),
        open_store("exact", dim=fake_encoder.dim),
    )
    document = Document("a", "Tickets cost five.")
    with QA.open(document, answerer=answerer, store=store) as qa:
        assert qa.answerer is answerer
        assert qa.store is store
        assert qa.ask(PRICE).citations[0].quote == "Tickets cost five."
    assert len(store) == 1


def test_an_index_that_is_opened_to_be_followed_is_followed(
    tmp_path: Path, fake_encoder: FakeEncoder
) -> None:
    folder = tmp_path / "index"
    with QA.open(Document("a", "Tickets cost five."), index=folder, follow=True) as qa:
        update_index(folder, [Document("a", "Tickets cost six.")], encoder=fake_encoder)
        assert qa.retrieve(PRICE)[0].passage.text == "Tickets cost six."


def test_workers_are_at_least_one_and_a_cluster_is_for_milvus(
    tmp_path: Path, fake_encoder: FakeEncoder
) -> None:
    document = Document("a", "Tickets cost five.")
    with pytest.raises(SettingsError, match="workers is 0: give 1 or more"):
        QA.open(document, workers=0)
    with pytest.raises(SettingsError, match="workers is the text 'two': give a whole number"):
        QA.open(document, workers="two")  # type: ignore[arg-type]
    for index in (None, tmp_path / "index"):
        with pytest.raises(SettingsError, match="a Ray cluster needs an index on Milvus"):
            open_corpus(document, index=index, cluster="127.0.0.1:6379")
        with QA.open(document, index=index, workers=1) as qa:
            assert qa.encoder is fake_encoder


def test_workers_load_what_is_loaded_here_and_no_folder_that_only_an_index_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []

    @contextmanager
    def noted(encoder: FakeEncoder, load: dict[str, Any], count: int) -> Iterator[FakeEncoder]:
        told.append(load | {"count": count})
        yield encoder

    monkeypatch.setattr("embeddings.pool.in_processes", noted)
    for model in ("named", None):
        document = Document("a", f"Tickets cost five, says {model}.")
        QA.open(document, index=tmp_path / "index", model=model, workers=3).close()
    same = {"backend": "auto", "precision": "auto", "count": 3}
    assert told == [same | {"only_fetched": False}, same | {"only_fetched": True}]
