from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.documents import Document
from qa.loaders import formats, load
from qa.loaders.parsers import Refused, pdf
from tests.pdf_files import Page, encrypted, pages_of, pdf_of
from tests.refusals import refusal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "report.pdf"


def loaded(path: Path, data: bytes) -> Document:
    path.write_bytes(data)
    (document,) = load(path)
    return document


class TestText:
    def test_lines_and_paragraphs_are_kept_apart(self, path: Path) -> None:
        page = Page().line("The heading", size=18)
        page.line("The first line of it,").line("and the second.").line("The third.")
        page.lines("Another paragraph", "of two lines.")
        assert loaded(path, pdf_of(page)).text == (
            "The heading\n\n"
            "The first line of it,\nand the second.\nThe third.\n\n"
            "Another paragraph\nof two lines."
        )

    def test_items_of_a_list_are_kept_apart(self, path: Path) -> None:
        page = Page().line("We need:").line("• bread").line("• butter").line("and jam")
        assert loaded(path, pdf_of(page)).text == "We need:\n\n• bread\n\n• butter\nand jam"

    def test_a_sentence_goes_on_in_the_next_column(self, path: Path) -> None:
        page = Page().line("The left column").line("goes on at")
        page.y = Page().y
        page.line("the right", x=320).line("column.", x=320)
        assert loaded(path, pdf_of(page)).text == (
            "The left column\ngoes on at\nthe right\ncolumn."
        )

    def test_hyphens_at_line_ends_are_kept(self, path: Path) -> None:
        page = Page().line("It is well-").line("known that docu\N{SOFT HYPHEN}")
        page.line("ments are long.").line("pages 3-4")
        assert loaded(path, pdf_of(page)).text == (
            "It is well-\nknown that docu-\nments are long.\npages 3-4"
        )

    def test_a_hyphenated_word_is_put_together_if_it_stands_whole_elsewhere(
        self, path: Path
    ) -> None:
        page = Page().line("Documents are known. Some docu-").line("ments, so well-")
        page.line("known as ours, are long-").line("winded. A well-known fact.")
        assert loaded(path, pdf_of(page)).text == (
            "Documents are known. Some documents,\nso well-\nknown as ours, are long-\n"
            "winded. A well-known fact."
        )

    def test_ligatures_are_taken_apart(self, path: Path) -> None:
        assert loaded(path, pages_of(["a ﬁne oﬃce"])).text == "a fine office"

    @pytest.mark.parametrize(
        "words", ["東京は日本の首都です。", "naïve café — “so” 3 €", "x 👍🏽 𝒳"]
    )
    def test_any_writing_is_read(self, path: Path, words: str) -> None:
        assert loaded(path, pages_of([words])).text == words

    @pytest.mark.parametrize("words", ["שלום עולם", "مرحبا بالعالم"])
    def test_writing_from_right_to_left_is_read_in_its_order(self, path: Path, words: str) -> None:
        as_drawn = words[::-1]  # the leftmost letter is the last
        assert loaded(path, pages_of([as_drawn])).text == words

    def test_what_is_no_character_is_dropped(self, path: Path) -> None:
        assert loaded(path, pages_of(["a\0b \x07c\x1b d\ud800e"])).text == "ab c de"

    @pytest.mark.parametrize(
        ("raw", "title"),
        [
            ("The office — 好", "The office — 好"),
            ("  Two\n lines ", "Two lines"),
            ("", "report"),
            ("Microsoft Word - report.docx", "report"),
            ("final_v2.indd", "report"),
            ("untitled", "report"),
            ("12-7", "report"),
            ("long" * 100, "report"),
        ],
    )
    def test_the_title_is_the_files_own_where_it_says_anything(
        self, path: Path, raw: str, title: str
    ) -> None:
        assert loaded(path, pdf_of(Page().line("Text."), title=raw)).title == title

    def test_a_title_that_is_no_text_is_none(self, path: Path) -> None:
        data = pdf_of(Page().line("Text."), title="好").replace(b"feff597d", b"feffd800")
        document = loaded(path, data)
        assert (document.title, document.text) == ("report", "Text.")

    def test_one_file_gives_one_text(self, path: Path) -> None:
        data = pdf_of(*(Page().lines(f"Page {n} begins", "and ends.") for n in range(9)))
        assert loaded(path, data) == loaded(path, data)


