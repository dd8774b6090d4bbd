from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qa.documents import Block, Document
from qa.errors import IndexDamaged, IndexMismatch, IndexMissing, IndexNotWritten, LoadError
from qa.index import Changes, Index, transaction, update_index, writer
from qa.index.storage import DATABASE
from qa.passages import Chunking, Passage, cut
from tests.fakes import FakeEncoder, connect, contents, corpus, edit_database, state_of, vectors_of

ROOT = Path(__file__).parents[3]


class TestOnlyWhatChangedIsEncoded:
    def test_a_new_index_encodes_every_passage_once(
        self, tmp_path: Path, fake_encoder: FakeEncoder
    ) -> None:
        changes = update_index(tmp_path / "new" / "index", corpus("ab"), encoder=fake_encoder)
        assert changes.added == ["a", "b"]
        state = state_of(tmp_path / "new" / "index")
        assert changes.encoded == len(fake_encoder.encoded) == state["len"]

    def test_an_unchanged_corpus_encodes_nothing_and_leaves_the_vectors(self, folder: Path) -> None:
        encoder, before = FakeEncoder(), contents(folder)
        changes = update_index(folder, corpus("abc"), encoder=encoder, only_these=True)
        assert encoder.encoded == []
        assert changes == Changes(unchanged=["a", "b", "c"])
        assert not changes.any
        assert contents(folder) == before

    def test_a_document_more_encodes_that_one_alone(self, folder: Path) -> None:
        encoder = FakeEncoder()
        changes = update_index(folder, corpus("abcd"), encoder=encoder)
        assert changes.added == ["d"]
        assert changes.unchanged == ["a", "b", "c"]
        assert changes.encoded == len(encoder.encoded) > 0
        assert all("about d" in text for text in encoder.encoded)

    def test_a_changed_document_encodes_that_one_alone(self, folder: Path) -> None:
        encoder = FakeEncoder()
        (new,) = corpus("b", edition="second")
        changes = update_index(folder, [*corpus("ac"), new], encoder=encoder)
        assert changes.updated == ["b"]
        assert all("about b" in text for text in encoder.encoded)
        assert state_of(folder)["ids"] == ["a", "c", "b"]

    def test_blocks_are_stored_and_other_blocks_are_a_change(self, tmp_path: Path) -> None:
        text, folder = "Stew\n\nRinse. Cook.", tmp_path / "index"
        flat = Document("a", text)
        marked = Document("a", text, blocks=(Block(0, 4, "heading", 1),))
        update_index(folder, [flat], encoder=FakeEncoder())
        assert update_index(folder, [marked], encoder=FakeEncoder()).updated == ["a"]
        assert update_index(folder, [marked], encoder=FakeEncoder()).unchanged == ["a"]
        with closing(Index.open(folder)) as index:
            assert index.document("a") == marked

    def test_a_removed_document_encodes_nothing_and_is_gone(self, folder: Path) -> None:
        encoder = FakeEncoder()
        changes = update_index(folder, [], encoder=encoder, remove=["b"])
        assert changes.removed == ["b"]
        assert encoder.encoded == []
        index = Index.open(folder)
        hits = index.search(encoder.encode_queries(["All about b"]), 1_000)[0]
        assert {p.document_id for p in index.passages([n for n, _ in hits])} == {"a", "c"}
        index.close()

    def test_only_these_takes_every_other_document_out(self, folder: Path) -> None:
        changes = update_index(folder, corpus("cd"), encoder=FakeEncoder(), only_these=True)
        assert (changes.added, changes.removed, changes.unchanged) == (["d"], ["a", "b"], ["c"])
        assert state_of(folder)["ids"] == ["c", "d"]

    def test_step_by_step_finds_what_all_at_once_finds(self, folder: Path, tmp_path: Path) -> None:
        update_index(folder, corpus("d"), encoder=FakeEncoder(), remove=["a"])
        update_index(folder, corpus("b", edition="second"), encoder=FakeEncoder())
        documents = [*corpus("cd"), *corpus("b", edition="second")]
        update_index(tmp_path / "other", documents, encoder=FakeEncoder())
        steps, once = state_of(folder), state_of(tmp_path / "other")
        assert {k: v for k, v in steps.items() if k != "found"} == {
            k: v for k, v in once.items() if k != "found"
        }
        assert scores_of(steps) == scores_of(once)

    def test_a_new_source_is_kept_without_encoding(self, folder: Path) -> None:
        encoder = FakeEncoder()
        (old,) = corpus("b")
        moved = Document("b", old.text, source="/moved/b")
        assert update_index(folder, [moved], encoder=encoder).unchanged == ["b"]
        assert encoder.encoded == []
        index = Index.open(folder)
        assert index.document("b") == moved
        index.close()

    def test_new_page_starts_are_kept_without_encoding(self, folder: Path) -> None:
        encoder = FakeEncoder()
        (old,) = corpus("b")
        paged = Document("b", old.text, old.title, old.source, (0, 7, 20))
        assert update_index(folder, [paged], encoder=encoder).unchanged == ["b"]
        assert encoder.encoded == []
        index = Index.open(folder)
        assert index.document("b").pages == (0, 7, 20)
        index.close()
        assert update_index(folder, [old], encoder=encoder).unchanged == ["b"]
        index = Index.open(folder)
        assert index.document("b").pages == ()
        index.close()

    def test_a_new_title_is_a_change_as_it_is_searched_with_the_text(self, folder: Path) -> None:
        encoder = FakeEncoder()
        (old,) = corpus("b")
        named = Document("b", old.text, title="Marmalade")
        assert update_index(folder, [named], encoder=encoder).updated == ["b"]
        assert all(text.startswith("Marmalade\n") for text in encoder.encoded)
        index = Index.open(folder)
        found = index.passages([n for n, _ in index.search_words("marmalade?", 1_000)])
        assert {*found} == {*index.passages_of("b")}
        assert all("Marmalade" not in passage.text for passage in found)
        index.close()

    def test_a_removed_document_leaves_no_words(self, folder: Path) -> None:
        (named,) = (Document("d", "Quinces are yellow.", title="Fruit"),)
        before = state_of(folder)
        update_index(folder, [named], encoder=FakeEncoder())
        update_index(folder, [], encoder=FakeEncoder(), remove=["d"])
        assert state_of(folder)["words"] == before["words"]
        index = Index.open(folder)
        assert index.search_words("fruit quinces yellow", 10) == []
        index.close()

    def test_passage_numbers_are_never_used_again(self, folder: Path) -> None:
        before = numbers_of(folder)
        update_index(folder, corpus("d"), encoder=FakeEncoder(), remove=["c"])
        new = numbers_of(folder) - before
        assert len(new) == len(before) / 3
        assert min(new) == max(before) + 1

    def test_an_emptied_index_finds_nothing_and_can_be_filled_again(self, folder: Path) -> None:
        update_index(folder, [], encoder=FakeEncoder(), remove=["a", "b", "c"])
        assert state_of(folder)["found"] == [[], [], []]
        update_index(folder, corpus("a"), encoder=FakeEncoder())
        assert state_of(folder)["ids"] == ["a"]

    def test_old_generations_are_swept_away(self, folder: Path) -> None:
        for edition in ("second", "third"):
            update_index(folder, corpus("a", edition=edition), encoder=FakeEncoder())
        assert contents(folder) == [DATABASE, "vectors-3"]

    def test_changes_are_plain_data(self) -> None:
        assert Changes(added=["a"], encoded=3).to_dict() == {
            "format": "inquote-changes/1",
            "added": ["a"], "updated": [], "removed": [], "unchanged": [],
            "passages": 0, "encoded": 3, "kept": 0, "upgraded_from": None, "without_blocks": [],
            "encodings": {},
        }  # fmt: skip


