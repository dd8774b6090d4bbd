from __future__ import annotations

from pathlib import Path

import pytest

from qa.documents import Document
from qa.loaders import load
from qa.loaders.parsers import Extracted, Refused, pptx
from tests.qa.loaders.archives import packed, pptx_of, shape

TABLE = '<p:graphicFrame><a:tbl><a:tblPr firstRow="1"/>{}</a:tbl></p:graphicFrame>'
MAIN = "ppt/presentation.xml"


def read(*slides: str, notes: dict[int, str] | None = None) -> Extracted:
    return pptx.parse(pptx_of(*slides, notes=notes), "a.pptx")


def row(*cells: str) -> str:
    texts = (f"<a:p><a:r><a:t>{cell}</a:t></a:r></a:p>" for cell in cells)
    return f"<a:tr>{''.join(f'<a:tc><a:txBody>{text}</a:txBody></a:tc>' for text in texts)}</a:tr>"


def blocks(document: Extracted) -> list[tuple[str, int, str]]:
    return [(kind, level, document.text[a:z]) for a, z, kind, level in document.blocks]


def test_a_slide_is_a_page_with_its_title_and_its_items(tmp_path: Path) -> None:
    first = shape("The lighthouse|of Marn", kind="ctrTitle") + shape("A talk.", kind="subTitle")
    second = shape("How it was built", kind="title") + shape("In 1871.", "By Berg.", kind="")
    (tmp_path / "marn.pptx").write_bytes(pptx_of(first, second))
    (document,) = load(tmp_path / "marn.pptx")
    assert isinstance(document, Document)
    assert document.text == (
        "The lighthouse\nof Marn\n\nA talk.\n\nHow it was built\n\nIn 1871.\n\nBy Berg."
    )
    assert [document.page(document.text.index(words)) for words in ("A talk", "In 18")] == [1, 2]
    assert [(b.kind, document.text[b.start : b.end]) for b in document.blocks] == [
        ("heading", "The lighthouse\nof Marn"),
        ("heading", "How it was built"),
        ("item", "In 1871."),
        ("item", "By Berg."),
    ]


def test_the_notes_of_the_speaker_follow_the_slide() -> None:
    notes = shape("Say it slowly.", kind="body") + shape("7", kind="sldNum")
    assert read(shape("One."), shape("Two."), notes={0: notes}).text == (
        "One.\n\nSay it slowly.\n\nTwo."
    )


def test_a_table_has_rows_below_its_header() -> None:
    table = TABLE.format(row("Name", "From") + row("Anna", "1871"))
    assert blocks(read(shape("Keepers.") + table + shape("Done."))) == [
        ("header", 0, "Name\tFrom"),
        ("row", 0, "Anna\t1871"),
    ]


def test_bullets_make_items_of_a_text_box_and_a_missing_one_text_of_a_list() -> None:
    def with_properties(properties: str, kind: str | None) -> str:
        return shape("Words.", kind=kind).replace("<a:p>", f"<a:p>{properties}")

    boxed = with_properties('<a:pPr lvl="2"><a:buChar char="-"/></a:pPr>', None)
    plain = with_properties("<a:pPr><a:buNone/></a:pPr>", "body")
    assert blocks(read(boxed)) == [("item", 3, "Words.")]
    assert blocks(read(plain)) == []


def test_a_hidden_slide_is_an_empty_page() -> None:
    document = read(shape("One."), "-" + shape("Hidden."), shape("Three."))
    assert document.text == "One.\n\nThree."
    assert document.pages == (0, 6, 6)
    assert read(shape("One."), "-" + shape("Hidden.")).pages == (0, 4)


def test_footers_dates_and_what_older_programs_show_are_left_out() -> None:
    around = "".join(shape("x", kind=kind) for kind in ("dt", "ftr", "sldNum"))
    older = f"<mc:Fallback xmlns:mc='mc'>{shape('One.')}</mc:Fallback>"
    assert read(shape("One.") + around + older).text == "One."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (packed({"xl/workbook.xml": "<x/>"}), "its content is an Excel workbook"),
        (packed({MAIN: "<x"}), "is damaged, or cut off: it is not a whole PowerPoint file"),
        (packed({MAIN: "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"}), "declares entities"),
        (pptx_of(shape("One."))[:-30], "is damaged"),
    ],
)
def test_what_is_none_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        pptx.parse(data, "a.pptx")


def test_what_lies_outside_of_the_file_is_not_looked_for() -> None:
    relations = (
        '<Relationships><Relationship Id="r0" Type="slide" Target="file:///etc/passwd"/>'
        '<Relationship Id="r1" Type="slide" Target="slides/slide1.xml" TargetMode="External"/>'
        "</Relationships>"
    )
    named: dict[str, str | bytes] = {"ppt/_rels/presentation.xml.rels": relations}
    assert pptx.parse(pptx_of(shape("One."), shape("Two."), parts=named), "a.pptx").text == ""


def test_too_many_slides_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pptx, "MAX_SLIDES", 1)
    with pytest.raises(Refused, match="has 2 slides; the most is 1"):
        read(shape("One."), shape("Two."))
