"""Whatever is rendered reads back, character for character, as it was."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa import Answer, Citation, Document
from qa.documents import Block, Span
from qa.errors import AnswerFileError
from qa.verification import Check, Verification
from tests.ui.conftest import ATTACKS
from ui.chat.explanation import word
from ui.chat.render import turn as rendered
from ui.chat.turns import Checked, KeptSentence, Turn, parse_turn
from ui.escaping import exact

OURS = {
    *("article", "b", "blockquote", "button", "caption", "cite", "dd", "details", "div", "dl"),
    *("dt", "h3", "i", "li", "ol", "p", "path", "span", "summary", "svg", "table", "tbody", "td"),
    *("th", "thead", "tr"),
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
        is_exact = "exact" in (dict(attrs).get("class") or "").split()
        self._open.append((tag, is_exact))
        if is_exact:
            self.found.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if any(is_exact for _, is_exact in self._open):
            tag, before = self.found[-1]
            self.found[-1] = (tag, before + data)

    def texts(self, tag: str) -> list[str]:
        return [text for found, text in self.found if found == tag]


def document_of(*quotes: str) -> Document:
    """Return a document of an awkward name that is made of several quotes."""
    return Document(id="<i>notes & co.txt", text="\n\n".join(quotes) + "\n\n.")


def cite(*quotes: str) -> tuple[Citation, ...]:
    """Cite each of several quotes, which make up a document."""
    document = document_of(*quotes)
    citations = []
    start = 0
    for number, quote in enumerate(quotes, 1):
        citations.append(Citation(number, document, Span(start, start + len(quote))))
        start += len(quote) + 2
    return tuple(citations)


def shown(answer: Answer, document: Document | None, **options: Any) -> str:
    """Render an answer, held against a document, if it is there."""
    turn = Turn.of(answer, "one", 0.65, 0.35, **options)
    asked = [document.id] if document else []
    return rendered(Checked.against(turn, lambda id_: document), asked)


def answered(question: str, quotes: Sequence[str], query: str | None = None) -> str:
    """Render an answer of any quotes, be they sentences or not, as if they had been verified."""
    answer = Answer(question, query or question, confidence=0.9, citations=cite(*quotes))
    found = tuple(Check(n, False, True, "they stand there") for n in range(1, len(quotes) + 1))
    turn = Turn.of(answer, "one", 0.65)
    return rendered(Checked(turn, Verification(found, ()), lambda id_: document_of(*quotes)))


@pytest.mark.parametrize("text", [*ATTACKS, *MORE_ATTACKS])
def test_a_text_is_escaped_and_reads_back_as_it_was(text: str) -> None:
    shown = exact(text)
    assert not set(shown) & set("<>\"'\r")
    assert Reader(f'<p class="exact">{shown}</p>').texts("p") == [text]


@settings(max_examples=200, deadline=None)
@given(texts)
def test_any_quote_reads_back_as_it_was(text: str) -> None:
    assert Reader(answered("Who?", [text])).texts("blockquote") == [text]


def test_every_quote_question_and_title_of_an_answer_reads_back() -> None:
    quotes = [*ATTACKS, *MORE_ATTACKS]
    read = Reader(answered(ATTACKS[1], quotes, query=ATTACKS[0]))
    assert read.tags <= OURS
    assert read.texts("blockquote") == quotes
    assert read.texts("cite") == ["<i>notes & co"] * len(quotes)
    assert read.texts("span")[:2] == [ATTACKS[1], ATTACKS[0]]


def test_a_quote_carries_its_number_place_and_proof() -> None:
    markup = answered("Who?", ["One.", "Two."])
    second = cite("One.", "Two.")[1]
    assert 'aria-label="Show quote 2 in the document">2</button>' in markup
    assert 'data-start="6" data-end="10"' in markup
    assert "paragraph 2, line 3" in markup
    facts = Reader(markup).texts("dd")[5:]
    assert facts == ["<i>notes & co.txt", second.sha256, "6–10", "6–10", "1 of 1"]


def test_a_quote_is_called_verified_only_when_it_was_checked() -> None:
    answer = Answer("Who?", "Who?", confidence=0.9, citations=cite("One.", "Two."))
    here = shown(answer, document_of("One.", "Two."))
    assert here.count(">Exact quote</summary>") == 2
    gone = shown(answer, None)
    assert "Exact quote" not in gone
    assert gone.count("Not checked") == 2
    assert Reader(gone).texts("blockquote") == ["One.", "Two."]


def test_words_that_are_not_in_the_document_are_never_shown() -> None:
    answer = Answer("Who?", "Who?", confidence=0.9, citations=cite("It was closed."))
    changed = shown(answer, document_of("It was opened."))
    assert "is not shown, as the document has other words there" in changed
    assert "<blockquote" not in changed
    assert "closed" not in changed


def test_what_a_browser_kept_is_checked_again() -> None:
    answer = Answer("Who?", "Who?", confidence=0.9, citations=cite("It was closed."))
    kept = Turn.of(answer, "one", 0.65).to_dict()
    kept["answer"]["citations"][0]["quote"] = "It was opened."
    kept["answer"]["text"] = "It was opened. [1]"
    document = document_of("It was closed.")
    markup = rendered(Checked.against(parse_turn(kept), lambda id_: document))
    assert "is not shown, as the document has other words there" in markup
    assert "<blockquote" not in markup


@pytest.mark.parametrize(
    ("name", "value"),
    [("id", "x y"), ("id", "<b>"), ("answer", {}), ("found", None), ("own", "yes")],
)
def test_what_is_no_turn_is_refused_in_one_sentence(name: str, value: object) -> None:
    answer = Answer("Who?", "Who?", confidence=0.9, citations=cite("One."))
    kept = Turn.of(answer, "one", 0.65).to_dict() | {name: value}
    with pytest.raises(AnswerFileError, match="a kept answer cannot be read"):
        parse_turn(kept)


def test_an_abstention_sets_near_passages_apart() -> None:
    markup = shown(
        Answer("Who?", "Who?", confidence=0.1, near=cite(*ATTACKS)), document_of(*ATTACKS)
    )
    assert 'data-state="abstained"' in markup
    assert "I found nothing in “<i>notes & co” that says this." in Reader(markup).texts("span")
    assert "Not found." in markup
    assert 'data-kind="quote"' not in markup
    assert markup.index("Nearest passages") < markup.index("<blockquote")
    assert Reader(markup).texts("blockquote") == list(ATTACKS)


def test_tentative_quotes_are_open_and_marked() -> None:
    quotes = ("One.", "Two.")
    answer = Answer("Who?", "Who?", confidence=0.5, citations=cite(*quotes), tentative=True)
    markup = shown(answer, document_of(*quotes))
    assert 'data-state="tentative"' in markup
    assert markup.index("Possibly:") < markup.index("<blockquote") < markup.index("<details")
    assert markup.count('data-kind="tentative"') == 2
    assert "Below 0.65 an answer is tentative, and below 0.35 nothing is shown" in markup
    assert Reader(markup).texts("blockquote") == list(quotes)


def test_a_turn_that_was_kept_before_there_were_tentative_answers_is_shown() -> None:
    kept = Turn.of(Answer("Who?", "Who?", confidence=0.9, citations=cite("One.")), "one", 0.65)
    older = kept.to_dict()
    del older["answer"]["status"], older["found"]["tentative"]
    turn = parse_turn(older)
    markup = rendered(Checked.against(turn, lambda id_: document_of("One.")))
    assert 'data-state="answered"' in markup
    assert "Below 0.65 nothing is shown as an answer" in markup


def test_the_words_that_answer_are_bold_and_still_part_of_the_quote() -> None:
    document = Document("a.txt", "Once. It cost <b>five</b> euros.")
    citation = Citation(1, document, Span(0, len(document.text)), 6, Span(14, 31))
    markup = shown(Answer("Why?", "Why?", 1.0, (citation,)), document)
    lead = '<span class="iq-lead">Once. </span>'
    bold = '<b class="iq-answer">&lt;b&gt;five&lt;/b&gt; euros</b>'
    assert f'dir="auto">{lead}It cost {bold}.</blockquote>' in markup
    assert 'data-answer="14 31"' in markup


def test_only_a_question_that_was_read_otherwise_says_how_it_was_read() -> None:
    assert "Read as" not in answered("Who?", ["One."])
    assert "Read as" in answered("And who?", ["One."], query="Why? And who?")


def test_a_long_quote_is_folded_and_whole() -> None:
    quote = "word " * 200 + "end."
    markup = answered("Who?", [quote])
    assert "Show all 1,004 characters" in markup
    assert Reader(markup).texts("blockquote") == [quote]


def test_a_page_is_named_where_there_is_one() -> None:
    document = Document("a.pdf", "One.\n\nTwo.", pages=(0, 6))
    citation = Citation(1, document, Span(6, 10))
    markup = shown(Answer("Who?", "Who?", 0.9, (citation,)), document)
    assert "page 2, paragraph 2, line 3" in markup


def test_what_a_quote_stands_under_is_said() -> None:
    blocks = (Block(0, 10, "heading", 2), Block(12, 16, "paragraph"))
    document = Document("a.md", "## Opening\n\nTwo.", blocks=blocks)
    markup = shown(Answer("Who?", "Who?", 0.9, (Citation(1, document, Span(12, 16)),)), document)
    assert ("span", "Opening") in Reader(markup).found


@pytest.mark.parametrize("own", [True, False])
def test_every_answer_can_be_rated_and_asked_again(own: bool) -> None:
    answer = Answer("Who?", "Who?", confidence=0.9, citations=cite("One."))
    markup = shown(answer, document_of("One."), own=own)
    for offered in ("Right answer", "Wrong answer", "Retry", "Edit the question"):
        assert offered in markup
    assert "More quotes" not in markup
    assert "Ask without what came before" not in markup
    assert "Ask without what came before" in shown(answer, document_of("One."), follows=True)


def test_quotes_that_are_unlikely_to_add_to_the_answer_are_set_apart_from_it() -> None:
    document = document_of("One.", "Two.", "Three.", "Four.")
    quotes = cite("One.", "Two.", "Three.", "Four.")
    turn = Turn.of(Answer("Who?", "Who?", 0.9, quotes[:3]), "one", 0.65)
    sentences = [
        KeptSentence(document_id=c.document_id, start=c.start, end=c.end, chance=chance, cosine=0.5)
        for c, chance in zip(quotes, (0.9, 0.06, 0.03, 0.01), strict=True)
    ]
    found = turn.found.model_copy(update={"sentences": sentences})
    turn = turn.model_copy(update={"found": found})
    markup = rendered(Checked.against(turn, lambda _id: document))
    assert markup.index(">Two.<") < markup.index("Further quotes") < markup.index(">Three.<")
    assert (markup.count('data-kind="quote"'), markup.count('data-kind="tentative"')) == (2, 1)
    assert 'data-do="more-quotes" data-quotes="5"' in markup


def test_an_exact_quote_is_not_called_right() -> None:
    answer = Answer("Who?", "Who?", confidence=0.9, citations=cite("One."))
    markup = shown(answer, document_of("One."))
    assert 'aria-describedby="iq-exact-tip">Exact quote</summary>' in markup
    for word_or_sign in ("✓", "Verified", "verifies", "cosine", "BM25", "Cosine"):
        assert word_or_sign not in markup


def test_what_leads_up_to_the_answer_is_set_back_and_still_part_of_the_quote() -> None:
    document = Document("a.txt", "The tower <b>burned</b>.\n\nIt was closed.")
    citation = Citation(
        1, document, Span(0, len(document.text)), len("The tower <b>burned</b>.\n\n")
    )
    markup = shown(Answer("Why?", "Why?", 1.0, (citation,)), document)
    lead = '<span class="iq-lead">The tower &lt;b&gt;burned&lt;/b&gt;.\n\n</span>It was closed.'
    assert f'<blockquote class="exact" dir="auto">{lead}</blockquote>' in markup


@pytest.mark.parametrize(
    ("confidence", "said"),
    [(0.95, "very likely"), (0.7, "likely"), (0.5, "possible"), (0.1, "unlikely")],
)
def test_a_confidence_is_put_into_a_word(confidence: float, said: str) -> None:
    assert word(confidence, 0.65, 0.35) == said
