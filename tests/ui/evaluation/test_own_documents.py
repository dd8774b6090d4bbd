"""Evaluating and reviewing one's own documents, and the runs that were made, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from qa.evaluation import load_questions
from tests.ui.driving import add_documents, visit
from tests.ui.serving import QUESTION, small_page
from tests.ui.test_page_access import serious

pytestmark = pytest.mark.browser

OWN = "Tickets cost five euros. The museum opens at nine."
SETS = {
    "corpus": f"{QUESTION},true,The bridge of Bern is of granite.",
    "own": "What do tickets cost?,true,Tickets cost five euros.",
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with small_page(tmp_path_factory.mktemp("own")) as running:
        yield running.url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a document, and a question set for it and for the page's."""
    (tmp_path / "museum.txt").write_text(OWN)
    for name, row in SETS.items():
        (tmp_path / f"{name}.csv").write_text(f"question,answerable,quote\n{row}\n")
    return tmp_path


def evaluate(page: Page, whose: str, path: Path) -> None:
    page.locator("#iq-question-set").get_by_label(whose, exact=True).check()
    page.get_by_label("Your question set").set_input_files(path)
    page.click(".iq-eval-run")
    expect(page.locator(".iq-eval-status")).to_contain_text("1 question asked in")
    report = page.frame_locator(".iq-eval-report").last
    expect(report.locator("h1")).to_contain_text(f"{path.stem}: ")


def test_own_documents_are_evaluated_and_runs_are_opened_again_and_compared(
    page: Page, url: str, folder: Path
) -> None:
    visit(page, url)
    page.locator("#iq-tabs").get_by_role("tab", name="Evaluate").click()
    expect(page.get_by_role("group", name="What to evaluate")).to_be_hidden()
    page.locator("#iq-tabs").get_by_role("tab", name="Ask").click()
    add_documents(page, str(folder / "museum.txt"))
    page.locator("#iq-tabs").get_by_role("tab", name="Evaluate").click()
    evaluate(page, "small", folder / "corpus.csv")
    evaluate(page, "Your documents", folder / "own.csv")
    expect(page.locator(".iq-eval-compared")).to_have_count(0)
    evaluate(page, "Your documents", folder / "own.csv")
    expect(page.get_by_text("Against the run before: ")).to_be_visible()

    page.reload()
    page.get_by_text("Your runs (3)").press("Enter")
    rows = page.locator(".iq-runs li")
    expect(rows.nth(0)).to_contain_text("Your documents · ")
    expect(rows.nth(2)).to_contain_text("small · ")
    expect(rows.nth(2)).to_contain_text("1 of 1 right, quote-hit@1 1.000")
    compare = page.get_by_role("button", name="Compare", exact=True)
    expect(compare).to_be_disabled()
    for row in (0, 1):
        rows.nth(row).get_by_role("checkbox").check()
    compare.click()
    expect(page.get_by_text("0 questions gained, 0 lost.")).to_be_visible()
    assert serious(page) == []
    rows.nth(1).get_by_role("checkbox").uncheck()
    rows.nth(2).get_by_role("checkbox").check()
    compare.click()
    expect(page.locator(".iq-runs-trouble")).not_to_be_empty()
    rows.nth(2).get_by_role("button").click()
    report = page.frame_locator(".iq-eval-report")
    expect(report.locator("h1")).to_contain_text("corpus: ")
    expect(report.locator("#outcomes")).to_contain_text("Tickets cost five euros.” is right")
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete all").click()
    expect(page.locator(".iq-runs")).to_be_hidden()
    expect(page.locator(".iq-eval-results")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Run")).to_be_visible()
    expect(page.locator(".iq-runs")).to_be_hidden()


def test_a_set_is_made_of_own_documents(page: Page, url: str, folder: Path) -> None:
    visit(page, url)
    add_documents(page, str(folder / "museum.txt"))
    page.locator("#iq-tabs").get_by_role("tab", name="Review").click()
    review = page.locator("#iq-review")
    review.get_by_label("Your documents").check()
    expect(review.locator(".iq-sheet")).to_contain_text("Tickets cost five euros.")
    page.fill("#iq-drafts", "What do tickets cost?")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".iq-review-question")).to_have_text("What do tickets cost?")
    page.reload()
    expect(review.locator(".iq-sheet mark").first).to_be_visible()
    review.get_by_label("Tickets cost five euros.").check()
    page.get_by_role("button", name="What is ticked answers it").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the set").click()
    download.value.save_as(folder / "made.jsonl")
    (made,) = load_questions(folder / "made.jsonl")
    assert made.quotes == ("Tickets cost five euros.",)
