"""What files say of themselves, and what is said of them in a file of its own."""

from __future__ import annotations

import os
from datetime import datetime
from io import BytesIO
from pathlib import Path

import docx
import pypdf
import pytest
from openpyxl import Workbook

from qa.documents import Document
from qa.errors import LoadError
from qa.loaders import File, is_read, load
from qa.loaders.formats import MARKDOWN
from qa.loaders.sidecar import MAX_BYTES
from tests.pdf_files import Page, pdf_of
from tests.qa.loaders.archives import epub_of, pptx_of, saved, shape

CORE = (
    '<p:coreProperties xmlns:p="p" xmlns:dc="dc"><dc:title>Prices</dc:title>'
    "<dc:creator>Anna</dc:creator><p:created>2024-03-05T10:00:00Z</p:created></p:coreProperties>"
)
OPF = (
    '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<metadata><dc:title>Marn</dc:title><dc:creator>Anna</dc:creator><dc:creator>Ole</dc:creator>"
    "<dc:language>en</dc:language><dc:date>1902-06-01</dc:date></metadata>"
    '<manifest><item id="c0" href="text/c%200.xhtml" media-type="application/xhtml+xml"/>'
    '</manifest><spine><itemref idref="c0"/></spine></package>'
)


def read(path: Path, content: bytes | str) -> Document:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (document,) = load(path)
    return document


class TestAFile:
    def test_of_html_has_its_meta_elements_and_its_language(self, tmp_path: Path) -> None:
        page = (
            "<html lang=fr><head><title>Prices</title><meta charset=utf-8>"
            "<meta name=Author content='Anna'><meta name=date content='2024-03-05'>"
            "<meta name=citation_author content=Ole><meta name=citation_author content=Eve>"
            "<meta name=viewport content='width=1'><meta name='twitter:card' content=x>"
            "<meta name=keywords content=''></head><body>Five euros.</body></html>"
        )
        assert read(tmp_path / "a.html", page).metadata == {
            "title": "Prices",
            "language": "fr",
            "author": "Anna",
            "date": "2024-03-05",
            "year": 2024,
            "citation_author": "Ole, Eve",
        }

    def test_of_pdf_has_its_information(self, tmp_path: Path) -> None:
        page = Page().lines("A ticket costs five euros today.")
        writer = pypdf.PdfWriter(clone_from=BytesIO(pdf_of(page)))
        told = {"/Title": "Prices", "/Author": "Änna", "/CreationDate": "D:20240305101112+01'00'"}
        writer.add_metadata({**told, "/Subject": "Museums", "/Producer": "A program"})
        writer.write(tmp_path / "a.pdf")
        (document,) = load(tmp_path / "a.pdf")
        assert document.metadata == {
            "title": "Prices",
            "author": "Änna",
            "subject": "Museums",
            "date": "2024-03-05",
            "year": 2024,
        }

    @pytest.mark.parametrize("date", ["yesterday", "D:2024", "D:20241301", ""])
    def test_of_pdf_may_have_no_date(self, tmp_path: Path, date: str) -> None:
        writer = pypdf.PdfWriter(clone_from=BytesIO(pdf_of(Page().lines("Five euros today."))))
        writer.add_metadata({"/CreationDate": date})
        writer.write(tmp_path / "a.pdf")
        assert not load(tmp_path / "a.pdf")[0].metadata

    def test_of_word_has_its_properties(self, tmp_path: Path) -> None:
        word = docx.Document()
        word.add_paragraph("Five euros.")
        properties = word.core_properties
        properties.author, properties.title, properties.keywords = "Anna", "Prices", "museum, fee"
        properties.created = datetime(2024, 3, 5, 10)
        word.save(str(tmp_path / "a.docx"))
        assert load(tmp_path / "a.docx")[0].metadata == {
            "title": "Prices",
            "author": "Anna",
            "keywords": "museum, fee",
            "date": "2024-03-05",
            "year": 2024,
        }

    def test_of_powerpoint_has_its_properties(self, tmp_path: Path) -> None:
        slides = pptx_of(shape("Five euros."), parts={"docProps/core.xml": CORE})
        document = read(tmp_path / "a.pptx", slides)
        assert document.metadata == {
            "title": "Prices", "author": "Anna", "date": "2024-03-05", "year": 2024,
        }  # fmt: skip

    def test_of_excel_has_its_properties(self, tmp_path: Path) -> None:
        book = Workbook()
        book.active.append(["Ticket", "five euros"])
        book.properties.creator, book.properties.category = "Anna", "Fees"
        book.properties.created = datetime(2024, 3, 5, 10)
        assert read(tmp_path / "a.xlsx", saved(book)).metadata == {
            "author": "Anna", "category": "Fees", "date": "2024-03-05", "year": 2024,
        }  # fmt: skip

    def test_of_a_book_has_what_describes_it(self, tmp_path: Path) -> None:
        book = epub_of("<p>Anna lit the lamp.</p>", parts={"OEBPS/book.opf": OPF})
        assert read(tmp_path / "a.epub", book).metadata == {
            "title": "Marn",
            "author": "Anna, Ole",
            "language": "en",
            "date": "1902-06-01",
            "year": 1902,
        }

    def test_of_a_mail_has_its_headers(self, tmp_path: Path) -> None:
        mail = (
            "From: =?utf-8?q?Eve_=C3=96?= <eve@example.org>\nTo: bob@example.org\n"
            "Date: Tue, 5 Mar 2024 23:00:00 -0500\nSubject: Fees\n\nFive euros.\n"
        )
        assert read(tmp_path / "a.eml", mail).metadata == {
            "from": "Eve Ö <eve@example.org>",
            "to": "bob@example.org",
            "subject": "Fees",
            "title": "Fees",
            "date": "2024-03-05",
            "year": 2024,
        }
        mail = mail.replace("Tue, 5 Mar 2024 23:00:00 -0500", "some day")
        assert read(tmp_path / "a.eml", mail).metadata["date"] == "some day"

    def test_of_plain_text_has_none(self, tmp_path: Path) -> None:
        assert not read(tmp_path / "a.txt", "---\nauthor: Anna\n---\nFive euros.").metadata


