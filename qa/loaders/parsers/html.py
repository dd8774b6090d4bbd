"""HTML, as a browser without scripts shows it; parsed by lxml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import webencodings

from qa.loaders.parsers import Extracted, Refused
from qa.loaders.parsers.contents import with_contents
from qa.loaders.parsers.encodings import MARKS, Decoded, decoded, web_encoding
from qa.loaders.parsers.flow import PARAGRAPH, SPACE, Flow, clean, sensible_title
from qa.loaders.parsers.signatures import kind_of, mistaken

_UNSEEN = frozenset(
    "head script style template noscript iframe object embed canvas svg audio video datalist "
    "select rt rp frameset".split()
)
_PARAGRAPHS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt "
    "fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main "
    "menu nav ol p pre search section summary table tbody tfoot thead tr ul".split()
)
_CELLS = frozenset({"td", "th"})
_HEADINGS = {f"h{level}": ("heading", level) for level in range(1, 7)}
_LISTS = frozenset({"ul", "ol", "dl", "menu"})
_OF_LISTS = {"li": "item", "dt": "term", "dd": "description", "pre": "code"}
_ROLES = {"navigation": "nav", "contentinfo": "footer", "banner": "header"}
_CONTENT = frozenset({"main", "article", "section"})
# How documentation and wikis call permalink signs, menus and contents.
_MENUS = frozenset(
    "headerlink anchorjs-link heading-anchor hash-link navheader navfooter navbar sphinxsidebar "
    "related breadcrumb breadcrumbs mw-editsection mw-jump-link skip-link sidebar-nav".split()
)
_CONTENTS = frozenset({"toc", "table-of-contents", "toctree-wrapper"})
# Names in `meta` that say nothing of what is written.
_FOR_BROWSERS = frozenset(
    "viewport robots generator referrer theme-color color-scheme format-detection handheldfriendly "
    "mobileoptimized mobile-web-app-capable application-name rating revisit-after".split()
)
_FOR_SITES = ("apple-", "msapplication-", "google", "twitter:", "csrf-", "msvalidate", "yandex-")
_BREAKS = re.compile(r"[ \t\n\r\f]+")
_HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)
_CHARSET = re.compile(rb"""<meta[^>]{0,500}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.I)
_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)""")
_DECLARED_WITHIN = 4_096
_MAX_DEPTH = 2_048
_TITLE = ["html", "head", "title"]
_SOFT_HYPHEN = "\N{SOFT HYPHEN}"


def parse(data: bytes, name: str, encoding: str | None = None) -> Extracted:
    """Read the text of an HTML file that a reader sees.

    White space is run together as a browser does it, and kept in `pre`. Paragraphs, headings,
    list items and rows of tables have a blank line between them, cells a tab, and a `br` is a
    line end. What is not shown is left out: scripts, styles, what is hidden by an attribute of
    its own (`hidden`, `display: none`), soft hyphens, readings over characters (ruby), and
    control characters. So are menus and permalink signs. The title is that of the page.

    `encoding` is that of bytes that are not UTF-8 and declare none; None detects it.

    Raises:
        Refused: the file is no HTML, or its elements are nested too deeply.
    """
    if kind_of(data) not in (None, "HTML", "XML"):
        raise mistaken(name, data, "HTML")
    flow = Flow()
    page = Page(flow)
    source = decode(data, encoding)
    read_page(source.text, page)
    text = flow.text()
    title, blocks = sensible_title(page.title), with_contents(text, tuple(flow.blocks))
    return Extracted(text, title, blocks=blocks, encoding=source.encoding, metadata=page.metadata())


def decode(data: bytes, named: str | None = None) -> Decoded:
    """Decode a page by the byte order mark, or what it declares, or as plain text."""
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            return Decoded(data[len(mark) :].decode(encoding, "replace"))
    if declared := _declared(data):
        return Decoded(str(declared.decode(data, "replace")[0]))
    return decoded(data, named)


def _declared(data: bytes) -> Any:
    """Return the codec that a file declares; None if it is not one of the web's encodings."""
    start = data[:_DECLARED_WITHIN]
    label = _CHARSET.search(start) or _XML_ENCODING.search(start)
    encoding = web_encoding(label[1].decode("ascii", "replace")) if label else None
    if encoding is None:
        return None
    if encoding.name.startswith("utf-16"):  # or the declaration could not have been read
        encoding = webencodings.UTF8
    return encoding.codec_info


def read_page(text: str, page: Page) -> None:
    """Send a page's elements and texts to `page`.

    No tree is built: libxml2 takes quadratic time for many attributes on an element.
    """
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True, target=page)
    try:
        etree.fromstring(clean(_line_feeds(text)).encode(), parser=parser)
    except etree.LxmlError:
        raise Refused("is empty: it has no text to ask about") from None


def _line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")


@dataclass
class _Row:
    """A table's row: the number of its first block, and how many cells it has, and headings."""

    first_block: int
    cells: int = 0
    headings: int = 0


