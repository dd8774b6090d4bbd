"""The tab that evaluates, in a real browser."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from qa import QA
from qa.evaluation import evaluate, load_questions, load_run
from qa.evaluation.formatting import amount, interval

pytestmark = [pytest.mark.browser, pytest.mark.model]

HOSTILE = "Who built it, <img src=x onerror=\"document.title='owned'\"> the lighthouse?"
QUESTIONS = [
    ("How much does a ticket cost?", True, "A ticket to the lighthouse costs five euros."),
    ("When is the lighthouse shut?", True, "It is shut on Mondays."),
    ("When does it open?", True, "On other days it opens at nine"),
    # A wrong expectation, so that there is a miss whatever the model says.
    (HOSTILE, True, "Children under six pay nothing."),
    ("Who is the president of France?", False, ""),
]


def write_set(path: Path, *, times: int = 1) -> Path:
    """Write the questions as JSON lines, as often as asked for."""
    lines = [
        {"id": f"q{number}-{time}", "question": question, "answerable": answerable}
        | ({"quotes": [quote]} if quote else {})
        for time in range(times)
        for number, (question, answerable, quote) in enumerate(QUESTIONS)
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def visit(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("tab", name="Evaluate").click()
    expect(page.locator(".iq-eval-run")).to_be_enabled(timeout=30_000)


def upload(page: Page, path: Path) -> None:
    """Choose a question set in the place of the one that was chosen."""
    page.get_by_label("Your question set").set_input_files(path)


def run(page: Page) -> None:
    """Click Run, and wait until it may be clicked again."""
    page.click(".iq-eval-run")
    expect(page.locator(".iq-eval-status, .iq-eval-failure")).to_be_visible(timeout=15_000)
    expect(page.locator(".iq-eval-status")).to_contain_text(" asked in ", timeout=60_000)
    expect(page.locator(".iq-eval-run")).to_be_enabled()


def texts(found: Locator) -> list[str]:
    read: list[str] = found.evaluate_all("found => found.map(each => each.textContent)")
    return read


def test_a_set_of_ones_own_is_asked_and_its_report_has_the_figures_of_evaluate(
    page: Page, hostile_page: str, hostile_path: Path, tmp_path: Path
) -> None:
    path = write_set(tmp_path / "mine.jsonl")
    with QA.open(hostile_path) as qa:
        expected = evaluate(qa, load_questions(path)).figures
    visit(page, hostile_page)
    assert texts(page.locator(".iq-eval-head cite")) == [hostile_path.name]
    upload(page, path)
    run(page)
    report = page.frame_locator(".iq-eval-report")
    for measure in ("quote-hit@1", "hit@5"):
        row = report.locator("table.figures tbody tr").filter(
            has=report.locator("th[scope=row]").filter(has_text=re.compile(f"^{measure}"))
        )
        figure, cells = expected[measure], texts(row.locator("td"))
        assert cells[0] == amount(measure, figure.value)
        assert cells[1] == interval(measure, figure.low, figure.high)
        assert cells[3] == str(figure.questions)
    expect(page.locator(".iq-eval-stop")).to_be_hidden()
    assert page.title() == "inquote"
    expect(report.locator("h1")).to_have_text(re.compile("^mine: tentative below 0.8"))
    expect(report.locator("#cards")).to_contain_text(HOSTILE)
    report.locator("nav a[href='#questions']").click()
    report.locator("input[type=checkbox]").first.check()
    expect(report.locator("#count")).to_contain_text(" of 5 questions")
    page.wait_for_timeout(400)  # for what would go into the address
    expect(report.locator("h1")).to_be_attached()


def test_progress_is_shown_and_a_run_can_be_stopped(
    page: Page, hostile_page: str, tmp_path: Path
) -> None:
    visit(page, hostile_page)
    upload(page, write_set(tmp_path / "long.jsonl", times=600))
    page.click(".iq-eval-run")
    bar = page.get_by_role("progressbar", name="Questions asked")
    expect(bar).to_contain_text(" of 3,000 questions", timeout=15_000)
    expect(bar).to_contain_text(" left", timeout=30_000)
    expect(page.locator(".iq-eval-run")).to_be_disabled()
    page.click(".iq-eval-stop")
    expect(page.locator(".iq-eval-status")).to_contain_text(
        re.compile(r"Stopped after [\d,]+ of 3,000 questions"), timeout=15_000
    )
    expect(page.locator(".iq-eval-run")).to_be_enabled()
    expect(page.locator(".iq-eval-stop")).to_be_hidden()
    expect(page.locator(".iq-eval-results")).to_have_count(0)
    upload(page, write_set(tmp_path / "short.jsonl"))
    run(page)
    expect(page.locator(".iq-eval-results")).to_be_visible()


def test_a_run_that_nobody_waits_for_any_more_keeps_nobody_waiting(
    page: Page, context: BrowserContext, hostile_page: str, tmp_path: Path
) -> None:
    visit(page, hostile_page)
    upload(page, write_set(tmp_path / "long.jsonl", times=3_000))  # takes minutes
    page.click(".iq-eval-run")
    expect(page.get_by_role("progressbar")).to_be_visible(timeout=15_000)
    other = context.new_page()
    visit(other, hostile_page)
    upload(other, write_set(tmp_path / "mine.jsonl"))
    other.click(".iq-eval-run")
    page.close()
    expect(other.locator(".iq-eval-results")).to_be_visible(timeout=30_000)


def test_a_bad_set_gets_one_sentence_and_nothing_is_lost(
    page: Page, hostile_page: str, tmp_path: Path
) -> None:
    visit(page, hostile_page)
    upload(page, write_set(tmp_path / "mine.jsonl"))
    run(page)
    for name, text, reason in (
        ("bad.jsonl", "{\n", "bad.jsonl has 1 bad line: line 1: is not JSON"),
        ("bad.csv", "question,price\nWho?,1\n", "bad.csv has a header row that does not fit"),
        (
            "other.csv",
            "question,answerable,quote\nWho?,true,six euros\nWhat?,true,seven euros\n",
            "2 answers of the question set are not in the corpus",
        ),
    ):
        (tmp_path / name).write_text(text)
        upload(page, tmp_path / name)
        page.click(".iq-eval-run")
        failure = page.get_by_role("alert").filter(has_text=reason)
        expect(failure).to_be_visible(timeout=15_000)
        assert "/" not in (failure.text_content() or "").replace("and/or", "")
        assert "\n" not in (failure.text_content() or "")
        expect(page.locator(".iq-eval-results")).to_be_visible()
        expect(page.locator(".iq-eval-run")).to_be_enabled()
    page.locator("#iq-question-set").get_by_role("button", name="Clear").click()
    page.click(".iq-eval-run")
    expect(page.locator(".iq-eval-failure")).to_have_text(
        "No question set is chosen: choose a file first", timeout=15_000
    )


def test_a_second_run_is_held_against_the_first_and_can_be_taken_away(
    page: Page, hostile_page: str, tmp_path: Path
) -> None:
    visit(page, hostile_page)
    upload(page, write_set(tmp_path / "mine.jsonl"))
    run(page)
    expect(page.locator(".iq-eval-compared")).to_have_count(0)
    for name in ("“Possibly”", "“Not found”"):
        limit = page.get_by_label(re.compile(f"number input for {name} below confidence"))
        limit.fill("1")
        limit.blur()
    run(page)
    page.get_by_text("Against the run before: ").click()
    compared = page.frame_locator(".iq-eval-compared iframe")
    refused = compared.locator("table.differences tbody tr").filter(has_text="quote-hit@1")
    assert texts(refused.locator("td"))[1] == "0.000"
    with page.expect_download() as download:
        page.get_by_text("Download the run").click()
    download.value.save_as(tmp_path / "run.zip")
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    kept = load_run(tmp_path / "unpacked" / "run")
    assert (kept.settings["threshold"], len(kept.records)) == (1, 5)
    with page.expect_download() as download:
        page.get_by_text("Download the report").click()
    assert download.value.suggested_filename == "report.html"
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
