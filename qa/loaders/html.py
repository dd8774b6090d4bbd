"""HTML, as a browser without scripts shows it; parsed by lxml."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Any

from qa.documents import Document
from qa.loaders.files import kind_of, mistaken, read_file, refused
from qa.loaders.flow import CELL, PARAGRAPH, SPACE, Flow, clean, sensible_title

MAX_BYTES = 50_000_000
"""The largest HTML file that is read."""

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
_BREAKS = re.compile(r"[ \t\n\r\f]+")
_HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)
_CHARSET = re.compile(rb"""<meta[^>]{0,500}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.I)
_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)""")
_DECLARED_WITHIN = 4_096
_LATIN = frozenset({"iso8859-1", "ascii"})  # which browsers read as Windows-1252
_SOFT_HYPHEN = "\N{SOFT HYPHEN}"


def load_html(path: Path, document_id: str) -> Document:
    """Read the text of an HTML file that a reader sees.

    White space is run together as a browser does it, and kept in `pre`. Paragraphs, headings,
    list items and rows of tables have a blank line between them, cells a tab, and a `br` is a
    line end. What is not shown is left out: scripts, styles, what is hidden by an attribute of
    its own (`hidden`, `display: none`), soft hyphens, readings over characters (ruby), and
    control characters. The title is that of the page.

    Raises:
        LoadError: the file cannot be read, is no HTML, or has no text.
    """
    data = read_file(path, MAX_BYTES)
    if kind_of(data) not in (None, "HTML", "XML"):
        raise mistaken(path, data, "HTML")
    root = _parse(_decode(data, path), path)
    flow = Flow()
    _Page(flow).walk(root)
    title = sensible_title(root.findtext("head/title"))
    return Document(document_id, clean(flow.text()), title, str(path.resolve()))


def _decode(data: bytes, path: Path) -> str:
    """Decode by the byte order mark, or what the file declares, or as UTF-8."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    declared = _declared(data)
    if declared:
        return data.decode(declared, "replace")
    if b"\0" in data:
        raise refused(path, "is a binary file, not HTML; save it as UTF-8")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise refused(
            path,
            f"is not valid UTF-8 (at offset {error.start:,}) and declares no other encoding; "
            "save it as UTF-8",
        ) from None


def _declared(data: bytes) -> str | None:
    """Give the encoding that a file declares, as Python calls it; None if it is none."""
    start = data[:_DECLARED_WITHIN]
    found = _CHARSET.search(start) or _XML_ENCODING.search(start)
    if not found:
        return None
    try:
        codec = codecs.lookup(found[1].decode("ascii"))
    except (LookupError, UnicodeDecodeError):
        return None
    if codec.name in _LATIN:
        return "cp1252"
    if codec.name.startswith("utf-16"):  # or the declaration could not have been read
        return "utf-8"
    is_text = getattr(codec, "_is_text_encoding", True)
    return codec.name if is_text and codec.name not in ("idna", "punycode") else None


def _parse(text: str, path: Path) -> Any:
    from lxml import etree, html

    parser = html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True
    )
    try:
        root = html.document_fromstring(clean(_line_feeds(text)).encode(), parser=parser)
    except etree.LxmlError:
        raise refused(path, "is empty: it has no text to ask about") from None
    if any("xcessive depth" in entry.message for entry in parser.error_log):
        raise refused(path, "nests its elements too deeply to be read as HTML")
    return root


def _line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")


class _Page:
    """Walks the elements of a page and writes what is seen of them."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._kept = 0  # how many `pre` stand around
        self._at_cell_start = False

    def walk(self, root: Any) -> None:
        from lxml import etree

        walker = etree.iterwalk(root, events=("start", "end"))
        unseen = None
        for event, element in walker:
            if event == "start":
                if _is_unseen(element):
                    unseen = element
                    walker.skip_subtree()
                else:
                    self._enter(element)
            else:
                if element is unseen:
                    unseen = None
                else:
                    self._leave(element)
                if element is not root:
                    self._write(element.tail)

    def _enter(self, element: Any) -> None:
        tag = element.tag
        if tag == "br":
            self._flow.new_line()
        elif tag in _CELLS:
            self._at_cell_start = True
        elif tag in _PARAGRAPHS and not self._at_cell_start:
            self._flow.part(PARAGRAPH)
        if tag == "pre":
            self._kept += 1
            self._write((element.text or "").removeprefix("\n"))
        else:
            self._write(element.text)

    def _leave(self, element: Any) -> None:
        tag = element.tag
        if tag == "pre":
            self._kept -= 1
        if tag in _CELLS:
            if not self._at_cell_start:
                self._flow.narrow(CELL)
                self._flow.part(CELL)
            self._at_cell_start = False
        elif tag in _PARAGRAPHS and not self._at_cell_start:
            self._flow.part(PARAGRAPH)

    def _write(self, text: str | None) -> None:
        text = (text or "").replace(_SOFT_HYPHEN, "")
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


def _is_unseen(element: Any) -> bool:
    if not isinstance(element.tag, str) or element.tag in _UNSEEN:
        return True
    if element.tag == "dialog" and "open" not in element.attrib:
        return True
    style = element.get("style")
    return "hidden" in element.attrib or bool(style and _HIDDEN_STYLE.search(style))
