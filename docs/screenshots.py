"""Draw the pictures in docs/screenshots anew: `.venv/bin/python docs/screenshots.py`.

Pictures of the chat alone: `... docs/screenshots.py chat`; of the reports alone: `... reports`.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).parent / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
LEAFLET = Path(__file__).parents[1] / "seeds/everyday/documents/dolvexan-leaflet.pdf"
BELT = "When was the Belt and Road Initiative proposed?"
CORE = "And what is its core idea?"
SEVERAL = "What do many experts believe about ties between America and Russia?"
FRANCE = "What is the capital of France?"

HEBREW = (
    "המגדלור של מארן נבנה בשנת 1871 בהוראת מועצת הנמל. גובהו שלושים מטרים.\n\n"
    "שומר המגדלור גר בכפר שלמרגלותיו עם שני כלבים.\n"
)
CHINESE = (
    "马恩灯塔建于1871年，由港务局下令建造。它高三十米。\n\n守塔人带着两条狗住在山下的村子里。\n"
)
LETTER = """# Choir weekend at Hollow Farm, 12 to 14 March

We meet on Friday at half past five at the church; the bus leaves at six sharp.

The weekend costs 135 pounds, 90 for students and those out of work. Pay Marjorie by 20 February.

Bring a pencil, your folder, slippers, a towel and a torch. Don't bring dogs; the farm has sheep.

Tell Desmond about allergies before 1 March.
"""
DUTIES = "responsibilities and understandings and characteristics and administrations and "
CHARTER = f"The charter of Marn speaks of {DUTIES * 9}of nothing else.\n"
LONG = "\n\n".join(
    [
        "Gulls circle over the empty quay and nobody is there to count them at all. " * 40,
    ]
    * 70
    + ["The keeper of Marn is called Ilse Brandt. She has two dogs."]
)

PORT = 8099
SMALL_MODEL = (
    *("--llm", "smollm2", "--llm-context", "4096"),
    *("--llm-url", f"http://127.0.0.1:{PORT}/v1", "--port", "7871"),
)

Steps = Callable[[Page, Path], None]


def ask(page: Page, question: str) -> None:
    """Ask, and wait for the answer."""
    number = page.locator(".iq-turn").count() + 1
    page.fill("#iq-question", question)
    page.keyboard.press("Enter")
    page.wait_for_selector(f".iq-turn:nth-child({number}):not([data-state=pending])")


def add(page: Page, *paths: Path) -> None:
    """Bring documents, and wait until they are there or refused."""
    page.click("#iq-documents")
    page.set_input_files("#iq-files", paths)
    page.wait_for_function(
        "!document.querySelector('#iq-adding progress') && document.querySelector('#iq-adding p')",
        timeout=300_000,
    )


def written(folder: Path, name: str, text: str) -> Path:
    """Write a document to bring."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def answer(page: Page, folder: Path) -> None:
    """Show an answer of one quote."""
    ask(page, BELT)


def several(page: Page, folder: Path) -> None:
    """Show an answer of several quotes."""
    ask(page, SEVERAL)


def abstention(page: Page, folder: Path) -> None:
    """Show an abstention and the nearest passages."""
    ask(page, FRANCE)
    page.get_by_text("Nearest passages").click()


def follow_up(page: Page, folder: Path) -> None:
    """Show a follow-up, and what it was read as."""
    ask(page, BELT)
    ask(page, CORE)


def found(page: Page, folder: Path) -> None:
    """Show how an answer was found."""
    ask(page, BELT)
    page.get_by_text("How it was found").click()
    page.locator(".iq-found-body").evaluate("body => body.scrollIntoView()")


def proof(page: Page, folder: Path) -> None:
    """Show the proof of a quote."""
    ask(page, BELT)
    page.locator(".iq-proof summary").first.click()


def documents(page: Page, folder: Path) -> None:
    """Show documents of one's own, and those that could not be added."""
    torn = folder / "torn.pdf"
    torn.write_bytes(b"%PDF-1.7\nnothing more")
    notes = "The lighthouse of Marn was built in 1871 by order of the harbour council.\n"
    add(page, written(folder, "notes.txt", notes), written(folder, "charter.txt", CHARTER), torn)


def expired(page: Page, folder: Path) -> None:
    """Show a conversation about documents that are gone."""
    notes = "The ferry to Marn leaves at nine from the eastern pier. It is seldom late.\n"
    add(page, written(folder, "ferries.txt", notes))
    page.keyboard.press("Escape")
    ask(page, "When does the ferry to Marn leave?")
    page.evaluate("localStorage.setItem('inquote.documents.the essay', 'gone')")
    page.reload()
    page.wait_for_selector("[data-ready=true]")
    page.locator(".iq-quote .iq-number").first.click()


def brought(name: str, text: str, question: str) -> Steps:
    """Show an answer from a document that was brought."""

    def steps(page: Page, folder: Path) -> None:
        add(page, written(folder, name, text))
        page.keyboard.press("Escape")
        ask(page, question)

    return steps


def pages(page: Page, folder: Path) -> None:
    """Show the pages of a PDF, with a quote on one."""
    add(page, LEAFLET)
    page.keyboard.press("Escape")
    ask(page, "What should I do if I take too much of it?")
    page.get_by_role("button", name="Pages").click()
    page.wait_for_selector(".iq-tools")
    page.wait_for_timeout(3_000)


