"""The page in a real browser: what is on the screen is the document's own text."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from qa import Document
from qa.bundled import questions_path
from qa.evaluation import load_questions
from tests.ui.conftest import HOSTILE_DOCUMENT
from tests.ui.driving import (
    BELT,
    CORE,
    FOLLOW_UP,
    UNANSWERED,
    ask,
    check_quotes,
    document_shown,
    done,
    marked,
    quotes,
    texts,
    visit,
)

pytestmark = pytest.mark.browser

expect.set_options(timeout=15_000)  # a machine may be busy


def test_shipped_questions_of_every_kind_are_answered_in_the_documents_own_characters(
    page: Page, essay_page: str, essay: Document
) -> None:
    visit(page, essay_page)
    assert document_shown(page, "essay.txt") == essay.text
    answered = 0
    shipped = load_questions(questions_path())
    asked = shipped[::7]
    assert {tag for one in asked for tag in one.tags} == {t for one in shipped for t in one.tags}
    for question in asked:
        turn = ask(page, question.text)
        assert texts(turn.locator(".iq-asked .exact")) == [question.text]
        shown = check_quotes(turn, essay.text)
        expect(turn.locator(".iq-quote:not([data-state=verified])")).to_have_count(0)
        assert sorted(marked(page).values()) == sorted(shown)
        answered += turn.get_attribute("data-state") in ("answered", "tentative")
    assert answered > len(asked) / 2
    assert document_shown(page, "essay.txt") == essay.text


def test_every_example_is_asked_at_a_click(page: Page, essay_page: str) -> None:
    visit(page, essay_page)
    assert page.title() == "inquote"
    examples = page.locator("#iq-examples button")
    expect(examples).to_have_count(6)
    for number in range(6):
        if number:
            page.click("#iq-new")
        examples.nth(number).click()
        state = done(page, 1).get_attribute("data-state")
        assert state == ("answered" if number < 5 else "abstained")
        expect(page.locator("#iq-welcome")).to_be_hidden()


def test_a_proof_and_how_an_answer_was_found_unfold_on_demand(
    page: Page, essay_page: str, essay: Document
) -> None:
    visit(page, essay_page)
    turn = ask(page, BELT)
    proof = turn.locator(".iq-proof").first
    expect(proof.locator("summary")).to_have_text("Exact quote")
    expect(proof.locator("dl")).to_be_hidden()
    proof.locator("summary").click()
    expect(proof.locator("dd").nth(1)).to_have_text(essay.sha256)
    expect(proof.locator("dd").nth(1)).to_be_visible()
    found = turn.locator(".iq-found")
    expect(found.locator("table").first).to_be_hidden()
    found.locator("summary").click()
    sentences, passages = found.locator("table").all()
    expect(sentences.locator("tr.iq-chosen")).to_contain_text("quoted 1")
    for shown in texts(found.locator("td .exact")):
        assert shown in essay.text
    expect(passages.locator("tbody tr")).to_have_count(8)
    expect(found).to_contain_text("Confidence 0.")
    expect(found).to_contain_text("in all")
    ask(page, "Why is populism on the rise?")
    expect(proof.locator("dl")).to_be_visible()


def test_quotes_are_marked_and_a_number_brings_its_own_into_view(
    page: Page, essay_page: str, essay: Document
) -> None:
    page.set_viewport_size({"width": 1200, "height": 600})
    visit(page, essay_page)
    first = ask(page, BELT)
    turn = ask(page, "What are the reasons for tension between major powers?")
    shown = quotes(turn)
    assert len(shown) >= 2
    numbered = {str(n): essay.text[q.start : q.end] for n, q in enumerate(shown, 1)}
    assert marked(page) == numbered
    assert texts(turn.locator(".iq-number")) == list(numbered)
    page.evaluate("document.querySelector('#iq-sheet').scrollTop = 0")
    first.get_by_role("button", name="Show quote 1 in the document").click()
    hit = page.locator("#iq-document-view mark.iq-current").first
    expect(hit).to_be_in_viewport()
    expect(hit).to_be_focused()
    (quote,) = quotes(first)
    assert marked(page) == {"1": essay.text[quote.start : quote.end]}
    assert hit.get_attribute("data-number") == "1"
    hit.click()
    expect(first.locator(".iq-number")).to_be_focused()


def test_an_abstention_and_a_follow_up_are_shown_as_such(
    page: Page, essay_page: str, essay: Document
) -> None:
    visit(page, essay_page)
    turn = ask(page, UNANSWERED)
    assert turn.get_attribute("data-state") == "abstained"
    expect(turn.locator(".iq-none")).to_have_text("I found nothing in “essay” that says this.")
    expect(turn.locator("blockquote").first).to_be_hidden()
    turn.get_by_text("Nearest passages").click()
    expect(turn.locator("blockquote").first).to_be_visible()
    check_quotes(turn, essay.text)
    expect(page.locator("#iq-document-view mark:not([data-kind=near])")).to_have_count(0)
    assert texts(ask(page, BELT).locator(".iq-read-as .exact")) == []
    turn = ask(page, FOLLOW_UP)
    assert texts(turn.locator(".iq-read-as .exact")) == [CORE]
    assert any("core idea" in quote for quote in check_quotes(turn, essay.text))
    page.click("#iq-new")
    expect(page.locator(".iq-turn")).to_have_count(0)
    assert texts(ask(page, FOLLOW_UP).locator(".iq-read-as .exact")) == []


def test_what_is_typed_is_not_lost(page: Page, essay_page: str, essay: Document) -> None:
    visit(page, essay_page)
    for question, reason in {
        "": "The question is empty",
        "word " * 20_000: "The question has 100,000 characters",
    }.items():
        page.fill("#iq-question", question)
        page.locator(".iq-send").first.click()
        expect(page.locator("#iq-trouble")).to_contain_text(reason)
        assert page.input_value("#iq-question") == question
        expect(page.locator(".iq-turn")).to_have_count(0)
        expect(page.locator("#iq-welcome")).to_be_visible()
    page.fill("#iq-question", BELT)
    page.keyboard.press("Enter")
    page.fill("#iq-question", "Who opposes")
    check_quotes(done(page, 1), essay.text)
    expect(page.locator("#iq-trouble")).to_be_empty()
    page.wait_for_timeout(200)
    assert page.input_value("#iq-question") == "Who opposes"


def test_small_talk_is_told_what_may_be_asked(page: Page, essay_page: str) -> None:
    visit(page, essay_page)
    page.fill("#iq-question", "hi")
    page.locator(".iq-send").first.click()
    hint = page.locator(".iq-turn[data-state=hint] p")
    expect(hint).to_contain_text("Ask a question about the documents, for example")
    assert texts(ask(page, FOLLOW_UP).locator(".iq-read-as .exact")) == []


def test_a_hostile_document_is_shown_character_by_character(page: Page, hostile_page: str) -> None:
    visit(page, hostile_page)
    assert texts(page.locator("#iq-welcome cite")) == ["<b>attack & co.txt"]
    assert document_shown(page, "<b>attack & co.txt") == HOSTILE_DOCUMENT
    shown: set[str] = set()
    places = "castle of Ada, bridge of Bern, lamp of Cairo, garden of Delphi, wheel of Euler"
    places += ", portrait of Frida, ferry of Ghent, library of Haifa, market of Izmir"
    for place in [*places.split(", "), "temple of Jinan"]:
        question = f"Who speaks about the {place} <b>&amp;</b> ${{value}} {{{{value}}}}?"
        turn = ask(page, question)
        assert texts(turn.locator(".iq-asked .exact")) == [question]
        found = check_quotes(turn, HOSTILE_DOCUMENT)
        assert sorted(marked(page).values()) == sorted(found)
        shown.update(found)
    for question in (
        "What does the school of Kyiv teach?",
        "How does the ferry of Ghent cross?",
        "How does the wheel of Euler turn?",
    ):
        shown.update(check_quotes(ask(page, question), HOSTILE_DOCUMENT))
    everything = "".join(shown)
    for danger in ("<script>", "<img src=x", "&amp;", "**bold**", "$x$", "${value}", "{{value}}"):
        assert danger in everything
    for rare in (
        "\r",
        "\n",
        "\t",
        "   ",
        "\u200b",
        "\u202e",
        "\u5bfa",
        "e\u0301",
        "\U0001f468\u200d",
    ):
        assert rare in everything
    assert page.title() == "inquote"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