class Page:
    """The parser's target: receives the elements of a page, and writes the visible text."""

    def __init__(self, flow: Flow) -> None:
        self.title: str | None = None
        self._said: dict[str, list[str]] = {}  # by name
        self._flow = flow
        self._open: list[str] = []
        self._unseen = 0  # open elements, from the outermost hidden one on
        self._kept = 0  # open `pre` elements
        self._at_pre_start = False
        self._at_cell_start = False
        self._around: list[tuple[str, int]] = []  # the kind of block around each open element
        self._lists = 0  # how many stand around
        self._content = 0  # how many of its elements stand around
        self._rows: list[_Row] = []  # those that stand around

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Enter an element."""
        if len(self._open) == _MAX_DEPTH:
            raise Refused("nests its elements too deeply to be read as HTML")
        self._open.append(tag)
        self._at_pre_start = False
        if tag == "meta":
            self._say(attributes.get("name", ""), attributes.get("content", ""))
        elif tag == "html":
            self._say("language", attributes.get("lang", ""))
        if self._unseen or _is_unseen(tag, attributes):
            self._unseen += 1
            if self.title is None and self._open == _TITLE:
                self.title = ""
        else:
            self._enter(tag)
            self._enter_block(tag, attributes)

    def end(self, tag: str) -> None:
        """Leave an element."""
        self._open.pop()
        self._at_pre_start = False
        if self._unseen:
            self._unseen -= 1
        else:
            self._leave(tag)
            self._leave_block(tag)

    def data(self, text: str) -> None:
        """Write a piece of text."""
        if not self._unseen:
            self._write(text)
        elif self._open == _TITLE:
            self.title = (self.title or "") + text

    def metadata(self) -> dict[str, str]:
        """Return what the page says of itself; several values of a name stand behind each other."""
        return {name: ", ".join(values) for name, values in self._said.items()}

    def close(self) -> None:
        """End the page; the parser requires this method."""

    def _say(self, name: str, value: str) -> None:
        name = name.strip().lower()
        if name and value and name not in _FOR_BROWSERS and not name.startswith(_FOR_SITES):
            self._said.setdefault(name, []).append(value)

    def _enter(self, tag: str) -> None:
        if tag == "br":
            self._flow.new_line()
        elif tag in _CELLS:
            self._at_cell_start = True
        elif tag in _PARAGRAPHS and not self._at_cell_start:
            self._flow.part(PARAGRAPH)
        if tag == "pre":
            self._kept += 1
            self._at_pre_start = True

    def _leave(self, tag: str) -> None:
        if tag == "pre":
            self._kept -= 1
        if tag in _CELLS:
            if not self._at_cell_start:
                self._flow.end_cell()
            self._at_cell_start = False
        elif tag in _PARAGRAPHS and not self._at_cell_start:
            self._flow.part(PARAGRAPH)

    def _enter_block(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._around.append(self._flow.kind)
        self._lists += tag in _LISTS
        self._content += tag in _CONTENT
        classes = frozenset(attributes.get("class", "").split())
        role = _ROLES.get(attributes.get("role", ""), tag)
        if tag in _HEADINGS:
            self._flow.kind = _HEADINGS[tag]
        elif self._flow.kind[0] == "furniture":
            return
        elif classes & _CONTENTS or (role in ("header", "footer") and not self._content):
            self._flow.kind = ("furniture", 0)
        elif tag in _OF_LISTS:
            self._flow.kind = (_OF_LISTS[tag], self._lists)
        elif tag == "tr":
            self._rows.append(_Row(len(self._flow.blocks)))
            self._flow.kind = ("row", 0)
        elif tag in _CELLS and self._rows:
            self._rows[-1].cells += 1
            self._rows[-1].headings += tag == "th"

    def _leave_block(self, tag: str) -> None:
        self._lists -= tag in _LISTS
        self._content -= tag in _CONTENT
        if tag == "tr" and self._flow.kind[0] == "row" and self._rows:
            row = self._rows.pop()
            is_header = row.cells == row.headings or self._open[-1:] == ["thead"]
            self._flow.end_row(row.first_block, row.cells, "header" if is_header else "row")
        self._flow.kind = self._around.pop()

    def _write(self, text: str) -> None:
        if self._at_pre_start:
            text = text.removeprefix("\n")
            self._at_pre_start = False
        text = text.replace(_SOFT_HYPHEN, "")
        if self._kept:
            self._flow.write(text)
            return
        words = _BREAKS.sub(" ", text)
        if words.startswith(" "):
            self._flow.part(SPACE)
        if seen := words.strip(" "):
            self._flow.write(seen)
            self._at_cell_start = False
        if words.endswith(" "):
            self._flow.part(SPACE)


def _is_unseen(tag: str, attributes: Mapping[str, str]) -> bool:
    role = _ROLES.get(attributes.get("role", ""), tag)
    if role == "nav" or not _MENUS.isdisjoint(attributes.get("class", "").split()):
        return True
    if tag in _UNSEEN or "hidden" in attributes or (tag == "dialog" and "open" not in attributes):
        return True
    style = attributes.get("style")
    return bool(style and _HIDDEN_STYLE.search(style))
