from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
import watchfiles

from qa.errors import LoadError, QAError
from qa.index import Changes, update_index
from qa.loaders import find
from qa.watcher import catch_up, watch
from tests.fakes import FakeEncoder, corpus, state_of, vectors_of


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "notes").mkdir()
    for name in "ab":
        (tmp_path / "notes" / f"{name}.txt").write_text(f"All about {name}.")
    return tmp_path / "notes"


@pytest.fixture
def folder(notes: Path) -> Path:
    update_index(notes.parent / "index", find(notes), encoder=FakeEncoder())
    return notes.parent / "index"


class TestCatchingUp:
    def caught_up(self, notes: Path, folder: Path) -> tuple[Changes, list[str]]:
        told: list[QAError] = []
        return catch_up([notes], folder, FakeEncoder(), told.append), [str(e) for e in told]

    def test_takes_in_what_is_new_and_changed_and_takes_out_what_is_gone(
        self, notes: Path, folder: Path
    ) -> None:
        (notes / "a.txt").unlink()
        (notes / "b.txt").write_text("Something else.")
        (notes / "c.txt").write_text("All about c.")
        changes, told = self.caught_up(notes, folder)
        assert (changes.added, changes.updated, changes.removed) == (
            ["c.txt"], ["b.txt"], ["a.txt"],
        )  # fmt: skip
        assert (told, changes.encoded) == ([], 2)

    def test_leaves_documents_from_elsewhere(self, notes: Path, folder: Path) -> None:
        update_index(folder, corpus("x"), encoder=FakeEncoder())
        (notes / "a.txt").unlink()
        self.caught_up(notes, folder)
        assert state_of(folder)["ids"] == ["b.txt", "x"]

    def test_an_error_of_one_file_is_told_and_leaves_it_as_it_was(
        self, notes: Path, folder: Path
    ) -> None:
        (notes / "a.txt").write_bytes(b"\0\1\2")
        (notes / "b.txt").write_text("Something else.")
        changes, told = self.caught_up(notes, folder)
        assert (changes.updated, changes.removed) == (["b.txt"], [])
        assert len(told) == 1
        assert "a.txt looks like a binary file" in told[0]

    def test_a_folder_may_be_emptied_and_a_file_may_go(self, notes: Path, folder: Path) -> None:
        for path in notes.iterdir():
            path.unlink()
        assert self.caught_up(notes, folder)[0].removed == ["a.txt", "b.txt"]
        assert catch_up([notes / "a.txt"], folder, FakeEncoder(), print) == Changes()

    @pytest.mark.parametrize("paths", [["notes"], ["notes/a.txt"]])
    def test_what_cannot_be_looked_at_takes_nothing_out(
        self, notes: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, paths: list[str]
    ) -> None:
        def refusing(*_: object, **__: object) -> NoReturn:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("os.scandir", refusing)
        monkeypatch.setattr("qa.loaders.files.Path.resolve", refusing)
        with pytest.raises(LoadError, match="Permission denied"):
            catch_up([notes.parent / path for path in paths], folder, FakeEncoder(), print)
        monkeypatch.undo()
        assert state_of(folder)["ids"] == ["a.txt", "b.txt"]

    @pytest.mark.parametrize("closed", ["folder", "file"])
    def test_what_cannot_be_looked_at_below_is_told_and_the_rest_is_taken(
        self, notes: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, closed: str
    ) -> None:
        (notes / "closed").mkdir()
        (notes / "closed" / "d.txt").write_text("All about d.")
        self.caught_up(notes, folder)
        shut = notes / "closed" if closed == "folder" else notes / "closed" / "d.txt"
        scan, stat = os.scandir, Path.stat

        def allowed(path: Path) -> Path:
            if Path(path) == shut:
                raise PermissionError(13, "Permission denied")
            return path

        monkeypatch.setattr("os.scandir", lambda path: scan(allowed(path)))
        monkeypatch.setattr(Path, "stat", lambda path, **how: stat(allowed(path), **how))
        (notes / "a.txt").unlink()
        (notes / "c.txt").write_text("All about c.")
        changes, told = self.caught_up(notes, folder)
        monkeypatch.undo()
        assert (changes.added, changes.removed) == (["c.txt"], ["a.txt"])
        assert [str(shut) in each and "Permission denied" in each for each in told] == [True]
        assert state_of(folder)["ids"] == ["b.txt", "closed/d.txt", "c.txt"]


def test_each_change_is_given_and_an_error_does_not_end_it(
    notes: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen(*_: Path, **__: object) -> Iterator[set[str]]:
        yield set()  # at first, when nothing has changed
        (notes / "c.txt").write_text("All about c.")
        yield {"c"}
        yield set()
        vectors = vectors_of(folder)
        vectors.rename(folder / "away")
        (notes / "d.txt").write_text("All about d.")
        yield {"d"}
        (folder / "away").rename(vectors)
        yield {"d"}

    monkeypatch.setattr(watchfiles, "watch", seen)
    told: list[QAError] = []
    given = [changes.added for changes in watch([notes], folder, FakeEncoder(), told.append)]
    assert given == [["c.txt"], ["d.txt"]]
    assert ["vectors-2" in str(error) for error in told] == [True]


def test_an_error_is_told_once_for_as_long_as_it_lasts(
    notes: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen(*_: Path, **__: object) -> Iterator[set[str]]:
        for text in (b"\0\1\2", b"\0\1\2\1\2", b"All about a.", b"\0\1\2"):
            (notes / "a.txt").write_bytes(text)
            yield {"a"}

    monkeypatch.setattr(watchfiles, "watch", seen)
    told: list[QAError] = []
    assert not any(watch([notes], folder, FakeEncoder(), told.append))
    assert len(told) == 2
    before, told = told[:1], []
    assert not list(watch([notes], folder, FakeEncoder(), told.append, reported=before))
    assert len(told) == 1


def test_a_real_change_is_seen(notes: Path, folder: Path) -> None:
    changes = watch([notes], folder, FakeEncoder(), print)
    writer = threading.Timer(0.2, (notes / "c.txt").write_text, ["All about c."])
    writer.start()
    assert next(changes).added == ["c.txt"]
    writer.join()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_not_unicode_is_told_and_watching_goes_on(notes: Path, folder: Path) -> None:
    def write() -> None:
        Path(os.fsdecode(os.fsencode(notes) + b"/n\xff.txt")).write_text("All about n.")

    told: list[str] = []

    def tell(error: QAError) -> None:
        told.append(str(error))
        (notes / "c.txt").write_text("All about c.")

    changes = watch([notes], folder, FakeEncoder(), tell)
    writer = threading.Timer(0.2, write)
    writer.start()
    assert next(changes).added == ["c.txt"]
    writer.join()
    assert "n\\udcff.txt has a name that is not valid Unicode: rename it" in told[0]


def test_files_that_cannot_be_watched_are_told_in_a_sentence(
    notes: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Path, **__: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(watchfiles, "watch", failing)
    with pytest.raises(LoadError, match=r"files cannot be watched: .*No space left on device"):
        next(watch([notes], folder, FakeEncoder(), print))
