"""Word files (DOCX): a ZIP archive of XML, read part by part."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qa.loaders.parsers import Extracted
from qa.loaders.parsers.contents import with_contents
from qa.loaders.parsers.flow import PARAGRAPH, Flow, Kind
from qa.loaders.parsers.package import opened

_NOTES = ("footnotes.xml", "endnotes.xml")
# Elements that are not text, are not shown, or repeat a text for older programs.
_SKIPPED = frozenset(
    "del moveFrom delText instrText delInstrText rPr pPr sectPr tblPr tblGrid trPr tcPr "
    "Fallback sdtPr sdtEndPr fldData rt separator continuationSeparator".split()
)
_CHARACTERS = {"noBreakHyphen": "\N{NON-BREAKING HYPHEN}", "tab": "\t"}
_HEADING = re.compile(r"heading ([1-9])")
_MOST_BASES = 20  # styles that are based on each other
_UNNUMBERED_NOTES = frozenset({"separator", "continuationSeparator", "continuationNotice"})


def parse(data: bytes, name: str) -> Extracted:
    """Read the text of a Word file, in its order.

    Paragraphs, headings, list items and rows of tables have a blank line between them, cells a
    tab, and a line break is a line end. Text boxes stand where they are anchored; footnotes and
    endnotes follow at the end, without their marks. Changes that are tracked are read as
    accepted. Left out are headers, footers, comments, the numbers that Word counts itself,
    hidden text, soft hyphens and control characters. The title is that of the file's properties.
    Headings and lists are told by the styles of paragraphs.

    Raises:
        Refused: the file is no Word file, is protected by a password, damaged, or too large once
            it is unpacked.
    """
    with opened(data, name, "a Word file") as package:
        main = package.main()
        flow, folder = Flow(), posixpath.dirname(main)
        styles = _kinds_of_styles(package.xml(posixpath.join(folder, "styles.xml"), needed=False))
        _Story(flow, styles).walk(package.xml(main))
        for part in _NOTES:
            notes = package.xml(posixpath.join(folder, part), needed=False)
            if notes is not None:
                _Story(flow, styles).walk(notes)
        said = package.metadata()
    text = flow.text()
    blocks = with_contents(text, tuple(flow.blocks))
    return Extracted(text, said["title"], blocks=blocks, metadata=said)


class _Story:
    """Walks the elements of a part and writes the text of them."""

    def __init__(self, flow: Flow, styles: Mapping[str, Kind]) -> None:
        self._flow = flow
        self._styles = styles
        self._empty_cells: list[bool] = []  # whether each cell around is still without text
        self._rows: list[_Row] = []  # those around

    def walk(self, root: Any) -> None:
        from lxml import etree

        walker = etree.iterwalk(root, events=("start", "end"))
        skipped = None
        for event, element in walker:
            name = etree.QName(element).localname if isinstance(element.tag, str) else ""
            if event == "end":
                if element is not skipped:
                    self._leave(name)
            elif not name or name in _SKIPPED or _is_hidden(element, name):
                skipped = element
                walker.skip_subtree()
            else:
                self._enter_block(name, element)
                self._enter(name, _text(element, name))

    def _enter_block(self, name: str, element: Any) -> None:
        if name == "tr":
            is_header = element.find("{*}trPr/{*}tblHeader") is not None or _is_first(element)
            self._rows.append(_Row(len(self._flow.blocks), "header" if is_header else "row"))
        elif name == "tc" and self._rows:
            self._rows[-1].cells += 1
        elif name == "p":
            self._flow.kind = ("row", 0) if self._rows else _kind(element, self._styles)

    def _enter(self, name: str, text: str) -> None:
        if text:
            self._flow.write(text)
            if self._empty_cells:
                self._empty_cells[-1] = False
        elif name == "tc":
            self._empty_cells.append(True)
        elif name == "p" and not self._at_cell_start():
            self._flow.part(PARAGRAPH)
        elif name in ("br", "cr"):
            self._flow.new_line()

    def _leave(self, name: str) -> None:
        if name == "tc":
            if not self._empty_cells.pop():
                self._flow.end_cell()
        elif name == "tr" and self._rows:
            row = self._rows.pop()
            self._flow.end_row(row.first_block, row.cells, row.kind)
            self._flow.part(PARAGRAPH)
        elif name in ("tr", "tbl") or (name == "p" and not self._at_cell_start()):
            self._flow.part(PARAGRAPH)

    def _at_cell_start(self) -> bool:
        return self._empty_cells[-1:] == [True]


@dataclass
class _Row:
    """A table's row: the number of its first block, its kind, and how many cells it has."""

    first_block: int
    kind: str
    cells: int = 0


