"""Markdown's signs are told by their place; the text stays as it is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.chat.markdown_signs import signs

KINDS = ("", "heading", "item", "code", "row", "furniture")


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("## Hours ##\n\n", "heading", "Hours\n\n"),
        ("Hours\n-----\n", "heading", "Hours\n"),
        ("C# and F#", "heading", "C# and F#"),
        ("- One *thing*", "item", "One thing"),
        ("1. One", "item", "1. One"),
        ("See [the **list**](https://a.b/c) or `x_y_z`.", "", "See the **list** or x_y_z."),
        ("A __b__ and snake_case_name, 2 * 3 * 4", "", "A b and snake_case_name, 2 * 3 * 4"),
        ("```python\nx = '**'\n```\n", "code", "x = '**'\n"),
        ("| --- |", "furniture", "| --- |"),
    ],
)
def test_what_is_shown_is_the_text_without_its_signs(text: str, kind: str, shown: str) -> None:
    hidden = {
        at for start, end, what in signs(text, kind) if what == "sign" for at in range(start, end)
    }
    assert "".join(c for at, c in enumerate(text) if at not in hidden) == shown


@given(st.text("a *_`#[]()-|\n", max_size=60), st.sampled_from(KINDS), st.booleans())
def test_signs_lie_in_the_text(text: str, kind: str, goes_on: bool) -> None:
    for start, end, what in signs(text, kind, goes_on=goes_on):
        assert 0 <= start < end <= len(text)
        assert what in ("sign", "strong", "em", "code")


@pytest.mark.parametrize("piece", ["*", "_", "`", "[", "](", "**a", "[a](", "a# ", "_a ", " "])
@pytest.mark.parametrize("kind", ["", "heading", "code"])
def test_no_text_takes_long(piece: str, kind: str) -> None:
    started = time.process_time()
    signs(piece * (8_000 // len(piece)), kind)
    assert time.process_time() - started < 0.2
