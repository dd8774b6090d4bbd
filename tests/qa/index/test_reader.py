from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from qa.documents import Document
from qa.errors import IndexMismatch, IndexMissing, SettingsError
from qa.filters import Filter
from qa.index import Index, storage, update_index
from qa.index.manifest import Manifest
from qa.index.storage import DATABASE, is_index
from qa.passages import Chunking
from tests.fakes import FakeEncoder, corpus, edit_database, state_of


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
        edit_database(folder, "PRAGMA user_version = 8")
        with pytest.raises(IndexMismatch, match=r"format 8 .* format 7"):
            Index.open(folder)


class TestNoIndex:
    def test_an_empty_or_missing_folder_or_a_file_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("text")
        for path in (tmp_path, tmp_path / "missing", tmp_path / "file", tmp_path / ("x" * 5_000)):
            assert not is_index(path)
            with pytest.raises(IndexMissing, match="not an inquote index"):
                Index.open(path)

    def test_another_programs_database_is_none(self, tmp_path: Path) -> None:
        edit_database(tmp_path, "CREATE TABLE theirs (x)")
        with pytest.raises(IndexMissing):
            Index.open(tmp_path)

    def test_an_index_that_was_never_finished_is_none(self, tmp_path: Path) -> None:
        (tmp_path / DATABASE).touch()
        with pytest.raises(IndexMissing, match="index into it again"):
            Index.open(tmp_path)


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
            def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
                seen.append(state_of(folder))
                return super().encode_passages(texts)

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


class TestAPartOfAnIndex:
    def test_is_as_if_it_were_the_whole(self, folder: Path) -> None:
        whole, part = Index.open(folder), Index.open(folder, Filter.of(["b", "[c-z]*"]))
        assert (part.document_ids(), [*part.sources()]) == (["b", "c"], ["b", "c"])
        assert len(part) == len(list(whole.passages_of("b"))) + len(list(whole.passages_of("c")))
        vectors = FakeEncoder().encode_queries(["All about a, part 7."])
        found = [part.search(vectors, 1_000)[0], part.search_words("All about a", 1_000)]
        for hits in found:
            passages = part.passages([number for number, _ in hits])
            assert {passage.document_id for passage in passages} == {"b", "c"}
        assert {each.document_id for each in whole.passages_with("part", 1_000)} == {*"abc"}
        assert {each.document_id for each in part.passages_with("part", 1_000)} == {*"bc"}
        with pytest.raises(KeyError):
            part.document("a")
        part.check_whole()
        for index in (whole, part):
            index.close()

    def test_weighs_words_as_the_whole_does(self, folder: Path) -> None:
        whole, part = Index.open(folder), Index.open(folder, Filter.of(["b"]))
        scores = dict(whole.search_words("second part", 1_000))
        assert all(scores[number] == score for number, score in part.search_words("second part", 9))
        for index in (whole, part):
            index.close()

    def test_is_not_empty(self, folder: Path) -> None:
        with pytest.raises(SettingsError, match=r"no document matches 'x\*', 'y'; .* a, b, c"):
            Index.open(folder, Filter.of(["x*", "y"]))
