"""Visitors' own documents, with an encoder that needs no model."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from qa import QA, Document
from qa.answering import ExtractiveAnswerer
from qa.errors import LoadError, QuestionError
from qa.index import Index, update_index
from qa.loaders.parsing import Limits
from qa.progress import Progress
from tests.fakes import FakeEncoder, vectors_of
from ui.chat.adding import Adding, Brought
from ui.chat.user_documents import AllUserDocuments, HereAlready, UserDocuments
from ui.visitors import limits
from ui.visitors.background import Stopped
from ui.visitors.uploads import Upload

GATE = "The northern gate was painted red in 1902."
PIER = "The eastern pier is closed in winter."


@pytest.fixture
def qa(tmp_path: Path) -> Iterator[QA]:
    encoder = FakeEncoder()
    update_index(tmp_path / "index", [Document("base", "Nothing of note.")], encoder=encoder)
    index = Index.open(tmp_path / "index")
    with QA(index, encoder, ExtractiveAnswerer(encoder, threshold=0)) as opened:
        yield opened


@pytest.fixture
def all_documents(qa: QA, tmp_path: Path) -> Iterator[AllUserDocuments]:
    with AllUserDocuments(qa, tmp_path) as opened:
        yield opened


@pytest.fixture
def documents(all_documents: AllUserDocuments) -> UserDocuments:
    return all_documents.new()


def upload(folder: Path, name: str, text: str) -> Upload:
    path = folder / f"upload-{len(list(folder.iterdir()))}{Path(name).suffix}"
    path.write_text(text)
    return Upload(path, name)


def add(documents: UserDocuments, *uploads: Upload, tell: Progress | None = None) -> list[str]:
    """Add files; return what is wrong with those that were not added."""
    adding = Adding("one", [each.name for each in uploads])
    adding.run(documents, [Brought.file(each) for each in uploads], tell or (lambda *_: None))
    return adding.problems


class TestUserDocuments:
    def test_what_is_added_is_answered_from(self, documents: UserDocuments, tmp_path: Path) -> None:
        assert add(documents, upload(tmp_path, "gate.txt", GATE)) == []
        (citation,) = documents.ask("When was the northern gate painted?").citations
        assert (citation.document_id, citation.quote, citation.source) == ("gate.txt", GATE, None)

    def test_some_of_the_documents_can_be_asked(
        self, documents: UserDocuments, tmp_path: Path
    ) -> None:
        add(documents, upload(tmp_path, "gate.txt", GATE), upload(tmp_path, "pier.txt", PIER))
        answer = documents.ask("When was the northern gate painted?", documents=["pier.txt"])
        assert {hit.passage.document_id for hit in answer.passages} == {"pier.txt"}

    def test_what_cannot_be_added_is_told_by_its_name_and_keeps_nothing_else_out(
        self, documents: UserDocuments, tmp_path: Path
    ) -> None:
        told = add(
            documents,
            upload(tmp_path, "empty.txt", " "),
            upload(tmp_path, "gate.txt", GATE),
            upload(tmp_path, "again.txt", GATE),
            upload(tmp_path, "sheet.zip", "x"),
        )
        assert [entry.id for entry in documents.entries] == ["gate.txt"]
        assert told[0] == "empty.txt is empty: it has no text to ask about"
        assert told[1] == "again.txt is here already: its text is the same"
        assert told[2].startswith("sheet.zip has a suffix that cannot be read")

    def test_another_text_of_the_same_name_gets_a_name_of_its_own(
        self, documents: UserDocuments, tmp_path: Path
    ) -> None:
        documents.add(upload(tmp_path, "notes.txt", GATE))
        documents.add(upload(tmp_path, "notes.txt", PIER))
        assert [entry.id for entry in documents.entries] == ["notes.txt", "notes (2).txt"]

    def test_there_is_a_limit_to_documents_and_to_text(
        self, documents: UserDocuments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "MAX_DOCUMENTS", 2)
        monkeypatch.setattr(limits, "MAX_CHARACTERS", 60)
        documents.add(upload(tmp_path, "gate.txt", GATE))
        (long,) = add(documents, upload(tmp_path, "pier.txt", PIER))
        assert long.startswith("pier.txt has 37 characters and there is room for 18")
        (many,) = add(
            documents, upload(tmp_path, "a.txt", "One one."), upload(tmp_path, "b.txt", "Two two.")
        )
        assert many.startswith("b.txt is one too many: there may be 2 documents at once")

    def test_what_is_removed_is_gone_and_no_documents_cannot_be_asked(
        self, documents: UserDocuments, tmp_path: Path
    ) -> None:
        documents.add(upload(tmp_path, "gate.txt", GATE))
        documents.remove("gate.txt")
        documents.remove("gate.txt")
        assert documents.document("gate.txt") is None
        with pytest.raises(QuestionError, match="add one first"):
            documents.ask("When was the gate painted?")
        documents.add(upload(tmp_path, "gate.txt", GATE))
        assert documents.ask("When was the northern gate painted?").citations

    def test_adding_tells_how_far_it_is_and_can_be_stopped(
        self, documents: UserDocuments, tmp_path: Path
    ) -> None:
        told: list[tuple[int, int]] = []
        gate = upload(tmp_path, "gate.txt", GATE)
        documents.add(gate, lambda done, total: told.append((done, total)))
        assert told[-1] == (1, 1)

        def stop(done: int, total: int) -> None:
            raise Stopped

        with pytest.raises(Stopped):
            documents.add(upload(tmp_path, "pier.txt", PIER), stop)
        assert [entry.id for entry in documents.entries] == ["gate.txt"]
        assert documents.ask("When was the northern gate painted?").citations

    def test_others_get_a_turn_between_two_files(
        self, documents: UserDocuments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        steps: list[str] = []
        load = Upload.load

        def noted(file: Upload) -> Document:
            steps.append(file.name)
            return load(file)

        monkeypatch.setattr(Upload, "load", noted)
        files = [upload(tmp_path, name, name * 9) for name in ("a.txt", "b.txt", "c.txt")]
        add(documents, *files, tell=lambda done, total: steps.append("a turn"))
        assert [step for step in steps if step != "a turn"] == ["a.txt", "b.txt", "c.txt"]
        assert all(steps[steps.index(name) + 1] == "a turn" for name in ("a.txt", "b.txt"))

    def test_each_file_can_be_asked_as_soon_as_it_is_indexed_the_small_ones_first(
        self, documents: UserDocuments, tmp_path: Path
    ) -> None:
        long = upload(tmp_path, "long.txt", f"{PIER} " * 50)
        adding = Adding("one", ["long.txt", "gate.txt"])
        quoted: list[str] = []

        def tell(_done: int, _total: int) -> None:
            if adding.parts[0].state == "indexing":
                quoted.append(documents.ask("When was the gate painted?").citations[0].quote)

        brought = [Brought.file(long), Brought.file(upload(tmp_path, "gate.txt", GATE))]
        adding.run(documents, brought, tell)
        assert quoted[0] == GATE
        assert [part.state for part in adding.parts] == ["added", "added"]

    def test_one_file_is_cancelled_and_the_rest_goes_on(
        self, documents: UserDocuments, tmp_path: Path
    ) -> None:
        names = ["a.txt", "b.txt", "c.txt", "d.txt"]
        adding = Adding("one", names)
        adding.cancel(3)
        adding.cancel(4)

        def tell(_done: int, _total: int) -> None:
            if adding.parts[1].state == "indexing":
                adding.cancel(1)

        files = [Brought.file(upload(tmp_path, name, f"About {name}.")) for name in names]
        adding.run(documents, files, tell)
        assert [part.state for part in adding.parts] == ["added", "cancelled"] * 2
        assert [entry.id for entry in documents.entries] == ["a.txt", "c.txt"]
        assert adding.problems == []

    def test_what_is_removed_while_a_file_is_added_is_gone_at_once(
        self, documents: UserDocuments, tmp_path: Path
    ) -> None:
        documents.add(upload(tmp_path, "gate.txt", GATE))
        documents.add(upload(tmp_path, "quay.txt", "The quay is long."))
        asked: list[str] = []

        def remove(_done: int, _total: int) -> None:
            documents.remove("gate.txt")
            assert documents.document("gate.txt") is None
            answer = documents.ask("When was the northern gate painted?")
            asked.extend(hit.passage.document_id for hit in answer.passages)

        documents.add(upload(tmp_path, "pier.txt", PIER), remove)
        assert set(asked) == {"quay.txt"}
        assert documents._opened().index.document_ids() == ["quay.txt", "pier.txt"]

    def test_what_is_here_can_be_asked_while_more_is_added(
        self, documents: UserDocuments, tmp_path: Path
    ) -> None:
        documents.add(upload(tmp_path, "gate.txt", GATE))
        asked: list[str] = []

        def ask(done: int, total: int) -> None:
            asked.append(documents.ask("When was the northern gate painted?").citations[0].quote)
            assert documents.busy

        documents.add(upload(tmp_path, "pier.txt", PIER), ask)
        assert asked
        assert set(asked) == {GATE}
        assert [entry.id for entry in documents.entries] == ["gate.txt", "pier.txt"]
        assert not documents.busy

    def test_two_visitors_documents_know_nothing_of_each_other(
        self, all_documents: AllUserDocuments, tmp_path: Path
    ) -> None:
        one, two = all_documents.new(), all_documents.new()
        one.add(upload(tmp_path, "gate.txt", GATE))
        two.add(upload(tmp_path, "pier.txt", PIER))
        assert one.document("pier.txt") is None
        assert two.ask("When was the northern gate painted?").citations[0].quote == PIER
        assert one.token != two.token
        assert all_documents.find(one.token) is one

    def test_all_folders_go_at_the_end(self, qa: QA, tmp_path: Path) -> None:
        with AllUserDocuments(qa, tmp_path) as all_documents:
            documents = all_documents.new()
            documents.add(upload(tmp_path, "gate.txt", GATE))
            folder = all_documents._folder
            assert (folder.stat().st_mode & 0o777) == 0o700
        assert not folder.exists()


class TestLasting:
    """Documents that stay when the server stops."""

    @pytest.fixture
    def opened(self, qa: QA, tmp_path: Path) -> Callable[..., AllUserDocuments]:
        library = tmp_path / "library"
        library.mkdir(mode=0o700)
        return functools.partial(AllUserDocuments, qa, library, idle_seconds=86_400, lasting=True)

    def test_a_browser_finds_its_own_by_its_token_after_a_restart(
        self, opened: Callable[..., AllUserDocuments], qa: QA, tmp_path: Path
    ) -> None:
        with opened() as before:
            documents = before.new("address 10.0.0.1")
            documents.add(upload(tmp_path, "gate.txt", GATE))
            documents.add(upload(tmp_path, "pier.txt", PIER))
            documents.remove("pier.txt")
        encoded = len(cast("FakeEncoder", qa.encoder).encoded)
        with opened() as after:
            found = after.known(documents.token)
            assert found
            assert found.entries == documents.entries
            assert found.ask("When was the northern gate painted?").citations[0].quote == GATE
            assert after.known("guessed") is None
            with pytest.raises(HereAlready):
                found.add(upload(tmp_path, "again.txt", GATE))
        assert len(cast("FakeEncoder", qa.encoder).encoded) == encoded

    def test_an_account_has_its_own_in_every_browser_and_no_others(
        self, opened: Callable[..., AllUserDocuments], tmp_path: Path
    ) -> None:
        with opened() as before:
            adas = before.new("account ada")
            adas.add(upload(tmp_path, "gate.txt", GATE))
        with opened() as after:
            found = after.known(None, "account ada")
            assert found
            assert [entry.id for entry in found.entries] == ["gate.txt"]
            assert after.known(adas.token, "account bob") is None

    def test_what_was_not_used_for_so_long_goes_also_while_no_server_runs(
        self, opened: Callable[..., AllUserDocuments], tmp_path: Path
    ) -> None:
        with opened() as before:
            documents = before.new()
            documents.add(upload(tmp_path, "gate.txt", GATE))
            (folder,) = before._folder.iterdir()
            os.utime(folder / "documents.json", (0, 0))
        with opened() as after:
            assert after.known(documents.token) is None
        assert not folder.exists()

    def test_a_crash_and_damage_leave_what_can_be_used(
        self, opened: Callable[..., AllUserDocuments], tmp_path: Path
    ) -> None:
        with opened() as before:
            one, two = before.new(), before.new()
            for documents in (one, two):
                documents.add(upload(tmp_path, "gate.txt", GATE))
            record = one._folder / "documents.json"
            kept = record.read_text()
            one.add(upload(tmp_path, "pier.txt", PIER))
            record.write_text(kept)  # as if the server had been killed in between
            vectors_of(two._index).write_bytes(b"")
            (before._folder / ("0" * 16)).mkdir()
        with opened() as after:
            found, damaged = after.known(one.token), after.known(two.token)
            assert found
            assert damaged
            assert found.document("pier.txt") is None
            assert found._opened().index.document_ids() == ["gate.txt"]
            assert damaged.document("gate.txt") is None
            assert damaged.entries == ()
            assert damaged.add(upload(tmp_path, "gate.txt", GATE)).id == "gate.txt"
            assert not (after._folder / ("0" * 16)).exists()

    def test_where_all_takes_too_much_the_idle_go_and_those_in_use_stay(
        self,
        opened: Callable[..., AllUserDocuments],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        with opened() as all_documents:
            old, used = all_documents.new(), all_documents.new()
            for documents in (old, used):
                documents.add(upload(tmp_path, "gate.txt", GATE))
            all_documents._entries[old.token].used -= 3 * 3_600
            all_documents.clear_out()
            assert old.ask("When was the northern gate painted?").citations
            monkeypatch.setattr(limits, "MAX_KEPT_BYTES", 10)
            all_documents.clear_out()
            assert all_documents.known(old.token) is None
            assert all_documents.known(used.token) is used


def test_a_message_has_the_visitors_name_and_no_path_of_the_server(tmp_path: Path) -> None:
    with pytest.raises(LoadError) as caught:
        upload(tmp_path, "notes.txt", "a\0b").load()
    assert str(caught.value).startswith("notes.txt ")
    assert str(tmp_path) not in str(caught.value)


def test_a_file_that_takes_too_long_to_parse_is_refused_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PARSING", Limits(seconds=0.000_1))
    path = tmp_path / "token.html"
    path.write_text("<p>A fine day.</p>" * 100_000)
    with pytest.raises(LoadError, match=r"^mine.html takes more than 0.0001 seconds to parse"):
        Upload(path, "mine.html").load()
