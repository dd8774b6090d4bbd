"""Columns of text in PDFs, in whatever order the file has their lines."""

from __future__ import annotations

import textwrap
from itertools import zip_longest
from pathlib import Path

import pytest

from qa.documents import Document
from qa.loaders import load
from qa.text.sentences import split_sentences
from tests.pdf_files import LEADING, Page, pdf_of

ESSAY = (Path(__file__).parents[3] / "seeds" / "essay.txt").read_text()
WORDS = " ".join(ESSAY.split())
COUNTRIES = [["Country", "Share", "Year"], ["Freedonia", "12", "1994"], ["Sylvania", "31", "2003"]]


def prose(start: int, lines: int, width: int) -> list[str]:
    return textwrap.wrap(WORDS[start : start + 2 * lines * width], width)[:lines]


def put(page: Page, text: str, x: float, y: float, size: float = 11) -> None:
    page.y = y + LEADING
    page.line(text, x=x, size=size)


def across(page: Page, columns: dict[float, list[str]], top: float, lower: float = 0) -> None:
    """Write columns line by line; each one lies `lower` than the one before."""
    for number, row in enumerate(zip_longest(*columns.values())):
        for place, (x, text) in enumerate(zip(columns, row, strict=True)):
            if text:
                put(page, text, x, top - 13 * number - lower * place)


def one_by_one(page: Page, columns: dict[float, list[str]], top: float) -> None:
    for x, texts in columns.items():
        for number, text in enumerate(texts):
            put(page, text, x, top - 13 * number)


def read(folder: Path, *pages: Page) -> Document:
    path = folder / "paper.pdf"
    path.write_bytes(pdf_of(*pages))
    return load(path)[0]


def kinds(document: Document) -> list[str]:
    return [block.kind for block in document.blocks]


TWO = {50.0: prose(0, 20, 40), 310.0: prose(1_500, 17, 40)}
THREE = {40.0: prose(0, 20, 28), 220.0: prose(900, 20, 28), 400.0: prose(1_800, 18, 28)}


class TestTheOrder:
    @pytest.mark.parametrize("lower", [0, 4.5])
    @pytest.mark.parametrize("columns", [TWO, THREE])
    def test_columns_are_read_one_by_one(
        self, tmp_path: Path, columns: dict[float, list[str]], lower: float
    ) -> None:
        page = Page()
        across(page, columns, 700, lower)
        texts = [text for column in columns.values() for text in column]
        assert read(tmp_path, page).text.split() == " ".join(texts).split()

    def test_what_goes_across_all_columns_stays_between_them(self, tmp_path: Path) -> None:
        page = Page()
        put(page, "On the trade of small countries", 150, 780, size=18)
        put(
            page,
            "This abstract goes over both of the columns that are below it, and ends.",
            90,
            755,
        )
        across(page, TWO, 720)
        for number, cells in enumerate(COUNTRIES):
            for x, cell in zip((50, 200, 420), cells, strict=True):
                put(page, cell, x, 430 - 13 * number)
        below = {50.0: prose(400, 8, 40), 310.0: prose(2_000, 8, 40)}
        across(page, below, 380)
        put(page, "7", 300, 40)
        document = read(tmp_path, page)
        assert (
            document.text.split()
            == " ".join(
                [
                    "On the trade of small countries",
                    "This abstract goes over both of the columns that are below it, and ends.",
                    *(text for column in TWO.values() for text in column),
                    *(cell for row in COUNTRIES for cell in row),
                    *(text for column in below.values() for text in column),
                    "7",
                ]
            ).split()
        )
        assert kinds(document).count("row") == 3

    def test_the_rows_of_a_table_stay_together(self, tmp_path: Path) -> None:
        page, y = Page(), 700.0
        for start in range(0, 2_400, 400):
            row = {50.0: prose(start, 2 + start // 400 % 3, 40), 310.0: prose(start + 200, 4, 40)}
            across(page, row, y)
            y -= 4 * 13 + 8
        first, *_ = read(tmp_path, page).text.split("\n")
        assert first == f"{prose(0, 1, 40)[0]} {prose(200, 1, 40)[0]}"

    def test_labels_beside_values_stay_together(self, tmp_path: Path) -> None:
        page = Page()
        form = {50.0: ["Name: Ann", "Town: Ely", "Dog: no", "Job: fitter", "Age: 40", "Tea: yes"]}
        across(page, form | {310.0: ["Born: May", "Mail: none", "Cat: two"] * 2}, 700)
        assert read(tmp_path, page).text.startswith("Name: Ann Born: May\nTown: Ely Mail: none")


class TestTheBlocks:
    @pytest.mark.parametrize("write", [across, one_by_one])
    def test_a_sentence_goes_on_in_the_next_column(self, tmp_path: Path, write: object) -> None:
        words = "It was a cold day and " + "we went on and on until " * 60 + "we were home."
        lines = textwrap.wrap(words, 40)
        half = len(lines) // 2
        page = Page()
        (across if write is across else one_by_one)(
            page, {50.0: lines[:half], 310.0: lines[half:]}, 700
        )
        document = read(tmp_path, page)
        (sentence,) = split_sentences(document.text, document.blocks)
        assert document.text[sentence.start : sentence.end].split() == words.split()

    def test_text_in_the_second_column_is_not_taken_for_a_list(self, tmp_path: Path) -> None:
        page = Page()
        one_by_one(page, TWO, 700)
        assert set(kinds(read(tmp_path, page))) == {"paragraph"}

    def test_a_first_line_that_is_indented_begins_a_paragraph(self, tmp_path: Path) -> None:
        page = Page()
        for number, text in enumerate(prose(0, 12, 80)):
            put(page, text, 60 if number % 4 else 75, 700 - 13 * number)
        assert set(kinds(read(tmp_path, page))) == {"paragraph"}

    def test_a_gap_behind_the_number_of_a_heading_makes_no_table(self, tmp_path: Path) -> None:
        page = Page()
        put(page, "2.1", 60, 720, size=16)
        put(page, "Methods", 105, 720, size=16)
        one_by_one(page, {60.0: prose(0, 5, 80)}, 690)
        document = read(tmp_path, page)
        assert document.blocks[0].kind == "heading"
        assert document.text.startswith("2.1 Methods\n\n")
