from __future__ import annotations

from lxml import html

from qa.display.rendering import Piece, as_html, as_text, table_html

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(1)> $x_1$ **b** &amp; \" ' \r\n\ta  b"


def test_markup_formulas_and_white_space_reach_a_notebook_as_the_very_text() -> None:
    shown = html.fromstring(as_html([[Piece(HOSTILE), Piece("answer", "bold")]]))
    assert shown.text_content() == f"{HOSTILE}answer"
    assert [element.tag for element in shown.iter()] == ["pre", "b"]


def test_a_table_has_text_in_every_cell() -> None:
    shown = html.fromstring(table_html(["<b>"], [[HOSTILE], [3]], HOSTILE))
    assert [cell.text_content() for cell in shown.iter("td")] == [HOSTILE, "3"]
    assert shown.find("caption").text_content() == HOSTILE
    assert {element.tag for element in shown.iter()} <= set(
        "table caption thead tbody tr th td pre".split()
    )
    # Formulas are looked for wherever there is no `pre`.
    assert all(cell[0].tag == "pre" for cell in [*shown.iter("td"), *shown.iter("caption")])


def test_plain_text_cannot_control_a_terminal() -> None:
    paragraphs = [[Piece("one\x1b[2J", "dim"), Piece(" two")], [Piece("three")]]
    assert as_text(paragraphs) == "one\\x1b[2J two\n\nthree"
