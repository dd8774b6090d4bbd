"""A reader at the page: asks, looks, and compares what is on the screen with the source."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

BELT = "When was the Belt and Road Initiative proposed?"
FOLLOW_UP = "And what is its core idea?"
CORE = "What is the Belt and Road Initiative's core idea?"
"""What `FOLLOW_UP` means after `BELT`."""
UNANSWERED = "What is the capital of France?"


@dataclass(frozen=True)
class Quote:
    """A quote as a turn shows it."""

    document: str
    start: int
    end: int
    text: str


def visit(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("[data-ready=true]")).to_be_attached()


def ask(page: Page, question: str) -> Locator:
    """Type a question, press Enter, and give the turn that it got."""
    before = page.locator(".iq-turn").count()
    page.fill("#iq-question", question)
    page.keyboard.press("Enter")
    return done(page, before + 1)


def done(page: Page, turns: int) -> Locator:
    """Wait until so many turns are answered, and give the last of them."""
    answered = page.locator(".iq-turn:not([data-state=pending])")
    expect(answered).to_have_count(turns, timeout=30_000)
    return page.locator(".iq-turn").nth(turns - 1)


def texts(found: Locator) -> list[str]:
    read: list[str] = found.evaluate_all("found => found.map(each => each.textContent)")
    return read


def quotes(turn: Locator) -> list[Quote]:
    """Read a turn's quotes from the screen, those that are folded away included."""
    found = turn.locator(".iq-quote").evaluate_all(
        """found => found.map(({dataset, ...each}, index) => [dataset.document,
            Number(dataset.start), Number(dataset.end),
            found[index].querySelector('blockquote').textContent])"""
    )
    return [Quote(*each) for each in found]


def marked(page: Page) -> dict[str, str]:
    """Read what is marked in the document, by number; its pieces are put together."""
    pieces = page.locator("#iq-document-view mark").evaluate_all(
        "found => found.map(each => [each.dataset.key.split(' ')[1], each.textContent])"
    )
    read: dict[str, str] = {}
    for number, text in pieces:
        read[number] = read.get(number, "") + text
    return read


def document_shown(page: Page, name: str) -> str:
    """Read the whole text of the part that is shown of a document, once that is the one."""
    expect(page.locator("#iq-sheet")).to_have_attribute("data-document", name)
    return "".join(texts(page.locator("#iq-document-view .iq-block")))


def check_quotes(turn: Locator, text: str) -> list[str]:
    """Hold every quote of a turn against the text at its place."""
    found = quotes(turn)
    assert found
    for quote in found:
        assert quote.text == text[quote.start : quote.end]
    return [quote.text for quote in found]


def add_documents(page: Page, *paths: str) -> None:
    """Add documents of one's own, and wait until all are there or refused."""
    if page.locator("#iq-user-documents").is_hidden():
        page.click("#iq-documents")
    page.set_input_files("#iq-files", paths)
    expect(page.locator("#iq-adding progress")).to_have_count(0, timeout=60_000)
    expect(page.locator("#iq-adding p")).not_to_have_count(0)


def press(turn: Locator, what: str) -> None:
    """Do something that is offered under a turn."""
    actions = turn.get_by_role("button", name="Ask again in another way")
    if actions.get_attribute("aria-expanded") == "false":
        actions.click()
    turn.get_by_role("button", name=what).click()
