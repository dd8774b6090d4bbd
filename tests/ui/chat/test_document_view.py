"""A document's paragraphs and parts are its whole text, in order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa import Document
from ui.chat.document_view import PART, DocumentView

texts = st.text("ab \n\r\t\u2028.", min_size=1, max_size=200).filter(lambda text: text.strip())


def whole(view: DocumentView) -> str:
    return "".join(
        text for number in range(len(view.parts)) for _, text, *_ in view.part(number)["blocks"]
    )


@given(texts)
def test_any_text_is_whole_in_its_blocks(text: str) -> None:
    view = DocumentView.of(Document("a", text))
    assert whole(view) == text
    for start, block, *_ in view.part(0)["blocks"]:
        assert text[start : start + len(block)] == block


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ("One.\n\nTwo.\n\n\nThree.\n", ["One.\n\n", "Two.\n\n\n", "Three.\n"]),
        ("One\ntwo.\n\nThree.", ["One\ntwo.\n\n", "Three."]),
        ("One.\r\n \r\nTwo.", ["One.\r\n \r\n", "Two."]),
        (f"{'Long. ' * 30}\n{'Line. ' * 30}\n", [f"{'Long. ' * 30}\n", f"{'Line. ' * 30}\n"]),
        ("\n\n  One.\n\nTwo.", ["\n\n  ", "One.\n\n", "Two."]),
    ],
    ids=["blank lines", "hard-wrapped", "CRLF", "a line each", "space before the first"],
)
def test_paragraphs_are_told_by_blank_lines_or_by_long_lines(
    text: str, paragraphs: list[str]
) -> None:
    view = DocumentView.of(Document("a", text))
    assert [block for _, block, *_ in view.part(0)["blocks"]] == paragraphs
    assert view.paragraph(len(text) - 1) == len([p for p in paragraphs if p.strip()])


def test_a_long_text_has_parts_that_hold_what_is_looked_for() -> None:
    text = "\n\n".join(f"Paragraph {number}. {'word ' * 50}" for number in range(2_000))
    view = DocumentView.of(Document("a", text))
    assert len(view.parts) == 3
    assert whole(view) == text
    for position in (0, PART - 1, PART, 2 * PART + 5, len(text) - 1):
        part = view.parts[view.part_of(position)]
        assert part.start <= position < part.end
    assert all(part.end - part.start <= PART for part in view.parts)


def test_a_paragraph_without_an_end_is_cut_into_parts() -> None:
    text = "x" * (2 * PART + 1)
    view = DocumentView.of(Document("a", text))
    assert [part.end - part.start for part in view.parts] == [PART, PART, 1]
    assert whole(view) == text


def test_pages_are_told_in_the_part_where_they_start() -> None:
    document = Document("a.pdf", "One.\n\nTwo.\n\nThree.", pages=(0, 6, 12))
    assert DocumentView.of(document).part(0)["pages"] == [[0, 1], [6, 2], [12, 3]]


@pytest.mark.parametrize("asked", [-5, 99])
def test_a_part_that_is_not_there_is_the_nearest_that_is(asked: int) -> None:
    assert DocumentView.of(Document("a", "One.")).part(asked)["part"] == 0
