"""Whatever is rendered reads back, character for character, as it was."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa import Answer, Citation, Document
from qa.documents import Span
from tests.ui.conftest import ATTACKS
from ui.render import conversation, exact, heading

OURS = {
    *("article", "blockquote", "cite", "dd", "details", "div", "dl", "dt", "figcaption"),
    *("figure", "h1", "h2", "header", "p", "span", "summary"),
}
MORE_ATTACKS = (
    "a\r\nb\rc\nd\n\re",
    "\n\nfirst and last\n",
    "\x01\x0b\x1b\x7f\x85\x9f",
    "\u2028\ue000",
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


class Reader(HTMLParser):
    """Reads the text of every element of class `exact`, and the names of all elements."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.found: list[tuple[str, str]] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(markup)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        is_exact = dict(attrs).get("class") == "exact"
        self._open.append((tag, is_exact))
        if is_exact:
            self.found.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][1]:
            tag, before = self.found[-1]
            self.found[-1] = (tag, before + data)

    def texts(self, tag: str) -> list[str]:
        return [text for found, text in self.found if found == tag]


def cite(*quotes: str) -> tuple[Citation, ...]:
    """Cite each of several quotes, which make up a document of an awkward name."""
    document = Document(id="<i>notes & co.txt", text="|".join(quotes) + "|")
    citations = []
    start = 0
    for number, quote in enumerate(quotes, 1):
        citations.append(Citation(number, document, Span(start, start + len(quote))))
        start += len(quote) + 1
    return tuple(citations)


def answered(question: str, quotes: Sequence[str], query: str | None = None) -> Answer:
    return Answer(question, query or question, confidence=0.9, citations=cite(*quotes))


@pytest.mark.parametrize("text", [*ATTACKS, *MORE_ATTACKS])
def test_a_text_is_escaped_and_reads_back_as_it_was(text: str) -> None:
    shown = exact(text)
    assert not set(shown) & set("<>\"'\r")
    assert Reader(f'<p class="exact">{shown}</p>').texts("p") == [text]


@settings(max_examples=200, deadline=None)
@given(texts)
def test_any_quote_reads_back_as_it_was(text: str) -> None:
    assert Reader(conversation([answered("Who?", [text])])).texts("blockquote") == [text]


def test_every_quote_question_and_title_of_an_answer_reads_back() -> None:
    quotes = [*ATTACKS, *MORE_ATTACKS]
    read = Reader(conversation([answered(ATTACKS[1], quotes, query=ATTACKS[0])]))
    assert read.tags <= OURS
    assert read.texts("blockquote") == quotes
    assert read.texts("span") == [ATTACKS[1], ATTACKS[0]]
    assert read.texts("cite") == ["<i>notes & co"] * len(quotes)


def test_a_quote_carries_its_mark_place_and_proof() -> None:
    shown = conversation([answered("Who?", ["One.\n", "Two."])])
    second = cite("One.\n", "Two.")[1]
    assert '<span class="iq-mark">[1]</span>' in shown
    assert '<span class="iq-mark">[2]</span>' in shown
    assert "line 2, characters 6–10" in shown
    facts = Reader(shown).texts("dd")[4:]
    assert facts == ["<i>notes & co.txt", second.sha256, "6–10", "1 of 1"]


def test_an_abstention_sets_near_passages_apart_and_marks_none() -> None:
    shown = conversation([Answer("Who?", "Who?", confidence=0.1, near=cite(*ATTACKS))])
    assert 'data-state="abstained"' in shown
    assert "The document does not say." in shown
    assert "iq-mark" not in shown
    assert shown.index("Near, but not an answer") < shown.index("<blockquote")
    assert Reader(shown).texts("blockquote") == list(ATTACKS)


def test_only_a_question_that_was_read_otherwise_says_how_it_was_read() -> None:
    assert "Read as" not in conversation([answered("Who?", ["One."])])
    assert "Read as" in conversation([answered("And who?", ["One."], query="Why? And who?")])


def test_a_question_is_shown_while_it_is_worked_on() -> None:
    shown = conversation([answered("Who?", ["One."])], pending=ATTACKS[0])
    assert 'aria-busy="true"' in shown
    assert Reader(shown).texts("span") == ["Who?", ATTACKS[0]]


def test_a_title_is_text() -> None:
    read = Reader(heading(ATTACKS[0]))
    assert read.tags <= OURS
    assert read.texts("cite") == [ATTACKS[0]]


def test_what_leads_up_to_the_answer_is_set_back_and_still_part_of_the_quote() -> None:
    document = Document("a.txt", "The tower <b>burned</b>.\n\nIt was closed.")
    citation = Citation(
        1, document, Span(0, len(document.text)), len("The tower <b>burned</b>.\n\n")
    )
    markup = conversation([Answer("Why?", "Why?", 1.0, (citation,))])
    lead = '<span class="iq-lead">The tower &lt;b&gt;burned&lt;/b&gt;.\n\n</span>It was closed.'
    assert f'<blockquote class="exact" dir="auto">{lead}</blockquote>' in markup
