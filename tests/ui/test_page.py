"""The page in a real browser: what is on the screen is the document's own text."""

from __future__ import annotations

import json
import re

import pytest
from gradio_client import Client  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]
from huggingface_hub import constants
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from qa import Document, verify
from qa.evaluation import load_questions
from qa.seeds import questions_path
from tests.ui.conftest import ATTACK_DOCUMENT, watch

pytestmark = pytest.mark.browser

expect.set_options(timeout=15_000)  # a machine may be busy

PLACE = re.compile(r"line [\d,]+, characters ([\d,]+)–([\d,]+)")
BELT = "When was the Belt and Road Initiative proposed?"
UNANSWERED = "What is the capital of France?"


def visit(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("#iq-question textarea")).to_be_focused()


def ask(page: Page, question: str) -> Locator:
    """Type a question, press Enter, and give the turn that it got."""
    before = page.locator(".iq-turn").count()
    page.fill("#iq-question textarea", question)
    page.keyboard.press("Enter")
    return done(page, before + 1)


def done(page: Page, turns: int) -> Locator:
    """Wait until so many turns are answered, and give the last of them."""
    answered = page.locator(".iq-turn:not([data-state=pending])")
    expect(answered).to_have_count(turns, timeout=30_000)
    return page.locator(".iq-turn").nth(turns - 1)


def texts(found: Locator) -> list[str]:
    read: list[str] = found.evaluate_all("found => found.map(each => each.textContent)")
    return read


CORE = "What is the Belt and Road Initiative's core idea?"
"""What "And what is its core idea?" means after `BELT`."""


def check_quotes(turn: Locator, text: str) -> list[str]:
    """Hold every quote of a turn against the text at the place that is shown with it."""
    quotes = texts(turn.locator("blockquote"))
    assert quotes
    spans = []
    for place in texts(turn.locator(".iq-place")):
        match = PLACE.fullmatch(place)
        assert match, place
        spans.append([int(number.replace(",", "")) for number in match.groups()])
    assert quotes == [text[start:end] for start, end in spans]
    return quotes


def test_questions_are_answered_in_the_documents_own_characters(
    page: Page, essay_page: str, essay: Document
) -> None:
    visit(page, essay_page)
    asked = load_questions(questions_path())[::8]
    for question in asked:
        turn = ask(page, question.text)
        assert texts(turn.locator(".iq-asked .exact")) == [question.text]
        quotes = check_quotes(turn, essay.text)
        if turn.get_attribute("data-state") == "answered":
            marks = [f"[{number}]" for number in range(1, len(quotes) + 1)]
            assert texts(turn.locator(".iq-mark")) == marks
    answered = page.locator(".iq-turn[data-state=answered]").count()
    assert answered > len(asked) / 2


def test_an_example_is_asked_at_a_click_and_its_proof_unfolds(
    page: Page, essay_page: str, essay: Document
) -> None:
    visit(page, essay_page)
    assert page.title() == "inquote"
    examples = page.locator("#iq-examples button")
    expect(examples).to_have_count(6)
    examples.filter(has_text=BELT).click()
    turn = done(page, 1)
    expect(examples.first).to_be_hidden()
    expect(page.locator("#iq-question textarea")).to_be_focused()
    proof = turn.locator(".iq-proof").first
    expect(proof.locator("dl")).to_be_hidden()
    proof.locator("summary").click()
    expect(proof.locator("dd").nth(1)).to_have_text(essay.sha256)
    expect(proof.locator("dd").nth(1)).to_be_visible()
    ask(page, "Why is populism on the rise?")
    expect(proof.locator("dl")).to_be_visible()


def test_an_abstention_is_shown_as_one_with_near_passages_set_apart(
    page: Page, essay_page: str, essay: Document
) -> None:
    visit(page, essay_page)
    turn = ask(page, UNANSWERED)
    assert turn.get_attribute("data-state") == "abstained"
    expect(turn.locator(".iq-none")).to_have_text("The document does not say.")
    expect(turn.locator(".iq-mark")).to_have_count(0)
    expect(turn.locator("blockquote").first).to_be_hidden()
    turn.get_by_text("Near, but not an answer").click()
    expect(turn.locator("blockquote").first).to_be_visible()
    check_quotes(turn, essay.text)


