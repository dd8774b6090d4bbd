"""What a reader does with an answer: asks again, says how it is wanted, says what was wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from qa import Document
from qa.evaluation import Question, load_questions
from qa.evaluation.gold import locate
from qa.loaders import load
from tests.ui.driving import (
    BELT,
    CORE,
    FOLLOW_UP,
    UNANSWERED,
    add_documents,
    ask,
    done,
    press,
    quotes,
    texts,
    visit,
)

pytestmark = pytest.mark.browser

SEVERAL = "What are the reasons for tension between major powers?"


def select(page: Page, words: str) -> None:
    """Select words in the document, as a reader does."""
    page.evaluate(
        """(words) => {
            const blocks = [...document.querySelectorAll('#iq-document-view .iq-block')];
            const block = blocks.find((one) => one.textContent.includes(words));
            block.scrollIntoView();
            const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
            const at = block.textContent.indexOf(words);
            const point = (wanted) => {
                let before = 0;
                for (walker.currentNode = block; walker.nextNode();) {
                    const {length} = walker.currentNode;
                    if (wanted <= before + length) return [walker.currentNode, wanted - before];
                    before += length;
                }
            };
            getSelection().setBaseAndExtent(...point(at), ...point(at + words.length));
        }""",
        words,
    )


def kept_of(turn: Locator, thumbs: Path) -> Question:
    """Return what was kept of the rating of a turn."""
    (kept,) = (one for one in load_questions(thumbs) if one.id == turn.get_attribute("data-turn"))
    return kept


def test_a_question_is_asked_again_with_more_quotes_alone_or_changed(
    page: Page, essay_page: str
) -> None:
    visit(page, essay_page)
    first = ask(page, BELT)
    turn = ask(page, FOLLOW_UP)
    before = quotes(turn)
    assert texts(turn.locator(".iq-read-as .exact")) == [CORE]
    press(turn, "Retry")
    again = done(page, 3)
    assert quotes(again) == before
    assert texts(again.locator(".iq-read-as .exact")) == [CORE]
    press(again, "More quotes")
    more = done(page, 4)
    assert quotes(more)[: len(before)] == before
    assert len(quotes(more)) == 5
    expect(more.locator(".iq-further")).to_have_text("Further quotes, less likely to answer:")
    press(turn, "Ask without what came before")
    alone = done(page, 5)
    expect(alone.locator(".iq-read-as")).to_have_count(0)
    expect(alone.get_by_text("Ask without what came before")).to_have_count(0)
    press(first, "Edit the question")
    expect(page.locator("#iq-question")).to_be_focused()
    page.keyboard.type(" And why?")
    assert page.input_value("#iq-question") == f"{BELT} And why?"
    expect(page.locator(".iq-turn")).to_have_count(5)


def test_settings_beside_the_question_are_used_and_remembered(page: Page, essay_page: str) -> None:
    visit(page, essay_page)
    settings = page.locator("#iq-settings")
    expect(settings.locator("summary")).to_have_text("How to answer: Balanced, up to 3 quotes")
    turn = ask(page, SEVERAL)
    assert turn.get_attribute("data-state") == "tentative"
    expect(turn.locator(".iq-outcome")).to_contain_text("Possibly:")
    assert len(quotes(turn)) == 3
    settings.locator("summary").press("Enter")
    page.get_by_label("Only sure answers").check()
    page.get_by_label("1", exact=True).check()
    page.reload()
    expect(page.locator("[data-ready=true]")).to_be_attached()
    expect(settings.locator("summary")).to_have_text("How to answer: Only sure answers, 1 quote")
    press(done(page, 1), "Retry")
    turn = done(page, 2)
    expect(turn.locator(".iq-outcome")).to_have_text(
        "Not found. I found nothing in “essay” that says this."
    )
    settings.locator("summary").click()
    page.get_by_label("Show what may answer").check()
    page.keyboard.press("Escape")
    expect(settings.locator("fieldset").first).to_be_hidden()
    press(turn, "Retry")
    turn = done(page, 3)
    assert turn.get_attribute("data-state") == "tentative"
    assert len(quotes(turn)) == 1
    turn.get_by_text("How it was found").click()
    expect(turn.locator(".iq-found")).to_contain_text("below 0.20 nothing is shown")


def test_a_thumb_down_takes_the_sentence_that_answers(
    page: Page, essay_page: str, essay: Document, essay_thumbs: Path
) -> None:
    visit(page, essay_page)
    turn = ask(page, BELT)
    down = turn.get_by_role("button", name="Wrong answer")
    down.click()
    form = turn.locator(".iq-doubt")
    expect(form.get_by_label("Wrong answer")).to_be_focused()
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_have_text(
        "Choose what was wrong, or the words that answer."
    )
    form.get_by_label("Not the whole answer").check()
    words = "The core idea is to map out a long-term plan for countries involved"
    select(page, words)
    page.get_by_role("button", name="Add the selected words").click()
    expect(form.get_by_label(words, exact=True)).to_be_checked()
    page.get_by_role("button", name="Back to the answer").click()
    page.keyboard.press("Enter")
    expect(turn.locator(".iq-kept")).to_have_text("Kept, thank you.")
    expect(page.locator("#iq-taking")).to_be_hidden()
    expect(down).to_be_focused()
    kept = kept_of(turn, essay_thumbs)
    assert kept.quotes == (quotes(turn)[0].text, words)
    assert kept.tags == ("thumbs-down", "incomplete answer")
    assert {place.start for (place,) in kept.places} == {
        quotes(turn)[0].start,
        essay.text.index(words),
    }
    down.click()
    expect(down).to_have_attribute("aria-pressed", "false")
    turn = ask(page, UNANSWERED)
    turn.get_by_role("button", name="Wrong answer").click()
    form = turn.locator(".iq-doubt")
    expect(form.get_by_role("radio")).to_have_count(1)
    form.get_by_role("checkbox").first.check()
    form.get_by_role("button", name="Save").click()
    expect(turn.locator(".iq-kept")).to_be_visible()
    kept = kept_of(turn, essay_thumbs)
    assert kept.tags == ("thumbs-down", "not found")
    assert kept.quotes[0] in essay.text
    turn.get_by_role("button", name="Wrong answer").click()
    expect(turn.locator("[aria-pressed=true]")).to_have_count(0)


def test_ratings_of_own_documents_are_saved_as_a_set_that_eval_takes(
    page: Page, essay_page: str, essay_thumbs: Path, tmp_path: Path
) -> None:
    pier = tmp_path / "pier.txt"
    pier.write_text("The eastern pier is closed in winter. Ada guards the gate of the pier.\n")
    visit(page, essay_page)
    page.locator("#iq-more summary").click()
    save = page.get_by_role("button", name="Save your ratings as a question set")
    expect(save).to_be_hidden()
    add_documents(page, str(pier))
    turn = ask(page, "When is the eastern pier closed?")
    turn.get_by_role("button", name="Right answer").click()
    turn = ask(page, "How deep is the water at the pier?")
    turn.get_by_role("button", name="Wrong answer").click()
    expect(turn.locator(".iq-doubt")).to_be_visible()
    select(page, "Ada guards the gate of the pier.")
    page.get_by_role("button", name="Add the selected words").click()
    turn.get_by_role("button", name="Save").click()
    expect(turn.locator(".iq-kept")).to_contain_text("Kept with your documents")
    page.locator("#iq-more summary").click()
    with page.expect_download() as download:
        save.click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    right, wrong = load_questions(path)
    assert right.quotes == ("The eastern pier is closed in winter.",)
    assert wrong.quotes == ("Ada guards the gate of the pier.",)
    assert not essay_thumbs.exists() or "pier" not in essay_thumbs.read_text()
    assert all(locate([right, wrong], load(pier))[one.id].parts for one in (right, wrong))


def test_an_exact_quote_is_explained_on_focus_and_on_hover(page: Page, essay_page: str) -> None:
    visit(page, essay_page)
    turn = ask(page, BELT)
    tip = page.get_by_role("tooltip")
    expect(tip).to_be_hidden()
    turn.locator(".iq-proof summary").focus()
    expect(tip).to_contain_text("Whether they answer your question is for you to judge.")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    turn.get_by_text("Exact quote").hover()
    expect(tip).to_be_visible()
    turn.locator("blockquote").hover()
    expect(tip).to_be_hidden()
