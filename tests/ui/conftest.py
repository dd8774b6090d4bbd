"""The real page, and a browser to read it with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.ui.serving import Running, chat

ATTACKS = (
    "The castle of Ada says <script>document.title = 'owned'</script> to its visitors.",
    "The bridge of Bern is </blockquote></article><img src=x onerror=\"document.title='owned'\">"
    " in granite.",
    "The lamp of Cairo burns &amp; &lt;b&gt; &#39;oil&#39; &nbsp; &copy all night.",
    "The garden of Delphi grows **bold** _it_ `code` roses and # heads, | a | b |.",
    "The wheel of Euler turns $x^2$ and $x$ and $$y$$ and \\(z\\) in its mill.",
    "The portrait of Frida shows ${value} and {{value}} and {{{value}}} and"
    " ${document.title='owned'} in oil.",
    "The ferry of Ghent crosses\rthe\nriver\r\nby\tnight  and   slowly.",
    "The library of Haifa holds zero\u200bwidth\u200d\ufeff\u2060 and soft\u00adhyphen books.",
    "The market of Izmir sells \u05e9\u05dc\u05d5\u05dd \u202eRTL\u202c \u2066dates\u2069.",
    "The temple of Jinan is called \u5bfa\u5e99 and \u304a\u5bfa, \u1f3b and e\u0301 and \ufb01.",
    "The school of Kyiv teaches \U0001f468\u200d\U0001f469\u200d\U0001f467 and \u263a\ufe0f signs.",
)
LIGHTHOUSE = (
    "A ticket to the lighthouse costs five euros. Children under six pay nothing.",
    "The lighthouse was built in 1861 by Marta <b>Oliveira</b> & sons, of granite.",
    "It is shut on Mondays. On other days it opens at nine and closes at six.",
    "The lamp is turned by clockwork, which a keeper winds up every evening.",
)
HOSTILE_DOCUMENT = "\r\n\r\n".join(ATTACKS + LIGHTHOUSE) + "\r\n"

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def essay_thumbs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that thumbs on the essay go to."""
    return tmp_path_factory.mktemp("thumbs") / "essay.jsonl"


@pytest.fixture(scope="session")
def essay_chat(tmp_path_factory: pytest.TempPathFactory, essay_thumbs: Path) -> Iterator[Running]:
    """`inquote chat` on the essay, with its MCP server."""
    folder = tmp_path_factory.mktemp("essay")
    with _chat(folder, "--mcp", "--feedback", str(essay_thumbs)) as served:
        yield served


@pytest.fixture(scope="session")
def essay_page(essay_chat: Running) -> str:
    """The address of a page that answers from the essay."""
    return essay_chat.url


@pytest.fixture(scope="session")
def hostile_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of `HOSTILE_DOCUMENT`, whose name is hostile too."""
    path = tmp_path_factory.mktemp("hostile") / "<b>attack & co.txt"
    path.write_bytes(HOSTILE_DOCUMENT.encode())
    return path


@pytest.fixture(scope="session")
def hostile_page(hostile_path: Path) -> Iterator[str]:
    """The address of a page that answers from `HOSTILE_DOCUMENT`."""
    with _chat(hostile_path.parent, "--document", str(hostile_path)) as served:
        yield served.url


@contextmanager
def _chat(folder: Path, *options: str) -> Iterator[Running]:
    """Run `inquote chat` until the block ends.

    It must then stop, have said nothing else, and leave no temporary file.
    """
    temporary = folder / "temporary"
    temporary.mkdir()
    with chat(folder, *options, TMPDIR=str(temporary)) as served:
        yield served
        assert served.stop() == 0, served.complaints()
        assert served.complaints() == ["Loading the model and the document …"]
        assert not [*temporary.glob("inquote-*"), *temporary.glob("gradio")]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    installed = next(filter(None, map(shutil.which, _BROWSERS)), None)
    browser = playwright.chromium.launch(executable_path=installed, args=_CHROMIUM_OPTIONS)
    yield browser
    browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser's window that must neither complain nor ask any other host."""
    complaints: list[str] = []
    outside: list[str] = []
    context = browser.new_context()
    watch(context, complaints, outside)
    yield context
    context.close()
    assert not complaints
    assert not outside


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def watch(context: BrowserContext, complaints: list[str], outside: list[str]) -> None:
    """Note what a window's console complains of, and what it asks of other hosts."""
    local = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
    context.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    context.on("weberror", lambda e: complaints.append(str(e.error)))
    context.on("request", lambda r: None if r.url.startswith(local) else outside.append(r.url))
