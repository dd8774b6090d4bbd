from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qa.documents import Document
from qa.errors import LoadError
from qa.loaders import find, load, load_all
from tests.refusals import refusal


class TestNamingAFile:
    def test_names_what_is_missing(self, tmp_path: Path) -> None:
        assert str(tmp_path / "no.txt") in refusal(tmp_path / "no.txt")

    def test_names_the_kinds_it_knows(self, tmp_path: Path) -> None:
        (tmp_path / "a.xyz").write_text("text")
        assert refusal(tmp_path / "a.xyz").endswith(
            "supported: .csv, .docx, .eml, .epub, .htm, .html, .markdown, .md, .pdf, .pptx, .text, "
            ".tsv, .txt, .xhtml, .xlsx, and source code such as .py; and for many documents in one "
            "file .jsonl, .jsonl.gz, .parquet"
        )

    @pytest.mark.parametrize("name", ["x" * 5_000, "no\0name.txt", "~nobody-of-that-name/a.txt"])
    def test_refuses_names_that_no_file_can_have(self, name: str) -> None:
        with pytest.raises(LoadError):
            load(name)


class TestReadingAFolder:
    def test_gives_every_readable_file_in_order_of_id(self, tmp_path: Path) -> None:
        for name in ["b.txt", "a/z.md", "a/c.txt", "skip.png", "noise"]:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(name)
        assert [d.id for d in load(tmp_path)] == ["a/c.txt", "a/z.md", "b.txt"]

    def test_passes_over_hidden_files_and_folders(self, tmp_path: Path) -> None:
        for name in ["a.txt", ".hidden.txt", ".git/notes.txt", "sub/.x/y.txt", "~$a.docx"]:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(name)
        assert [d.id for d in load(tmp_path)] == ["a.txt"]

    def test_reads_a_folder_that_is_itself_hidden(self, tmp_path: Path) -> None:
        (tmp_path / ".notes").mkdir()
        (tmp_path / ".notes" / "a.txt").write_text("text")
        assert [d.id for d in load(tmp_path / ".notes")] == ["a.txt"]

    def test_says_so_when_nothing_in_it_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").write_bytes(b"\x89PNG")
        assert ".txt" in refusal(tmp_path)

    def test_stops_at_a_file_that_is_not_text(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("text")
        (tmp_path / "b.txt").write_bytes(b"\0\1\2")
        with pytest.raises(LoadError, match=r"b\.txt"):
            load(tmp_path)


class TestReadingSeveral:
    def test_gives_files_folders_and_documents_together(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("one")
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "b.txt").write_text("two")
        made = Document("made", "three")
        found = load_all([tmp_path / "a.txt", tmp_path / "folder", made])
        assert [d.id for d in found] == ["a.txt", "b.txt", "made"]
        assert found[2] is made

    def test_takes_one_file_named_twice_once(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("one")
        assert len(load_all([tmp_path / "a.txt", str(tmp_path / "a.txt")])) == 1

    def test_refuses_two_files_of_one_name(self, tmp_path: Path) -> None:
        for name in ["x", "y"]:
            (tmp_path / name).mkdir()
            (tmp_path / name / "a.txt").write_text("the same text")
        with pytest.raises(LoadError, match=r"two documents are called 'a\.txt'") as caught:
            load_all([tmp_path / "x", tmp_path / "y"])
        assert str(tmp_path / "x") in str(caught.value)
        assert str(tmp_path / "y") in str(caught.value)

    def test_refuses_two_texts_under_one_id(self) -> None:
        with pytest.raises(LoadError, match="two documents"):
            load_all([Document("a", "one"), Document("a", "two")])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
class TestWhatIsNoRegularFile:
    def test_is_passed_over_in_a_folder(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.txt")
        (tmp_path / "a.txt").write_text("text")
        assert [d.id for d in load(tmp_path)] == ["a.txt"]

    @pytest.mark.parametrize("name", ["pipe.txt", "pipe.html"])
    def test_is_refused_where_it_is_named(self, tmp_path: Path, name: str) -> None:
        os.mkfifo(tmp_path / name)
        assert "it is a pipe, a device or a socket" in refusal(tmp_path / name)

    @pytest.mark.parametrize("name", ["a.txt", "a.html"])
    def test_is_not_waited_for_where_it_took_a_files_place(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("text")
        (file,) = find(tmp_path)
        (tmp_path / name).unlink()
        os.mkfifo(tmp_path / name)
        with pytest.raises(LoadError, match="is not a file that can be read"):
            file.load()

    def test_a_folder_that_took_a_files_place_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("text")
        (file,) = find(tmp_path)
        (tmp_path / "a.txt").unlink()
        (tmp_path / "a.txt").mkdir()
        with pytest.raises(LoadError, match="it is a folder"):
            file.load()


class TestLinks:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "secret.txt").write_text("sesame")
        folder = tmp_path / "notes"
        (folder / "sub").mkdir(parents=True)
        (folder / "a.txt").write_text("text")
        return folder

    @pytest.mark.parametrize("target", ["outside/secret.txt", "outside", "notes/../outside"])
    def test_one_that_leads_out_is_passed_over_and_said(
        self, folder: Path, target: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        (folder / "sub" / "link.txt").symlink_to(folder.parent / target)
        assert [d.id for d in load(folder)] == ["a.txt"]
        assert f"link.txt is skipped: it leads out of {folder}" in caplog.text

    def test_one_that_leads_nowhere_is_said_and_so_is_a_loop(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (folder / "gone.txt").symlink_to(folder / "no.txt")
        (folder / "one.txt").symlink_to(folder / "two.txt")
        (folder / "two.txt").symlink_to(folder / "one.txt")
        (folder / "sub" / "up").symlink_to(folder)
        assert [d.id for d in load(folder)] == ["a.txt"]
        for name in ("gone", "one", "two"):
            assert f"{name}.txt is skipped: it leads nowhere" in caplog.text

    def test_one_that_leads_to_a_file_in_the_folder_is_read(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (folder / "sub" / "link.txt").symlink_to("../a.txt")
        (folder / "sub" / "picture").symlink_to("/")  # as files of other kinds are
        (folder / ".hidden.txt").symlink_to("/etc/hostname")
        assert [d.id for d in load(folder)] == ["a.txt", "sub/link.txt"]
        assert "hidden" not in caplog.text

    def test_a_folder_that_is_named_may_be_a_link(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (folder.parent / "link").symlink_to(folder)
        (folder / "b.txt").symlink_to(folder / "a.txt")
        assert [d.id for d in load(folder.parent / "link")] == ["a.txt", "b.txt"]
        assert [d.text for d in load(folder / "b.txt")] == ["text"]
        assert not caplog.text


class TestHostileFolders:
    def test_a_folder_that_cannot_be_looked_into_is_an_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "closed").mkdir()
        (tmp_path / "a.txt").write_text("text")
        scandir = os.scandir

        def refusing(path: Path) -> object:
            if Path(path).name == "closed":
                raise PermissionError(13, "Permission denied")
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refusing)
        message = refusal_of_folder(tmp_path)
        assert message.startswith(f"{tmp_path / 'closed'} cannot be looked into: Permission denied")

    def test_folders_in_folders_are_read_however_many(self, tmp_path: Path) -> None:
        with nested(tmp_path, 1_200) as deepest:
            (deepest / "a.txt").write_text("text")
            (found,) = find(tmp_path)
            assert found.id == "f/" * 1_200 + "a.txt"
            assert found.load().text == "text"
            (deepest / "a.txt").unlink()

    @pytest.mark.skipif(sys.platform != "linux", reason="has no such names")
    @pytest.mark.parametrize("name", [b"bad\xff.txt", b"bad\xff/a.txt", b"bad\xff.html"])
    def test_a_name_that_is_no_text_is_an_error(self, tmp_path: Path, name: bytes) -> None:
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        path.parent.mkdir(exist_ok=True)
        path.write_text("text")
        with pytest.raises(LoadError, match=r"bad\\udcff.* has a name that is not valid Unicode"):
            load(tmp_path)
        with pytest.raises(LoadError, match="has a name that is not valid Unicode"):
            load(path)

    @pytest.mark.parametrize("name", ["a\nb", "a\x1b[2Jb", "a\u202eb", "a\tb"])
    def test_a_message_shows_a_name_on_one_line(self, tmp_path: Path, name: str) -> None:
        (tmp_path / f"{name}.txt").write_bytes(b"\0")
        message = refusal_of_folder(tmp_path)
        assert name not in message
        assert ascii(name)[1:-1] in message
        assert "\n" not in message

    def test_a_file_that_grows_while_it_is_read_is_not_read_in_part(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "a.txt"
        path.write_text("text")
        fstat, more = os.fstat, iter(["and more", "", ""])

        def growing(number: int) -> os.stat_result:
            with path.open("a") as file:
                file.write(next(more, "!"))
            return fstat(number)

        monkeypatch.setattr(os, "fstat", growing)
        (document,) = load(path)
        assert document.text == "textand more"
        assert "is being written" in refusal(path)


def refusal_of_folder(folder: Path) -> str:
    with pytest.raises(LoadError) as caught:
        load(folder)
    return str(caught.value)


@contextmanager
def nested(folder: Path, depth: int) -> Iterator[Path]:
    """Make folders in folders, and remove them again, which shutil cannot do."""
    for _ in range(depth):
        folder = folder / "f"
        folder.mkdir()
    yield folder
    for _ in range(depth):
        folder.rmdir()
        folder = folder.parent
