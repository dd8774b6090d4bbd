from __future__ import annotations

import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import docx
import pytest
from docx.document import Document as Word
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.documents import Document
from qa.errors import LoadError
from qa.loaders import load
from qa.loaders.parsers import Refused, package
from qa.loaders.parsers import docx as parser
from tests.refusals import refusal

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MAIN = "word/document.xml"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "letter.docx"


def saved(path: Path, word: Word) -> Document:
    word.save(str(path))
    (document,) = load(path)
    return document


def pack(path: Path, parts: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def body(xml: str, *, before: str = "") -> str:
    document = f'<w:document xmlns:w="{W}"><w:body>{xml}</w:body></w:document>'
    return f'<?xml version="1.0"?>{before}{document}'


def text_of(path: Path, xml: str, **parts: str) -> str:
    (document,) = load(pack(path, {MAIN: body(xml), **parts}))
    return document.text


class TestText:
    def test_everything_is_read_in_its_order(self, path: Path) -> None:
        word = docx.Document()
        word.add_heading("The office", 1)
        paragraph = word.add_paragraph("One ")
        paragraph.add_run("sentence.").bold = True
        word.add_paragraph("First item", style="List Bullet")
        word.add_paragraph("Second item", style="List Bullet")
        table = word.add_table(2, 2)
        for cell, text in zip(
            [c for row in table.rows for c in row.cells],
            ["Name", "Price", "Ticket", "five\neuros"],
            strict=True,
        ):
            cell.text = text
        word.add_paragraph("After\tthe table.\nAnother line.")
        assert saved(path, word).text == (
            "The office\n\nOne sentence.\n\nFirst item\n\nSecond item\n\nName\tPrice\n\n"
            "Ticket\tfive\neuros\n\nAfter\tthe table.\nAnother line."
        )

    @pytest.mark.parametrize(
        "words", ["東京は日本の首都です。", "שלום עולם", "مرحبا", "x 👍🏽 𝒳 é"]
    )
    def test_any_writing_is_read(self, path: Path, words: str) -> None:
        word = docx.Document()
        word.add_paragraph(words)
        assert saved(path, word).text == words

    @settings(max_examples=20)
    @given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1))
    def test_any_text_comes_back(
        self, tmp_path_factory: pytest.TempPathFactory, drawn: str
    ) -> None:
        word = docx.Document()
        word.add_paragraph(f"x{drawn}x")
        assert saved(tmp_path_factory.getbasetemp() / "any.docx", word).text == f"x{drawn}x"

    def test_the_title_is_that_of_the_properties(self, path: Path) -> None:
        word = docx.Document()
        word.add_paragraph("Text.")
        word.core_properties.title = "A letter — 好"
        assert saved(path, word).title == "A letter — 好"
        word.core_properties.title = "Document1"
        assert saved(path, word).title == "letter"

    def test_headers_and_footers_are_left_out(self, path: Path) -> None:
        word = docx.Document()
        word.add_paragraph("Text.")
        word.sections[0].header.paragraphs[0].text = "Header"
        word.sections[0].footer.paragraphs[0].text = "Footer"
        assert saved(path, word).text == "Text."

    @pytest.mark.parametrize(
        ("xml", "text"),
        [
            ("<w:ins><w:r><w:t>new</w:t></w:r></w:ins>", "new"),
            ("<w:r><w:t>a</w:t></w:r><w:del><w:r><w:delText>old</w:delText></w:r></w:del>", "a"),
            ("<w:moveFrom><w:r><w:t>x</w:t></w:r></w:moveFrom><w:r><w:t>a</w:t></w:r>", "a"),
            ("<w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink>", "link"),
            ("<w:sdt><w:sdtContent><w:r><w:t>field</w:t></w:r></w:sdtContent></w:sdt>", "field"),
            ("<w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:t>3</w:t></w:r>", "3"),
            ("<w:r><w:t>e</w:t><w:noBreakHyphen/><w:t>m</w:t></w:r>", "e\N{NON-BREAKING HYPHEN}m"),
            ("<w:r><w:t>im</w:t><w:softHyphen/><w:t>port</w:t></w:r>", "import"),
            ("<w:r><w:rPr><w:vanish/></w:rPr><w:t>x</w:t></w:r><w:r><w:t>a</w:t></w:r>", "a"),
            ("<w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>a</w:t></w:r>", "a"),
            ("<w:r><w:t>a</w:t><w:br/><w:t>b</w:t></w:r>", "a\nb"),
            ("<w:r><w:t xml:space='preserve'> a </w:t></w:r><w:r><w:t>b</w:t></w:r>", " a b"),
        ],
    )
    def test_runs_are_read_as_they_are_shown(self, path: Path, xml: str, text: str) -> None:
        assert text_of(path, f"<w:p>{xml}</w:p>") == text

    def test_a_text_box_is_read_once(self, path: Path) -> None:
        box = "<w:txbxContent><w:p><w:r><w:t>In the box.</w:t></w:r></w:p></w:txbxContent>"
        mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
        both = (
            f'<mc:AlternateContent xmlns:mc="{mc}"><mc:Choice>{box}</mc:Choice>'
            f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
        )
        xml = f"<w:p><w:r><w:t>Before.</w:t></w:r><w:r>{both}</w:r></w:p>"
        assert text_of(path, xml) == "Before.\n\nIn the box."

    def test_footnotes_and_endnotes_follow(self, path: Path) -> None:
        def notes(name: str, text: str) -> str:
            return (
                f'<w:{name}s xmlns:w="{W}"><w:{name} w:type="separator"><w:p><w:r>'
                f"<w:t>no</w:t></w:r></w:p></w:{name}><w:{name} w:id='2'><w:p><w:r>"
                f"<w:t>{text}</w:t></w:r></w:p></w:{name}></w:{name}s>"
            )

        parts = {
            "word/endnotes.xml": notes("endnote", "At the end."),
            "word/footnotes.xml": notes("footnote", "At the foot."),
        }
        xml = "<w:p><w:r><w:t>Text.</w:t></w:r></w:p>"
        assert text_of(path, xml, **parts) == "Text.\n\nAt the foot.\n\nAt the end."

    def test_the_text_is_found_where_the_file_says(self, path: Path) -> None:
        relations = (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Type="http://x/relationships/officeDocument" Target="/w/text.xml"/>'
            "</Relationships>"
        )
        xml = body("<w:p><w:r><w:t>Text.</w:t></w:r></w:p>")
        pack(path, {"_rels/.rels": relations, "w/text.xml": xml})
        assert load(path)[0].text == "Text."


