"""Quotes as the document beside the chat marks them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from qa import Document
from tests.ui.driving import texts
from ui.assets import markup
from ui.chat.document_view import DocumentView

pytestmark = pytest.mark.browser

TEXT = "The 🏰 museum opens at nine.\n\nTickets cost five euros. 👍🏽 Dogs are not let in."


@pytest.mark.parametrize("kind", ["quote", "tentative"])
def test_the_words_that_answer_are_bold_and_a_mark_has_the_kind_of_its_quote(
    page: Page, kind: str
) -> None:
    part = DocumentView.of(Document("museum.txt", TEXT)).part(0)
    start, end = TEXT.index("Dogs"), len(TEXT)
    quote = {
        **{"key": "one 1", "document": "museum.txt", "own": False, "number": "1", "kind": kind},
        **{"start": start, "end": end, "answer": [start + 9, end - 1]},
    }
    page.set_content(
        f"<style>{markup('document-view.css')}</style>"
        '<div id="iq-ask"><div class="iq-sheet"></div></div>'
        f"<script>{markup('document_view.js')}</script>"
    )
    page.evaluate(
        """async ([part, quote]) => {
            const element = document.querySelector('#iq-ask');
            const view = new DocumentView(element, {load: async () => part});
            await view.show('museum.txt', false);
            view.mark([quote]);
        }""",
        [part, quote],
    )
    marks = page.locator("mark")
    assert texts(marks) == ["Dogs are ", "not let in", "."]
    assert texts(page.locator("mark.iq-answer")) == ["not let in"]
    weights = marks.evaluate_all("all => all.map((one) => getComputedStyle(one).fontWeight)")
    assert weights == ["400", "700", "400"]
    kinds = marks.evaluate_all("all => all.map(({dataset}) => [dataset.kind, dataset.number])")
    assert kinds == [[kind, "1"], [kind, None], [kind, None]]
    assert "".join(texts(page.locator(".iq-block"))) == TEXT
