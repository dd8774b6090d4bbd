"""Indexes of earlier formats. The one in format-6.zip was written by that version, of `notes`."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from click.testing import CliRunner

from qa import QA, Document
from qa.cli.commands import main
from qa.errors import IndexDamaged, IndexMismatch, IndexNotWritten
from qa.index import Index, update_index, writer
from qa.index.storage import FORMAT
from qa.index.upgrade import needs_upgrade
from qa.loaders import find, load
from qa.opening import cached_index
from qa.passages import Chunking
from tests.fakes import FakeEncoder, connect, contents, corpus, edit_database, state_of

CHUNKING = Chunking(max_tokens=24, overlap=0)
MADE = Document("made", "A text that was made in Python. It names no file.")
UNDER_HEADINGS = [
    "A guide to the ferry\n## What to bring\n\n- A coat, as the wind is cold.",
    "A guide to the ferry > What to bring\n- A ticket, or the money for one.\n\n"
    "Dogs are let on board. They stay on a lead.",
]
IN_HTML = [
    "The island\nThe island\n\nThe island has forty sheep. Their wool is sold in May.",
    "The island\nThe mill\n\nThe mill grinds no flour any more. It is a museum now.",
]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Unpack an index of format 6."""
    shutil.unpack_archive(Path(__file__).with_name("format-6.zip"), tmp_path)
    return tmp_path / "format-6"


@pytest.fixture
def notes(old: Path) -> Path:
    """Return the files that the index was made of."""
    return old.with_name("notes")


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder(dim=16)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder) -> FakeEncoder:
    """Have the encoder loaded in place of a model."""
    monkeypatch.setattr("qa.opening.load_encoder", lambda *_, **__: encoder)
    return encoder


def new_index(folder: Path, documents: list[Document]) -> dict[str, object]:
    update_index(folder, documents, encoder=FakeEncoder(dim=16), chunking=CHUNKING)
    return without_numbers(folder)


def without_numbers(folder: Path) -> dict[str, Any]:
    """Read all that an index gives; what is found is told by its place in the index."""
    state: dict[str, Any] = state_of(folder)
    first = min(number for number, _ in state["found"][0])
    found = [[(number - first, score) for number, score in hits] for hits in state["found"]]
    return state | {"found": found}


def check_whole(folder: Path) -> None:
    with closing(Index.open(folder)) as index:
        index.check_whole()


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_reading_says_how_to_upgrade_and_writes_nothing(old: Path, loaded: FakeEncoder) -> None:
    before = files_of(old)
    for read in (Index.open, QA.open):
        with pytest.raises(IndexMismatch, match=rf"format 6 .* inquote index --index {old}$"):
            read(old)
    assert files_of(old) == before


class TestWithItsFiles:
    def test_it_is_as_if_made_anew(self, old: Path, notes: Path, encoder: FakeEncoder) -> None:
        changes = update_index(old, find(notes), encoder=encoder)
        expected = new_index(old.with_name("new"), [*load(notes), MADE])
        assert without_numbers(old) == expected
        assert changes.upgraded_from == 6
        assert changes.unchanged == ["guide.md", "page.html", "rules.txt", "made"]
        assert not changes.without_blocks
        check_whole(old)
        assert contents(old) == ["inquote.sqlite", "vectors-2"]

    def test_only_texts_in_other_contexts_are_encoded(
        self, old: Path, notes: Path, encoder: FakeEncoder
    ) -> None:
        changes = update_index(old, find(notes), encoder=encoder)
        assert encoder.encoded == UNDER_HEADINGS + IN_HTML
        assert changes.upgrade == "Upgraded the index from format 6; 4 of 8 vectors kept."

    def test_a_file_that_changed_is_updated(
        self, old: Path, notes: Path, encoder: FakeEncoder
    ) -> None:
        (notes / "rules.txt").write_text("The lighthouse was built in 1821.")
        changes = update_index(old, find(notes), encoder=encoder)
        assert changes.updated == ["rules.txt"]
        with closing(Index.open(old)) as index:
            assert index.document("rules.txt").text == "The lighthouse was built in 1821."

    def test_a_document_that_is_removed_is_gone(self, old: Path, encoder: FakeEncoder) -> None:
        changes = update_index(old, [], encoder=encoder, remove=["page.html"])
        assert changes.removed == ["page.html"]
        assert state_of(old)["ids"] == ["guide.md", "rules.txt", "made"]
        check_whole(old)

    def test_all_others_are_gone_if_only_these_are_asked_for(
        self, old: Path, notes: Path, encoder: FakeEncoder
    ) -> None:
        update_index(old, find(notes / "guide.md"), encoder=encoder, only_these=True)
        assert state_of(old)["ids"] == ["guide.md"]


