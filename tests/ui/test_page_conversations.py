"""Conversations: in several tabs at once, many of them, and single answers by a link."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, BrowserContext, Page, expect

from qa.cli.commands import main
from tests.ui.driving import ask, done, press, texts, visit
from tests.ui.serving import QUESTION, Running, small_page
from tests.ui.test_page_access import serious

pytestmark = pytest.mark.browser

expect.set_options(timeout=15_000)  # a machine may be busy

LAMP = "What does the lamp burn?"
CASTLE = "What is the castle of Ada of?"
PAIRS = [("ada", "castles and bridges of stone"), ("bern", "a well-kept password")]

MANY = """count => {
    const key = Object.keys(localStorage).find((one) => one.startsWith('inquote.turn.'));
    const turn = JSON.parse(localStorage[key]);
    const [head] = key.match(/^inquote.turn.small/);
    for (let number = 0; number < count; number += 1) {
        const answer = {...turn.answer, question: `Question ${number} of many`};
        const one = {...turn, id: `t${number}`, asked: number, answer};
        localStorage[`${head}.c${number}.t${number}`] = JSON.stringify(one);
    }
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with small_page(tmp_path_factory.mktemp("conversations"), mcp=False) as running:
        yield running


def asked(page: Page) -> list[str]:
    return texts(page.locator(".iq-asked .exact"))


def test_what_is_asked_in_two_tabs_stays_and_is_in_both_at_once(
    context: BrowserContext, served: Running
) -> None:
    one, two = context.new_page(), context.new_page()
    visit(one, served.url)
    ask(one, QUESTION)
    visit(two, served.url)
    expect(two.locator(".iq-turn")).to_have_count(1)
    ask(one, LAMP)
    done(two, 2)
    ask(two, CASTLE)
    done(one, 3)
    assert asked(one) == asked(two) == [QUESTION, LAMP, CASTLE]
    # a tab that hears of nothing, such as one that sleeps, takes nothing from the others either
    two.evaluate("addEventListener('storage', (event) => event.stopImmediatePropagation(), true)")
    two.get_by_role("button", name="Right answer").first.click()
    for page in (one, two):
        page.reload()
        done(page, 3)
        assert asked(page) == [QUESTION, LAMP, CASTLE]
    expect(one.locator("[data-good=true]").first).to_have_attribute("aria-pressed", "true")
    clear(two)
    expect(one.locator(".iq-turn")).to_have_count(0)
    ask(one, LAMP)
    two.get_by_role("button", name="Undo").click()
    for page in (one, two):
        done(page, 4)
        assert asked(page) == [QUESTION, LAMP, CASTLE, LAMP]


def clear(page: Page) -> None:
    page.locator("#iq-more summary").click()
    page.get_by_role("button", name="Clear this conversation").click()


def test_conversations_of_an_earlier_version_are_taken_over(page: Page, served: Running) -> None:
    visit(page, served.url)
    ask(page, QUESTION)
    page.evaluate(
        """() => {
            const key = Object.keys(localStorage).find((one) => one.startsWith('inquote.turn.'));
            const {asked, ...turn} = JSON.parse(localStorage[key]);
            localStorage.clear();
            const of = (id) => ({id, turns: [{...turn, id: `${id}1`}, {...turn, id: `${id}2`}]});
            localStorage['inquote.conversations.small'] = JSON.stringify([of('new'), of('old')]);
        }"""
    )
    page.goto("about:blank")
    visit(page, served.url)
    ids = page.locator(".iq-turn").evaluate_all("all => all.map(one => one.dataset.turn)")
    assert ids == ["new1", "new2"]
    page.click("#iq-conversations")
    expect(page.locator("#iq-kept-list [role=option]")).to_have_count(2)
    assert page.evaluate("localStorage['inquote.conversations.small']") is None


def test_a_full_browser_is_told_of_and_nothing_is_dropped(page: Page, served: Running) -> None:
    visit(page, served.url)
    ask(page, QUESTION)
    page.evaluate(
        """() => {
            for (let size = 4_000_000; size >= 1; size = Math.floor(size / 2)) {
                try { for (;;) localStorage[`other ${Math.random()}`] = 'x'.repeat(size); } catch {}
            }
        }"""
    )
    ask(page, LAMP)
    expect(page.locator("#iq-trouble")).to_contain_text("This browser has no room to keep more")
    assert asked(page) == [QUESTION, LAMP]
    page.click("#iq-new")
    page.click("#iq-conversations")
    page.get_by_role("option", name=QUESTION).click()
    assert done(page, 2)
    page.reload()
    done(page, 1)
    assert asked(page) == [QUESTION]


def test_many_conversations_are_searched_named_pinned_and_saved(
    page: Page, served: Running, tmp_path: Path
) -> None:
    visit(page, served.url)
    ask(page, QUESTION)
    page.evaluate(MANY, 500)
    page.reload()
    done(page, 1)
    opener, options = page.locator("#iq-conversations"), page.locator("#iq-kept-list [role=option]")
    opener.press("Enter")
    expect(options).to_have_count(501)
    search = page.get_by_label("Search conversations")
    expect(search).to_be_focused()
    seconds = page.evaluate(
        """() => {
            const search = document.querySelector('#iq-kept-search');
            const before = performance.now();
            search.value = '77 many';
            search.dispatchEvent(new Event('input'));
            document.querySelector('#iq-kept').getBoundingClientRect();
            return (performance.now() - before) / 1000;
        }"""
    )
    assert seconds < 0.2
    assert texts(options.locator(".iq-kept-name")) == [
        f"Question {number} of many" for number in (477, 377, 277, 177, 77)
    ]
    search.fill("granite question 77")
    expect(options).to_have_count(5)
    search.fill("of nothing here")
    expect(page.locator("#iq-kept-none")).to_have_text("None has these words.")
    search.fill("77 many")
    search.press("ArrowDown")
    expect(search).to_have_attribute("aria-activedescendant", "iq-kept-1")
    search.press("Enter")
    expect(opener).to_be_focused()
    done(page, 1)
    assert asked(page) == ["Question 377 of many"]
    act(page, "Rename")
    page.get_by_label("Name of this conversation").fill("The bridges")
    page.keyboard.press("Enter")
    act(page, "Pin to the top")
    page.reload()
    done(page, 1)
    expect(opener).to_have_text("Conversation: The bridges")
    opener.click()
    expect(options.first).to_contain_text("The bridgesPinned · 1 question")
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON, to verify again").last.click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert len(json.loads(path.read_text())["answers"]) == 501
    document = tmp_path / "small.txt"
    document.write_text(page.locator("#iq-sheet").inner_text())
    verified = CliRunner().invoke(main, ["verify", str(path), "--document", str(document)])
    assert verified.exit_code == 0, verified.output[-500:]
    with page.expect_download() as download:
        page.get_by_role("button", name="Markdown").last.click()
    download.value.save_as(tmp_path / "all.md")
    assert (tmp_path / "all.md").read_text().count("\n## Question ") == 500


def act(page: Page, what: str) -> None:
    page.locator("#iq-more summary").click()
    page.get_by_role("button", name=what).click()


def test_a_link_to_an_answer_is_read_by_who_may_open_the_page(
    browser: Browser, tmp_path: Path
) -> None:
    with small_page(tmp_path, mcp=False, accounts=dict(PAIRS)) as running:
        writer = logged_in(browser, running.url, *PAIRS[0])
        writer.context.grant_permissions(["clipboard-read", "clipboard-write"])
        turn = ask(writer, QUESTION)
        press(turn, "Copy link")
        expect(turn).to_contain_text("Anybody who can open this page can read this answer")
        link = writer.evaluate("navigator.clipboard.readText()")
        assert link.startswith(f"{running.url}?turn=")
        reader = logged_in(browser, link, *PAIRS[1])
        expect(reader.locator(".iq-turn blockquote")).to_contain_text("The bridge of Bern")
        expect(reader.locator("#iq-document-view mark").first).to_be_visible()
        for hidden in ("#iq-question", ".iq-thumbs", "#iq-conversations", "#iq-more"):
            expect(reader.locator(hidden).first).to_be_hidden()
        assert serious(reader) == []
        assert not reader.evaluate("Object.keys(localStorage).filter(one => one[8] === 't').length")
        reader.get_by_role("link", name="Ask your own question").click()
        expect(reader.locator("#iq-question")).to_be_visible()
        expect(reader.locator(".iq-turn")).to_have_count(0)
        reader.goto(f"{running.url}?turn={'x' * 32}")
        expect(reader.locator("#iq-trouble")).to_contain_text("This link leads to no answer")
        for page in (writer, reader):
            page.context.close()


def logged_in(browser: Browser, url: str, name: str, password: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(url)
    page.fill("[name=username]", name)
    page.fill("[name=password]", password)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("[data-ready=true]")).to_be_attached()
    return page
