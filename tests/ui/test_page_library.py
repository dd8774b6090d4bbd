"""Documents by the hundred, shared between tabs, kept over a restart, and added while asking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.ui.driving import add_documents, ask, document_shown, quotes, texts, visit
from tests.ui.serving import Running, free_port, small_page
from tests.ui.test_page_access import serious, set_scheme

pytestmark = pytest.mark.browser

GATE = "The northern gate was painted red in 1902 by the harbour master.\n"
WHEN = "When was the northern gate painted?"
MANY = {
    f"{2020 + n % 5}/report {n:03}.txt": f"The tower of town {n} is of marble." for n in range(320)
}


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A page of more documents than its menus list."""
    with small_page(tmp_path_factory.mktemp("many"), documents=MANY, threshold=0.0) as running:
        yield running


def written(folder: Path, **files: str) -> list[str]:
    paths = [folder / f"{name}.txt" for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text)
    return [str(path) for path in paths]


def row(page: Page, name: str) -> Locator:
    return page.locator("#iq-adding .iq-row").filter(has_text=name)


def test_what_is_ready_answers_while_another_has_its_bar_and_is_cancelled(
    page: Page, many: Running, tmp_path: Path
) -> None:
    slow = " ".join(f"The wheel of mill {n} turns slowly." for n in range(20_000))
    visit(page, many.url)
    page.click("#iq-documents")
    page.set_input_files("#iq-files", written(tmp_path, slow=slow, gate=GATE))
    expect(page.locator("#iq-adding")).to_contain_text("gate.txt is added.", timeout=30_000)
    expect(row(page, "slow.txt").get_by_role("progressbar")).to_be_visible()
    expect(page.locator("#iq-question")).to_have_attribute("placeholder", "Ask gate.txt")
    expect(page.locator("#iq-welcome h2")).to_have_text("Ask gate.txt")
    assert [quote.text for quote in quotes(ask(page, WHEN))] == [GATE.strip()]
    expect(row(page, "slow.txt").get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Cancel slow.txt").click()
    expect(page.locator("#iq-adding .iq-row")).to_have_count(0)
    assert texts(page.locator("#iq-adding p")) == ["gate.txt is added."]
    expect(page.get_by_role("checkbox", name="slow.txt")).to_have_count(0)


def test_tabs_share_documents_and_what_one_removes_is_not_checked_in_the_other(
    context: BrowserContext, many: Running, tmp_path: Path
) -> None:
    one, two = context.new_page(), context.new_page()
    visit(one, many.url)
    visit(two, many.url)
    add_documents(one, *written(tmp_path, gate=GATE))
    turn = ask(one, WHEN)
    expect(turn.locator(".iq-quote")).to_have_attribute("data-state", "verified")
    two.click("#iq-documents")
    expect(two.get_by_role("checkbox", name="gate.txt")).to_be_checked()
    two.get_by_role("button", name="Show gate.txt").click()
    assert document_shown(two, "gate.txt") == GATE
    two.get_by_role("button", name="Remove gate.txt").click()
    expect(two.get_by_role("checkbox", name="gate.txt")).to_have_count(0)
    expect(turn.locator(".iq-quote")).to_have_attribute("data-state", "unchecked")
    expect(one.locator("#iq-question")).to_have_attribute("placeholder", "Ask small")
    add_documents(two, *written(tmp_path, gate=GATE))
    expect(turn.locator(".iq-quote")).to_have_attribute("data-state", "verified")
    two.get_by_role("button", name="Remove gate.txt").click()


def test_every_error_of_adding_can_be_read(page: Page, many: Running, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    names = [f"picture {n}.png" for n in range(12)]
    for name in names:
        (tmp_path / name).write_bytes(b"\x89PNG\r\n")
    visit(page, many.url)
    add_documents(page, *(str(tmp_path / name) for name in names))
    told = page.locator("#iq-adding .iq-wrong")
    expect(told).to_have_count(12)
    expect(told.last).to_be_in_viewport(ratio=0.9)
    page.locator("#iq-user-documents").press("Home")
    expect(page.locator("#iq-sources")).to_be_in_viewport()
    page.locator("#iq-user-documents").press("End")
    for line, name in ((told.last, names[-1]), (told.first, names[0])):
        line.scroll_into_view_if_needed()
        expect(line).to_be_in_viewport(ratio=0.9)
        expect(line).to_contain_text(name)


def test_any_of_many_documents_is_found_shown_and_asked(page: Page, many: Running) -> None:
    visit(page, many.url)
    expect(page.locator("#iq-documents")).to_have_text("Documents (320)")
    page.select_option("#iq-shown", label="Find another …")
    search = page.get_by_role("searchbox", name="Find in small")
    expect(search).to_be_focused()
    listed = page.locator(".iq-source li")
    expect(listed).to_have_count(100)
    page.get_by_role("button", name="Show more").click()
    expect(listed).to_have_count(200)
    page.keyboard.press("Shift+Tab")
    search.fill("report 317")
    expect(listed).to_have_count(1)
    page.get_by_role("button", name="Show 2022/report 317.txt").click()
    assert "town 317" in document_shown(page, "2022/report 317.txt")
    expect(page.locator("#iq-shown option:checked")).to_have_text("2022/report 317.txt")
    search.fill("2024/*")
    page.get_by_role("button", name="Only these 64").click()
    expect(page.locator("#iq-documents")).to_have_text("Documents (64)")
    asked = "Of what is the tower of town 8?"
    names = {quote.document for quote in quotes(ask(page, asked))}
    assert names
    assert all(name.startswith("2024/") for name in names)
    page.get_by_role("button", name="None", exact=True).click()
    search.fill("report 008")
    page.get_by_role("checkbox", name="2023/report 008.txt").check()
    expect(page.get_by_text("1 of 320 are asked")).to_be_visible()
    assert {quote.document for quote in quotes(ask(page, asked))} == {"2023/report 008.txt"}
    search.fill("nowhere")
    expect(page.get_by_text("No name matches")).to_be_visible()
    for dark in (False, True):
        set_scheme(page, dark)
        assert serious(page) == []
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.locator("#iq-documents")).to_have_text("Documents (320)")
    page.get_by_role("tab", name="Review").click()
    page.select_option(".iq-review-shown", label="Find another …")
    page.get_by_role("searchbox", name="Find a document").fill("report 318")
    page.get_by_role("button", name="2023/report 318.txt").click()
    expect(page.locator(".iq-review-document .iq-sheet")).to_contain_text("town 318")
    expect(page.locator(".iq-review-shown option:checked")).to_have_text("2023/report 318.txt")


def test_documents_and_web_pages_are_kept_when_the_server_starts_again(
    page: Page, tmp_path: Path
) -> None:
    port = free_port()
    pages = {"/keeper": "<title>Marn</title><p>The keeper of Marn is called Ilse.</p>"}
    settings = {"port": port, "days": 7, "pages": pages, "threshold": 0.0}
    with small_page(tmp_path, **settings) as running:
        visit(page, running.url)
        add_documents(page, *written(tmp_path, gate=GATE))
        expect(page.locator("#iq-drop")).to_contain_text("for 7 days after you last used them")
        page.get_by_label("Add a web page by its address").fill("http://example.org/keeper")
        page.keyboard.press("Enter")
        expect(page.locator("#iq-adding")).to_contain_text("keeper.html is added.")
        page.get_by_label("Add a web page by its address").fill("http://127.0.0.1/")
        page.keyboard.press("Enter")
        expect(page.locator(".iq-wrong")).to_contain_text("is not in the public Internet")
    with small_page(tmp_path, **settings) as running:
        visit(page, running.url)
        page.click("#iq-documents")
        expect(page.locator(".iq-source li small").first).to_contain_text("1 kB, ")
        assert texts(page.locator(".iq-source li .exact")) == ["gate.txt", "keeper.html"]
        turn = ask(page, "What is the keeper of Marn called?")
        assert quotes(turn)[0].document == "keeper.html"
        assert serious(page) == []