class TestWithoutItsFiles:
    def test_text_and_markdown_are_read_from_the_index(
        self, old: Path, encoder: FakeEncoder
    ) -> None:
        changes = update_index(old, [], encoder=encoder)
        assert encoder.encoded == UNDER_HEADINGS
        assert changes.without_blocks == ["page.html"]
        guide, _, rules = load(old.with_name("notes"))
        with closing(Index.open(old)) as index:
            for document in (guide, rules):
                expected = replace(document, source=f"/srv/notes/{document.id}")
                assert index.document(document.id) == expected
            assert index.document("page.html").blocks == ()
        check_whole(old)

    def test_the_blocks_of_the_others_come_with_their_files(
        self, old: Path, notes: Path, encoder: FakeEncoder
    ) -> None:
        update_index(old, [], encoder=encoder)
        encoder.encoded.clear()
        changes = update_index(old, find(notes), encoder=encoder)
        assert encoder.encoded == IN_HTML
        assert (changes.updated, changes.upgraded_from) == (["page.html"], None)

    def test_no_file_that_the_index_names_is_opened(
        self, old: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def opened(*_: object, **__: object) -> NoReturn:
            raise AssertionError("a file was read")

        monkeypatch.setattr("qa.loaders.formats.read_regular", opened)
        update_index(old, [], encoder=encoder)


class TestStopped:
    def test_an_upgrade_that_fails_leaves_the_index_and_goes_on_from_there(
        self, old: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> NoReturn:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(writer, "commit", full)
            with pytest.raises(IndexNotWritten, match="disk is full"):
                update_index(old, [], encoder=encoder)
        assert needs_upgrade(old)
        assert encoder.encoded == UNDER_HEADINGS
        encoder.encoded.clear()
        update_index(old, [], encoder=encoder)
        assert encoder.encoded == []
        check_whole(old)


class TestRefused:
    def test_a_damaged_index_is_not_upgraded(self, old: Path, encoder: FakeEncoder) -> None:
        edit_database(old, "UPDATE texts SET text = 'Another text.' WHERE document = 1")
        with pytest.raises(IndexDamaged, match=r"text of 'guide\.md'"):
            update_index(old, [], encoder=encoder)
        assert needs_upgrade(old)

    def test_nor_one_with_other_documents_than_it_was_written_with(
        self, old: Path, encoder: FakeEncoder
    ) -> None:
        edit_database(old, "DELETE FROM documents WHERE number = 1")
        with pytest.raises(IndexDamaged, match="not those that were written"):
            update_index(old, [], encoder=encoder)

    @pytest.mark.parametrize(
        ("number", "way_out"), [(5, "new folder$"), (FORMAT + 1, "update inquote")]
    )
    def test_other_formats_say_what_to_do(
        self, old: Path, encoder: FakeEncoder, number: int, way_out: str
    ) -> None:
        edit_database(old, f"PRAGMA user_version = {number}")
        with pytest.raises(IndexMismatch, match=f"format {number} .* format {FORMAT}: .*{way_out}"):
            update_index(old, [], encoder=encoder)


def test_an_index_in_the_cache_is_upgraded(
    old: Path, notes: Path, loaded: FakeEncoder, cache_folder: Path
) -> None:
    names = json.dumps([[str(notes.resolve())], loaded.digest, CHUNKING.to_dict(), 6])
    place = cache_folder / "indexes" / hashlib.sha256(names.encode()).hexdigest()[:24]
    shutil.copytree(old, place)
    with QA.open(notes, chunking=CHUNKING) as qa:
        assert qa.index.folder == cached_index([notes], loaded, CHUNKING)
        assert qa.index.document_ids() == ["guide.md", "page.html", "rules.txt"]
    assert loaded.encoded == UNDER_HEADINGS + IN_HTML
    assert not place.exists()


def test_the_command_upgrades_an_index_and_then_has_nothing_to_do(
    old: Path, loaded: FakeEncoder
) -> None:
    result = CliRunner().invoke(main, ["index", "--index", str(old)])
    assert "Upgraded the index from format 6; 6 of 8 vectors kept.\n" in result.stdout
    assert "known until their files are indexed again: 1 (page.html)\n" in result.stdout
    again = CliRunner().invoke(main, ["index", "--index", str(old)])
    assert "Name the files or folders to index" in again.stderr


def test_an_upgrade_stores_no_more_token_vectors_than_the_setting(
    old: Path, notes: Path, encoder: FakeEncoder
) -> None:
    update_index(old, find(notes), encoder=encoder, token_vectors=5)
    with connect(old) as database:
        assert database.execute("SELECT count(*) FROM tokens").fetchone() == (5,)
    check_whole(old)


def test_what_an_edit_leaves_is_not_encoded_again(folder: Path) -> None:
    (before,) = corpus("b")
    edited = replace(before, text=f"{before.text} A sentence more about b.")
    encoder = FakeEncoder()
    changes = update_index(folder, [edited], encoder=encoder)
    assert changes.updated == ["b"]
    assert all("A sentence more" in text for text in encoder.encoded)
    assert changes.passages == changes.kept + len(encoder.encoded) > changes.kept > 0
    with connect(folder) as database, closing(Index.open(folder)) as index:
        (tokens,) = database.execute("SELECT count(*) FROM tokens").fetchone()
        assert tokens == len(index)
        index.check_whole()
