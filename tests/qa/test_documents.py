from __future__ import annotations

import codecs
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa import documents
from qa.documents import Document, Span, load, load_all
from qa.errors import LoadError

TEXT = "Naïve café — “quoted”, 好, 👍🏽.\r\nSecond line.\rThird.\n"


def refusal(path: object) -> str:
    with pytest.raises(LoadError) as caught:
        load(str(path))
    assert caught.value.source == str(path)
    return str(caught.value)


class TestReadingAFile:
    @pytest.mark.parametrize(
        "data",
        [
            TEXT.encode(),
            codecs.BOM_UTF8 + TEXT.encode(),
            codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
            codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        ],
        ids=["UTF-8", "UTF-8 with mark", "UTF-16 LE", "UTF-16 BE"],
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

    @pytest.mark.parametrize("name", ["a.txt", "a.TXT", "a.text", "a.md"])
    def test_takes_each_kind_by_its_suffix(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("# Title\n\n*Text*")
        (document,) = load(tmp_path / name)
        assert document.text == "# Title\n\n*Text*"

    @pytest.mark.parametrize(
        ("data", "place"),
        [
            (b"abc\xffdef", "offset 3 (0xff)"),
            (codecs.BOM_UTF8 + b"abc\xffdef", "offset 6 (0xff)"),
            ("naïve".encode("latin-1"), "offset 2 (0xef)"),
            (b"cut off \xe5\xa5", "offset 8 (0xe5)"),
            (b"half a pair \xed\xa0\x80", "offset 12 (0xed)"),
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
        assert "save it as UTF-8" in message

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "is empty"),
            (codecs.BOM_UTF8, "is empty"),
            (" \n\t\u3000".encode(), "is empty"),
            (b"PK\x03\x04\0\0", "binary"),
            (b"text\0text", "binary"),
            (codecs.BOM_UTF16_LE + "a\0b".encode("utf-16-le"), "NUL"),
            (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "UTF-32"),
            (codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"), "UTF-32"),
        ],
    )
    def test_refuses_what_is_not_text(self, tmp_path: Path, data: bytes, reason: str) -> None:
        path = tmp_path / "notes.txt"
        path.write_bytes(data)
        assert reason in refusal(path)

    def test_names_what_is_missing(self, tmp_path: Path) -> None:
        assert str(tmp_path / "no.txt") in refusal(tmp_path / "no.txt")

    def test_names_the_kinds_it_knows(self, tmp_path: Path) -> None:
        (tmp_path / "a.xyz").write_text("text")
        assert ".md, .text, .txt" in refusal(tmp_path / "a.xyz")

    @pytest.mark.parametrize("name", ["x" * 5_000, "no\0name.txt", "~nobody-of-that-name/a.txt"])
    def test_refuses_names_that_no_file_can_have(self, name: str) -> None:
        with pytest.raises(LoadError):
            load(name)

    def test_refuses_a_file_above_the_limit(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(documents, "MAX_BYTES", 10)
        (tmp_path / "a.txt").write_text("x" * 11)
        assert "11 bytes" in refusal(tmp_path / "a.txt")

    def test_refuses_a_file_that_cannot_be_read(self, tmp_path: Path) -> None:
        path = tmp_path / "a.txt"
        path.mkdir()
        with pytest.raises(LoadError, match="cannot be read"):
            documents.load_text(path, "a.txt")


class TestReadingAFolder:
    def test_gives_every_readable_file_in_order_of_id(self, tmp_path: Path) -> None:
        for name in ["b.txt", "a/z.md", "a/c.txt", "skip.pdf", "noise"]:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(name)
        assert [d.id for d in load(tmp_path)] == ["a/c.txt", "a/z.md", "b.txt"]

    def test_passes_over_hidden_files_and_folders(self, tmp_path: Path) -> None:
        for name in ["a.txt", ".hidden.txt", ".git/notes.txt", "sub/.x/y.txt"]:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(name)
        assert [d.id for d in load(tmp_path)] == ["a.txt"]

    def test_reads_a_folder_that_is_itself_hidden(self, tmp_path: Path) -> None:
        (tmp_path / ".notes").mkdir()
        (tmp_path / ".notes" / "a.txt").write_text("text")
        assert [d.id for d in load(tmp_path / ".notes")] == ["a.txt"]

    def test_says_so_when_nothing_in_it_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "a.pdf").write_bytes(b"%PDF")
        assert ".txt" in refusal(tmp_path)

    def test_stops_at_a_file_that_is_not_text(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("text")
        (tmp_path / "b.txt").write_bytes(b"\xff\xff")
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


class TestADocument:
    @pytest.mark.parametrize("text", ["", " ", "\n\r\n", "\u3000\x1c", "a\0b", "a\ud800b"])
    def test_refuses_what_is_no_text(self, text: str) -> None:
        with pytest.raises(LoadError):
            Document("a", text)

    def test_says_where_half_a_surrogate_pair_is(self) -> None:
        with pytest.raises(LoadError, match="at character 2"):
            Document("a", "👍x\udc00")

    def test_needs_an_id(self) -> None:
        with pytest.raises(LoadError, match="id"):
            Document("", "text")

    def test_does_not_print_its_text(self) -> None:
        assert "secret" not in repr(Document("a", "secret"))

    def test_counts_lines_as_an_editor_does(self) -> None:
        text = "one\ntwo\r\nthree\rfour\n\nsix\r\r\neight"
        document = Document("a", text)
        words = {"one": 1, "two": 2, "three": 3, "four": 4, "six": 6, "eight": 8}
        assert {word: document.line(text.index(word)) for word in words} == words
        assert document.line(text.index("\n")) == 1

    @given(st.text(st.sampled_from("ab \r\n\u2028é👍"), min_size=1))
    def test_counts_lines_as_universal_newlines_do(self, drawn: str) -> None:
        document = Document("a", text := "x" + drawn + "x")
        for position in range(len(text)):
            if text[position - 1 : position + 1] != "\r\n":
                before = text[:position].replace("\r\n", "\n").replace("\r", "\n")
                assert document.line(position) == 1 + before.count("\n")

    @given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.data())
    def test_gives_the_bytes_of_any_span(self, drawn: str, data: st.DataObject) -> None:
        document = Document("a", text := "x" + drawn)
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        first, last = document.byte_span(Span(start, end))
        assert text.encode()[first:last] == text[start:end].encode()
        assert first == len(text[:start].encode())

    @given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
    def test_has_the_text_that_stood_in_the_file(self, drawn: str) -> None:
        text = "x" + drawn
        assert documents._decode(text.encode(), Path("a.txt")) == text
        assert documents._decode(text.encode("utf-16"), Path("a.txt")) == text
        assert Document("a", text).text == text


def test_spans_overlap_when_they_share_a_character() -> None:
    assert Span(0, 2).overlaps(Span(1, 5))
    assert not Span(0, 2).overlaps(Span(2, 5))
    assert not Span(2, 5).overlaps(Span(0, 2))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
def test_a_named_pipe_in_a_folder_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "a.txt").write_text("text")
    assert [d.id for d in load(tmp_path)] == ["a.txt"]
