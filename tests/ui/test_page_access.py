"""The page for everybody: by keyboard, by screen reader, on a phone, in the dark."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.ui.driving import BELT, UNANSWERED, ask, visit

pytestmark = pytest.mark.browser

# Elements of Gradio's own, which a page can only take or leave.
GRADIOS_OWN = [[".tab-container.visually-hidden"], [".overflow-menu"]]


def serious(page: Page, *parts: str) -> list[str]:
    """Return what axe-core finds serious or critical in parts of the page, all of it by default."""
    context = {"include": [[part] for part in parts or ["html"]], "exclude": GRADIOS_OWN}
    found = Axe().run(page, context=context).response["violations"]
    return [
        f"{each['id']}: {node['html'][:160]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def with_answers(page: Page) -> None:
    ask(page, BELT)
    turn = ask(page, UNANSWERED)
    for fold in ("Nearest passages", "How it was found", "Exact quote"):
        turn.get_by_text(fold).first.click()
    page.click("#iq-documents")


def with_a_doubt(page: Page) -> None:
    page.click("#iq-documents")
    turn = page.locator(".iq-turn").last
    turn.get_by_role("button", name="Ask again in another way").click()
    turn.get_by_role("button", name="Wrong answer").click()
    expect(turn.locator(".iq-doubt")).to_be_visible()
    page.locator("#iq-settings summary").click()
    turn.locator(".iq-near .iq-proof summary").first.focus()
    expect(page.get_by_role("tooltip")).to_be_visible()


def with_menu(page: Page) -> None:
    page.locator("#iq-more summary").click()


def with_conversations(page: Page) -> None:
    page.click("#iq-conversations")
    page.fill("#iq-kept-search", "the")


def with_review(page: Page) -> None:
    page.get_by_role("tab", name="Review").click()
    page.fill("#iq-drafts", BELT)
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".iq-review-one")).to_be_visible()


def with_evaluation(page: Page) -> None:
    page.get_by_role("tab", name="Evaluate").click()
    expect(page.get_by_role("button", name="Run")).to_be_visible()


def test_axe_finds_nothing_serious(page: Page, essay_page: str) -> None:
    visit(page, essay_page)
    states = {
        with_answers: ["html"],
        with_a_doubt: [".iq-doubt", "#iq-settings", "#iq-exact-tip"],
        with_menu: ["#iq-more"],
        with_conversations: ["#iq-kept"],
        with_review: ["#iq-review"],
        with_evaluation: ["#iq-tab-evaluate"],
    }
    for state, parts in states.items():
        state(page)
        for part in parts:
            expect(page.locator(part)).to_be_visible()
        for dark in (False, True):
            set_scheme(page, dark)
            assert serious(page, *parts) == [], (state.__name__, dark)


def set_scheme(page: Page, dark: bool) -> None:
    """Choose dark or light, and wait until colours have faded into one another."""
    page.emulate_media(color_scheme="dark" if dark else "light")
    expect(page.locator("body.dark")).to_have_count(int(dark))
    page.wait_for_function("!document.getAnimations().some(one => one.playState === 'running')")


def test_everything_is_reached_and_done_by_keyboard(page: Page, essay_page: str) -> None:
    visit(page, essay_page)
    expect(page.locator("#iq-question")).to_be_focused()
    page.keyboard.type(BELT)
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    number = page.get_by_role("button", name="Show quote 1 in the document")
    expect(number).to_be_visible()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        reached.add(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        if page.evaluate("document.activeElement.classList.contains('iq-number')"):
            break
    assert {"Right answer", "Ask again in another way"} <= reached
    expect(number).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#iq-document-view mark.iq-current").first).to_be_focused()
    page.click("#iq-documents")
    expect(page.locator("#iq-user-documents")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#iq-user-documents")).to_be_hidden()
    page.locator("#iq-more summary").click()
    page.keyboard.press("Escape")
    expect(page.locator(".iq-menu-body")).to_be_hidden()


def test_nothing_overflows_on_a_phone_or_in_the_dark(page: Page, essay_page: str) -> None:
    visit(page, essay_page)
    turn = ask(page, BELT)
    turn.locator(".iq-proof summary").first.click()
    turn.locator(".iq-found summary").first.click()
    turn.get_by_role("button", name="Ask again in another way").click()
    turn.get_by_role("button", name="Wrong answer").click()
    expect(turn.locator(".iq-doubt")).to_be_visible()
    page.locator("#iq-settings summary").click()
    for width, dark in ((390, True), (320, False), (390, False), (1280, True)):
        page.set_viewport_size({"width": width, "height": 844})
        set_scheme(page, dark)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (int(re.findall(r"\d+", paper)[0]) < 128) == dark
        box = page.locator("#iq-form").bounding_box()
        assert box
        assert box["y"] + box["height"] <= 844


def test_on_a_phone_answers_and_document_are_tabs(page: Page, essay_page: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, essay_page)
    turn = ask(page, BELT)
    expect(page.locator("#iq-document-view")).to_be_hidden()
    page.get_by_role("tab", name="Document").click()
    expect(page.locator("#iq-document-view mark.iq-current").first).to_be_in_viewport()
    page.get_by_role("tab", name="Answers").click()
    turn.locator(".iq-number").first.click()
    expect(page.locator("#iq-chat")).to_be_hidden()
    expect(page.locator("#iq-document-view mark.iq-current").first).to_be_in_viewport()
    expect(page.get_by_role("tab", name="Document")).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Document").press("ArrowLeft")
    expect(page.get_by_role("tab", name="Answers")).to_be_focused()
    expect(turn).to_be_visible()


def test_a_line_of_the_document_has_a_readable_length(page: Page, essay_page: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    visit(page, essay_page)
    characters = page.evaluate(
        """() => {
            const text = document.querySelector('#iq-document-view .iq-block').firstChild;
            const lines = new Map();
            for (let at = 0; at < text.length; at += 1) {
                const range = document.createRange();
                range.setStart(text, at);
                range.setEnd(text, at + 1);
                const top = Math.round(range.getBoundingClientRect().top);
                lines.set(top, (lines.get(top) ?? 0) + 1);
            }
            return [...lines.values()].slice(0, -1);
        }"""
    )
    assert 60 <= sum(characters) / len(characters) <= 78
