"""A question, its quote and the document in Firefox, where Playwright's is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from qa import Document
from tests.ui.driving import BELT, ask, check_quotes, marked, visit

pytestmark = pytest.mark.browser


@pytest.fixture
def firefox(playwright: Playwright) -> Iterator[Page]:
    """A window of Firefox."""
    if not Path(playwright.firefox.executable_path).exists():
        pytest.skip("Playwright's Firefox is not installed: playwright install firefox")
    browser = playwright.firefox.launch()
    yield browser.new_page()
    browser.close()


def test_a_question_gets_a_quote_that_is_marked_in_the_document(
    firefox: Page, essay_page: str, essay: Document
) -> None:
    visit(firefox, essay_page)
    turn = ask(firefox, BELT)
    quotes = check_quotes(turn, essay.text)
    expect(firefox.locator("#iq-document-view mark.iq-current").first).to_be_in_viewport()
    assert marked(firefox)["1"] == quotes[0]
