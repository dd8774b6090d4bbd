"""CSV files and Excel workbooks: each row is a line, in which cells stand behind their headings."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import pytest
from openpyxl import Workbook

from qa.loaders import load
from qa.loaders.parsers import Extracted, Refused, csv, sheets, xlsx
from tests.qa.loaders.archives import packed, saved
from tests.refusals import refusal


def read(text: str, name: str = "a.csv") -> Extracted:
    return csv.parse(text.encode(), name)


def book_of(*rows: list[object], title: str = "Sheet1") -> Workbook:
    book = Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    return book


def kinds(document: Extracted) -> list[tuple[str, str]]:
    return [(kind, document.text[start:end]) for start, end, kind, _ in document.blocks]


class TestARow:
    def test_is_a_line_that_names_the_heading_of_each_cell(self) -> None:
        document = read("Name,Built,Height\nMarn,1871,31 m\nSkell,1902,\n")
        assert kinds(document) == [
            ("furniture", "Name; Built; Height"),
            ("row", "Name: Marn; Built: 1871; Height: 31 m"),
            ("row", "Name: Skell; Built: 1902"),
        ]

    def test_has_the_number_in_the_text_that_it_has_in_the_file(self) -> None:
        lines = read("a,b\n1,2\n\n3,4\n").text.split("\n")
        assert lines == ["a; b", "a: 1; b: 2", "", "a: 3; b: 4"]

    def test_with_more_cells_than_headings_keeps_them(self) -> None:
        assert read("a,b\n1,2,3\n").text.endswith("a: 1; b: 2; 3")

    def test_is_on_one_line_whatever_its_cells_hold(self) -> None:
        assert read('a,b\n"x\r\n y\x00","\u2028z"\n').text.endswith("a: x y; b: z")

    def test_of_a_colon_in_a_heading_has_one(self) -> None:
        assert read("Name:,Age :\nAnna,4\n").text.endswith("Name: Anna; Age: 4")


class TestHeadings:
    @pytest.mark.parametrize(
        "text",
        [
            "31 m,Marn\n24 m,Skell\n",  # a number
            "Marn,1871\nSkell,1902\n",  # years, as below
            "Marn,Marn\nx,y\n",  # twice the same
            f"Name,{'x' * 101}\nx,y\n",  # too long
            "Name,Built\n",  # nothing below
        ],
    )
    def test_are_not_seen_where_the_first_row_is_like_any_other(self, text: str) -> None:
        document = read(text)
        assert {kind for kind, _ in kinds(document)} == {"row"}
        assert ": " not in document.text

    def test_may_be_years_beside_words(self) -> None:
        assert "country: Norway; 2019: 5.3" in read("country,2019\nNorway,5.3\n").text

    def test_may_stand_below_a_line_about_the_table(self) -> None:
        document = read("Prices of 2026,\nTicket,Price\nChild,6\n")
        assert kinds(document)[0] == ("paragraph", "Prices of 2026")
        assert kinds(document)[2] == ("row", "Ticket: Child; Price: 6")

    def test_hold_below_an_empty_row_unless_others_are_told_by_numbers_below(self) -> None:
        table = "Name,From\nAnna,1871\n,\nOle,Dahl\n,\nTicket,Price\nChild,6\n,\nAll sold out,\n"
        assert [line for kind, line in kinds(read(table)) if kind != "furniture"] == [
            "Name: Anna; From: 1871",
            "Name: Ole; From: Dahl",
            "Ticket: Child; Price: 6",
            "All sold out",
        ]


class TestCSV:
    @pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
    def test_has_the_separator_that_its_rows_agree_on(self, separator: str) -> None:
        rows = [["Ticket", "Price", "Note"], ["Child", "6", "none"], ["Family", "30", "none"]]
        text = "\n".join(separator.join(row) for row in rows)
        assert "Ticket: Family; Price: 30; Note: none" in read(text).text

    def test_may_have_separators_and_quotation_marks_in_cells(self) -> None:
        text = 'Ticket;Price\n"Family; four";"12,50 ""euros"""\nChild;"6,00"\n'
        assert 'Ticket: Family; four; Price: 12,50 "euros"' in read(text).text

    def test_with_tabs_is_told_by_its_suffix(self) -> None:
        assert read("a, b\tc\n1, 2\t3\n", "a.tsv").text.endswith("a, b: 1, 2; c: 3")

    def test_of_one_column_is_its_lines(self) -> None:
        assert read("One.\nTwo.\n").text == "One.\nTwo."

    def test_that_leaves_a_quotation_mark_open_is_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(csv, "_LONGEST_CELL", 100)
        with pytest.raises(Refused, match="close the quotation mark"):
            read('a,b\n"open,2\n' + "3,4\n" * 100)

    def test_of_too_much_text_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sheets, "MAX_CHARACTERS", 100)
        with pytest.raises(Refused, match="more than 100 characters: split it"):
            read("a,b\n" + "1,2\n" * 100)

    def test_is_read_as_a_document(self, tmp_path: Path) -> None:
        path = tmp_path / "prices.csv"
        path.write_text("Ticket,Price\nChild,6 €\n", encoding="utf-16")
        (document,) = load(path)
        (row,) = [block for block in document.blocks if block.kind == "row"]
        assert document.text[row.start : row.end] == "Ticket: Child; Price: 6 €"
        assert document.line(row.start) == 2

    def test_without_a_word_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text(",,\n,,\n")
        assert "is empty" in refusal(tmp_path / "a.csv")


