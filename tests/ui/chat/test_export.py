"""Markdown that shows a quote's characters as they are."""

from __future__ import annotations

import html
import re
import time
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qa import Answer, Citation, Document
from qa.documents import Span
from tests.ui.conftest import ATTACKS
from ui.chat.export import escaped, markdown
from ui.chat.turns import Turn

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


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("  a\t b ", "&#32;&#32;a&#9;&#32;b&#32;"),
        (" \t", "&#32;&#9;"),
        ("a b\n c", "a b\\\n&#32;c"),
        ("", ""),
    ],
)
def test_blanks_that_markdown_drops_are_entities(text: str, written: str) -> None:
    assert escaped(text) == written


def test_each_outcome_reads_as_what_it_is() -> None:
    citation = Citation(1, Document("a.txt", "It is."), Span(0, 6))
    answered = Answer("Who?", "Who?", 0.9, (citation,))
    cases = {
        "": answered,
        "Possibly:": replace(answered, tentative=True),
        "I found nothing that says this.": Answer("Who?", "Who?", 0.1, near=(citation,)),
    }
    for said, answer in cases.items():
        written = markdown("a", [Turn.of(answer, "one", 0.65)])
        assert ("> It is\\." in written) == (not answer.abstained)
        for other in filter(None, cases):
            assert (escaped(other) in written) == (other == said)


def test_ten_times_as_many_blanks_take_about_ten_times_as_long() -> None:
    short, long = (seconds("a" + " " * size + "b") for size in (20_000, 200_000))
    assert long < 40 * short


def seconds(text: str) -> float:
    """Return how long it takes to escape a text, the shortest of three times."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        escaped(text)
        times.append(time.perf_counter() - started)
    return min(times)


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_shown_as_characters(attack: str) -> None:
    assert re.split(r"\r\n|\r|\n", shown(escaped(attack))) == re.split(r"\r\n|\r|\n", attack)
