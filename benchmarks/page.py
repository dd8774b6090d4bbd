"""How soon the page is usable, and an answer stands on it, in headless Chromium.

    python -m benchmarks.page

The page is usable once the document is drawn and a question can be asked; an answer stands once
its quotes are marked in the document. A cold visit starts with an empty browser cache.
"""

from __future__ import annotations

import shutil
import time

import numpy as np
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.chat_server import chat_server
from benchmarks.results import row

_VISITS = 10
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_ANSWER = "#iq-document-view mark.iq-current, #iq-document-view mark[data-first]"

Seconds = list[float]


def visit(context: BrowserContext, url: str) -> tuple[float, Seconds]:
    """Open the page and click through the examples; return the seconds that each took."""
    page = context.new_page()
    started = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector("[data-ready=true] #iq-document-view .iq-block")
    usable = time.perf_counter() - started
    answers = []
    for number in range(5):  # the sixth is abstained from
        if page.locator("#iq-new").is_enabled():  # the page restores the last conversation
            page.click("#iq-new")
        example = page.locator("#iq-examples button").nth(number)
        started = time.perf_counter()
        example.click()
        page.wait_for_selector(_ANSWER)
        answers.append(time.perf_counter() - started)
    page.close()
    return usable, answers


def cold_visit(browser: Browser, url: str) -> tuple[float, Seconds]:
    context = browser.new_context()
    seconds = visit(context, url)
    context.close()
    return seconds


def median_and_most(seconds: Seconds) -> str:
    return f"{np.median(seconds):.2f} (at most {max(seconds):.2f})"


def main() -> None:
    installed = next(filter(None, map(shutil.which, _BROWSERS)), None)
    with chat_server() as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        usable, answers = cold_visit(browser, url)
        print(row("first visit of all: usable", f"{usable:.2f}"))
        print(row("first visit of all: first answer", f"{answers[0]:.2f}"))
        cold = [cold_visit(browser, url) for _ in range(_VISITS)]
        print(row("usable, nothing cached", median_and_most([usable for usable, _ in cold])))
        context = browser.new_context()
        visit(context, url)
        warm = [visit(context, url) for _ in range(_VISITS)]
        print(row("usable, cached", median_and_most([usable for usable, _ in warm])))
        clicks = [second for _, answers in (*cold, *warm) for second in answers]
        print(row("an answer after the click", median_and_most(clicks)))
        browser.close()


if __name__ == "__main__":
    main()
