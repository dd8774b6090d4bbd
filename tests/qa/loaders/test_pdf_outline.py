"""Headings that a PDF's outline names."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pypdf
import pytest
from pypdf.generic import ArrayObject, Fit, IndirectObject, NameObject, NumberObject

from qa.loaders import load
from qa.loaders.parsers import pdf, pdf_outline
from tests.pdf_files import Page, pdf_of


def page(gap: float) -> Page:
    made = Page().line("Care").line("It is washed, and this says how that is to be done.")
    made.lines("Care", "Wash it at 40 degrees, and never with the others of its kind.")
    made.line("Stains that stay for", gap=30).line("more than a day")
    made.lines("Ask us about them, for that is what we are here for every day.")
    return made.line("Large, but not in the outline", size=18, gap=gap)


def outlined(build: Callable[[pypdf.PdfWriter], object]) -> bytes:
    writer = pypdf.PdfWriter(clone_from=BytesIO(pdf_of(page(40), page(70))))
    build(writer)
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def headings(data: bytes) -> list[tuple[str, int, int]]:
    text, _, pages, blocks, *_ = pdf.parse(data, "care.pdf")
    return [
        (text[start:end], level, 1 + (start >= pages[1]))
        for start, end, kind, level in blocks
        if kind == "heading"
    ]


def test_titles_are_headings_as_deep_as_in_the_outline(tmp_path: Path) -> None:
    def build(writer: pypdf.PdfWriter) -> None:
        care = writer.add_outline_item(title="1. Care", page_number=1)
        writer.add_outline_item(
            title="Stains that stay for more than a day", page_number=1, parent=care
        )
        writer.add_outline_item(title="A title that is not on the page", page_number=1, parent=care)

    (tmp_path / "care.pdf").write_bytes(outlined(build))
    (document,) = load(tmp_path / "care.pdf")
    second = [block for block in document.blocks if block.start >= document.pages[1]]
    assert [
        (document.text[block.start : block.end], block.level)
        for block in second
        if block.kind == "heading"
    ] == [
        ("Care", 1),
        ("Stains that stay for\nmore than a day", 2),
        ("Large, but not in the outline", 3),
    ]


def test_of_two_such_lines_the_one_where_the_outline_leads_is_the_heading() -> None:
    data = outlined(
        lambda writer: writer.add_outline_item(title="Care", page_number=0, fit=Fit.xyz(60, 728))
    )
    text, _, _, blocks, *_ = pdf.parse(data, "care.pdf")
    (start,) = [block[0] for block in blocks if block[2] == "heading" and block[3] == 1]
    assert start == text.index("Care\nWash")


def circle(writer: pypdf.PdfWriter) -> None:
    item = writer.add_outline_item(title="Care", page_number=0)
    item.get_object()[NameObject("/Next")] = item  # type: ignore[index]
    item.get_object()[NameObject("/First")] = item  # type: ignore[index]


def nowhere(writer: pypdf.PdfWriter) -> None:
    writer.add_outline_item(title="Care", page_number=0)
    for target in (NumberObject(99), NumberObject(-1), IndirectObject(9_999, 0, writer)):
        item = writer.add_outline_item(title="Care", page_number=0)
        fit = ArrayObject([target, NameObject("/XYZ")])
        item.get_object()[NameObject("/Dest")] = fit  # type: ignore[index]


def unending(writer: pypdf.PdfWriter) -> None:
    writer.add_outline_item(title="Care", page_number=0)
    writer.add_outline_item(title="x" * 100_000, page_number=0)
    writer.add_outline_item(title="Stains that stay for more than a day", page_number=0)


@pytest.mark.parametrize("build", [circle, nowhere, unending])
def test_an_outline_that_is_damaged_is_read_as_far_as_it_goes(
    build: Callable[[pypdf.PdfWriter], None],
) -> None:
    assert [found for found in headings(outlined(build)) if found[1] == 1] == [("Care", 1, 1)]


def test_no_more_entries_are_read_than_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(writer: pypdf.PdfWriter) -> None:
        writer.add_outline_item(title="Care", page_number=0)
        writer.add_outline_item(title="Care", page_number=1)

    monkeypatch.setattr(pdf_outline, "_MOST", 1)
    assert [found[2] for found in headings(outlined(build)) if found[1] == 1] == [1]