def test_a_follow_up_shows_what_it_was_read_as(
    page: Page, essay_page: str, essay: Document
) -> None:
    visit(page, essay_page)
    follow_up = "And what is its core idea?"
    assert texts(ask(page, BELT).locator(".iq-read-as .exact")) == []
    turn = ask(page, follow_up)
    assert texts(turn.locator(".iq-read-as .exact")) == [CORE]
    assert any("core idea" in quote for quote in check_quotes(turn, essay.text))


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("", "The question is empty"),
        ("?!", "The question has no words"),
        ("word " * 20_000, "The question has 100,000 characters"),
    ],
    ids=["empty", "punctuation", "100,000 characters"],
)
def test_a_question_that_cannot_be_asked_gets_one_sentence_and_stays(
    page: Page, essay_page: str, essay: Document, question: str, reason: str
) -> None:
    visit(page, essay_page)
    page.fill("#iq-question textarea", question)
    page.locator("#iq-question .submit-button").click()
    expect(page.get_by_test_id("toast-body")).to_contain_text(reason)
    assert page.input_value("#iq-question textarea") == question
    expect(page.locator(".iq-turn")).to_have_count(0)
    expect(page.locator("#iq-examples")).to_be_visible()
    check_quotes(ask(page, BELT), essay.text)


def test_each_window_and_each_visit_has_a_conversation_of_its_own(
    browser: Browser, context: BrowserContext, essay_page: str
) -> None:
    complaints: list[str] = []
    other = browser.new_context()
    watch(other, complaints, complaints)
    one, two = context.new_page(), other.new_page()
    visit(one, essay_page)
    visit(two, essay_page)
    ask(one, BELT)
    turn = ask(two, "And what is its core idea?")
    expect(turn.locator(".iq-read-as")).to_have_count(0)
    expect(one.locator(".iq-turn")).to_have_count(1)
    expect(two.locator(".iq-turn")).to_have_count(1)
    one.reload()
    expect(one.locator("#iq-examples")).to_be_visible()
    expect(one.locator(".iq-turn")).to_have_count(0)
    other.close()
    assert not complaints


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (390, "light"), (1280, "dark")])
def test_nothing_overflows_on_a_phone_or_in_the_dark(
    page: Page, essay_page: str, width: int, theme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    visit(page, essay_page)
    turn = ask(page, BELT)
    turn.locator(".iq-proof summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    column = page.locator(".gradio-container").bounding_box()
    assert column
    assert column["width"] == min(width, 736)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(re.findall(r"\d+", paper)[0]) < 128) == (theme == "dark")
    box = page.locator("#iq-ask").bounding_box()
    assert box
    assert box["y"] + box["height"] <= 844


def test_a_hostile_document_is_shown_character_by_character(page: Page, attack_page: str) -> None:
    visit(page, attack_page)
    assert texts(page.locator("#iq-head cite")) == ["<b>attack & co.txt"]
    expect(page.locator("#iq-examples")).to_be_hidden()
    shown: set[str] = set()
    places = "castle of Ada, bridge of Bern, lamp of Cairo, garden of Delphi, wheel of Euler"
    places += ", portrait of Frida, ferry of Ghent, library of Haifa, market of Izmir"
    for place in [*places.split(", "), "temple of Jinan"]:
        question = f"Who speaks about the {place} <b>&amp;</b> ${{value}} {{{{value}}}}?"
        turn = ask(page, question)
        assert texts(turn.locator(".iq-asked .exact")) == [question]
        shown.update(check_quotes(turn, ATTACK_DOCUMENT))
    shown.update(check_quotes(ask(page, "What does the school of Kyiv teach?"), ATTACK_DOCUMENT))
    everything = "".join(shown)
    for danger in ("<script>", "<img src=x", "&amp;", "**bold**", "$x$", "${value}", "{{value}}"):
        assert danger in everything
    for rare in (
        "\r",
        "\n",
        "\t",
        "   ",
        "\u200b",
        "\u202e",
        "\u5bfa",
        "e\u0301",
        "\U0001f468\u200d",
    ):
        assert rare in everything
    assert page.title() == "inquote"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_endpoint_named_ask_gives_an_answer_that_verifies(
    essay_page: str, essay: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    # Left to itself, Gradio's client reports its use to the Hub, and asks it for a list of agents.
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    client = Client(essay_page, verbose=False, analytics_enabled=False, download_files=False)
    answer = client.predict("And what is its core idea?", [BELT], api_name="/ask")
    assert answer["citations"]
    assert answer["query"] == CORE
    assert verify(json.loads(json.dumps(answer)), [essay]).verified
    with pytest.raises(AppError, match="The question has 100,000 characters"):
        client.predict("word " * 20_000, [], api_name="/ask")
    with pytest.raises(AppError, match="A question is text"):
        client.predict(BELT, [None], api_name="/ask")
    client.close()