def phone_document(page: Page, folder: Path) -> None:
    """Show the document on a phone."""
    ask(page, BELT)
    page.locator(".iq-quote .iq-number").first.click()


def written_answer(page: Page, folder: Path) -> None:
    """Show what a small model wrote, with the quotes that it rests on."""
    add(page, written(folder, "choir-weekend.md", LETTER))
    page.keyboard.press("Escape")
    page.click("#iq-settings summary")
    page.get_by_role("radio", name="Written").check()
    page.click("#iq-settings summary")
    ask(page, "how much is it for a student")
    page.wait_for_selector(".iq-statement", timeout=120_000)
    page.wait_for_selector(".iq-writing", state="detached", timeout=120_000)


def evaluation(page: Page, folder: Path) -> None:
    """Show an evaluation that has run."""
    page.get_by_role("tab", name="Evaluate").click()
    page.get_by_role("button", name="Run").click()
    page.mouse.move(0, 0)
    page.wait_for_selector(".iq-eval-results", timeout=300_000)


def review(page: Page, folder: Path) -> None:
    """Show a question that is to be judged."""
    page.get_by_role("tab", name="Review").click()
    page.fill("#iq-drafts", f"{BELT}\n{FRANCE}")
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector(".iq-review-one:not([hidden])")
    page.locator(".iq-review-candidates input").first.check()


# For each picture: its width and height, the colours, and what is done before it is taken.
SCENES: dict[str, tuple[int, int, str, Steps]] = {
    "answer": (1280, 680, "light", answer),
    "several": (1280, 760, "light", several),
    "abstention": (1280, 760, "light", abstention),
    "follow-up": (1280, 760, "light", follow_up),
    "found": (1280, 860, "light", found),
    "proof": (1280, 620, "light", proof),
    "documents": (1280, 620, "light", documents),
    "expired": (1280, 420, "light", expired),
    "pages": (1280, 760, "light", pages),
    "welcome": (1280, 760, "light", lambda page, folder: page.wait_for_timeout(2_000)),
    "long-document": (
        1280,
        620,
        "light",
        brought("log.txt", LONG, "What is the keeper of Marn called?"),
    ),
    "long-quote": (
        1280,
        620,
        "light",
        brought("charter.txt", CHARTER, "What does the charter of Marn speak of?"),
    ),
    "right-to-left": (1280, 420, "light", brought("marn.txt", HEBREW, "מתי נבנה המגדלור?")),
    "chinese": (1280, 420, "light", brought("marn.txt", CHINESE, "灯塔建于哪一年?")),
    "dark": (1280, 760, "dark", follow_up),
    "phone": (390, 844, "light", answer),
    "phone-document": (390, 844, "light", phone_document),
    "written": (1280, 680, "light", written_answer),
    "evaluation": (1280, 860, "light", evaluation),
    "review": (1280, 860, "light", review),
}


def main(wanted: str) -> None:
    """Take the pictures that are wanted."""
    PICTURES.mkdir(exist_ok=True)
    installed = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        if wanted in ("all", "chat"):
            with served() as url:
                for name in SCENES.keys() - {"written"}:
                    picture(browser, url, name)
            with small_model(), served(*SMALL_MODEL) as url:
                picture(browser, url, "written")
        if wanted in ("all", "reports"):
            picture_reports(browser)
        browser.close()


def picture(browser: Browser, url: str, name: str) -> None:
    """Open the page, do what a scene asks for, and take its picture."""
    width, height, colours, steps = SCENES[name]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
    page.goto(url)
    page.wait_for_selector("[data-ready=true]")
    with tempfile.TemporaryDirectory() as folder:
        steps(page, Path(folder))
    page.wait_for_timeout(500)
    save(page, name)
    page.close()


def save(page: Page, name: str) -> None:
    """Save a picture of the page, in 256 colours."""
    taken = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide")))
    few = taken.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1)
    few.save(PICTURES / f"{name}.png", optimize=True)


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
        for picture, (path, place) in {
            "report": (runs[0] / "report.html", ""),
            "report-questions": (runs[0] / "report.html", "#outcome=wrong-quote"),
            "comparison": (folder / "comparison.html", ""),
        }.items():
            page = browser.new_page(viewport={"width": 1100, "height": 760}, color_scheme="light")
            page.goto(path.as_uri() + place)
            page.wait_for_timeout(300)
            save(page, picture)
            page.close()


@contextmanager
def small_model() -> Iterator[None]:
    """Run a language model for as long as the block lasts."""
    command = [sys.executable, "-m", "tests.qa.writing.small_model", str(PORT)]
    with subprocess.Popen(command, cwd=PICTURES.parents[1], stdout=subprocess.PIPE) as process:
        try:
            if process.stdout:
                process.stdout.readline()  # its address, once it listens
            yield
        finally:
            process.terminate()


@contextmanager
def served(*options: str) -> Iterator[str]:
    """Run `inquote chat` for as long as the block lasts."""
    command = [sys.executable, "-m", "qa", "chat", "--no-open", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        said = ""
        while not said.rstrip().endswith("}"):
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                sys.exit("the page did not start")
            said += line
        try:
            yield json.loads(said)["url"]
        finally:
            process.terminate()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "all")
