"""How quickly the report of many questions opens, scrolls and filters, in headless Chromium.

python -m benchmarks.studies.report_page [--questions 5000]
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from qa.bundled import essay_path
from qa.evaluation import Record, Run
from qa.evaluation.records import Excerpt, Retrieved
from qa.evaluation.report import html_report
from qa.evaluation.runs import figures
from qa.loaders import load
from qa.text.sentences import split_sentences

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")

# Scrolls a screen at every frame, and gives how long each frame took, in ms.
_SCROLL = """async (frames) => {
  const times = [];
  let before = await new Promise(requestAnimationFrame);
  for (let i = 0; i < frames; i++) {
    window.scrollBy(0, innerHeight);
    const now = await new Promise(requestAnimationFrame);
    times.push(now - before);
    before = now;
  }
  return times;
}"""
# Searches for words, and gives how long it takes to the next frame, in ms.
_SEARCH = """async (words) => {
  const field = document.querySelector('#filters [name=text]');
  const started = performance.now();
  field.value = words;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await new Promise(requestAnimationFrame);
  return performance.now() - started;
}"""


def synthetic(questions: int) -> Run:
    """Make a run whose quotes and gold are sentences of the essay, drawn at random."""
    (essay,) = load(essay_path())
    sentences = [
        Excerpt(essay.id, span.start, span.end, essay.text[span.start : span.end])
        for span in split_sentences(essay.text)
    ]
    dice = random.Random(0)  # noqa: S311  # it keeps no secret

    def record(number: int) -> Record:
        quotes = tuple(dice.sample(sentences, 3))
        gold = ((dice.choice([*quotes, *sentences[:3]]),),)
        answerable = dice.random() < 0.7
        return Record(
            question_id=f"q{number}",
            question=f"{dice.choice(sentences).text[:60]}?",
            answerable=answerable,
            tags=(dice.choice(["plain", "paraphrase", "follow-up", "near-miss"]),),
            gold=gold if answerable else (),
            abstained=dice.random() < 0.1,
            confidence=dice.random(),
            quotes=quotes,
            verified=3,
            ranking=tuple(Retrieved(q.document_id, q.start, q.end, 0.5) for q in quotes),
            in_use=3,
            seconds={"total": dice.random()},
        )

    records = tuple(record(number) for number in range(questions))
    return Run("synthetic", {}, records, figures(records))


def measure(page: Page, address: str) -> None:
    started = time.perf_counter()
    page.goto(address)
    print(f"opened in {time.perf_counter() - started:.2f} s")
    for round_ in ("first", "second"):
        page.evaluate("window.scrollTo(0, 0)")
        times = page.evaluate(_SCROLL, 200)
        p50, p95, worst = np.percentile(times, [50, 95, 100])
        frames = f"p50 {p50:.0f} ms, p95 {p95:.0f}, at most {worst:.0f}"
        print(f"scrolling for the {round_} time, a frame: {frames}")
    for words in ("china", "russia", ""):
        print(f"searching for {words!r}: {page.evaluate(_SEARCH, words):.0f} ms")


def main(questions: int) -> None:
    run = synthetic(questions)
    started = time.perf_counter()
    written = html_report(run)
    print(f"{questions:,} questions: written in {time.perf_counter() - started:.2f} s", end=", ")
    print(f"{len(written.encode()) / 1e6:.1f} MB")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "report.html"
        path.write_text(written, encoding="utf-8")
        installed = next(filter(None, map(shutil.which, _BROWSERS)), None)
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        measure(browser.new_page(), path.as_uri())
        browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--questions", type=int, default=5_000)
    main(parser.parse_args().questions)