class TestPages:
    def test_each_page_starts_where_its_text_does(self, path: Path) -> None:
        words = ["One ends.", "Two goes", "on. Three (ends.)", "Four"]
        document = loaded(path, pages_of(words))
        assert document.text == "One ends.\n\nTwo goes\non. Three (ends.)\n\nFour"
        assert [document.text.index(text) for text in words] == list(document.pages)
        assert [document.page(document.text.index(text)) for text in words] == [1, 2, 3, 4]
        assert document.page(len("One ends.")) == 1
        assert document.page(len(document.text) - 1) == 4

    def test_pages_without_text_count(self, path: Path) -> None:
        pages = Page(), Page().line("Two."), Page().picture(), Page(), Page().line("Five.")
        document = loaded(path, pdf_of(*pages, Page()))
        assert document.text == "Two.\n\nFive."
        assert document.page(0) == 2
        assert document.page(document.text.index("Five")) == 5


class TestWhatIsNotRead:
    def test_a_password_is_asked_for_only_where_one_is_needed(self, path: Path) -> None:
        data = pages_of(["A secret."])
        assert loaded(path, encrypted(data, user="")).text == "A secret."
        path.write_bytes(encrypted(data, user="sesame"))
        assert "needs a password" in refusal(path)

    def test_a_scan_is_sent_to_ocr(self, path: Path) -> None:
        path.write_bytes(pdf_of(Page().picture(), Page().picture()))
        message = refusal(path)
        assert "scanned" in message
        assert "on its 2 pages" in message
        assert "ocrmypdf report.pdf" in message

    def test_pages_with_nothing_on_them_are_no_scan(self, path: Path) -> None:
        path.write_bytes(pdf_of(Page()))
        assert "no text to ask about: there is none on its one page" in refusal(path)

    @pytest.mark.parametrize("kept", [0.3, 0.6, 0.99])
    def test_a_file_that_was_cut_off_is_damaged(self, path: Path, kept: float) -> None:
        data = pages_of(["One.", "Two."])
        path.write_bytes(data[: int(len(data) * kept)])
        assert "cut off" in refusal(path)

    @pytest.mark.parametrize("body", [b"", b"nonsense\n", bytes(range(256)) * 9])
    def test_a_file_that_only_begins_like_a_pdf_is_damaged(self, path: Path, body: bytes) -> None:
        path.write_bytes(b"%PDF-1.7\n" + body + b"%%EOF")
        assert "damaged: it cannot be parsed as a PDF" in refusal(path)

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "is empty"),
            (b"\x89PNG\r\n\x1a\n...", "its content is a PNG image"),
            (b"PK\x03\x04...", "its content is a ZIP archive"),
            (b"\xef\xbb\xbf\n<!DOCTYPE html><p>", "its content is HTML"),
            (b"just words", "is called .pdf, but is not a PDF"),
        ],
    )
    def test_another_kind_of_file_is_said_to_be_that(
        self, path: Path, data: bytes, reason: str
    ) -> None:
        path.write_bytes(data)
        assert reason in refusal(path)

    def test_a_file_above_the_limit(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(formats.MAX_BYTES, "pdf", 99)
        path.write_bytes(pages_of(["One page."]))
        assert "the most is 99" in refusal(path)

    @pytest.mark.parametrize(
        ("limit", "most", "reason"),
        [
            ("MAX_PAGES", 2, "has 3 pages"),
            ("MAX_CHARACTERS", 9, "more than 9 characters"),
        ],
    )
    def test_more_pages_or_characters_than_the_most(
        self, monkeypatch: pytest.MonkeyPatch, limit: str, most: int, reason: str
    ) -> None:
        monkeypatch.setattr(pdf, limit, most)
        with pytest.raises(Refused, match=reason):
            pdf.parse(pages_of(["One page.", "Two pages.", "Three."]), "report.pdf")

    def test_the_parser_says_nothing_to_the_terminal(
        self, path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        path.write_bytes(b"%PDF-1.7\nnonsense%%EOF")
        refusal(path)
        assert capfd.readouterr() == ("", "")

    @settings(max_examples=20)
    @given(st.data())
    def test_a_file_with_changed_bytes_is_read_or_refused(self, data: st.DataObject) -> None:
        whole = bytearray(pages_of(["One page.", "Another."])[-700:])
        start = pages_of(["One page.", "Another."])[:-700]
        for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=20)):
            whole[place] = data.draw(st.integers(0, 255))
        try:
            found = pdf.parse(start + bytes(whole), "report.pdf")
        except Refused:
            return
        assert found.text