def scores_of(state: dict[str, object]) -> list[list[float]]:
    found = state["found"]
    assert isinstance(found, list)
    return [[score for _, score in hits] for hits in found]


def numbers_of(folder: Path) -> set[int]:
    connection = connect(folder)
    numbers = {number for (number,) in connection.execute("SELECT number FROM passages")}
    connection.close()
    return numbers


class TestWhatIsRefused:
    def test_another_model_or_chunking(self, folder: Path) -> None:
        before = state_of(folder)
        with pytest.raises(IndexMismatch, match=r"model fake .* with other"):
            update_index(folder, corpus("d"), encoder=FakeEncoder(model="other"))
        with pytest.raises(IndexMismatch, match=r"overlap of 1 sentence, not .* overlap of 2"):
            update_index(folder, corpus("d"), encoder=FakeEncoder(), chunking=Chunking(overlap=2))
        assert state_of(folder) == before

    def test_the_chunking_of_the_index_is_taken_where_none_is_given(self, tmp_path: Path) -> None:
        update_index(tmp_path, corpus("a"), encoder=FakeEncoder(), chunking=Chunking(32, 0))
        update_index(tmp_path, corpus("b"), encoder=FakeEncoder())
        index = Index.open(tmp_path)
        assert index.manifest.chunking == Chunking(32, 0)
        assert len(list(index.passages_of("a"))) == len(list(index.passages_of("b")))
        index.close()

    def test_another_format(self, folder: Path) -> None:
        edit_database(folder, "PRAGMA user_version = 8")
        with pytest.raises(IndexMismatch, match=r"format 8 .* format 7"):
            update_index(folder, corpus("d"), encoder=FakeEncoder())

    def test_removing_a_document_that_is_not_there(self, folder: Path) -> None:
        with pytest.raises(LoadError, match=r"no document 'x'; it has: a, b, c"):
            update_index(folder, [], encoder=FakeEncoder(), remove=["x"])

    def test_names_in_a_message_stay_on_one_line(self, tmp_path: Path) -> None:
        update_index(tmp_path / "odd", [Document("a\nb", "Text.")], encoder=FakeEncoder())
        with pytest.raises(LoadError, match=r"it has: a\\nb$"):
            update_index(tmp_path / "odd", [], encoder=FakeEncoder(), remove=["x"])

    def test_two_documents_of_one_id(self, folder: Path) -> None:
        before = state_of(folder)
        with pytest.raises(LoadError, match="two documents are called 'd'"):
            update_index(folder, corpus("d") + corpus("d", edition="second"), encoder=FakeEncoder())
        assert state_of(folder) == before
        assert update_index(folder, corpus("dd"), encoder=FakeEncoder()).added == ["d"]

    def test_a_document_that_merely_has_the_name_of_another(self, tmp_path: Path) -> None:
        for name in ("x", "y"):
            (tmp_path / name).write_text("there")
        one, two = (Document("a", text, source=str(tmp_path / text)) for text in ("x", "y"))
        update_index(tmp_path / "index", [one], encoder=FakeEncoder())
        with pytest.raises(LoadError, match="would take its name"):
            update_index(tmp_path / "index", [two], encoder=FakeEncoder())
        (tmp_path / "x").unlink()
        assert update_index(tmp_path / "index", [two], encoder=FakeEncoder()).updated == ["a"]

    def test_another_programs_database(self, tmp_path: Path) -> None:
        edit_database(tmp_path, "CREATE TABLE theirs (x)")
        with pytest.raises(IndexMissing):
            update_index(tmp_path, corpus("a"), encoder=FakeEncoder())

    def test_a_database_that_is_text(self, tmp_path: Path) -> None:
        (tmp_path / DATABASE).write_text("Not a database. " * 1_000)
        with pytest.raises(IndexDamaged, match="is damaged"):
            update_index(tmp_path, corpus("a"), encoder=FakeEncoder())

    def test_damaged_vectors(self, folder: Path) -> None:
        vectors_of(folder).write_bytes(b"garbage")
        with pytest.raises(IndexDamaged, match="vectors-1"):
            update_index(folder, corpus("d"), encoder=FakeEncoder())
        vectors_of(folder).unlink()
        with pytest.raises(IndexDamaged, match="vectors-1"):
            update_index(folder, corpus("d"), encoder=FakeEncoder())

    def test_a_folder_that_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("text")
        with pytest.raises(IndexNotWritten):
            update_index(tmp_path / "file", corpus("a"), encoder=FakeEncoder())


