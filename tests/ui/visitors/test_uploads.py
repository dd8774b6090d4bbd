"""Files that visitors bring wait for their visitor alone, within limits, and leave nothing."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ui.apart import run_apart
from tests.ui.uploading import VISITOR, sent
from ui.visitors import limits
from ui.visitors.messages import RequestError
from ui.visitors.uploads import UploadedFile, UploadError, Uploads, clean_name


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path)


def waiting(uploads: Uploads) -> list[Path]:
    return list(uploads._folder.iterdir())


def taken(uploads: Uploads, *tokens: str, visitor: str = VISITOR) -> list[tuple[str, bytes]]:
    with uploads.taken(visitor, [UploadedFile(token=token) for token in tokens]) as files:
        return [(file.name, file.path.read_bytes()) for file in files]


def test_what_was_sent_is_taken_under_the_visitors_name_and_then_removed(uploads: Uploads) -> None:
    token = sent(uploads, "notes.txt", b"one ", b"two")
    assert taken(uploads, token) == [("notes.txt", b"one two")]
    assert waiting(uploads) == []


def test_a_file_is_taken_once(uploads: Uploads) -> None:
    token = sent(uploads, "notes.txt", b"one")
    with pytest.raises(RequestError, match="a file is read once"):
        taken(uploads, token, token)
    taken(uploads, token)
    with pytest.raises(RequestError, match="a file is read once"):
        taken(uploads, token)


@pytest.mark.parametrize("visitor", ["b" * 32, ""])
def test_a_file_is_taken_by_the_visitor_who_sent_it_alone(uploads: Uploads, visitor: str) -> None:
    token = sent(uploads, "notes.txt", b"one")
    with pytest.raises(RequestError, match="for the browser that sent it"):
        taken(uploads, token, visitor=visitor)
    assert taken(uploads, token) == [("notes.txt", b"one")]


def test_where_one_of_several_is_not_here_none_is_taken(uploads: Uploads) -> None:
    token = sent(uploads, "notes.txt", b"one")
    with pytest.raises(RequestError):
        taken(uploads, token, "guessed")
    assert taken(uploads, token) == [("notes.txt", b"one")]


def test_two_visitors_may_bring_the_same_file(uploads: Uploads) -> None:
    tokens = {visitor: sent(uploads, "a.txt", b"x", visitor=visitor) for visitor in ("one", "two")}
    for visitor, token in tokens.items():
        assert taken(uploads, token, visitor=visitor) == [("a.txt", b"x")]


@pytest.mark.parametrize(
    "name", ["../../x.txt", "/etc/passwd.TXT", "a/b.txt", "\0.txt", "x.txt/..", "a" * 300 + ".txt"]
)
def test_no_part_of_a_name_is_part_of_a_path(uploads: Uploads, name: str) -> None:
    sent(uploads, name, b"text")
    (path,) = waiting(uploads)
    assert path.stem.isalnum()
    assert len(path.stem) == 32
    assert path.suffix in {".txt", ""}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_was_not_sent_whole_is_removed_at_once(uploads: Uploads) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"one"
        assert len(waiting(uploads)) == 1
        raise ConnectionError

    async def receive() -> None:
        await uploads.receive(broken(), "notes.txt", visitor=VISITOR, client="here")

    with pytest.raises(ConnectionError):
        run_apart(receive)
    assert waiting(uploads) == []
    assert uploads._waiting == {}


def test_what_nobody_takes_is_removed_after_a_while(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, kept_seconds=0)
    token = sent(uploads, "notes.txt", b"one")
    uploads.clear_out()
    assert waiting(uploads) == []
    with pytest.raises(RequestError, match="no longer here"):
        taken(uploads, token)


class TestLimits:
    def test_a_file_is_no_larger_than_it_may_be_nor_than_it_was_said_to_be(
        self, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "MAX_UPLOAD_BYTES", 1_000_000)
        with pytest.raises(UploadError, match=r"big.txt is too large: the most is 1 MB"):
            sent(uploads, "big.txt", b"x" * 600_000, b"x" * 600_000, size=1_000_000)
        with pytest.raises(UploadError, match=r"big.txt is too large"):
            sent(uploads, "big.txt", b"x", size=1_000_001)
        with pytest.raises(UploadError, match=r"big.txt is too large"):
            sent(uploads, "big.txt", b"xyz", size=2)
        assert waiting(uploads) == []

    @pytest.mark.parametrize(
        ("most", "value", "told"),
        [
            ("MAX_WAITING_FILES", 2, "too many of your files wait to be read"),
            ("MAX_WAITING_BYTES", 20, "too many of your files wait to be read"),
            ("MAX_ALL_WAITING_FILES", 3, "there is no room for more files here"),
            ("MAX_ALL_WAITING_BYTES", 30, "there is no room for more files here"),
        ],
    )
    def test_so_many_files_and_bytes_may_wait_of_one_sender_and_of_all(
        self,
        uploads: Uploads,
        monkeypatch: pytest.MonkeyPatch,
        most: str,
        value: int,
        told: str,
    ) -> None:
        monkeypatch.setattr(limits, most, value)
        first = sent(uploads, "a.txt", b"x" * 10)
        sent(uploads, "b.txt", b"x" * 10)
        sent(uploads, "c.txt", b"x" * 10, client="elsewhere")
        with pytest.raises(UploadError, match=told):
            sent(uploads, "d.txt", b"x" * 10)
        taken(uploads, first)
        sent(uploads, "d.txt", b"x" * 10)


@pytest.mark.parametrize(
    ("given", "cleaned"),
    [
        ("notes.txt", "notes.txt"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\notes.txt", "notes.txt"),
        ("/notes.txt", "notes.txt"),
        ("..txt", "txt"),
        ("a\0b\n\u202ec.txt", "abc.txt"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
        ("", "document"),
        ("..", "document"),
        ("灯塔.docx", "灯塔.docx"),
    ],
)
def test_a_name_has_no_folders_and_nothing_unseen(given: str, cleaned: str) -> None:
    assert clean_name(given) == cleaned
