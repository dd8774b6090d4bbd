"""Metadata in an index: kept, changed without encoding, and asked by, in both searches."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qa import QA, Conversation, Document
from qa.answering import ExtractiveAnswerer
from qa.errors import IndexDamaged, SettingsError
from qa.filters import Filter
from qa.index import Index, update_index
from qa.index.rows import checksum
from qa.index.storage import DATABASE
from qa.loaders import find, load
from tests.fakes import FakeEncoder

QUESTION = "How much does a ticket cost?"
DOCUMENTS = [
    Document(f"{year}.txt", f"A ticket cost {year - 2000} euros then.", metadata={"year": year})
    for year in (2022, 2023, 2024)
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    update_index(tmp_path / "index", DOCUMENTS, encoder=FakeEncoder())
    return tmp_path / "index"


@pytest.fixture
def qa(folder: Path) -> Iterator[QA]:
    encoder = FakeEncoder()
    with QA(Index.open(folder), encoder, ExtractiveAnswerer(encoder, threshold=0)) as opened:
        yield opened


def metadata_in(folder: Path) -> dict[str, dict[str, object]]:
    with closing(Index.open(folder)) as index:
        return {id_: dict(index.document(id_).metadata) for id_ in index.document_ids()}


def updated(folder: Path, *documents: Document) -> tuple[list[str], list[str], int]:
    encoder = FakeEncoder()
    changes = update_index(folder, documents, encoder=encoder)
    assert changes.encoded == len(encoder.encoded)
    return changes.updated, changes.unchanged, changes.encoded


class TestMetadataInAnIndex:
    def test_is_kept(self, folder: Path) -> None:
        assert metadata_in(folder) == {each.id: dict(each.metadata) for each in DOCUMENTS}

    def test_changes_without_encoding_and_without_a_new_file(self, folder: Path) -> None:
        files = sorted(path.name for path in folder.iterdir())
        new = Document("2022.txt", DOCUMENTS[0].text, metadata={"year": 2021, "author": "Ä"})
        assert updated(folder, new, DOCUMENTS[1]) == (["2022.txt"], ["2023.txt"], 0)
        assert metadata_in(folder)["2022.txt"] == {"year": 2021, "author": "Ä"}
        assert updated(folder, new) == ([], ["2022.txt"], 0)
        assert updated(folder, Document("2022.txt", DOCUMENTS[0].text))[0] == ["2022.txt"]
        assert metadata_in(folder)["2022.txt"] == {}
        assert sorted(path.name for path in folder.iterdir()) == files

    def test_that_changes_is_seen_by_who_has_it_open(self, folder: Path, qa: QA) -> None:
        assert not qa.refresh()
        updated(folder, Document("2022.txt", DOCUMENTS[0].text, metadata={"year": 1999}))
        assert qa.refresh()
        assert len(qa.retrieve(QUESTION, where={"year": 1999})) == 1

    def test_of_a_file_changes_with_its_sidecar(self, tmp_path: Path) -> None:
        notes, folder = tmp_path / "notes", tmp_path / "of files"
        notes.mkdir()
        (notes / "a.txt").write_text("A ticket costs five euros.")
        for year in (2023, 2024):
            (notes / "a.txt.meta.json").write_text(f'{{"year": {year}}}')
            for path in notes.iterdir():
                os.utime(path, (year, year))
            encoder = FakeEncoder()
            update_index(folder, find(notes), encoder=encoder)
            assert metadata_in(folder) == {"a.txt": {"year": year}}
            assert len(encoder.encoded) == (year == 2023)

    def test_is_taken_from_files_that_were_indexed_without_it(self, tmp_path: Path) -> None:
        path, folder = tmp_path / "a.html", tmp_path / "of files"
        path.write_text("<html lang=en><title>Fees</title><p>A ticket costs five euros.</p>")
        os.utime(path, (1, 1))
        (document,) = load(path)
        encoder = FakeEncoder()
        update_index(folder, [replace(document, metadata={})], encoder=encoder)
        assert metadata_in(folder) == {"a.html": {}}
        changes = update_index(folder, find(path), encoder=FakeEncoder())
        assert (changes.updated, changes.encoded) == (["a.html"], 0)
        assert metadata_in(folder) == {"a.html": {"title": "Fees", "language": "en"}}

    def test_is_behind_the_stamp_in_the_row(self, folder: Path) -> None:
        with closing(sqlite3.connect(folder / DATABASE)) as connection:
            stored = connection.execute("SELECT stamp FROM documents").fetchall()
        assert stored[0] == ('\n{"year": 2022}',)

    def test_is_not_in_the_rows_of_documents_without_any(self, tmp_path: Path) -> None:
        update_index(tmp_path / "i", [Document("a", "Five euros.")], encoder=FakeEncoder())
        with closing(sqlite3.connect(tmp_path / "i" / DATABASE)) as connection:
            assert connection.execute("SELECT stamp FROM documents").fetchall() == [(None,)]

    @pytest.mark.parametrize("stored", ["\n[]", "\n{", "1 2\n5"])
    def test_that_is_none_is_damage(self, folder: Path, stored: str) -> None:
        with closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
            (*row, _) = connection.execute("SELECT * FROM documents").fetchone()
            row[6] = stored
            connection.execute(
                "UPDATE documents SET stamp = ?, checksum = ? WHERE number = ?",
                (stored, checksum(*row), row[0]),
            )
        with pytest.raises(IndexDamaged):
            Index.open(folder)

    def test_of_a_foreign_index_is_within_bounds(self, folder: Path) -> None:
        with closing(Index.open(folder)) as index:
            assert len(index.document("2022.txt").metadata) == 1
        long: dict[str, Any] = {"text": "x" * 5_000, "deep": {"a": 1}} | {
            f"n{n}": n for n in range(100)
        }
        update_index(
            folder, [Document("2022.txt", DOCUMENTS[0].text, metadata=long)], encoder=FakeEncoder()
        )
        stored = metadata_in(folder)["2022.txt"]
        assert (len(stored), len(str(stored["text"])), "deep" in stored) == (50, 1_000, False)
        assert len(json.dumps(stored)) < 2_000


class TestAskingByMetadata:
    def test_searches_vectors_and_words_among_what_matches(self, folder: Path) -> None:
        with closing(Index.open(folder)) as index:
            ids = index.matching(Filter.of((), "year>=2023"))
            among = index.numbers_of(ids)
            vectors = FakeEncoder().encode_queries([QUESTION])
            for hits in (
                index.search(vectors, 9, among)[0],
                index.search_words("ticket", 9, among),
            ):
                found = index.passages([number for number, _ in hits])
                assert {each.document_id for each in found} == {"2023.txt", "2024.txt"}

    def test_finds_only_what_matches(self, qa: QA) -> None:
        for where in ({"year": [2022, 2024]}, "year!=2023", ["year=2024", "year=2022"]):
            hits = qa.retrieve(QUESTION, where=where)
            assert {hit.passage.document_id for hit in hits} == {"2022.txt", "2024.txt"}
            assert all(hit.dense_rank and hit.lexical_rank for hit in hits)
            assert qa.retrieve_many([QUESTION], where=where) == [hits]

    def test_answers_from_only_what_matches(self, qa: QA) -> None:
        answer = qa.ask(QUESTION, where={"year": 2023})
        assert [quote.document_id for quote in answer.citations] == ["2023.txt"]
        (again,) = qa.ask_many([QUESTION], where={"year": 2023})
        assert again.citations == answer.citations
        assert Conversation(qa).ask(QUESTION, where="year=2023").citations == answer.citations
        overview = qa.overview(where="year<=2022")
        assert {quote.document_id for quote in overview.citations} == {"2022.txt"}

    def test_may_be_together_with_patterns_and_documents(self, qa: QA) -> None:
        hits = qa.retrieve(QUESTION, where="year>2022", only="*3.txt")
        assert [hit.passage.document_id for hit in hits] == ["2023.txt"]
        hits = qa.retrieve(QUESTION, where="year>2022", documents=["2024.txt", "2022.txt"])
        assert [hit.passage.document_id for hit in hits] == ["2024.txt"]
        with pytest.raises(SettingsError, match="none of the documents that are named matches"):
            qa.retrieve(QUESTION, where="year>2022", documents=["2022.txt"])

    def test_is_an_error_where_nothing_matches(self, qa: QA) -> None:
        with pytest.raises(SettingsError, match="no document has year=1900: year is one of 2022, "):
            qa.ask(QUESTION, where={"year": 1900})
        with pytest.raises(SettingsError, match="has 'author' in its metadata; it has: year"):
            qa.overview(where="author=x")

    def test_may_be_settled_when_an_index_is_opened(self, folder: Path) -> None:
        chosen = Filter.of("202*", "year<2024")
        with closing(Index.open(folder, chosen)) as index:
            assert index.document_ids() == ["2022.txt", "2023.txt"]
            assert index.matching(Filter.of((), "year>2022")) == ["2023.txt"]
            with pytest.raises(SettingsError, match="no document has year=2024"):
                index.matching(Filter.of((), "year=2024"))
        with pytest.raises(SettingsError, match="no document has year=1"):
            Index.open(folder, Filter.of((), "year=1"))
