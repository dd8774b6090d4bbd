"""Markdown that shows a quote's characters as they are."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.ui.conftest import ATTACKS
from ui.chat.export import escaped

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
printable = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"])
    | st.sampled_from(" \n"),
    min_size=1,
)


def shown(markdown: str) -> str:
    """Read Markdown as a reader of its HTML sees it."""
    markup = READER.render(f"> {markdown}".replace("\n", "\n> ")).strip()
    match = re.fullmatch(r"<blockquote>\n<p>(.*)</p>\n</blockquote>", markup, re.DOTALL)
    assert match, markup
    return html.unescape(match[1].replace("<br />\n", "\n"))


@given(printable.map(lambda text: text.strip() or "x"))
@example("# no heading")
@example("1. no list\n2) either")
@example("a  two spaces   three")
@example("a\n\nb")
@example("<b>&amp;</b> [x](y) `z` *e* _e_ ~~s~~ | t | $x$ @me #1 :o:")
def test_any_quote_is_shown_as_it_is(text: str) -> None:
    assert shown(escaped(text)) == text


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_shown_as_characters(attack: str) -> None:
    assert re.split(r"\r\n|\r|\n", shown(escaped(attack))) == re.split(r"\r\n|\r|\n", attack)
