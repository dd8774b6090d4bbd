"""Written answers on the page: a language model's statements between proven quotes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from qa import Document
from qa.verification import verify_conversation
from qa.verification.answer_files import SavedConversation, read_saved
from qa.writing import LLM
from tests.qa.writing.endpoints import small_model
from tests.qa.writing.scripted import KEY, Script, scripted
from tests.ui.driving import ask, check_quotes, marked, texts, visit
from tests.ui.serving import small_page
from tests.ui.test_page_access import serious, set_scheme

__all__ = ["small_model"]  # a fixture

pytestmark = pytest.mark.browser

LETTER = """\
Dear guests,

The pool opens at 8 in the morning and closes at 9 in the evening. Towels are handed out at the \
desk for two euros.

Children under twelve swim only with an adult. Music is played through headphones."""
OPENS = "The pool opens at 8 in the morning and closes at 9 in the evening."
TOWELS = "Towels are handed out at the desk for two euros."
WRONG = "The pool opens at 7 <b onclick='x'>**daily**</b>."
QUESTION = "When does the pool open and close?"
STATEMENTS = ((OPENS, [1]), (TOWELS, [2]), (WRONG, [1]))


@pytest.fixture(scope="module")
def script() -> Script:
    return Script()


@pytest.fixture(scope="module")
def served(script: Script, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page of the letter, whose model writes what the script says."""
    tmp = tmp_path_factory.mktemp("written")
    with (
        scripted(script) as llm,
        small_page(tmp, documents={"letter.txt": LETTER}, llm=llm, threshold=0) as running,
    ):
        yield running.url


@pytest.fixture(autouse=True)
def _afresh(script: Script) -> Iterator[None]:
    script.__init__(STATEMENTS)  # type: ignore[misc]
    yield
    script.goes_on.set()


def choose_written(page: Page) -> None:
    page.locator("#iq-settings summary").click()
    page.get_by_role("radio", name="Written").check()
    page.locator("#iq-settings summary").click()


def written(turn: Locator) -> Locator:
    """Wait until a turn is written, and return its statements."""
    expect(turn.locator(".iq-writing")).to_have_count(0, timeout=30_000)
    return turn.locator(".iq-statement")


def test_statements_come_one_by_one_between_proven_quotes(
    page: Page, served: str, script: Script
) -> None:
    visit(page, served)
    expect(page.locator("#iq-welcome .iq-sends")).to_contain_text("to scripted at 127.0.0.1:")
    assert not ask(page, QUESTION).locator(".iq-writing").count()
    choose_written(page)
    expect(page.locator("#iq-settings summary")).to_contain_text("Written · Balanced")
    script.goes_on.clear()
    turn = ask(page, QUESTION)
    expect(turn.locator(".iq-writing")).to_contain_text("Writing …")
    expect(turn.locator(".iq-statement")).to_have_count(1, timeout=30_000)
    script.goes_on.set()
    statements = written(turn)
    assert texts(statements.locator(".exact")) == [OPENS, TOWELS]
    assert check_quotes(turn, LETTER) == [OPENS, TOWELS]
    expect(turn.locator(".iq-by")).to_have_text(
        "Written by scripted from the quotes below; checked against them, not proven."
    )
    faces = [turn.locator(one).first for one in (".iq-statement .exact", "blockquote")]
    face = "one => getComputedStyle(one).fontFamily"
    assert faces[0].evaluate(face) != faces[1].evaluate(face)
    fold = turn.locator(".iq-left-out")
    expect(fold).to_contain_text("1 sentence was left out because no quote supports it")
    expect(fold.locator("s")).to_be_hidden()
    fold.locator("summary").press("Enter")
    expect(fold.locator("s")).to_have_text(WRONG)
    expect(fold.locator(".iq-reason")).to_have_text("the document does not say “x”")
    for dark in (False, True):
        set_scheme(page, dark)
        assert serious(page, ".iq-turn:last-child") == []


def test_numbers_and_statements_light_their_quotes(page: Page, served: str) -> None:
    visit(page, served)
    choose_written(page)
    turn = ask(page, QUESTION)
    second = written(turn).nth(1)
    lit = turn.locator(".iq-quote.iq-lit blockquote")
    mark = page.locator("#iq-document-view mark.iq-lit")
    second.locator(".exact").hover()
    expect(lit).to_have_text(TOWELS)
    expect(mark).to_have_text(TOWELS)
    page.locator("#iq-question").hover()
    expect(lit).to_have_count(0)
    expect(mark).to_have_count(0)
    number = turn.get_by_role("button", name="Show quote 1", exact=True)
    number.focus()
    expect(lit).to_have_text(OPENS)
    page.keyboard.press("Enter")
    expect(turn.locator(".iq-quote .iq-number").first).to_be_focused()
    expect(page.locator("#iq-document-view mark.iq-current")).to_have_text(OPENS)
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    second.get_by_role("button", name="Copy this sentence").press("Enter")
    page.wait_for_function("window.copied")
    assert page.evaluate("window.copied") == f"{TOWELS} [2]\n\n[2] letter, line 3"