class TestWhatIsNotRead:
    def test_a_zip_bomb(self, path: Path) -> None:
        bomb = zipfile.ZipInfo(MAIN)
        bomb.compress_type = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(path, "w") as archive, archive.open(bomb, "w") as member:
            for _ in range(65):
                member.write(b" " * 1_000_000)
        assert path.stat().st_size < 100_000
        assert "unpacks to more than 64,000,000 bytes" in refusal(path)

    def test_parts_that_are_too_much_together(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(package, "MAX_PART_BYTES", 500)
        notes = f'<w:footnotes xmlns:w="{W}">{" " * 300}</w:footnotes>'
        pack(path, {MAIN: body("<w:p/>" + " " * 200), "word/footnotes.xml": notes})
        with pytest.raises(Refused, match="unpacks to more than 500 bytes"):
            parser.parse(path.read_bytes(), path.name)

    @pytest.mark.parametrize(
        "declared",
        [
            "<!ENTITY x SYSTEM 'file:///etc/hostname'>",
            "<!ENTITY a 'ha'><!ENTITY x '&a;&a;&a;&a;'>",
        ],
    )
    @pytest.mark.parametrize("part", [MAIN, "docProps/core.xml"])
    def test_entities_of_its_own(self, path: Path, declared: str, part: str) -> None:
        hostile = body("<w:p><w:r><w:t>&x;</w:t></w:r></w:p>", before=f"<!DOCTYPE d [{declared}]>")
        pack(path, {MAIN: body("<w:p><w:r><w:t>Text.</w:t></w:r></w:p>"), part: hostile})
        assert f"declares entities of its own in {part}" in refusal(path)

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "is empty"),
            (b"%PDF-1.7", "its content is a PDF"),
            (b"<html><p>Saved as Word", "its content is HTML"),
            (b"{\\rtf1 x}", "its content is an RTF file"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...", "an old Office file"),
            (
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
                "protected by a password",
            ),
            (b"words", "is called .docx, but is not a Word file"),
            (b"PK\x03\x04 and nothing else", "is damaged, or cut off"),
        ],
    )
    def test_another_kind_of_file(self, path: Path, data: bytes, reason: str) -> None:
        path.write_bytes(data)
        assert reason in refusal(path)

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("xl/workbook.xml", "an Excel workbook"),
            ("ppt/presentation.xml", "a PowerPoint file"),
            ("content.xml", "an OpenDocument file"),
            ("holiday.png", "some other ZIP archive"),
        ],
    )
    def test_another_kind_of_archive(self, path: Path, name: str, kind: str) -> None:
        pack(path, {name: "<x/>"})
        assert f"its content is {kind}" in refusal(path)

    def test_a_file_without_text(self, path: Path) -> None:
        pack(path, {MAIN: body("<w:p/>")})
        assert "is empty" in refusal(path)

    def test_xml_that_is_none(self, path: Path) -> None:
        pack(path, {MAIN: body("<w:p>")[:-9]})
        assert "is damaged" in refusal(path)

    def test_a_file_that_was_cut_off_anywhere(self, path: Path) -> None:
        word = docx.Document()
        word.add_paragraph("Text.")
        whole = BytesIO()
        word.save(whole)
        data = whole.getvalue()
        for kept in range(10, len(data) - 30, len(data) // 12):
            path.write_bytes(data[:kept])
            assert "damaged, or cut off" in refusal(path)

    @given(st.data())
    def test_a_file_with_changed_bytes_is_read_or_refused(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "changed.docx"
        pack(path, {MAIN: body("<w:p><w:r><w:t>Text.</w:t></w:r></w:p>")})
        changed = bytearray(path.read_bytes())
        places = st.lists(st.integers(0, len(changed) - 1), min_size=1, max_size=9, unique=True)
        for place in data.draw(places):
            changed[place] = data.draw(st.integers(0, 255))
        path.write_bytes(changed)
        with suppress(LoadError):
            load(path)

    def test_a_changed_byte_is_found(self, path: Path) -> None:
        pack(path, {MAIN: body(f"<w:p><w:r><w:t>{'Text. ' * 50}</w:t></w:r></w:p>")})
        data = bytearray(path.read_bytes())
        data[80] ^= 0xFF
        path.write_bytes(data)
        assert "damaged" in refusal(path)