class TestWorkbooks:
    def test_are_read_sheet_by_sheet_without_hidden_ones(self, tmp_path: Path) -> None:
        book = book_of(["Name", "Built"], ["Marn", 1871], title="Lighthouses")
        keepers = book.create_sheet("Keepers")
        for row in (["Name", "From"], ["Anna\nBerg", 1893]):
            keepers.append(row)
        hidden = book.create_sheet("Hidden")
        hidden.append(["secret", "x"])
        hidden.sheet_state = "hidden"
        book.properties.title = "The north coast"
        path = tmp_path / "coast.xlsx"
        path.write_bytes(saved(book))
        (document,) = load(path)
        assert document.text == (
            "Lighthouses\nName; Built\nName: Marn; Built: 1871\n\n"
            "Keepers\nName; From\nName: Anna Berg; From: 1893"
        )
        assert document.title == "The north coast"
        assert [block.kind for block in document.blocks] == ["heading", "furniture", "row"] * 2

    @pytest.mark.parametrize(
        ("value", "number_format", "shown"),
        [
            (12.0, "General", "12"),
            (0.1 + 0.2, "General", "0.3"),
            (0.125, "0.0%", "12.5%"),
            (5, '0" % of all"', "5"),
            (True, "General", "TRUE"),
            (date(2026, 3, 5), "dd.mm.yy", "2026-03-05"),
            (datetime(2026, 3, 5, 14, 30), "dd.mm.yy hh:mm", "2026-03-05 14:30:00"),
            (time(9, 5), "hh:mm", "09:05:00"),
            ("=1+1", "General", ""),  # nobody has computed it
        ],
    )
    def test_show_what_a_cell_says(self, value: object, number_format: str, shown: str) -> None:
        book = book_of(["Name", "Value"], ["it", value])
        book.active["B2"].number_format = number_format
        row = f"Name: it; Value: {shown}" if shown else "Name: it"
        assert xlsx.parse(saved(book), "a.xlsx").text == f"Name; Value\n{row}"

    def test_without_names_for_their_only_sheet_have_no_heading(self) -> None:
        assert xlsx.parse(saved(book_of(["a", "b"], ["c", "d"])), "a.xlsx").text.startswith("a; b")

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "is empty"),
            (b"%PDF-1.7", "its content is a PDF"),
            (packed({"word/document.xml": "<x/>"}), "its content is a Word file"),
            (packed({"xl/workbook.xml": "<x/>"}), "is damaged, or cut off"),
            (saved(book_of(["a"]))[:-40], "is damaged, or cut off"),
        ],
    )
    def test_that_are_none_are_refused(self, data: bytes, reason: str) -> None:
        with pytest.raises(Refused, match=reason):
            xlsx.parse(data, "a.xlsx")

    def test_that_unpack_to_too_much_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(xlsx, "MAX_BYTES", 1_000)
        with pytest.raises(Refused, match="unpacks to more than 1,000 bytes"):
            xlsx.parse(saved(book_of(["a" * 2_000])), "a.xlsx")

    def test_of_rows_beyond_the_last_one_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(xlsx, "MAX_ROWS", 100)
        book = book_of(["a", "b"])
        book.active.cell(500, 1, "far below")
        with pytest.raises(Refused, match="a sheet of more than 100 rows"):
            xlsx.parse(saved(book), "a.xlsx")
