"""Draw the pictures in docs/screenshots anew: `.venv/bin/python docs/screenshots.py`."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).parent / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BELT = "When was the Belt and Road Initiative proposed?"
CORE = "And what is its core idea?"
FRANCE = "What is the capital of France?"

# For each picture: its width and height, the colours, and the questions asked before it is taken.
SCENES = {
    "start": (960, 530, "light", ()),
    "answer": (960, 430, "light", (BELT,)),
    "abstention": (960, 790, "light", (FRANCE,)),
    "follow-up": (960, 735, "light", (BELT, CORE)),
    "dark": (960, 735, "dark", (BELT, CORE)),
    "phone": (390, 760, "light", (BELT, CORE)),
}


def main() -> None:
    """Start the page, take every picture, and stop it; and those of the reports."""
    PICTURES.mkdir(exist_ok=True)
    installed = next(filter(None, map(shutil.which, BROWSERS)), None)
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        picture_reports(browser)
        for name, (width, height, colours, questions) in SCENES.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
            page.goto(url)
            for number, question in enumerate(questions, 1):
                ask(page, question, number)
            for fold in page.locator(".iq-near-list > summary").all():
                fold.click()
            page.wait_for_timeout(500)
            page.screenshot(path=PICTURES / f"{name}.png", animations="disabled", caret="hide")
            page.close()
        browser.close()


def picture_reports(browser: Browser) -> None:
    """Evaluate the shipped set twice, and take pictures of a report and of a comparison."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for run, *settings in (("eight passages",), ("two passages", "--set", "top_k=2")):
            command = ["eval", "seeds/questions.jsonl", "--name", run, "--out", folder / run]
            subprocess.run([sys.executable, "-m", "qa", *command, *settings], check=True)
        runs = [folder / "eight passages", folder / "two passages"]
        command = ["compare", *runs, "--measure", "quote-hit@1", "--measure", "balanced score"]
        subprocess.run([sys.executable, "-m", "qa", *command, "--out", folder], check=True)
        for picture, (path, place, colours) in {
            "report": (runs[0] / "report.html", "", "light"),
            "report-questions": (runs[0] / "report.html", "#outcome=wrong-quote", "light"),
            "report-dark": (runs[0] / "report.html", "#charts", "dark"),
            "comparison": (folder / "comparison.html", "", "light"),
        }.items():
            page = browser.new_page(viewport={"width": 1100, "height": 760})
            page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
            page.goto(path.as_uri() + place)
            page.wait_for_timeout(300)
            page.screenshot(path=PICTURES / f"{picture}.png", animations="disabled", caret="hide")
            page.close()


def ask(page: Page, question: str, number: int) -> None:
    """Ask the question of that number, and wait for its answer."""
    page.fill("#iq-question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_selector(f".iq-turn:nth-child({number}):not([data-state=pending])")


@contextmanager
def served() -> Iterator[str]:
    """Run `inquote chat` for as long as the block lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "qa", "chat", "--no-open", "--port", port]
    process = subprocess.Popen(command)
    url = f"http://127.0.0.1:{port}/"
    try:
        while not answers(url):
            if process.poll() is not None:
                sys.exit("the page did not start")
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait()


def answers(url: str) -> bool:
    """Tell whether the page answers yet."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (urllib.error.URLError, TimeoutError):
        return False


if __name__ == "__main__":
    main()
