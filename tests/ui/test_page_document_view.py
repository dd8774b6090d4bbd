"""The document beside the chat: marks, layout, headings, pages, and words found in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from qa import Document
from qa.loaders.text_blocks import text_blocks
from tests.pdf_files import Page as PdfPage
from tests.pdf_files import pdf_of
from tests.ui.driving import document_shown, texts, visit
from tests.ui.serving import small_page
from tests.ui.test_page_access import serious
from ui.assets import source, strings
from ui.chat.document_view import DocumentView

pytestmark = pytest.mark.browser

TEXT = "The 🏰 museum opens at nine.\n\nTickets cost five euros. 👍🏽 Dogs are not let in."
SCRIPTS = ("document_layout.js", "document_view.js")
MARKDOWN = """# The 🏰 guide

A **ticket** costs
*five* euros, says `desk()`.

## Hours ##

- Monday: shut
- Other days: <b>open</b>

| Place | Price |
|-------|-------|
| Tower | 5 € |

```
if open:

    enter()
```
"""


def show(page: Page, document: Document, *quotes: dict[str, Any]) -> None:
    """Show a document by the view alone, with its quotes marked."""
    page.goto("about:blank")
    page.set_content(
        f"<style>{source('style.css')}{source('document-view.css')}</style>"
        '<div id="iq-ask"><div class="iq-sheet" tabindex="0"></div></div>'
        f"<script>{strings()}{''.join(map(source, SCRIPTS))}</script>"
    )
    page.evaluate(
        """async ([part, quotes]) => {
            const element = document.querySelector('#iq-ask');
            window.view = new DocumentView(element, {load: async () => part});
            await view.show(part.id, false);
            view.mark(quotes);
        }""",
        [DocumentView.of(document).part(0), list(quotes)],
    )


def quote_of(document: Document, words: str, kind: str = "quote") -> dict[str, Any]:
    start = document.text.index(words)
    return {
        **{"key": "one 1", "document": document.id, "own": False, "number": "1", "kind": kind},
        **{"start": start, "end": start + len(words), "answer": None},
    }


@pytest.mark.parametrize("kind", ["quote", "tentative"])
def test_the_words_that_answer_are_bold_and_a_mark_has_the_kind_of_its_quote(
    page: Page, kind: str
) -> None:
    document = Document("museum.txt", TEXT)
    quote = quote_of(document, "Dogs are not let in.", kind)
    show(page, document, quote | {"answer": [quote["start"] + 9, len(TEXT) - 1]})
    marks = page.locator("mark")
    assert texts(marks) == ["Dogs are ", "not let in", "."]
    assert texts(page.locator("mark.iq-answer")) == ["not let in"]
    weights = marks.evaluate_all("all => all.map((one) => getComputedStyle(one).fontWeight)")
    assert weights == ["400", "700", "400"]
    kinds = marks.evaluate_all("all => all.map(({dataset}) => [dataset.kind, dataset.number])")
    assert kinds == [[kind, "1"], [kind, None], [kind, None]]
    assert "".join(texts(page.locator(".iq-block"))) == TEXT


def test_markdown_is_laid_out_and_its_text_stays_as_it_is(page: Page) -> None:
    document = Document("guide.md", MARKDOWN, blocks=text_blocks(MARKDOWN, markdown=True))
    show(page, document, quote_of(document, "A **ticket** costs\n*five* euros, says `desk()`."))
    assert "".join(texts(page.locator(".iq-block"))) == MARKDOWN
    assert texts(page.locator("h2.iq-block, h3.iq-block")) == [
        "# The 🏰 guide\n\n",
        "## Hours ##\n\n",
    ]
    assert texts(page.locator("li.iq-bullet")) == [
        "- Monday: shut\n",
        "- Other days: <b>open</b>\n\n",
    ]
    assert texts(page.locator("th")) == ["| Place | ", "Price |\n"]
    assert texts(page.locator("td")) == ["| Tower | ", "5 € |\n\n"]
    assert page.locator("pre").inner_text().splitlines()[1:4] == ["if open:", "", "    enter()"]
    assert page.locator("b").count() == 0
    assert "".join(texts(page.locator("mark"))) == document.text[15:62]
    assert page.locator("mark.iq-is-strong").inner_text() == "ticket"
    signs = page.locator(".iq-is-sign").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().width)"
    )
    assert max(signs) == 0
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.iq-sheet'))")
    copied = page.evaluate(
        """() => {
            const data = new DataTransfer();
            const copy = new ClipboardEvent('copy', {clipboardData: data, bubbles: true});
            getSelection().setBaseAndExtent(document.querySelector('.iq-sheet li').firstChild, 0,
                view.blocks.at(-1).element, view.blocks.at(-1).element.childNodes.length);
            document.querySelector('.iq-sheet li').dispatchEvent(copy);
            return data.getData('text/plain');
        }"""
    )
    assert copied == MARKDOWN[MARKDOWN.index("- Monday") :]


def test_the_lines_of_a_pdf_flow_and_those_of_a_text_do_not(page: Page) -> None:
    text = "A line that\nthe file broke\nin three.\n\nAnother."
    for name, lines in (("a.pdf", 1), ("a.txt", 3)):
        show(page, Document(name, text))
        block = page.locator(".iq-block").first
        assert block.text_content() == "A line that\nthe file broke\nin three.\n\n"
        assert len(block.inner_text().strip().split("\n")) == lines


@pytest.fixture(scope="module")
def reading_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page with a PDF of 40 pages, the first of which have Roman numbers."""
    tmp = tmp_path_factory.mktemp("reading")
    (tmp / "documents").mkdir()
    pages = [
        PdfPage()
        .line(f"Chapter {number}", size=20, gap=5 * number)
        .lines("The castle of Ada is", f"of stone number {number}.")
        .lines(f"Caf\xe9 {number}")
        for number in range(1, 41)
    ]
    (tmp / "documents" / "castle.pdf").write_bytes(pdf_of(*pages, roman=4))
    (tmp / "documents" / "guide.md").write_text(MARKDOWN)
    with small_page(tmp, documents=[tmp / "documents"]) as served:
        yield served.url