class TestFrontMatter:
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_is_read(self, tmp_path: Path, end: str) -> None:
        told = "title: The plan|date: 2025-01-15|tags: [museum, 'a: b']|draft: yes|public: true"
        front = f"---|{told}|n: 007|by:|  name: nested|# a comment|---|Text.".split("|")
        assert read(tmp_path / "a.md", end.join(front)).metadata == {
            "title": "The plan",
            "date": "2025-01-15",
            "year": 2025,
            "tags": "museum, a: b",
            "draft": "yes",
            "public": True,
            "n": "007",
        }

    def test_is_of_markdown_and_stays_in_its_text(self, tmp_path: Path) -> None:
        text = "---\nauthor: Anna\ntags: x\n---\n# Plan\n\nFive euros.\n"
        for suffix in MARKDOWN:
            document = read(tmp_path / f"a{suffix}", text)
            assert (document.text, document.metadata["author"]) == (text, "Anna")
        blocks = [(document.text[b.start : b.end], b.kind) for b in document.blocks]
        assert blocks == [
            ("---", "furniture"),
            ("author: Anna", "paragraph"),
            ("tags: x", "paragraph"),
            ("---", "furniture"),
            ("# Plan", "heading"),
        ]

    @pytest.mark.parametrize(
        "front",
        [
            "just a rule above a text",
            "- a list",
            "a: [unclosed",
            "a: b: c",
            "? [x]\n: y",
            "a: &a [*a]",
            "x: !!python/object/apply:os.system ['true']\n: [",
            "[" * 9_000,
            "a: 1\n" * 3_000,
            "",
        ],
    )
    def test_that_is_none_is_text(self, tmp_path: Path, front: str) -> None:
        document = read(tmp_path / "a.md", f"---\n{front}\n---\nFive euros.")
        assert not document.metadata
        assert document.text.endswith("Five euros.")

    def test_is_data_and_multiplies_no_aliases(self, tmp_path: Path) -> None:
        bomb = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))
        front = f"t: !!python/object/apply:os.system [exit]\na0: &a0 [x, y]\n{bomb}"
        document = read(tmp_path / "a.md", f"---\n{front}\n---\nFive euros.")
        assert document.metadata == {"t": "exit", "a0": "x, y"}


class TestASidecar:
    def test_adds_to_what_the_file_says_and_is_no_document(self, tmp_path: Path) -> None:
        (tmp_path / "a.md").write_text("---\nauthor: Anna\nyear: 2023\n---\nFive euros.")
        (tmp_path / "b.txt").write_text("Six euros.")
        told = '{"Year": "2024", "rating": 4.5, "tags": ["x", "y"], "more": {"a": 1}, "none": null}'
        (tmp_path / "a.md.meta.json").write_text(told)
        one, other = load(tmp_path)
        assert one.metadata == {"author": "Anna", "Year": 2024, "rating": 4.5, "tags": "x, y"}
        assert (other.id, other.metadata) == ("b.txt", {})

    @pytest.mark.parametrize("content", ["[1]", "{", "", "null", "\xff", "[" * 50_000, "1" * 9_000])
    def test_that_is_no_json_object_is_an_error_that_names_it(
        self, tmp_path: Path, content: str
    ) -> None:
        (tmp_path / "a.txt").write_text("Five euros.")
        (tmp_path / "a.txt.meta.json").write_text(content, "latin-1")
        with pytest.raises(LoadError, match=r"a\.txt\.meta\.json is not metadata: write") as error:
            load(tmp_path / "a.txt")
        assert error.value.source == str(tmp_path / "a.txt")

    def test_is_small_and_no_link_or_folder(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("Five euros.")
        sidecar = tmp_path / "a.txt.meta.json"
        sidecar.write_text('{"a": "' + "x" * MAX_BYTES + '"}')
        with pytest.raises(LoadError, match=r"a\.txt\.meta\.json has .* the most is 100,000"):
            load(tmp_path)
        sidecar.unlink()
        (tmp_path / "secret.json").write_text('{"a": 1}')
        sidecar.symlink_to(tmp_path / "secret.json")
        with pytest.raises(LoadError, match=r"a\.txt\.meta\.json is a link: put the file"):
            load(tmp_path)
        sidecar.unlink()
        sidecar.mkdir()
        with pytest.raises(LoadError, match=r"a\.txt\.meta\.json is not a file"):
            load(tmp_path)

    def test_counts_for_whether_a_file_changed(self, tmp_path: Path) -> None:
        path, sidecar = tmp_path / "a.txt", tmp_path / "a.txt.meta.json"
        path.write_text("Five euros.")
        os.utime(path, (1, 1))
        without = File.at(path, "a.txt").stamp
        sidecar.write_text("{}")
        assert File.at(path, "a.txt").stamp is None  # it was written only now
        os.utime(sidecar, (1, 1))
        first = File.at(path, "a.txt").stamp
        os.utime(sidecar, (2, 2))
        assert len({without, first, File.at(path, "a.txt").stamp, None}) == 4

    def test_is_watched_with_its_file(self) -> None:
        names = ("a.txt", "a.txt.meta.json", "a.meta.json", "a.json", "a.exe.meta.json")
        assert [is_read(Path(name)) for name in names] == [True, True, False, False, False]
