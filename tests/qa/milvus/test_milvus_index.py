"""The index on Milvus: what a folder does, on an engine that others may change meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.stores.exact import ExactStore
from qa import QA, Document
from qa.errors import (
    IndexDamaged,
    IndexMismatch,
    IndexMissing,
    LoadError,
    SettingsError,
)
from qa.filters import Filter
from qa.milvus import writer
from qa.milvus.client import STRONG, Connection
from qa.milvus.reader import MilvusIndex
from qa.milvus.schema import HEAD, PART, WRITTEN
from qa.milvus.writer import update_milvus
from qa.passages import Chunking
from tests.fakes import FakeEncoder

BAKED = "Bread is baked in the old oven behind the house every Friday."
COOKED = "Soup is cooked in the large kettle above the fire every Monday."
GARDEN = Document(
    "garden.txt",
    "Beans climb the fence, as agreed. Peas want water at night.\n\nThe shed is never locked.",
    "The garden",
    metadata={"year": 2024},
)
KITCHEN = Document("kitchen.txt", f"{BAKED} {COOKED}", metadata={"year": 2023})
CHUNKING = Chunking(max_tokens=16, overlap=0)


def indexed(address: str, *documents: Document) -> FakeEncoder:
    encoder = FakeEncoder()
    update_milvus(address, documents or (GARDEN, KITCHEN), encoder=encoder, chunking=CHUNKING)
    return encoder


def test_documents_are_read_back_as_they_were(address: str) -> None:
    indexed(address)

    index = MilvusIndex.open(address)

    assert index.document_ids() == ["garden.txt", "kitchen.txt"]
    assert index.document("garden.txt") == GARDEN
    assert [p.text for p in index.passages_of("kitchen.txt")] == [
        BAKED,
        COOKED,
    ]
    assert len(index) == 4
    index.check_whole()
    with pytest.raises(KeyError):
        index.document("cellar.txt")
    index.close()


def test_passages_are_found_by_their_vectors_and_by_their_words(address: str) -> None:
    encoder = indexed(address)
    index = MilvusIndex.open(address)
    query = encoder.encode_queries(["bread is baked"])

    ((best, cosine), *_) = index.search(query, 3)[0]
    ((by_words, score), *_) = index.search_words("baking bread", 3)

    (passage,) = index.passages([best])
    assert passage.text == BAKED
    assert cosine == pytest.approx(float(index.cosines(query[0], [best])[0]), abs=1e-6)
    assert np.allclose(
        index.vectors(np.array([best])), encoder.encode_passages([passage.text_in_context])
    )
    assert (by_words, score > 0) == (best, True)
    assert index.search_words("zebra the", 3) == []
    assert index.terms("bread") == {"bread": 1}
    assert index.terms("agre") == {"agre": 1}  # of "agreed"; its own stem is "agr"
    assert [p.document_id for p in index.passages_with("agre", 9)] == ["garden.txt"]
    assert index.terms("zebra") == {}
    index.close()


def test_only_chosen_documents_are_searched(address: str) -> None:
    encoder = indexed(address)
    chosen = MilvusIndex.open(address, Filter.of((), ["year=2023"]))
    every = MilvusIndex.open(address)
    query = encoder.encode_queries(["beans climb"])

    of_kitchen = every.numbers_of(["kitchen.txt"])

    assert {n for n, _ in every.search(query, 9, of_kitchen)[0]} == {*of_kitchen.tolist()}
    assert {n for n, _ in chosen.search(query, 9)[0]} == {*of_kitchen.tolist()}
    assert chosen.search_words("beans", 9) == []
    assert (len(chosen), chosen.document_ids()) == (2, ["kitchen.txt"])
    for index in (chosen, every):
        index.close()


@pytest.mark.parametrize(("few", "at_once"), [(100, 100), (0, 1), (0, 2), (0, 100)])
def test_chosen_documents_are_compared_searched_in_pieces_or_looked_for_among_all(
    address: str, monkeypatch: pytest.MonkeyPatch, few: int, at_once: int
) -> None:
    monkeypatch.setattr("qa.milvus.reader._FEW", few)
    monkeypatch.setattr("qa.milvus.reader._VERSIONS_AT_ONCE", at_once)
    encoder, notes = FakeEncoder(), [f"note-{n}.txt" for n in range(8)]
    documents = [Document(id_, f"Beans climb in garden {n}.") for n, id_ in enumerate(notes)]
    update_milvus(address, documents, encoder=encoder)
    index = MilvusIndex.open(address)
    query = encoder.encode_queries(["beans climb"])

    for some in (notes[:1], notes[2:5], notes):
        numbers = index.numbers_of(some)
        for hits in (
            index.search(query, 9, numbers)[0],
            index.search(query, 2, numbers)[0],
            index.search_words("beans", 9, numbers),
        ):
            assert {n for n, _ in hits} <= {*numbers.tolist()}
            assert len(hits) in (len(some), 2)
    index.close()


def test_only_what_changed_is_encoded(address: str) -> None:
    indexed(address)
    encoder = FakeEncoder()
    changed = Document("kitchen.txt", "Bread is baked on Sunday.")

    changes = update_milvus(address, [GARDEN, changed], encoder=encoder)
    again = update_milvus(address, [GARDEN, changed], encoder=encoder)
    removed = update_milvus(address, [], encoder=encoder, remove=["garden.txt"])

    assert (changes.updated, changes.unchanged) == (["kitchen.txt"], ["garden.txt"])
    assert encoder.encoded == ["Bread is baked on Sunday."]
    assert again.unchanged == ["garden.txt", "kitchen.txt"]
    assert removed.removed == ["garden.txt"]
    index = MilvusIndex.open(address)
    assert index.document_ids() == ["kitchen.txt"]
    assert index.search_words("beans", 3) == []
    index.close()
    with pytest.raises(LoadError, match=r"no document 'cellar\.txt'"):
        update_milvus(address, [], encoder=encoder, remove=["cellar.txt"])


def test_a_question_sees_changes_of_others(address: str) -> None:
    encoder = indexed(address)
    with QA(MilvusIndex.open(address), encoder) as qa:
        before = qa.retrieve("When is bread baked?", top_k=1)[0].passage.text
        update_milvus(address, [Document("kitchen.txt", "Bread is baked daily.")], encoder=encoder)
        assert isinstance(qa.index, MilvusIndex)
        qa.index._looked -= 1  # a second ago
        after = qa.retrieve("When is bread baked?", top_k=1)[0].passage.text

    assert (before, after) == (BAKED, "Bread is baked daily.")


def test_an_index_whose_making_was_stopped_is_made_by_the_next_writer(
    address: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stopped_at in ("create_index", "load_collection"):
        with monkeypatch.context() as patch:
            patch.setattr(f"pymilvus.MilvusClient.{stopped_at}", _stopped)
            with pytest.raises(KeyboardInterrupt):
                indexed(address)
        with pytest.raises(IndexMissing):
            MilvusIndex.open(address)

    indexed(address)

    index = MilvusIndex.open(address)
    assert index.document_ids() == ["garden.txt", "kitchen.txt"]
    index.close()


def test_a_stopped_writer_changes_nothing_and_leaves_nothing(
    address: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = indexed(address)
    changed = Document("kitchen.txt", "Bread is baked on Sunday.")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "head_row", _stopped)
        with pytest.raises(KeyboardInterrupt):
            update_milvus(address, [changed], encoder=encoder)
    index = MilvusIndex.open(address)
    seen = [index.passages([n])[0].text for n, _ in index.search_words("bread", 9)]

    assert seen == [BAKED]
    assert index.document("kitchen.txt") == KITCHEN
    index.close()
    update_milvus(address, [changed], encoder=encoder)
    monkeypatch.setattr(writer, "_KEPT_SECONDS", -1)  # all of it is old enough
    update_milvus(address, [changed], encoder=encoder)
    assert len(rows_of(connection, connection.documents, f"kind == {WRITTEN}")) == 2
    assert len(rows_of(connection, connection.documents, f"kind == {PART}")) == 2
    texts = [row["text"] for row in rows_of(connection, connection.passages, "number > 0")]
    assert sorted(text for text in texts if "Bread" in text) == ["Bread is baked on Sunday."]


def test_what_a_question_may_be_reading_is_kept_for_a_while(address: str) -> None:
    encoder = indexed(address)
    index = MilvusIndex.open(address)

    update_milvus(address, [Document("kitchen.txt", "Bread is gone.")], encoder=encoder)
    update_milvus(address, [Document("kitchen.txt", "Bread is back.")], encoder=encoder)

    assert index.document("kitchen.txt") == KITCHEN
    assert [p.text for p in index.passages_of("kitchen.txt")] == [BAKED, COOKED]
    index._looked -= 1  # a second ago
    assert not index.is_current()
    index.close()


def test_of_two_writers_one_stays_whole(address: str) -> None:
    encoder = indexed(address)
    versions = [
        Document("kitchen.txt", " ".join(f"Bread number {n} of {name}." for n in range(40)))
        for name in ("one", "two")
    ]

    threads = [
        threading.Thread(
            target=update_milvus, args=(address, [one]), kwargs={"encoder": FakeEncoder()}
        )
        for one in versions
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    index = MilvusIndex.open(address)
    assert index.document("kitchen.txt") in versions
    index.check_whole()
    query = encoder.encode_queries(["bread number"])
    found = index.passages([n for n, _ in index.search(query, 30)[0]])
    assert len({p.text.split()[4].rstrip(".") for p in found if "number" in p.text}) == 1
    index.close()


@pytest.mark.parametrize(
    ("chosen", "column", "value"),
    [
        (f"kind == {PART}", "body", '{"text": "Beans hate the fence."}'),
        (f"kind == {PART}", "body", "no JSON"),
        (f"kind == {HEAD}", "body", '{"id": "garden.txt"}'),
        (f"kind == {HEAD}", "count", -1),
    ],
)
def test_an_altered_row_is_an_error_and_no_quote(
    address: str, connection: Connection, chosen: str, column: str, value: object
) -> None:
    indexed(address, GARDEN)
    fields = ["key", "kind", "first", "count", "time", "body", "unused"]
    (row,) = connection.query(connection.documents, chosen, fields, STRONG)
    connection.upsert(connection.documents, [row | {column: value}])

    with pytest.raises(IndexDamaged, match=r"damaged .*(garden\.txt|head)"):
        MilvusIndex.open(address).check_whole()


def test_a_missing_row_is_an_error(address: str, connection: Connection) -> None:
    indexed(address, GARDEN)
    (row, *_) = rows_of(connection, connection.passages, "number > 0")
    connection.delete(connection.passages, f"number == {row['number']}")

    with pytest.raises(IndexDamaged, match=rf"passage {row['number']} of 'garden\.txt'"):
        MilvusIndex.open(address).check_whole()


def test_a_long_document_is_stored_in_parts(address: str) -> None:
    text = "\n\n".join(f"Übung {n}: the {n}th 🙂 sentence of many." for n in range(4_000))
    document = Document("long.txt", text)
    indexed(address, document)

    index = MilvusIndex.open(address)

    assert index.document("long.txt") == document
    assert len(index) == 4_000
    index.close()


def test_another_model_or_chunking_is_refused(address: str) -> None:
    encoder = indexed(address)

    with pytest.raises(IndexMismatch, match="was made with model fake"):
        update_milvus(address, [GARDEN], encoder=FakeEncoder(model="other"))
    with pytest.raises(IndexMismatch, match="overlap of 0"):
        update_milvus(address, [GARDEN], encoder=encoder, chunking=Chunking())


def test_what_is_not_there_is_named_and_not_made(address: str, connection: Connection) -> None:
    with pytest.raises(IndexMissing, match="there is no index on milvus:"):
        MilvusIndex.open(address)  # the engine is there, without an index
    elsewhere = address.replace("notes.db", "others.db")
    with pytest.raises(IndexMissing, match="there is no index on milvus:"):
        MilvusIndex.open(elsewhere)
    assert not Path(elsewhere.removeprefix("milvus:")).exists()


def test_a_store_that_is_handed_in_is_refused(address: str) -> None:
    encoder = indexed(address)
    index = MilvusIndex.open(address)

    with pytest.raises(SettingsError, match="leave out store"):
        QA(index, encoder, store=ExactStore(encoder.dim))
    index.close()


def rows_of(connection: Connection, collection: str, chosen: str) -> Sequence[dict[str, Any]]:
    fields = ["number", "text"] if collection == connection.passages else ["key", "first"]
    return connection.query(collection, chosen, fields, STRONG)


def _stopped(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
