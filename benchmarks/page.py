"""How soon is the page usable, and how soon does an answer stand on it, in a real browser?

    python -m benchmarks.page

Usable: the document is there and the question box takes a question. An answer: from the click on an
example until its quote is marked in the document. Each visit is a new window; in a cold one nothing
is in the browser's cache.
"""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Sequence

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.load import server

_VISITS = 10
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def visit(context: BrowserContext, url: str) -> tuple[float, list[float]]:
    """Open the page and click through the examples; return the seconds that each took."""
    page = context.new_page()
    started = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector("[data-ready=true] #iq-document-view .iq-block")
    usable = time.perf_counter() - started
    answers = []
    for number in range(5):  # the sixth is not answered
        if page.locator("#iq-new").is_enabled():  # a conversation is there, from before too
            page.click("#iq-new")
        example = page.locator("#iq-examples button").nth(number)
        started = time.perf_counter()
        example.click()
        page.wait_for_selector(
            "#iq-document-view mark.iq-current, #iq-document-view mark[data-first]"
        )
        answers.append(time.perf_counter() - started)
    page.close()
    return usable, answers


def cold(browser: Browser, url: str) -> tuple[float, list[float]]:
    """Visit with an empty cache."""
    context = browser.new_context()
    seconds = visit(context, url)
    context.close()
    return seconds


def told(seconds: Sequence[float]) -> str:
    """Return the median and the most, in seconds."""
    return f"{statistics.median(seconds):.2f} (at most {max(seconds):.2f})"


def main() -> None:
    installed = next(filter(None, map(shutil.which, _BROWSERS)), None)
    with server() as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        first, answers = cold(browser, url)
        print(f"| first visit of all: usable | {first:.2f} |")
        print(f"| first visit of all: first answer | {answers[0]:.2f} |")
        visits = [cold(browser, url) for _ in range(_VISITS)]
        print(f"| usable, nothing cached | {told([usable for usable, _ in visits])} |")
        context = browser.new_context()
        visit(context, url)
        again = [visit(context, url) for _ in range(_VISITS)]
        print(f"| usable, cached | {told([usable for usable, _ in again])} |")
        clicks = [second for _, seconds in (*visits, *again) for second in seconds]
        print(f"| an answer after the click | {told(clicks)} |")
        browser.close()


if __name__ == "__main__":
    main()
