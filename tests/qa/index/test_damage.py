"""Whatever is damaged in an index's files, the error says so and is of one kind."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from qa.errors import IndexDamaged, IndexMissing
from qa.index import Index, storage
from qa.index.rows import checksum
from qa.index.storage import DATABASE
from tests.fakes import FakeEncoder, edit_database, vectors_of

SEGMENT = {
    "name": "vectors-1-0123456789abcdef",
    "kind": "faiss",
    "bytes": 10,
    "sha256": "0" * 64,
}


def store_manifest(folder: Path, stored: str | bytes) -> None:
    edit_database(folder, "UPDATE manifest SET json = ?, checksum = ?", stored, checksum(stored))


def read_all(folder: Path) -> None:
    """Open an index and read all there is; whatever is broken, the error is of one kind."""
    index = Index.open(folder)
    try:
        index.search(FakeEncoder().encode_queries(["all"]), 5)
        for document_id in index.document_ids():
            index.document(document_id)
            texts = [passage.text_in_context for passage in index.passages_of(document_id)]
            index.passage_tokens(texts, FakeEncoder())
        index.search_words("all about b, part 1 or 7, zz", 3)
    finally:
        index.close()


class TestOpening:
    def test_a_database_that_is_text_is_named(self, folder: Path) -> None:
        (folder / DATABASE).write_text("Not a database. " * 1_000)
        with pytest.raises(IndexDamaged, match="index again into a new folder"):
            Index.open(folder)

    @pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.99])
    def test_vectors_cut_short_are_named(self, folder: Path, part: float) -> None:
        vectors = vectors_of(folder)
        whole = vectors.read_bytes()
        vectors.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises(IndexDamaged, match="vectors-1"):
            Index.open(folder)

    def test_missing_vectors_are_named(self, folder: Path) -> None:
        vectors_of(folder).unlink()
        with pytest.raises(IndexDamaged, match=r"vectors-1-.* is missing"):
            Index.open(folder)

    @pytest.mark.parametrize("at", [0, 40, 2_000, -1])
    def test_one_changed_byte_in_the_vectors_is_named(self, folder: Path, at: int) -> None:
        broken = bytearray(vectors_of(folder).read_bytes())
        broken[at] ^= 0x41
        vectors_of(folder).write_bytes(broken)
        with pytest.raises(IndexDamaged, match="vectors-1"):
            Index.open(folder)

    def test_garbage_of_the_right_size_is_named(self, folder: Path) -> None:
        size = vectors_of(folder).stat().st_size
        vectors_of(folder).write_bytes(random.Random(1).randbytes(size))
        with pytest.raises(IndexDamaged, match="vectors-1"):
            Index.open(folder)

    def test_a_changed_list_of_removed_passages_is_named(self, folder: Path) -> None:
        edit_database(folder, "INSERT INTO dead VALUES (3)")
        with pytest.raises(IndexDamaged, match="removed passages"):
            Index.open(folder)

    @pytest.mark.parametrize("stored", ["", "null", "[]", "{}", "1", '{"chunking": 5}', b"\xff"])
    def test_a_broken_manifest_is_named(self, folder: Path, stored: str | bytes) -> None:
        edit_database(
            folder, "UPDATE manifest SET json = ?, checksum = ?", stored, checksum(stored)
        )
        with pytest.raises(IndexDamaged, match="manifest"):
            Index.open(folder)

    def test_a_changed_manifest_is_named(self, folder: Path) -> None:
        edit_database(folder, "UPDATE manifest SET json = replace(json, 'fake', 'fame')")
        with pytest.raises(IndexDamaged, match="manifest is not as it was written"):
            Index.open(folder)

    def test_a_manifest_that_is_gone_is_named(self, folder: Path) -> None:
        edit_database(folder, "DELETE FROM manifest")
        with pytest.raises(IndexDamaged):
            Index.open(folder)

    @pytest.mark.parametrize(
        "fields",
        [
            {"chunking": {"max_tokens": 1, "overlap": 1}},
            {"chunking": {"max_tokens": True, "overlap": 1}},
            {"chunking": {"other": 1}},
            {"dim": 63},
            {"dim": 2**40},
            {"dim": "64"},
            {"metric": "nearness"},
            {"model": "a\nb"},
            {"model": "x" * 5_000},
            {"generation": -1},
            {"next_file": "encoded"},
            {"next_file": "../vectors-2-0123456789abcdef"},
            {"resume_file": "/etc/passwd"},
            {"left_files": ["../notes.txt"]},
            {"segments": 1},
            {"segments": [{"name": "vectors-9", "kind": "faiss"}]},
            {"segments": [{**SEGMENT, "name": "../vectors-1-0123456789abcdef"}]},
            {"segments": [{**SEGMENT, "kind": "pickle"}]},
            {"segments": [{**SEGMENT, "bytes": -1}]},
            {"segments": [{**SEGMENT, "colour": "red"}]},
            {"segments": [SEGMENT, SEGMENT]},
            {"segments": [SEGMENT]},
            {"unknown": 1},
        ],
    )
    def test_a_manifest_with_wrong_fields_is_named(
        self, folder: Path, fields: dict[str, object]
    ) -> None:
        index = Index.open(folder)
        index.close()
        store_manifest(folder, json.dumps(json.loads(index.manifest.to_json()) | fields))
        with pytest.raises(IndexDamaged, match=str(folder)):
            Index.open(folder)


@pytest.fixture(params=["held in memory", "read row by row"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read an index as a small one is read, and as a large one is."""
    if request.param == "read row by row":
        monkeypatch.setattr(storage, "HELD", -1)


