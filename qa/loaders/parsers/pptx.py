"""PowerPoint files (PPTX): a ZIP archive of XML, read slide by slide."""

from __future__ import annotations

from typing import Any

from qa.loaders.parsers import Extracted, Refused
from qa.loaders.parsers.flow import PARAGRAPH, SPACE, Flow, Kind
from qa.loaders.parsers.package import Package, opened

MAX_SLIDES = 10_000
"""The most slides that a file may have."""

_NOTES = "/relationships/notesSlide"
_TITLES = frozenset({"title", "ctrTitle"})
_AROUND = frozenset({"dt", "ftr", "hdr", "sldNum", "sldImg"})  # placeholders that say nothing
_LISTS = frozenset({"body", "obj", ""})  # placeholders whose paragraphs have bullets
_BULLETS = frozenset({"buChar", "buAutoNum", "buBlip"})


def parse(data: bytes, name: str) -> Extracted:
    """Read the slides of a file in their order, each as a page.

    A slide has its title as a heading, its text boxes, list items and tables in the order of the
    file, and then its speaker's notes. A slide that is hidden is an empty page. Left out are
    dates, footers, numbers of slides, charts, pictures and comments.

    Raises:
        Refused: the file is no PowerPoint file, is protected by a password, damaged, or too large.
    """
    flow, starts = Flow(), []
    with opened(data, name, "a PowerPoint file") as package:
        said = package.metadata()
        for slide in _slides(package):
            root = package.xml(slide)
            starts.append(flow.next_start())
            if root.get("show") in ("0", "false"):
                continue
            _write(root, flow, is_notes=False)
            for kind, part in package.relations(slide):
                if kind.endswith(_NOTES) and part in package:
                    _write(package.xml(part), flow, is_notes=True)
    text = flow.text()
    pages = tuple(min(start, len(text)) for start in starts)
    return Extracted(text, said["title"], pages, tuple(flow.blocks), metadata=said)


def _slides(package: Package) -> list[str]:
    main = package.main()
    parts, shown = package.related(main), []
    for slide in package.xml(main).iterfind("{*}sldIdLst/{*}sldId"):
        ids = (value for key, value in slide.items() if key.endswith("}id"))
        if (part := parts.get(next(ids, ""), "")) in package:
            shown.append(part)
    if len(shown) > MAX_SLIDES:
        raise Refused(f"has {len(shown):,} slides; the most is {MAX_SLIDES:,}: split it")
    return shown


def _write(root: Any, flow: Flow, *, is_notes: bool) -> None:
    """Write the text of the shapes of a slide, or of its notes."""
    for shape in root.iter("{*}sp", "{*}tbl"):
        if next(shape.iterancestors("{*}Fallback"), None) is not None:
            continue  # it repeats a shape for older programs
        if shape.tag.endswith("}tbl"):
            _write_table(shape, flow)
            continue
        holder = shape.find("{*}nvSpPr/{*}nvPr/{*}ph")
        type_ = None if holder is None else holder.get("type", "")
        if type_ in _AROUND:
            continue
        for paragraph in shape.iterfind("{*}txBody/{*}p"):
            flow.part(PARAGRAPH)
            flow.kind = ("", 0) if is_notes else _kind(paragraph, type_)
            _write_runs(paragraph, flow)
    flow.kind = ("", 0)


def _kind(paragraph: Any, type_: str | None) -> Kind:
    """Return what a paragraph is, which stands in a placeholder of a type, or in none."""
    if type_ in _TITLES:
        return "heading", 1
    properties = paragraph.find("{*}pPr")
    names = set() if properties is None else {child.tag.rpartition("}")[2] for child in properties}
    if "buNone" in names or (type_ not in _LISTS and not names & _BULLETS):
        return "", 0
    level = "0" if properties is None else properties.get("lvl", "0")
    return "item", 1 + (int(level) if level.isdecimal() and len(level) < 3 else 0)


def _write_runs(paragraph: Any, flow: Flow) -> None:
    for run in paragraph:
        name = run.tag.rpartition("}")[2]
        if name == "br":
            flow.new_line()
        elif name in ("r", "fld"):
            for number, line in enumerate((run.findtext("{*}t") or "").split("\v")):
                if number:
                    flow.new_line()
                flow.write(line)


def _write_table(table: Any, flow: Flow) -> None:
    properties = table.find("{*}tblPr")
    has_header = properties is not None and properties.get("firstRow") in ("1", "true")
    for number, row in enumerate(table.iterfind("{*}tr")):
        flow.part(PARAGRAPH)
        flow.kind, first, cells = ("row", 0), len(flow.blocks), row.findall("{*}tc")
        for cell in cells:
            for paragraph in cell.iterfind("{*}txBody/{*}p"):
                _write_runs(paragraph, flow)
                flow.part(SPACE)
            flow.end_cell()
        words = "".join(row.itertext("{*}t"))
        is_header = has_header and number == 0 and not any(map(str.isdigit, words))
        flow.end_row(first, len(cells), "header" if is_header else "row")
        flow.part(PARAGRAPH)
    flow.kind = ("", 0)
