from __future__ import annotations

import codecs
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.documents import Document
from qa.errors import LoadError
from qa.loaders import formats, load
from qa.loaders.parsers.encodings import decoded
from tests.refusals import refusal

TEXT = "Naïve café — “quoted”, 好, 👍🏽.\r\nSecond line.\rThird.\n"


class TestReadingAFile:
    @pytest.mark.parametrize(
        "data",
        [
            TEXT.encode(),
            codecs.BOM_UTF8 + TEXT.encode(),
            codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
            codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
            codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
            codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"),
        ],
        ids=["UTF-8", "UTF-8 with mark", "UTF-16 LE", "UTF-16 BE", "UTF-32 LE", "UTF-32 BE"],
    )
    def test_keeps_every_character_in_each_encoding(self, tmp_path: Path, data: bytes) -> None:
        path = tmp_path / "notes.txt"
        path.write_bytes(data)
        (document,) = load(path)
        assert document.text == TEXT
        assert document.id == "notes.txt"
        assert document.title == "notes"
        assert document.source == str(path)
        assert document.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()

    def test_a_blank_one_is_named_as_it_was_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        Path("blank.txt").write_text(" \n")
        with pytest.raises(LoadError, match=r"^blank\.txt is empty"):
            load("blank.txt")

    @pytest.mark.parametrize("name", ["a.txt", "a.TXT", "a.text", "a.md", "a.markdown"])
    def test_takes_each_kind_by_its_suffix(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("# Title\n\n*Text*")
        (document,) = load(tmp_path / name)
        assert document.text == "# Title\n\n*Text*"

    @pytest.mark.parametrize(
        ("data", "place"),
        [
            (codecs.BOM_UTF8 + b"abc\xffdef", "offset 6 (0xff)"),
            ("naïve ".encode() + b"\xff", "offset 7 (0xff)"),
            (codecs.BOM_UTF16_LE + b"a\0b", "offset 4 (0x62)"),
            (codecs.BOM_UTF16_BE + b"\0a\xdc\0\0b", "offset 4 (0xdc)"),
        ],
    )
    def test_says_where_a_byte_fits_no_character(
        self, tmp_path: Path, data: bytes, place: str
    ) -> None:
        path = tmp_path / "notes.txt"
        path.write_bytes(data)
        message = refusal(path)
        assert place in message
        assert "save it as UTF-8, or name its encoding with --encoding" in message

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "is empty"),
            (codecs.BOM_UTF8, "is empty"),
            (" \n\t\u3000".encode(), "is empty"),
            (b"PK\x03\x04\0\0", "binary"),
            (b"text\0text", "binary"),
            (codecs.BOM_UTF16_LE + "a\0b".encode("utf-16-le"), "NUL"),
        ],
    )
    def test_refuses_what_is_not_text(self, tmp_path: Path, data: bytes, reason: str) -> None:
        path = tmp_path / "notes.txt"
        path.write_bytes(data)
        assert reason in refusal(path)

    def test_refuses_a_file_above_the_limit(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(formats.MAX_BYTES, "text", 10)
        (tmp_path / "a.txt").write_text("x" * 11)
        assert "11 bytes" in refusal(tmp_path / "a.txt")

    def test_refuses_a_file_that_cannot_be_read(self, tmp_path: Path) -> None:
        path = tmp_path / "a.txt"
        path.mkdir()
        with pytest.raises(LoadError, match="not a file that can be read"):
            formats.load_text(path, "a.txt")

    @given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
    def test_has_the_text_that_stood_in_the_file(self, drawn: str) -> None:
        words = "x" + drawn
        assert decoded(words.encode()) == (words, "")
        assert decoded(words.encode("utf-16")) == (words, "")
        assert Document("a", words).text == words