@pytest.mark.usefixtures("either_way")
class TestReading:
    @pytest.mark.parametrize("part", [0.0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.8])
    def test_a_database_cut_short_is_named(self, folder: Path, part: float) -> None:
        database = folder / DATABASE
        whole = database.read_bytes()
        database.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises((IndexDamaged, IndexMissing)) as caught:
            read_all(folder)
        assert str(folder) in str(caught.value)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE postings SET terms = x'00'",
            "UPDATE postings SET until = 'q' WHERE until IS NULL",
            "UPDATE postings SET first = 'q' WHERE first = ''",
            "DELETE FROM postings",
            "DELETE FROM postings WHERE first > ''",
            "DELETE FROM postings WHERE first = ''",
            "UPDATE word_segments SET passages = x'00'",
            "UPDATE word_segments SET lengths = x''",
            "UPDATE word_segments SET number = 9",
            "DELETE FROM word_segments",
            "INSERT INTO dead_words VALUES (3)",
            "DROP TABLE postings",
        ],
    )
    def test_words_that_are_not_whole_are_named(self, folder: Path, statement: str) -> None:
        edit_database(folder, statement)
        with pytest.raises(IndexDamaged, match="index again"):
            read_all(folder)

    @pytest.mark.parametrize("text", ["The text of another document.", "", "nul \0", b"bytes"])
    def test_changed_text_is_named(self, folder: Path, text: str | bytes) -> None:
        edit_database(folder, "UPDATE texts SET text = ? WHERE document = 7", text)
        with pytest.raises(IndexDamaged, match="text of 'b'"):
            read_all(folder)

    @pytest.mark.parametrize(
        "change",
        [
            "title = 'Another'",
            "source = 'https://elsewhere.example'",
            "sha256 = 'f'",
            "pages = '[0, 3]'",
            "pages = ''",
            "pages = x'ff'",
            "passages = passages - 1",
            "number = number + 1",
            "id = 'z'",
        ],
    )
    def test_what_is_known_of_a_document_is_checked(self, folder: Path, change: str) -> None:
        edit_database(folder, f"UPDATE documents SET {change} WHERE id = 'b'")
        with pytest.raises(IndexDamaged, match="document"):
            read_all(folder)

    @pytest.mark.parametrize(
        "change",
        [
            "sentences = replace(sentences, '[[0,', '[[3,')",
            "sentences = '[]'",
            "sentences = x'ff'",
            "sentences = NULLIF(sentences, 1) || ' '",
            "context = 'Elsewhere'",
        ],
    )
    def test_what_is_known_of_a_passage_is_checked(self, folder: Path, change: str) -> None:
        edit_database(folder, f"UPDATE passages SET {change}")
        with pytest.raises(IndexDamaged, match="passage 1 is not as it was written"):
            read_all(folder)

    def test_a_document_that_is_gone_is_missed(self, folder: Path) -> None:
        edit_database(folder, "DELETE FROM documents WHERE id = 'b'")
        with pytest.raises(IndexDamaged, match="documents are not those that were written"):
            read_all(folder)

    def test_a_vector_without_its_passage_is_named(self, folder: Path) -> None:
        edit_database(folder, "DELETE FROM passages WHERE number = 2")
        with pytest.raises(IndexDamaged, match="passage"):
            read_all(folder)

    def test_tokens_of_another_text_are_named(self, folder: Path) -> None:
        edit_database(
            folder,
            "UPDATE tokens SET vectors = (SELECT vectors FROM tokens WHERE passage = 2) "
            "WHERE passage = 1",
        )
        with pytest.raises(IndexDamaged, match="not those of tokens"):
            read_all(folder)


def test_words_that_are_missing_are_named_by_a_whole_check(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "HELD", -1)
    index = Index.open(folder)
    index.check_whole()
    index.close()
    edit_database(folder, "DELETE FROM postings WHERE first = (SELECT max(first) FROM postings)")
    index = Index.open(folder)
    assert index.search_words("all about b", 3)
    with pytest.raises(IndexDamaged, match="are missing"):
        index.check_whole()
    index.close()
