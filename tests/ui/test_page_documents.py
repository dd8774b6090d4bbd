"""Documents that a visitor brings: read, asked, seen by nobody else, and removed."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from qa.loaders import LOADERS
from tests.ui.conftest import watch
from tests.ui.driving import (
    BELT,
    FOLLOW_UP,
    add_documents,
    ask,
    check_quotes,
    document_shown,
    marked,
    quotes,
    texts,
    visit,
)
from tests.ui.files import ENCRYPTED, FILES, SCANNED, write_files

pytestmark = pytest.mark.browser

RIGHT_TO_LEFT = "המגדלור נבנה באי בשנת 1871. גובהו שלושים מטרים.\n\nמי ששומר עליו גר בכפר.\n"
CHINESE = "灯塔建于1871年。它高三十米。\n\n守塔人住在村里。\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    write_files(folder)
    return folder


def test_a_document_of_each_kind_is_read_and_quoted_exactly(
    page: Page, essay_page: str, files: Path
) -> None:
    visit(page, essay_page)
    for name in FILES:
        add_documents(page, str(files / name))
        expect(page.locator("#iq-adding")).to_have_text(f"{name} is added.")
        document = LOADERS[Path(name).suffix](files / name, name)
        assert document_shown(page, name) == document.text
        turn = ask(page, "When was the lighthouse of Marn built?")
        assert any("1871" in quote for quote in check_quotes(turn, document.text))
        expect(turn.locator(".iq-quote:not([data-state=verified])")).to_have_count(0)
        assert sorted(marked(page).values()) == sorted(q.text for q in quotes(turn))
        place = turn.locator(".iq-place").first
        expect(place).to_contain_text("page 2, paragraph" if name.endswith(".pdf") else "paragraph")
        if name.endswith(".pdf"):
            expect(page.get_by_role("separator", name="Page 2")).to_be_attached()
        page.get_by_role("button", name=f"Remove {name}").click()
        expect(page.get_by_role("checkbox", name=name)).to_have_count(0)


def test_what_cannot_be_read_is_told_apart_and_the_rest_is_added(
    page: Page, essay_page: str, files: Path, tmp_path: Path
) -> None:
    broken, picture, empty = (tmp_path / n for n in ("torn.pdf", "picture.png", "empty.txt"))
    broken.write_bytes((files / "lighthouse.pdf").read_bytes()[:300])
    picture.write_bytes(b"\x89PNG\r\n")
    empty.write_bytes(b"")
    huge = tmp_path / "huge.txt"
    huge.write_bytes(b"word " * 5_100_000)
    visit(page, essay_page)
    add_documents(page, str(huge))
    expect(page.locator("#iq-adding")).to_have_text("huge.txt has 25.5 MB; the most is 25 MB.")
    paths = [files / ENCRYPTED, files / SCANNED, broken, picture, empty, files / "lighthouse.txt"]
    add_documents(page, *map(str, paths))
    told = texts(page.locator("#iq-adding p"))
    assert told[0] == "lighthouse.txt is added."
    assert len(told) == 6
    reasons = {
        ENCRYPTED: "password",
        SCANNED: "scanned",
        "torn.pdf": "damaged",
        "picture.png": "has a suffix that cannot be read",
        "empty.txt": "is empty",
    }
    assert {line.split(" ")[0] for line in told[1:]} == set(reasons)
    for line in told[1:]:
        assert reasons[line.split(" ")[0]] in line
    expect(page.locator("#iq-adding .iq-wrong")).to_have_count(5)


def test_some_of_several_documents_are_asked_and_one_is_removed(
    page: Page, essay_page: str, tmp_path: Path
) -> None:
    north, south = tmp_path / "north.txt", tmp_path / "south.txt"
    north.write_text("The northern gate was painted red in 1902 by the harbour master.\n")
    south.write_text("The southern gate was painted blue in 1955 by the harbour master.\n")
    question = "When was the gate painted by the harbour master?"
    visit(page, essay_page)
    add_documents(page, str(north), str(south))
    expect(page.locator("#iq-documents")).to_have_text("Documents (2)")
    assert {quote.document for quote in quotes(ask(page, question))} == {"north.txt", "south.txt"}
    page.get_by_role("checkbox", name="north.txt").uncheck()
    assert {quote.document for quote in quotes(ask(page, question))} == {"south.txt"}
    page.get_by_role("checkbox", name="south.txt").uncheck()
    page.fill("#iq-question", question)
    page.keyboard.press("Enter")
    expect(page.locator("#iq-trouble")).to_have_text("Choose a document to ask.")
    page.get_by_role("button", name="Remove south.txt").click()
    expect(page.get_by_role("checkbox", name="south.txt")).to_have_count(0)
    page.get_by_role("checkbox", name="north.txt").check()
    assert {quote.document for quote in quotes(ask(page, question))} == {"north.txt"}
    page.get_by_role("radio", name="the essay").check()
    assert {quote.document for quote in quotes(ask(page, BELT))} == {"essay.txt"}


def test_what_a_visitor_asks_and_brings_is_seen_by_nobody_else_and_lasts_through_a_reload(
    browser: Browser, context: BrowserContext, essay_page: str, tmp_path: Path
) -> None:
    path = tmp_path / "secret.txt"
    path.write_text("The vault of Marn is opened with the word heron.\n")
    question = "Which word opens the vault of Marn?"
    complaints: list[str] = []
    other = browser.new_context()
    watch(other, complaints, complaints)
    one, two = context.new_page(), other.new_page()
    visit(one, essay_page)
    visit(two, essay_page)
    ask(one, BELT)
    expect(ask(two, FOLLOW_UP).locator(".iq-read-as")).to_have_count(0)
    for each in (one, two):
        expect(each.locator(".iq-turn")).to_have_count(1)
    add_documents(one, str(path))
    assert "heron" in ask(one, question).inner_text()
    two.reload()
    expect(two.locator("[data-ready=true]")).to_be_attached()
    expect(two.locator("#iq-shown option")).to_have_count(1)
    assert "heron" not in ask(two, question).inner_text()
    one.reload()
    expect(one.locator("[data-ready=true]")).to_be_attached()
    expect(one.locator(".iq-quote[data-state=verified]")).not_to_have_count(0)
    assert "heron" in ask(one, question).locator("blockquote").first.inner_text()
    other.close()
    assert not complaints


def test_where_the_documents_are_gone_quotes_are_kept_but_not_called_verified(
    page: Page, essay_page: str, tmp_path: Path
) -> None:
    path = tmp_path / "gone.txt"
    path.write_text("The ferry to Marn leaves at nine from the eastern pier.\n")
    question = "When does the ferry to Marn leave?"
    visit(page, essay_page)
    add_documents(page, str(path))
    ask(page, question)
    page.evaluate("localStorage.setItem('inquote.documents.the essay', 'unknown')")
    page.reload()
    expect(page.locator("[data-ready=true]")).to_be_attached()
    kept = page.locator(".iq-turn .iq-quote")
    expect(kept).to_have_attribute("data-state", "unchecked")
    expect(kept.locator(".iq-proof summary")).to_have_text("Not checked")
    kept.locator(".iq-number").click()
    expect(page.locator("#iq-sheet")).to_contain_text("gone.txt is no longer here")
    expect(page.get_by_role("radio", name="Your documents")).to_have_count(0)


def test_scripts_of_every_kind_are_shown_as_they_are(
    page: Page, essay_page: str, tmp_path: Path
) -> None:
    visit(page, essay_page)
    for name, text, question, answer, side in (
        ("hebrew.txt", RIGHT_TO_LEFT, "מתי נבנה המגדלור?", "המגדלור נבנה באי בשנת 1871.", "rtl"),
        ("chinese.txt", CHINESE, "灯塔建于哪一年?", "灯塔建于1871年。", "ltr"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        add_documents(page, str(tmp_path / name))
        assert document_shown(page, name) == text
        turn = ask(page, question)
        if turn.get_attribute("data-state") == "abstained":
            turn.get_by_text("Nearest passages").click()
        assert answer in "".join(check_quotes(turn, text))
        assert texts(turn.locator(".iq-asked .exact")) == [question]
        block = "document.querySelector('#iq-document-view .iq-block')"
        assert page.evaluate(f"getComputedStyle({block}).direction") == side
        page.get_by_role("button", name=f"Remove {name}").click()
        expect(page.get_by_role("checkbox", name=name)).to_have_count(0)


def test_a_long_document_is_shown_in_parts_and_the_quote_in_its_own(
    page: Page, essay_page: str, tmp_path: Path
) -> None:
    path = tmp_path / "long.txt"
    gap = "\n" * 200_000  # long, and soon indexed
    text = f"Gulls circle over the quay.{gap}The keeper of Marn is called Ilse Brandt."
    path.write_text(text)
    visit(page, essay_page)
    add_documents(page, str(path))
    assert len(document_shown(page, "long.txt")) <= 200_000
    expect(page.locator("#iq-parts .iq-part")).to_have_text("Part 1 of 2")
    turn = ask(page, "What is the keeper of Marn called?")
    check_quotes(turn, text)
    expect(page.locator("#iq-parts .iq-part")).to_have_text("Part 2 of 2")
    expect(page.locator("#iq-document-view mark").first).to_be_in_viewport()
    page.locator("#iq-parts .iq-earlier").click()
    expect(page.locator("#iq-parts .iq-part")).to_have_text("Part 1 of 2")
    assert text.startswith(document_shown(page, "long.txt"))


def test_a_very_long_quote_is_folded_and_whole(page: Page, essay_page: str, tmp_path: Path) -> None:
    path = tmp_path / "charter.txt"
    duties = "responsibilities and understandings and characteristics and administrations and "
    path.write_text(f"The charter of Marn speaks of {duties * 9}of nothing else.\n")
    visit(page, essay_page)
    add_documents(page, str(path))
    turn = ask(page, "What does the charter of Marn speak of?")
    quote = turn.locator(".iq-long").first
    folded = quote.bounding_box()
    turn.get_by_role("button", name="Show all").first.click()
    unfolded = quote.bounding_box()
    assert folded
    assert unfolded
    assert unfolded["height"] > folded["height"]
    check_quotes(turn, path.read_text())


def test_a_file_that_the_server_has_no_room_for_is_told_and_the_rest_is_added(
    browser: Browser, essay_page: str, tmp_path: Path
) -> None:
    for name in ("first.txt", "second.txt"):
        (tmp_path / name).write_text(f"The {name} gate was painted red in 1902.\n")
    context = browser.new_context()
    page = context.new_page()
    refusal = {"detail": "There is no room for more files here: try again later"}
    page.route("**/uploads?name=first.txt", lambda route: route.fulfill(status=503, json=refusal))
    visit(page, essay_page)
    add_documents(page, *(str(tmp_path / name) for name in ("first.txt", "second.txt")))
    assert texts(page.locator("#iq-adding p")) == [
        "second.txt is added.",
        f"first.txt could not be sent: {refusal['detail']}",
    ]
    context.close()
