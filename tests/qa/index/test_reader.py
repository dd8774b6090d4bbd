from __future__ import annotations

import json
import random
import sqlite3
from pathlib import Path

import pytest

from qa.documents import Document
from qa.errors import IndexDamaged, IndexMismatch, IndexMissing
from qa.index import Index, inverted_index, storage, update_index
from qa.index.manifest import Manifest
from qa.index.rows import checksum
from qa.index.storage import DATABASE, is_index
from qa.passages import Chunking
from tests.fakes import FakeEncoder, corpus, state_of, vectors_of

SEGMENT = {
    "name": "vectors-1-0123456789abcdef",
    "kind": "faiss",
    "bytes": 10,
    "sha256": "0" * 64,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(inverted_index, "_BLOCK", 64)
    update_index(tmp_path / "index", corpus("abc"), encoder=FakeEncoder())
    return tmp_path / "index"


def edit(folder: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(folder / DATABASE)
    with connection:
        connection.execute(statement, values)
    connection.close()


def edit_manifest(folder: Path, **fields: object) -> None:
    stored = json.dumps(json.loads(manifest_of(folder).to_json()) | fields)
    edit(folder, "UPDATE manifest SET json = ?, checksum = ?", stored, checksum(stored))


def manifest_of(folder: Path) -> Manifest:
    index = Index.open(folder)
    index.close()
    return index.manifest


class TestReading:
    def test_gives_documents_as_they_were_indexed(self, folder: Path) -> None:
        index = Index.open(folder)
        assert index.document_ids() == ["a", "b", "c"]
        for document in corpus("abc"):
            assert index.document(document.id) == document
        with pytest.raises(KeyError):
            index.document("d")
        index.close()

    def test_gives_pages_as_they_were_indexed(self, tmp_path: Path) -> None:
        document = Document("a", "Page one. Page two.", pages=(0, 0, 10, 19))
        update_index(tmp_path / "paged", [document], encoder=FakeEncoder())
        index = Index.open(tmp_path / "paged")
        assert index.document("a") == document
        assert index.document("a").page(10) == 3
        index.close()

    def test_gives_passages_that_are_spans_of_their_documents(self, folder: Path) -> None:
        index = Index.open(folder)
        passages = [p for id_ in index.document_ids() for p in index.passages_of(id_)]
        assert len(passages) == len(index)
        for passage in passages:
            text = index.document(passage.document_id).text
            assert text[passage.start : passage.end] == passage.text
        index.close()

    def test_finds_the_passage_with_the_words_of_the_query(self, folder: Path) -> None:
        index, encoder = Index.open(folder), FakeEncoder()
        (hits,) = index.search(encoder.encode_queries(["All about b, part 7."]), 3)
        (best, *_) = index.passages([number for number, _ in hits])
        assert best.document_id == "b"
        assert [score for _, score in hits] == sorted((s for _, s in hits), reverse=True)
        index.close()

    def test_gives_passages_in_the_order_asked_for(self, folder: Path) -> None:
        index = Index.open(folder)
        forwards = index.passages([1, 2, 3])
        assert index.passages([3, 1, 2]) == [forwards[2], forwards[0], forwards[1]]
        index.close()

    def test_a_reopened_index_gives_the_same(self, folder: Path) -> None:
        assert state_of(folder) == state_of(folder)

    def test_an_index_can_be_moved(self, folder: Path, tmp_path: Path) -> None:
        before = state_of(folder)
        assert state_of(folder.rename(tmp_path / "moved ?#% é")) == before

    def test_reading_writes_nothing(self, folder: Path) -> None:
        before = {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()}
        state_of(folder)
        assert before == {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()}


class TestAnIndexOfAnotherMake:
    def test_another_model_is_refused_and_both_are_named(self, folder: Path) -> None:
        other = FakeEncoder(model="other")
        index = Index.open(folder)
        index.check_encoder(FakeEncoder())
        with pytest.raises(IndexMismatch) as caught:
            index.check_encoder(other)
        index.close()
        for part in ("model fake", FakeEncoder().digest[:12], "with other", other.digest[:12]):
            assert part in str(caught.value)
        assert caught.value.folder == folder

    def test_another_model_under_the_same_name_is_refused(self, folder: Path) -> None:
        index = Index.open(folder)
        with pytest.raises(IndexMismatch, match="123456789012"):
            index.check_encoder(FakeEncoder(digest="1234567890123456"))
        index.close()

    def test_the_same_model_under_another_name_is_taken(self, folder: Path) -> None:
        index = Index.open(folder)
        index.check_encoder(FakeEncoder(model="copy", digest=FakeEncoder().digest))
        index.close()

    def test_another_chunking_is_refused_and_both_are_named(self, folder: Path) -> None:
        index = Index.open(folder)
        index.check_chunking(None)
        index.check_chunking(Chunking())
        with pytest.raises(IndexMismatch, match=r"at most 96 tokens .* at most 64 tokens"):
            index.check_chunking(Chunking(max_tokens=64))
        index.close()

    def test_another_format_is_refused_and_both_are_named(self, folder: Path) -> None:
        edit(folder, "PRAGMA user_version = 7")
        with pytest.raises(IndexMismatch, match=r"format 7 .* format 6"):
            Index.open(folder)


class TestNoIndex:
    def test_an_empty_or_missing_folder_or_a_file_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("text")
        for path in (tmp_path, tmp_path / "missing", tmp_path / "file", tmp_path / ("x" * 5_000)):
            assert not is_index(path)
            with pytest.raises(IndexMissing, match="not an inquote index"):
                Index.open(path)

    def test_another_programs_database_is_none(self, tmp_path: Path) -> None:
        edit(tmp_path, "CREATE TABLE theirs (x)")
        with pytest.raises(IndexMissing):
            Index.open(tmp_path)

    def test_an_index_that_was_never_finished_is_none(self, tmp_path: Path) -> None:
        (tmp_path / DATABASE).touch()
        with pytest.raises(IndexMissing, match="index into it again"):
            Index.open(tmp_path)


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


@pytest.fixture(params=["held in memory", "read row by row"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read an index as a small one is read, and as a large one is."""
    if request.param == "read row by row":
        monkeypatch.setattr(storage, "HELD", -1)


@pytest.mark.usefixtures("either_way")
class TestADamagedIndex:
    @pytest.mark.parametrize("part", [0.0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.8])
    def test_a_database_cut_short_is_named(self, folder: Path, part: float) -> None:
        database = folder / DATABASE
        whole = database.read_bytes()
        database.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises((IndexDamaged, IndexMissing)) as caught:
            read_all(folder)
        assert str(folder) in str(caught.value)

    def test_a_database_that_is_text_is_named(self, folder: Path) -> None:
        (folder / DATABASE).write_text("Not a database. " * 1_000)
        with pytest.raises(IndexDamaged, match="index again into a new folder"):
            Index.open(folder)

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
        edit(folder, statement)
        with pytest.raises(IndexDamaged, match="index again"):
            read_all(folder)

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

    @pytest.mark.parametrize("text", ["The text of another document.", "", "nul \0", b"bytes"])
    def test_changed_text_is_named(self, folder: Path, text: str | bytes) -> None:
        edit(folder, "UPDATE texts SET text = ? WHERE document = 7", text)
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
        edit(folder, f"UPDATE documents SET {change} WHERE id = 'b'")
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
        edit(folder, f"UPDATE passages SET {change}")
        with pytest.raises(IndexDamaged, match="passage 1 is not as it was written"):
            read_all(folder)

    def test_a_document_that_is_gone_is_missed(self, folder: Path) -> None:
        edit(folder, "DELETE FROM documents WHERE id = 'b'")
        with pytest.raises(IndexDamaged, match="documents are not those that were written"):
            read_all(folder)

    def test_a_vector_without_its_passage_is_named(self, folder: Path) -> None:
        edit(folder, "DELETE FROM passages WHERE number = 2")
        with pytest.raises(IndexDamaged, match="passage"):
            read_all(folder)

    def test_tokens_of_another_text_are_named(self, folder: Path) -> None:
        edit(
            folder,
            "UPDATE tokens SET vectors = (SELECT vectors FROM tokens WHERE passage = 2) "
            "WHERE passage = 1",
        )
        with pytest.raises(IndexDamaged, match="not those of tokens"):
            read_all(folder)

    @pytest.mark.parametrize("stored", ["", "null", "[]", "{}", "1", '{"chunking": 5}', b"\xff"])
    def test_a_broken_manifest_is_named(self, folder: Path, stored: str | bytes) -> None:
        edit(folder, "UPDATE manifest SET json = ?, checksum = ?", stored, checksum(stored))
        with pytest.raises(IndexDamaged, match="manifest"):
            Index.open(folder)

    def test_a_changed_manifest_is_named(self, folder: Path) -> None:
        edit(folder, "UPDATE manifest SET json = replace(json, 'fake', 'fame')")
        with pytest.raises(IndexDamaged, match="manifest is not as it was written"):
            Index.open(folder)

    def test_a_manifest_that_is_gone_is_named(self, folder: Path) -> None:
        edit(folder, "DELETE FROM manifest")
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
        edit_manifest(folder, **fields)
        with pytest.raises(IndexDamaged, match=str(folder)):
            Index.open(folder)


def test_words_that_are_missing_are_named_by_a_whole_check(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "HELD", -1)
    index = Index.open(folder)
    index.check_whole()
    index.close()
    edit(folder, "DELETE FROM postings WHERE first = (SELECT max(first) FROM postings)")
    index = Index.open(folder)
    assert index.search_words("all about b", 3)
    with pytest.raises(IndexDamaged, match="are missing"):
        index.check_whole()
    index.close()


class TestAReaderBesideAWriter:
    def test_goes_on_with_the_state_that_it_opened(self, folder: Path) -> None:
        index = Index.open(folder)
        before = state_of(folder)
        for rest in ("bcd", "cd", "efgh"):
            update_index(folder, corpus(rest), encoder=FakeEncoder(), only_these=True)
            assert state_of(index) == before
        index.close()
        assert state_of(folder)["ids"] == ["e", "f", "g", "h"]

    def test_opens_while_a_writer_is_at_work(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = state_of(folder)
        seen: list[object] = []

        class Slow(FakeEncoder):
            def count_tokens(self, texts: object) -> list[int]:
                if not seen:
                    seen.append(state_of(folder))
                return [1]

        update_index(folder, corpus("d"), encoder=Slow())
        assert seen == [before]
        assert state_of(folder)["ids"] == ["a", "b", "c", "d"]

    def test_opens_the_new_state_when_the_old_is_swept_away_under_it(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load_vectors = storage.load_vectors
        writes = iter(["d", "e"])

        def overtaken(manifest: Manifest, connection: sqlite3.Connection, folder: Path) -> object:
            if new := next(writes, None):
                monkeypatch.undo()
                update_index(folder, corpus(new), encoder=FakeEncoder())
                monkeypatch.setattr(storage, "load_vectors", overtaken)
            return load_vectors(manifest, connection, folder)

        monkeypatch.setattr(storage, "load_vectors", overtaken)
        index = Index.open(folder)
        assert index.document_ids() == ["a", "b", "c", "d", "e"]
        assert index.manifest.generation == 3
        index.close()
