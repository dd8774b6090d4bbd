"""What is kept: conversations in the browser, files that are saved, and thumbs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt
from playwright.sync_api import Page, expect

from qa import Document
from qa.cli.commands import main
from qa.evaluation import load_questions
from tests.ui.driving import BELT, FOLLOW_UP, UNANSWERED, ask, check_quotes, quotes, texts, visit

pytestmark = pytest.mark.browser


def choose(page: Page, what: str) -> None:
    """Choose something from the menu of the conversation."""
    page.locator("#iq-more summary").click()
    page.get_by_role("button", name=what).click()


def save(page: Page, what: str, folder: Path) -> Path:
    """Save the conversation, and return the file."""
    with page.expect_download() as download:
        choose(page, what)
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def kept(page: Page) -> list[str]:
    """Open the list of conversations, and return their names."""
    page.click("#iq-conversations")
    return texts(page.locator("#iq-kept-list .iq-kept-name"))


def reload(page: Page) -> None:
    page.reload()
    expect(page.locator("[data-ready=true]")).to_be_attached()


def test_a_conversation_is_saved_with_its_proof_and_there_again_after_a_reload(
    page: Page, essay_page: str, essay: Document, tmp_path: Path
) -> None:
    visit(page, essay_page)
    asked = [BELT, FOLLOW_UP, UNANSWERED]
    before = [quotes(ask(page, question)) for question in asked]
    path = save(page, "Save as JSON", tmp_path)
    verified = CliRunner().invoke(main, ["verify", str(path)])
    assert verified.exit_code == 0, verified.output
    answers = json.loads(path.read_text())["answers"]
    assert [answer["question"] for answer in answers] == asked
    path.write_text(path.read_text().replace("2013", "2014"))
    assert CliRunner().invoke(main, ["verify", str(path)]).exit_code == 4
    reload(page)
    turns = page.locator(".iq-turn")
    expect(turns).to_have_count(3)
    assert [quotes(turn) for turn in turns.all()] == before
    assert texts(turns.nth(1).locator(".iq-read-as .exact"))
    expect(page.locator(".iq-quote:not([data-state=verified])")).to_have_count(0)
    turns.first.locator(".iq-number").first.click()
    expect(page.locator("#iq-document-view mark.iq-current").first).to_be_in_viewport()
    check_quotes(ask(page, "Who opposes the deployment of THAAD?"), essay.text)


def test_there_may_be_several_conversations_to_choose_from_clear_and_delete(
    page: Page, essay_page: str
) -> None:
    visit(page, essay_page)
    ask(page, BELT)
    page.click("#iq-new")
    ask(page, UNANSWERED)
    assert kept(page) == [UNANSWERED, BELT]
    page.get_by_role("option", name=BELT).click()
    expect(page.locator(".iq-turn[data-state=answered]")).to_have_count(1)
    expect(page.locator(".iq-turn")).to_have_count(1)
    choose(page, "Delete this conversation")
    expect(page.locator(".iq-turn[data-state=abstained]")).to_have_count(1)
    assert kept(page) == [UNANSWERED]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".iq-turn[data-state=answered]")).to_have_count(1)
    assert kept(page) == [UNANSWERED, BELT]
    page.keyboard.press("Escape")
    choose(page, "Delete this conversation")
    choose(page, "Clear this conversation")
    expect(page.locator(".iq-turn")).to_have_count(0)
    expect(page.locator("#iq-welcome")).to_be_visible()
    reload(page)
    expect(page.locator(".iq-turn")).to_have_count(0)
    expect(page.locator("#iq-conversations")).to_have_text("Conversation: New conversation")
    assert kept(page) == []


def test_an_answer_goes_to_the_conversation_that_it_was_asked_in(
    page: Page, essay_page: str
) -> None:
    visit(page, essay_page)
    ask(page, UNANSWERED)
    page.fill("#iq-question", BELT)
    page.evaluate(  # at once, before the answer can be there
        """() => {
            document.querySelector('#iq-form').requestSubmit();
            document.querySelector('#iq-new').click();
        }"""
    )
    expect(page.locator(".iq-send").first).to_be_enabled(timeout=30_000)
    expect(page.locator(".iq-turn")).to_have_count(0)
    expect(page.locator("#iq-document-view mark")).to_have_count(0)
    page.click("#iq-conversations")
    page.get_by_role("option", name=UNANSWERED).click()
    expect(page.locator(".iq-turn")).to_have_count(2)
    expect(page.locator(".iq-turn").last).to_contain_text("2013")


def test_what_was_tampered_with_in_the_browser_is_not_shown(page: Page, essay_page: str) -> None:
    visit(page, essay_page)
    ask(page, BELT)
    page.evaluate(
        """() => {
            const key = Object.keys(localStorage).find((one) => one.startsWith('inquote.turn.'));
            const kept = JSON.parse(localStorage[key]);
            const {answer} = kept;
            answer.text = answer.text.replace('2013', '2014');
            answer.citations[0].quote = answer.citations[0].quote.replace('2013', '2014');
            localStorage[key] = JSON.stringify(kept);
        }"""
    )
    reload(page)
    expect(page.locator(".iq-fault")).to_contain_text(
        "is not shown, as the document has other words there"
    )
    expect(page.locator(".iq-turn blockquote")).to_have_count(0)


def test_markdown_shows_the_quotes_characters_as_they_are(
    page: Page, hostile_page: str, tmp_path: Path
) -> None:
    visit(page, hostile_page)
    questions = ("What does the garden of Delphi grow?", "How does the wheel of Euler turn?")
    shown = [quotes(ask(page, question)) for question in questions]
    path = save(page, "Save as Markdown", tmp_path)
    page.set_content(MarkdownIt("commonmark").render(path.read_text(encoding="utf-8")))
    text = page.locator("body").inner_text()
    for quote in (quote for each in shown for quote in each):
        assert quote.text in text
    assert texts(page.locator("h2")) == list(questions)
    assert page.locator("strong, em, code:not(blockquote code)").count() == 0


def test_thumbs_go_to_a_question_set_that_eval_reads(
    page: Page, essay_page: str, essay_thumbs: Path
) -> None:
    visit(page, essay_page)
    thumbs = {}
    for question, name in ((BELT, "Right"), (UNANSWERED, "Right"), (BELT, "Wrong")):
        turn = ask(page, question)
        thumb = turn.get_by_role("button", name=f"{name} answer")
        thumb.click()
        expect(thumb).to_have_attribute("aria-pressed", "true")
        thumbs[turn.get_attribute("data-turn")] = thumb
    right, abstention, wrong = (one for one in load_questions(essay_thumbs) if one.id in thumbs)
    assert [one.text for one in (right, abstention, wrong)] == [BELT, UNANSWERED, BELT]
    assert right.answerable
    assert "2013" in right.quotes[0]
    assert not abstention.answerable
    assert "not judged" not in abstention.tags
    assert "not judged" in wrong.tags
    assert not wrong.quotes
    reload(page)
    for thumb in thumbs.values():
        expect(thumb).to_have_attribute("aria-pressed", "true")
        thumb.click()
        expect(thumb).to_have_attribute("aria-pressed", "false")
    left = load_questions(essay_thumbs) if essay_thumbs.exists() else []
    assert not thumbs.keys() & {one.id for one in left}


def test_a_quote_is_copied_with_a_short_reference_and_the_proof_by_itself(
    page: Page, essay_page: str, essay: Document
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit(page, essay_page)
    turn = ask(page, BELT)
    turn.get_by_role("button", name="Copy", exact=True).click()
    expect(turn.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    (quote,) = quotes(turn)
    assert copied == f"{quote.text}\n\nessay, line 16"
    turn.locator(".iq-proof summary").click()
    turn.get_by_role("button", name="Copy the proof").click()
    expect(turn.locator(".iq-proof").get_by_role("button", name="Copied")).to_be_visible()
    proof = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert proof["quote"] == quote.text
    assert (proof["start"], proof["end"], proof["sha256"]) == (quote.start, quote.end, essay.sha256)