def _is_first(row: Any) -> bool:
    """Return whether a row is the first of a table that shows its first row as headings.

    A table of two columns may well have none, and figures are no headings.
    """
    if next(row.itersiblings("{*}tr", preceding=True), None) is not None:
        return False
    look = None if row.getparent() is None else row.getparent().find("{*}tblPr/{*}tblLook")
    words = "".join(row.itertext("{*}t"))
    is_shown = _value(look, "firstRow") in ("1", "true", "on")
    return is_shown and len(row.findall("{*}tc")) > 2 and not any(map(str.isdigit, words))


def _kinds_of_styles(styles: Any) -> dict[str, Kind]:
    """Return the kinds of blocks that paragraph styles stand for, by their ids.

    A style without a kind of its own has that of the style that it is based on.
    """
    kinds: dict[str, Kind] = {}
    based_on: dict[str, str] = {}
    for style in [] if styles is None else styles.iterfind("{*}style"):
        id_, name = _value(style, "styleId"), _value(style.find("{*}name"), "val").lower()
        based_on[id_] = _value(style.find("{*}basedOn"), "val")
        properties = style.find("{*}pPr")
        if name == "title":
            kinds[id_] = ("heading", 0)
        elif heading := _HEADING.fullmatch(name):
            kinds[id_] = ("heading", int(heading[1]))
        elif name.startswith("toc "):
            kinds[id_] = ("furniture", 0)
        elif name.startswith("list "):
            level = name[-1]
            kinds[id_] = ("item", int(level) if level.isdecimal() else 1)
        elif properties is not None and (kind := _direct_kind(properties)):
            kinds[id_] = kind
    for id_ in based_on:
        above, steps = id_, 0
        while above not in kinds and above in based_on and steps < _MOST_BASES:
            above, steps = based_on[above], steps + 1
        if above in kinds:
            kinds.setdefault(id_, kinds[above])
    return kinds


def _kind(paragraph: Any, styles: Mapping[str, Kind]) -> Kind:
    """Return what kind of block a paragraph is; ("", 0) for a plain one."""
    properties = paragraph.find("{*}pPr")
    if properties is None:
        return "", 0
    of_style = styles.get(_value(properties.find("{*}pStyle"), "val"), ("", 0))
    if of_style[0] == "heading":  # a heading that is numbered is in a list, too
        return of_style
    return _direct_kind(properties) or of_style


def _direct_kind(properties: Any) -> Kind | None:
    level = _value(properties.find("{*}outlineLvl"), "val")
    if level.isdecimal() and int(level) < 9:
        return "heading", int(level) + 1
    numbering = properties.find("{*}numPr")
    if numbering is None or _value(numbering.find("{*}numId"), "val") in ("", "0"):
        return None
    depth = _value(numbering.find("{*}ilvl"), "val")
    return "item", int(depth) + 1 if depth.isdecimal() else 1


def _value(element: Any, name: str) -> str:
    """Return an attribute by its local name; "" without it."""
    attributes = () if element is None else element.items()
    return next((value for key, value in attributes if key.rpartition("}")[2] == name), "")


def _text(element: Any, name: str) -> str:
    return element.text or "" if name == "t" else _CHARACTERS.get(name, "")


def _is_hidden(element: Any, name: str) -> bool:
    """Return whether a run is hidden, or a note is a separator between text and notes."""
    if name in ("footnote", "endnote"):
        return any(element.get(key) in _UNNUMBERED_NOTES for key in element.keys())  # noqa: SIM118
    if name != "r":
        return False
    vanish = element.find("{*}rPr/{*}vanish")
    return vanish is not None and all(v not in ("0", "false", "off") for v in vanish.values())
