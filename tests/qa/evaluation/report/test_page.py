"""The pages of a run and of a comparison in a real browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from qa.evaluation.comparison.comparing import Comparison, Flip
from qa.evaluation.records import Excerpt, Record
from qa.evaluation.report import html_comparison, html_report
from qa.evaluation.runs import Run
from tests.sample_runs import COMPARISON, FIGURES, HOSTILE, RUN, hostile_run, record

pytestmark = pytest.mark.browser

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_LONG = "W" * 300
_FACTS = {
    # id: confidence, seconds
    "right": (0.75, 0.02),
    "refused": (0.125, 0.01),
    "other": (0.5, 0.04),
    "missed": (0.25, 0.03),
    "silent": (0.0625, 0.06),
    "loud": (0.625, 0.05),
}
# The contrast of a text with what is behind it, as WCAG reckons it, for the words of an element.
_CONTRAST = """(selector) => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const element = document.querySelector(selector);
  let behind = element;
  const seen = (one) => getComputedStyle(one).backgroundColor;
  while (behind && /, 0\\)$/.test(seen(behind))) behind = behind.parentElement;
  const pair = [luminance(getComputedStyle(element).color), luminance(seen(behind))];
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}"""

Show = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    installed = next(filter(None, map(shutil.which, _BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=installed, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Show]:
    """Opens a page from a file; it must neither complain nor ask for anything else."""
    path = tmp_path / "page.html"
    complaints: list[str] = []
    outside: list[str] = []
    contexts: list[BrowserContext] = []

    def show(written: str, hash_: str = "", *, width: int = 1200, script: bool = True) -> Page:
        path.write_text(written, encoding="utf-8", newline="")
        context = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=script
        )
        contexts.append(context)
        context.on("console", lambda message: complaints.append(message.text))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        ours = path.as_uri()
        context.on(
            "request", lambda r: None if r.url.split("#")[0] == ours else outside.append(r.url)
        )
        page = context.new_page()
        page.goto(f"{ours}{hash_}")
        return page

    yield show
    for context in contexts:
        context.close()
    assert not complaints
    assert not [url for url in outside if url != "data:,"]


@pytest.fixture(scope="module")
def run() -> Run:
    """A run with a question of each outcome, three of them tagged."""
    records = [
        replace(one, confidence=_FACTS[one.question_id][0], seconds={"total": seconds})
        for one in RUN.records
        for seconds in [_FACTS[one.question_id][1]]
    ]
    tags = {"right": ("plain",), "other": ("plain", "near & far"), "loud": ("near & far",)}
    tagged = [replace(one, tags=tags.get(one.question_id, ())) for one in records]
    return replace(RUN, records=tuple(tagged), by_tag={"near & far": FIGURES})


def shown(page: Page) -> list[str]:
    """Return the ids of the questions that are shown, in order."""
    found: list[str] = page.locator("article:not([hidden]) .head a").all_text_contents()
    return found


def box(page: Page, name: str) -> Locator:
    return page.get_by_role("checkbox", name=re.compile(f"^{name}"))


def texts(page: Page, selector: str) -> list[str]:
    found: list[str] = page.locator(selector).evaluate_all("all => all.map(one => one.textContent)")
    return found


def test_what_is_on_the_page_is_the_very_text(show: Show) -> None:
    for words in HOSTILE:
        page = show(html_report(hostile_run(words)))
        assert texts(page, "article h3") == [words, words]
        assert texts(page, "article blockquote") == [words] * 3  # one question has no answer
        assert page.title() == f"{' '.join(words.split())} – evaluation"


def test_marks_stand_on_the_shared_characters(show: Show) -> None:
    text = "\U0001f468\u200d\U0001f469 \U0001d54f\r\nok"
    quote, gold = Excerpt("d", 0, 9, text), Excerpt("d", 4, 7, text[4:7])
    asked = record("q", quotes=(quote,), gold=((gold,),))
    page = show(html_report(replace(RUN, records=(asked,))))
    assert texts(page, "article mark") == ["\U0001d54f\r\n"] * 2
    assert texts(page, "article blockquote") == [text, "\U0001d54f\r\n"]
    white_space = "one => getComputedStyle(one).whiteSpaceCollapse"
    assert page.locator("article blockquote").first.evaluate(white_space) == "preserve"


def test_filters_narrow_what_is_shown_and_count_it(show: Show, run: Run) -> None:
    page = show(html_report(run))
    misses_first = ["missed", "other", "silent", "loud", "right", "refused"]
    assert shown(page) == misses_first
    count = page.locator("#count")
    expect(count).to_have_text("6 questions")
    box(page, "wrong quote").check()
    box(page, "right 1").check()
    assert shown(page) == ["other", "right"]
    box(page, "near & far").check()
    assert shown(page) == ["other"]
    expect(count).to_have_text("1 of 6 questions")
    page.get_by_label("Find").fill("nowhere")
    assert shown(page) == []
    expect(page.get_by_text("No question fits these filters.")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(count).to_have_text("6 questions")
    assert shown(page) == misses_first


def test_every_word_is_looked_for_in_questions_and_quotes(show: Show, run: Run) -> None:
    page = show(html_report(run))
    page.get_by_label("Find").fill("CATS tickets")  # in a quote, and in the question
    assert shown(page) == ["missed", "other"]
    page.get_by_label("Find").fill("who built")
    assert shown(page) == ["loud", "refused"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("as in the set", ["right", "refused", "other", "missed", "silent", "loud"]),
        ("most confident first", ["right", "loud", "other", "missed", "refused", "silent"]),
        ("least confident first", ["silent", "refused", "missed", "other", "loud", "right"]),
        ("slowest first", ["silent", "loud", "other", "missed", "right", "refused"]),
    ],
)
def test_questions_are_sorted(show: Show, run: Run, order: str, expected: list[str]) -> None:
    page = show(html_report(run))
    page.get_by_label("Order").select_option(label=order)
    assert shown(page) == expected
    page.get_by_label("Order").select_option(label="misses first")
    assert shown(page)[0] == "missed"


def test_the_address_keeps_the_choice_and_gives_it_back(show: Show, run: Run) -> None:
    page = show(html_report(run))
    box(page, "near & far").check()
    page.get_by_label("Find").fill("t & c")
    page.get_by_label("Order").select_option("slow")
    wanted = "#tag=near+%26+far&text=t+%26+c&sort=slow"
    page.wait_for_function("wanted => location.hash === wanted", arg=wanted)
    again = show(html_report(run), "#tag=near+%26+far&text=w&sort=slow")
    expect(box(again, "near & far")).to_be_checked()
    assert again.get_by_label("Find").input_value() == "w"
    assert shown(again) == ["loud", "other"]
    again.get_by_role("button", name="Show all").click()
    again.wait_for_function("() => location.hash === ''")


def test_an_address_that_makes_no_sense_shows_everything(show: Show, run: Run) -> None:
    page = show(html_report(run), "#outcome=nonsense&sort=__proto__&x=%E0%A4%A")
    assert len(shown(page)) == 6


def test_the_bars_link_to_their_questions(show: Show, run: Run) -> None:
    page = show(html_report(run))
    page.get_by_role("link", name="false answer: 1").click()
    expect(page.locator("#count")).to_have_text("1 of 6 questions")
    assert shown(page) == ["loud"]
    page.get_by_role("link", name="near & far").first.click()
    expect(page.locator("#count")).to_have_text("2 of 6 questions")


def test_a_link_to_a_question_brings_it_back_when_it_is_hidden(show: Show, run: Run) -> None:
    page = show(html_report(run), "#outcome=right")
    assert shown(page) == ["right"]
    page.evaluate("location.hash = 'q3'")
    expect(page.locator("#count")).to_have_text("6 questions")
    expect(page.locator("#q3")).to_be_in_viewport()
    page.wait_for_timeout(400)  # by then a change of filters would have changed the address
    assert page.evaluate("location.hash") == "#q3"


def test_filters_work_from_the_keyboard(show: Show, run: Run) -> None:
    page = show(html_report(run))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the questions")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    first = page.get_by_role("checkbox").first
    expect(first).to_be_focused()
    ring = "box => getComputedStyle(box.closest('label')).outlineStyle"
    assert first.evaluate(ring) == "solid"
    page.keyboard.press("Space")
    assert shown(page) == ["missed"]


def test_without_a_script_every_question_is_shown_and_no_filter(show: Show, run: Run) -> None:
    page = show(html_report(run), script=False)
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator("article")).to_have_count(6)
    page.get_by_role("link", name="false abstention: 1").click()
    expect(page.locator("#q5")).to_be_in_viewport()


@pytest.mark.parametrize("words", ["words", _LONG])
def test_a_narrow_window_needs_no_scrolling_sideways(show: Show, run: Run, words: str) -> None:
    hostile = hostile_run(words)
    other = replace(hostile, name=f"{words}2")
    flip = Flip(other.name, hostile.records[0], replace(hostile.records[0], abstained=True))
    compared = Comparison((hostile, other), COMPARISON.differences, (flip,), (words,), 0.05, 0)
    for written in (html_report(run), html_report(hostile), html_comparison(compared)):
        page = show(written, width=360)
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_print_shows_every_question_and_no_filters(show: Show, run: Run) -> None:
    page = show(html_report(run), "#outcome=right")
    assert shown(page) == ["right"]
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator("nav")).to_be_hidden()
    for number in range(1, 7):
        expect(page.locator(f"#q{number}")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).color") == "rgb(29, 32, 33)"
    assert page.locator("#q1").evaluate("one => getComputedStyle(one).breakInside") == "avoid"


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_texts_stand_out_in_both_themes(show: Show, run: Run, colours: str) -> None:
    page = show(html_report(run))
    page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert paper == ("rgb(22, 24, 23)" if colours == "dark" else "rgb(251, 250, 247)")
    for selector in (".lead", ".soft", "nav a", ".notes li", "article mark", "article .place"):
        assert page.evaluate(_CONTRAST, selector) >= 4.5, selector
    compared = show(html_comparison(COMPARISON))
    compared.emulate_media(color_scheme="dark" if colours == "dark" else "light")
    for selector in ("td.v-better", "td.v-worse", "td.v-same"):
        assert compared.evaluate(_CONTRAST, selector) >= 4.5, selector


def test_flips_are_filtered_by_what_became_of_them_and_by_run(show: Show) -> None:
    third = replace(COMPARISON.runs[1], name="third")
    gained = replace(COMPARISON.flips[0], run="third")
    several = replace(COMPARISON, runs=(*COMPARISON.runs, third), flips=(*COMPARISON.flips, gained))
    page = show(html_comparison(several))
    assert shown(page) == ["right", "other", "other"]
    box(page, "gained").check()
    expect(page.locator("#count")).to_have_text("2 of 3 questions")
    box(page, "third").check()
    assert shown(page) == ["other"]
    assert texts(page, "article:not([hidden]) .sides h4") == ["base", "third"]
    page.wait_for_function("() => location.hash === '#flip=gained&run=third'")


def test_many_questions_are_searched_and_sorted(show: Show) -> None:
    def numbered(number: int) -> Record:
        return record(f"q{number}", question=f"Number {number}?", confidence=number / 1_000)

    page = show(html_report(replace(RUN, records=tuple(map(numbered, range(1_000))))))
    page.get_by_label("Find").fill("number 99")
    expect(page.locator("#count")).to_have_text("19 of 1,000 questions")  # 99 to 899, 990 to 999
    page.get_by_label("Order").select_option("confident")
    assert shown(page)[0] == "q999"
