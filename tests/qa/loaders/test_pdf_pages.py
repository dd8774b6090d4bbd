"""A page's picture has its letters where they are drawn, or tells of none."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pypdf
import pytest
from PIL import Image

from qa import Document
from qa.loaders import load
from qa.loaders.parsers import Refused
from qa.loaders.pdf_pages import draw_page, list_pages, page_span
from tests.pdf_files import Page, pages_of, pdf_of

pytestmark = pytest.mark.process


def read(folder: Path, data: bytes) -> Document:
    (folder / "a.pdf").write_bytes(data)
    return load(folder / "a.pdf")[0]


def test_each_letter_of_the_text_has_the_box_that_it_is_drawn_in(tmp_path: Path) -> None:
    data = pdf_of(
        Page().line("First page."),
        Page().line("The \ufb01rst docu-").line("ment \U0001f3f0 is here."),
        Page().line("A document."),
    )
    document = read(tmp_path, data)
    assert "The first document\n" in document.text
    page = draw_page(data, "a.pdf", 2, 600)
    image = Image.open(BytesIO(page.jpeg))
    assert image.size == (600, 850)
    places = page.places(document, 2)
    start, end = page_span(document, 2)
    letters = [c for c in document.text[start:end] if not c.isspace()]
    assert [document.text[offset] for offset, _ in places] == letters
    boxes = dict(places)
    # The T stands at 60 of 600 points, 85 of 850 from the top, and is half as wide as high.
    left, top, right, bottom = boxes[start]
    assert left == 1000
    assert right == pytest.approx(1000 + 5.5 / 600 * 10_000, abs=15)  # by a font of the system
    assert (top, bottom) == pytest.approx((907, 1026), abs=30)
    # What the text has in one word is drawn in two lines.
    word = document.text.index("document", start)
    assert boxes[word][1] < boxes[word + 5][1]


def test_a_turned_page_has_its_boxes_turned(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=BytesIO(pages_of(["A line."])))
    writer.pages[0].rotate(90)
    turned = BytesIO()
    writer.write(turned)
    document = read(tmp_path, turned.getvalue())
    assert list_pages(turned.getvalue(), "a.pdf").sizes == ((850, 600),)
    (_, first), (_, second), *_ = draw_page(turned.getvalue(), "a.pdf", 1, 850).places(document, 1)
    assert first[0] == second[0]
    assert first[1] < second[1]


def test_no_letter_has_a_place_where_the_text_is_another(tmp_path: Path) -> None:
    data = pages_of(["One line.", "Another."])
    document = read(tmp_path, data)
    page = draw_page(data, "a.pdf", 1, 400)
    assert len(page.places(document, 1)) == len("Oneline.")
    assert page.places(document, 2) == []
    assert page.places(replace(document, text=document.text.replace("One", "Two")), 1) == []


def test_pages_have_the_numbers_that_are_printed_on_them() -> None:
    data = pdf_of(*(Page().line("A line.") for _ in range(4)), roman=2)
    assert list_pages(data, "a.pdf").labels == ("i", "ii", "1", "2")
    assert list_pages(pages_of(["A", "B"]), "a.pdf").labels == ()


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(Refused, match="no page 2"):
        draw_page(pages_of(["A line."]), "a.pdf", 2, 400)
    with pytest.raises(Refused, match="damaged"):
        draw_page(b"%PDF-1.7 and no more", "a.pdf", 1, 400)
