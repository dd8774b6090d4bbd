"""How a PDF of 1,000 pages scrolls, is searched and shows its pages, in headless Chromium.

    python -m benchmarks.long_document

Chromium prints the PDF. The time of a frame is that between two frames while the document scrolls
by a third of the window each time; a search lasts from the last key to the count.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.chat_server import chat_server
from benchmarks.page import _BROWSERS
from benchmarks.results import row

_PAGES = 1_000
_STEPS = 120  # of scrolling
_WORDS = ("granite", "Tower 512", "not in it", "ada", "masons from far away")
_SENTENCES = "The tower of Ada was built in granite by masons from far away in the year {}. " * 5

_SCROLL = """async ([selector, steps]) => {
    const pane = document.querySelector(selector);
    const times = [];
    pane.scrollTop = 0;
    let before = await new Promise(requestAnimationFrame);
    for (let step = 0; step < steps; step += 1) {
        pane.scrollTop += innerHeight / 3;
        const now = await new Promise(requestAnimationFrame);
        times.push(now - before);
        before = now;
    }
    return times;
}"""
_SEARCH = """async (text) => {
    const field = document.querySelector('.iq-find input');
    const told = document.querySelector('.iq-found-count');
    told.textContent = '';
    field.value = text;
    const started = performance.now();
    field.dispatchEvent(new Event('input'));
    while (!told.textContent) await new Promise((done) => { setTimeout(done, 1); });
    return performance.now() - started;
}"""


def print_pdf(browser: Browser, path: Path) -> None:
    """Print a PDF of many pages, with a heading and a paragraph on each."""
    page = browser.new_page()
    page.set_content("".join(map(_section, range(1, _PAGES))) + f"<h2>Tower {_PAGES}</h2>")
    page.pdf(path=path, format="A4")
    page.close()


def _section(number: int) -> str:
    text = _SENTENCES.format(*[number] * 5)
    heading = f"<h2>Tower {number}</h2>"
    return f"<section style='break-after: page'>{heading}<p>{text}</p></section>"


def scrolled(page: Page, selector: str) -> str:
    """Scroll through a document; return the median and the 95th percentile of a frame, in ms."""
    times = page.evaluate(_SCROLL, [selector, _STEPS])
    return f"{np.median(times):.0f} (95% within {np.percentile(times, 95):.0f})"


def measure(page: Page, url: str) -> None:
    """Open a page on the document, and print what is measured."""
    page.goto(url)
    page.wait_for_selector("[data-ready=true] #iq-sheet .iq-block")
    print(row("ms of a frame, text", scrolled(page, "#iq-sheet")))
    page.click(".iq-open-find")
    page.wait_for_timeout(1_000)  # as long as it takes to type the first words
    found = [page.evaluate(_SEARCH, words) for words in _WORDS * 3]
    print(row("ms to find words", f"{np.median(found):.0f} (at most {max(found):.0f})"))
    page.keyboard.press("Escape")
    started = time.perf_counter()
    page.click("[data-as=pages]")
    page.wait_for_function("document.querySelector('.iq-paper img')?.complete")
    print(row("s to the first page as a picture", f"{time.perf_counter() - started:.2f}"))
    print(row("ms of a frame, pages", scrolled(page, ".iq-papers")))
    started = time.perf_counter()
    page.fill(".iq-to-page input", str(_PAGES - 1))
    page.press(".iq-to-page input", "Enter")
    last = f".iq-paper:nth-child({_PAGES - 1}) img"
    page.wait_for_function(f"document.querySelector('{last}')?.complete")
    print(row("s to a page far away", f"{time.perf_counter() - started:.2f}"))


def main() -> None:
    installed = next(filter(None, map(shutil.which, _BROWSERS)), None)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        path = Path(folder) / "towers.pdf"
        print_pdf(browser, path)
        with chat_server("--document", str(path)) as (url, _):
            measure(browser.new_page(viewport={"width": 1440, "height": 900}), url)
        browser.close()


if __name__ == "__main__":
    main()