class TestTwoWriters:
    def test_the_second_waits_for_the_first(self, folder: Path) -> None:
        waiting, done = threading.Event(), []

        class Slow(FakeEncoder):
            def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
                waiting.set()
                second.join(0.3)
                done.append("first")
                return super().encode_passages(texts)

        def write_second() -> None:
            waiting.wait(5)
            update_index(folder, corpus("e"), encoder=FakeEncoder())
            done.append("second")

        second = threading.Thread(target=write_second)
        second.start()
        update_index(folder, corpus("d"), encoder=Slow())
        second.join(10)
        assert done == ["first", "second"]
        assert state_of(folder)["ids"] == ["a", "b", "c", "d", "e"]

    def test_the_second_gives_up_when_the_first_takes_long(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def impatient(folder: Path) -> sqlite3.Connection:
            return sqlite3.connect(folder / DATABASE, timeout=0.05, isolation_level=None)

        before = state_of(folder)
        first = connect(folder)
        first.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(transaction, "connect", impatient)
        with pytest.raises(IndexNotWritten, match="another process is writing it"):
            update_index(folder, corpus("d"), encoder=FakeEncoder())
        first.close()
        assert state_of(folder) == before


class TestEncodingBesideCutting:
    def test_the_next_passages_are_cut_while_some_are_encoded(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writer, "_ENCODED_AT_ONCE", 10)
        next_is_cut, waited = threading.Event(), list[bool]()

        def cut_passages(*arguments: Any) -> Iterator[Passage]:
            for number, passage in enumerate(cut(*arguments), 1):
                yield passage
                if number == 19:
                    next_is_cut.set()

        class Waiting(FakeEncoder):
            def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
                waited.append(next_is_cut.wait(10))
                return super().encode_passages(texts)

        monkeypatch.setattr(writer, "cut", cut_passages)
        changes = update_index(tmp_path / "new", corpus("a", parts=300), encoder=Waiting())
        assert changes.encoded > 20
        assert waited[0]

    def test_a_text_that_comes_again_in_the_next_batch_is_encoded_once(
        self, tmp_path: Path, fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writer, "_ENCODED_AT_ONCE", 1)
        documents = [Document(id_, "All about it.", "title") for id_ in "abc"]
        assert update_index(tmp_path / "new", documents, encoder=fake_encoder).passages == 3
        assert fake_encoder.encoded == ["title\nAll about it."]

    def test_an_encoder_for_several_callers_gets_several_batches_at_once(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        together, first = threading.Barrier(3, timeout=10), iter(range(3))

        class Several(FakeEncoder):
            at_once = 3

            def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
                if next(first, None) is not None:
                    together.wait()
                return super().encode_passages(texts)

        monkeypatch.setattr(writer, "_ENCODED_AT_ONCE", 2)
        update_index(tmp_path / "new", corpus("abc"), encoder=Several())
        assert state_of(tmp_path / "new") == state_of(folder)

    def test_what_the_encoder_raises_ends_the_update(self, folder: Path) -> None:
        class Failing(FakeEncoder):
            def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
                raise ZeroDivisionError

        before = state_of(folder)
        with pytest.raises(ZeroDivisionError):
            update_index(folder, corpus("d"), encoder=Failing())
        assert state_of(folder) == before


class TestProgress:
    def test_passages_are_counted_as_they_are_encoded(
        self, tmp_path: Path, fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writer, "_ENCODED_AT_ONCE", 10)
        told: list[tuple[int, int]] = []

        def progress(done: int, total: int) -> None:
            assert done == len(fake_encoder.encoded)
            told.append((done, total))

        documents = corpus("abcde", parts=200)
        changes = update_index(tmp_path / "new", documents, encoder=fake_encoder, progress=progress)
        total = changes.encoded
        assert total > 30
        assert told == [(done, total) for done in [*range(0, total, 10), total]]

    def test_only_those_to_be_encoded_count(self, folder: Path) -> None:
        told: list[tuple[int, int]] = []
        changes = update_index(
            folder,
            corpus("abcd"),
            encoder=FakeEncoder(),
            progress=lambda *done: told.append(done),
        )
        assert told == [(0, changes.encoded), (changes.encoded, changes.encoded)]

    def test_where_nothing_is_to_be_encoded_nothing_is_told(self, folder: Path) -> None:
        told: list[tuple[int, int]] = []
        update_index(
            folder,
            corpus("ab"),
            encoder=FakeEncoder(),
            remove=["c"],
            progress=lambda *done: told.append(done),
        )
        assert told == []
        assert state_of(folder)["ids"] == ["a", "b"]

    def test_it_makes_no_difference_to_the_index(self, folder: Path, tmp_path: Path) -> None:
        update_index(
            tmp_path / "told", corpus("abc"), encoder=FakeEncoder(), progress=lambda *_: None
        )
        assert state_of(tmp_path / "told") == state_of(folder)
