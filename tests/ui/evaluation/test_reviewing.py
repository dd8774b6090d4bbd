"""Making a question set on the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from qa import QA, Document
from qa.evaluation import evaluate, load_questions
from tests.ui.driving import BELT, UNANSWERED, visit

pytestmark = pytest.mark.browser

SELECT = """([block, start, end]) => {
    const text = document.querySelectorAll('#iq-review .iq-block')[block].textContent;
    const walker = document.createTreeWalker(
        document.querySelectorAll('#iq-review .iq-block')[block], NodeFilter.SHOW_TEXT);
    const place = (offset) => {
        walker.currentNode = walker.root;
        let at = 0;
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            if (offset <= at + node.length) return [node, offset - at];
            at += node.length;
        }
    };
    const range = document.createRange();
    range.setStart(...place(start));
    range.setEnd(...place(end));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return text.slice(start, end);
}"""


def start(page: Page, url: str, questions: str) -> None:
    visit(page, url)
    page.get_by_role("tab", name="Review").click()
    page.fill("#iq-drafts", questions)
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".iq-review-one")).to_be_visible(timeout=30_000)


def saved(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the set").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_a_set_is_made_by_ticking_selecting_and_refusing(
    page: Page, essay_page: str, essay_qa: QA, essay: Document, tmp_path: Path
) -> None:
    start(page, essay_page, f"{BELT}\nWho is Dr. Kissinger?\n{UNANSWERED}")
    expect(page.locator(".iq-review-count")).to_have_text("Question 1 of 3")
    page.locator(".iq-review-candidates input").first.check()
    page.get_by_role("button", name="What is ticked answers it").click()
    expect(page.locator(".iq-review-question")).to_have_text("Who is Dr. Kissinger?")
    words = page.evaluate(SELECT, [0, 200, 260])
    page.get_by_role("button", name="Add the selected words").click()
    expect(page.locator(".iq-review-candidates input").first).to_be_checked()
    page.get_by_role("button", name="What is ticked answers it").click()
    expect(page.locator(".iq-review-question")).to_have_text(UNANSWERED)
    page.get_by_role("button", name="The document does not answer it").click()
    expect(page.locator(".iq-review-done")).to_be_visible()
    questions = load_questions(saved(page, tmp_path))
    assert [(one.text, one.answerable) for one in questions] == [
        (BELT, True),
        ("Who is Dr. Kissinger?", True),
        (UNANSWERED, False),
    ]
    assert "2013" in questions[0].quotes[0]
    assert questions[1].quotes == (words,)
    assert words in essay.text
    assert len(evaluate(essay_qa, questions).records) == 3


def test_it_goes_on_after_a_reload_and_leaves_out_what_is_skipped(
    page: Page, essay_page: str, tmp_path: Path
) -> None:
    start(page, essay_page, f"{BELT}\n{UNANSWERED}")
    page.get_by_role("button", name="Skip").click()
    page.get_by_role("button", name="The document does not answer it").click()
    expect(page.locator(".iq-review-done")).to_be_visible()
    page.reload()
    page.get_by_role("tab", name="Review").click()
    expect(page.locator(".iq-review-done")).to_be_visible()
    assert [one.text for one in load_questions(saved(page, tmp_path))] == [UNANSWERED]


def test_what_cannot_be_judged_or_read_gets_one_sentence(
    page: Page, essay_page: str, tmp_path: Path
) -> None:
    visit(page, essay_page)
    page.get_by_role("tab", name="Review").click()
    trouble = page.locator(".iq-review-trouble")
    page.get_by_role("button", name="Start").click()
    expect(trouble).to_contain_text("There is no question yet")
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": "a"}\n')
    page.set_input_files("#iq-draft-file", bad)
    page.get_by_role("button", name="Start").click()
    expect(trouble).to_contain_text("bad.jsonl")
    expect(trouble).not_to_contain_text("/tmp")
    page.set_input_files("#iq-draft-file", [])
    page.fill("#iq-drafts", BELT)
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".iq-review-one")).to_be_visible()
    page.get_by_role("button", name="What is ticked answers it").click()
    expect(trouble).to_contain_text("Nothing is chosen")
    page.evaluate("getSelection().removeAllRanges()")
    page.get_by_role("button", name="Add the selected words").click()
    expect(trouble).to_contain_text("No words are selected")
