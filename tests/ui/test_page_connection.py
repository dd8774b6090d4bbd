"""A question is not lost when the network, the server or its index is away for a while."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.ui.driving import ask, done, texts, visit
from tests.ui.serving import QUESTION, Running, free_port, small_page
from tests.ui.test_page_access import serious

pytestmark = pytest.mark.browser

expect.set_options(timeout=15_000)  # a machine may be busy

AWAY = "The page cannot reach the server. It tries again by itself."
GONE = "The index on milvus cannot be used: it is away. The page tries again by itself."
LAMP = "What does the lamp burn?"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose console may complain of requests that fail."""
    faults: list[str] = []
    context = browser.new_context()
    context.on("weberror", lambda error: faults.append(str(error.error)))
    yield context.new_page()
    context.close()
    assert not faults


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("connection")
    slow = {"seconds": 5.0, "slow": "slowly"}
    with small_page(folder, mcp=False, gone="castle", **slow) as running:
        yield running


def begin(page: Page, question: str) -> Locator:
    """Ask a question, and return its turn, which has no answer yet."""
    page.fill("#iq-question", question)
    page.keyboard.press("Enter")
    return page.locator(".iq-turn[data-state=pending]")


def test_without_a_network_the_turn_says_so_and_is_answered_when_it_is_back(
    page: Page, served: Running
) -> None:
    visit(page, served.url)
    ask(page, LAMP)
    page.context.set_offline(True)
    turn = begin(page, QUESTION)
    expect(turn).to_contain_text(AWAY, timeout=3_000)
    assert serious(page) == []
    turn.get_by_role("button", name="Cancel").click()
    expect(page.locator(".iq-turn")).to_have_count(1)
    assert page.input_value("#iq-question") == QUESTION
    page.keyboard.press("Enter")
    expect(turn).to_contain_text(AWAY, timeout=3_000)
    page.context.set_offline(False)
    done(page, 2)
    assert texts(page.locator(".iq-asked .exact")) == [LAMP, QUESTION]
    expect(page.locator(".toast-body")).to_have_count(0)


def test_a_server_that_falls_silent_is_told_within_seconds(page: Page, served: Running) -> None:
    visit(page, served.url)
    page.route(re.compile("component_server"), lambda _: None)
    page.route("**/robots.txt", lambda _: None)
    turn = begin(page, QUESTION)
    expect(turn).to_contain_text(AWAY, timeout=3_000)
    page.unroute_all()
    done(page, 1)


def test_a_slow_server_is_not_one_that_is_gone(page: Page, served: Running) -> None:
    visit(page, served.url)
    turn = begin(page, "How slowly does the lamp burn?")
    until = time.monotonic() + 3.5
    while time.monotonic() < until:
        expect(turn).to_contain_text("Reading the document …")
        time.sleep(0.2)
    done(page, 1)


def test_a_question_of_another_tab_is_shown_and_answered_once(page: Page, served: Running) -> None:
    visit(page, served.url)
    begin(page, "How slowly does the bridge of Bern fall?")
    other = page.context.new_page()
    visit(other, served.url)
    turn = other.locator(".iq-turn[data-state=pending]")
    expect(turn).to_contain_text("Not answered yet.")
    turn.get_by_role("button", name="Retry").click()
    expect(turn).to_contain_text("Reading the document …")
    for each in (page, other):
        done(each, 1)
    other.reload()
    done(other, 1)
    assert other.input_value("#iq-question") == ""


def test_a_question_outlives_its_server_and_a_reload(page: Page, tmp_path: Path) -> None:
    port = free_port()
    with small_page(tmp_path, mcp=False, port=port, seconds=5.0, slow="slowly") as running:
        visit(page, running.url)
        ask(page, LAMP)
        turn = begin(page, "How slowly does the bridge of Bern fall?")
        time.sleep(0.5)
        running.stop(signal.SIGKILL)
        expect(turn).to_contain_text(AWAY, timeout=3_000)
    with small_page(tmp_path, mcp=False, port=port, seconds=2.0, slow="slowly"):
        expect(turn).to_contain_text("Reading the document …")
        page.reload()
        expect(turn).to_contain_text("Reading the document …")
        done(page, 2)
    assert texts(page.locator(".iq-asked .exact"))[1].startswith("How slowly")


def test_an_index_that_is_not_reachable_is_tried_again(page: Page, served: Running) -> None:
    visit(page, served.url)
    turn = begin(page, "What is the castle of Ada of?")
    expect(turn).to_contain_text(GONE)
    done(page, 1)
