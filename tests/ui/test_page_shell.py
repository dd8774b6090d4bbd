"""What stands around the page: the login, the menu, the tabs in the history, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.serving import Running, small_page
from tests.ui.test_page_access import serious

pytestmark = pytest.mark.browser

MOST_BYTES = 350_000
"""On the wire, for a first visit."""

TABS = ("Ask", "Evaluate", "Review")


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A page that asks for a login."""
    with small_page(tmp_path_factory.mktemp("locked"), accounts={"ada": "right"}) as running:
        yield running


@pytest.fixture
def page(browser: Browser, locked: Running) -> Iterator[Page]:
    """A window at the login page."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(locked.url)
        yield page


def log_in(page: Page) -> None:
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type("right")
    page.keyboard.press("Enter")
    expect(page.locator("[data-ready=true]")).to_be_attached()


def tab(page: Page, name: str, *, selected: bool = True) -> None:
    expect(page.locator("#iq-tabs").get_by_role("tab", name=name, exact=True)).to_have_attribute(
        "aria-selected", str(selected).lower()
    )


def choose_theme(page: Page, name: str) -> None:
    page.locator("#iq-menu summary").press("Enter")
    page.get_by_role("radio", name=name).check()
    page.keyboard.press("Escape")
    expect(page.locator("#iq-menu summary")).to_be_focused()


BRIGHTNESS = "Number(getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/)[0])"


def paper(page: Page) -> int:
    """Return how bright the page is, from 0 to 255."""
    return int(page.evaluate(BRIGHTNESS))


def test_one_logs_in_by_keyboard_and_out_by_the_menu(page: Page) -> None:
    expect(page.get_by_label("Name")).to_be_focused()
    assert serious(page) == []
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    for dark in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if dark == "dark" else "light")
        page.wait_for_function(f"dark => ({BRIGHTNESS} < 128) === dark", arg=dark == "dark")
        assert serious(page) == []
    page.set_viewport_size({"width": 320, "height": 600})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    log_in(page)
    page.locator("#iq-menu summary").click()
    assert serious(page) == []
    page.get_by_role("link", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Password")).to_be_visible()


def test_back_goes_through_the_tabs_and_a_reload_keeps_the_tab(page: Page) -> None:
    log_in(page)
    for name in ("Evaluate", "Review"):
        page.locator("#iq-tabs").get_by_role("tab", name=name).click()
        tab(page, name)
    assert page.url.endswith("#review")
    page.reload()
    tab(page, "Review")
    page.go_back()
    tab(page, "Evaluate")
    page.go_back()
    tab(page, "Ask")
    expect(page.locator("#iq-question")).to_be_visible()
    page.go_forward()
    tab(page, "Evaluate")


def test_a_theme_is_kept_and_there_before_the_page_is_drawn(page: Page, locked: Running) -> None:
    page.emulate_media(color_scheme="light")
    log_in(page)
    assert paper(page) > 128
    choose_theme(page, "Dark")
    assert paper(page) < 128
    expect(page.locator("body.dark")).to_be_attached()
    page.emulate_media(color_scheme="dark")
    choose_theme(page, "Light")
    expect(page.locator("body.dark")).to_have_count(0)
    assert paper(page) > 128
    page.goto(f"{locked.url}?__theme=dark", wait_until="commit")
    page.wait_for_selector("body", state="attached")
    assert paper(page) < 128  # the script of the head has run, and Gradio's have not
    expect(page.locator("[data-ready=true]")).to_be_attached()
    expect(page.locator("body.dark")).to_be_attached()
    page.goto(locked.url)
    expect(page.locator("[data-ready=true]")).to_be_attached()
    assert paper(page) > 128
    choose_theme(page, "Same as the system")
    assert paper(page) < 128


def test_the_name_the_tabs_and_the_menu_never_touch(page: Page) -> None:
    log_in(page)
    parts = [page.locator(".iq-head h1"), page.locator("#iq-menu summary")]
    parts += [page.locator(f"#iq-tab-{name.lower()}-button") for name in TABS]
    for width in (320, 390, 430, 768, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 600})
        boxes = [box for part in parts if (box := part.bounding_box()) and box["width"] > 1]
        boxes.sort(key=lambda box: box["x"])
        assert len(boxes) >= 4
        for left, right in pairwise(boxes):
            assert left["x"] + left["width"] <= right["x"], width
        assert boxes[-1]["x"] + boxes[-1]["width"] <= width


def test_a_first_visit_is_light(page: Page) -> None:
    log_in(page)
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    loaded: list[float] = []
    network.on("Network.loadingFinished", lambda done: loaded.append(done["encodedDataLength"]))
    page.reload()
    expect(page.locator("[data-ready=true]")).to_be_attached()
    page.wait_for_load_state("load")
    assert len(loaded) > 20
    assert 100_000 < sum(loaded) < MOST_BYTES, f"{sum(loaded):,.0f} bytes in {len(loaded)} answers"