def test_a_written_answer_is_kept_saved_and_opened_by_a_link(
    page: Page, served: str, tmp_path: Path
) -> None:
    visit(page, served)
    choose_written(page)
    before = texts(written(ask(page, QUESTION)).locator(".exact"))
    page.reload()
    expect(page.locator("[data-ready=true]")).to_be_attached()
    turn = page.locator(".iq-turn")
    assert texts(turn.locator(".iq-statement .exact")) == before
    assert list(marked(page)) == ["1", "2"]
    expect(page.locator("#iq-settings summary")).to_contain_text("Written · Balanced")
    for what, held in (("JSON", '"verdict": "supported"'), ("Markdown", "not proven")):
        page.locator("#iq-more summary").click()
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Save as {what}").click()
        download.value.save_as(tmp_path / what)
        assert held in (tmp_path / what).read_text()
    saved = read_saved(tmp_path / "JSON")
    assert isinstance(saved, SavedConversation)
    assert saved.answers[0].text == f"{OPENS} [1]\n\n{TOWELS} [2]"
    assert verify_conversation(saved, [Document("letter.txt", LETTER)]).verified
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    turn.get_by_role("button", name="Ask again in another way").click()
    turn.get_by_role("button", name="Copy link").click()
    page.wait_for_function("window.copied")
    visit(page, page.evaluate("window.copied"))
    assert texts(page.locator(".iq-statement .exact")) == before


def test_the_key_is_in_nothing_that_a_browser_gets(page: Page, served: str) -> None:
    sent: list[Request] = []
    page.on("requestfinished", lambda request: sent.append(request))
    visit(page, served)
    choose_written(page)
    written(ask(page, QUESTION))
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    responses = [response for request in sent if (response := request.response())]
    seen = [page.content(), kept, *(each.text() for each in responses if each.ok)]
    assert any(OPENS in each for each in seen[2:])
    assert [each for each in seen if KEY in each] == []


def test_another_tab_shows_what_is_written_at_once(page: Page, served: str) -> None:
    visit(page, served)
    choose_written(page)
    written(ask(page, QUESTION))
    other = page.context.new_page()
    visit(other, served)
    expect(other.locator(".iq-turn")).to_have_count(1)
    before = texts(written(ask(page, "What do towels cost?")).locator(".exact"))
    turn = other.locator(".iq-turn").nth(1)
    expect(turn.locator(".iq-statement .exact")).to_have_text(before)
    expect(turn.locator(".iq-left-out summary")).to_have_count(1)
    check_quotes(turn, LETTER)


def test_stop_works_at_once_and_leaves_what_is_there(
    page: Page, served: str, script: Script
) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    visit(page, served)
    choose_written(page)
    script.silent = True
    script.goes_on.clear()
    turn = ask(page, QUESTION)
    quotes = check_quotes(turn, LETTER)
    expect(turn.locator(".iq-writing")).to_be_visible()
    stop = turn.get_by_role("button", name="Stop")
    stop.focus()
    started = time.monotonic()
    page.keyboard.press("Enter")
    expect(turn.locator(".iq-writing")).to_have_count(0)
    assert time.monotonic() - started < 2
    expect(page.locator("#iq-question")).to_be_focused()
    assert check_quotes(turn, LETTER) == quotes
    script.silent = False
    script.goes_on = type(script.goes_on)()  # the first one is still waited for
    script.goes_on.clear()
    turn = ask(page, "How much do towels cost?")
    expect(turn.locator(".iq-statement")).to_have_count(1, timeout=30_000)
    turn.get_by_role("button", name="Stop").click()
    expect(turn.locator(".iq-writing")).to_have_count(0)
    script.goes_on.set()
    assert texts(turn.locator(".iq-statement .exact")) == [OPENS]
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert serious(page, ".iq-turn:last-child") == []


@pytest.mark.parametrize(
    ("status", "statements", "line"),
    [
        (500, STATEMENTS, "Not written: the language model's endpoint"),
        (200, (("Bees are blue.", [1]),), "No sentence that scripted wrote is supported"),
    ],
)
def test_without_statements_the_quotes_stay_and_a_sentence_says_why(
    page: Page,
    served: str,
    script: Script,
    status: int,
    statements: tuple[tuple[str, list[int]], ...],
    line: str,
) -> None:
    script.status, script.statements = status, statements
    visit(page, served)
    choose_written(page)
    turn = ask(page, QUESTION)
    quotes = check_quotes(turn, LETTER)
    expect(written(turn)).to_have_count(0)
    expect(turn.locator(".iq-not-written")).to_contain_text(line)
    assert check_quotes(turn, LETTER) == quotes


@pytest.mark.model
def test_what_a_real_small_model_writes_is_shown_with_its_quotes_or_left_out(
    page: Page, tmp_path: Path, small_model: LLM
) -> None:
    letter = {"letter.txt": LETTER}
    quick = replace(small_model, context=1_024, seconds=10)
    with small_page(tmp_path, documents=letter, llm=quick, threshold=0) as running:
        visit(page, running.url)
        choose_written(page)
        turn = ask(page, QUESTION)
        for statement in written(turn).all():
            expect(statement.locator(".iq-cite")).not_to_have_count(0)
        said = turn.locator(".iq-statement, .iq-left-out s, .iq-not-written")
        assert said.count() > 0
        assert check_quotes(turn, LETTER)


def test_without_a_model_nothing_of_it_is_offered(page: Page, tmp_path: Path) -> None:
    with small_page(tmp_path) as running:
        visit(page, running.url)
        page.locator("#iq-settings summary").click()
        expect(page.get_by_role("radio", name="Balanced")).to_be_visible()
        expect(page.locator(".iq-kind")).to_be_hidden()
        expect(page.locator("#iq-welcome .iq-sends")).to_be_hidden()