def choose(page: Page, name: str) -> str:
    page.select_option("#iq-shown", f"corpus:{name}")
    return document_shown(page, name)


def test_a_reader_finds_the_way_in_a_pdf_by_page_by_heading_and_by_words(
    page: Page, reading_page: str
) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    visit(page, reading_page)
    assert "The castle of Ada is\nof stone number 7." in choose(page, "castle.pdf")
    page.get_by_label("Page", exact=True).fill("30")
    page.keyboard.press("Enter")
    expect(page.get_by_role("separator", name="Page 30")).to_be_in_viewport()
    page.get_by_text("Outline").click()
    assert serious(page, "#iq-document-view") == []
    page.get_by_role("button", name="Chapter 7", exact=True).click()
    expect(page.locator(".iq-heading", has_text="Chapter 7")).to_be_focused()
    page.locator("#iq-sheet").focus()
    page.keyboard.press("Control+f")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("CAFE")
    expect(page.locator(".iq-found-count")).to_have_text("7 of 40")
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".iq-found-count")).to_have_text("6 of 40")
    page.get_by_role("searchbox").fill("ada IS of")
    expect(page.locator(".iq-found-count")).to_have_text("7 of 40")
    found = "[...CSS.highlights.get('iq-found-here')].map(String)"
    assert page.evaluate(found) == ["Ada is\nof"]
    assert serious(page, "#iq-document-view") == []
    page.get_by_role("searchbox").fill("nowhere")
    expect(page.locator(".iq-found-count")).to_have_text("Not found")
    page.keyboard.press("Escape")
    expect(page.locator("#iq-sheet")).to_be_focused()


def test_a_page_is_shown_as_a_picture_with_the_quotes_marked_where_their_letters_are(
    page: Page, reading_page: str
) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    visit(page, reading_page)
    choose(page, "castle.pdf")
    page.get_by_role("button", name="Pages", exact=True).click()
    paper = page.get_by_role("region", name="Page i (1 of 40)")
    expect(paper.locator("img")).to_be_visible()
    assert "The castle of Ada is\nof stone number 1." in (paper.text_content() or "")
    page.get_by_label("Page", exact=True).fill("iii")
    page.keyboard.press("Enter")
    expect(page.locator(".iq-paper").nth(2).locator("img")).to_be_in_viewport()
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("stone number 1")
    expect(page.locator(".iq-found-here")).to_be_visible()
    page.keyboard.type("2")
    here = page.locator(".iq-paper").nth(11).locator(".iq-found-here")
    expect(here).to_be_in_viewport(timeout=20_000)
    sheet, box = page.locator(".iq-paper").nth(11).bounding_box(), here.bounding_box()
    assert sheet
    assert box
    # Its line stands 190 points below the page's edge; a letter is 5.5 points wide, 8.8 high.
    assert abs((box["x"] - sheet["x"]) / sheet["width"] - (60 + 3 * 5.5) / 600) < 0.01
    assert abs(box["width"] / sheet["width"] - 15 * 5.5 / 600) < 0.01
    assert abs((box["y"] - sheet["y"]) / sheet["height"] - (190 - 8.8) / 850) < 0.01
    page.keyboard.press("Escape")
    page.fill("#iq-question", "What is of stone number 20?")
    page.keyboard.press("Enter")
    number = page.locator(".iq-turn .iq-number").first
    number.click()
    mark = page.locator(".iq-paper mark.iq-current").first
    expect(mark).to_be_focused()
    assert serious(page, "#iq-document-view") == []
    mark.click()
    expect(number).to_be_focused()
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.locator("#iq-sheet mark").first).to_be_attached()
    choose(page, "guide.md")
    expect(page.get_by_role("button", name="Pages", exact=True)).to_be_hidden()
