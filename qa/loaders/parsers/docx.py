"""Word files (DOCX): a ZIP archive of XML, read part by part."""

from __future__ import annotations

import lzma
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from qa.loaders.parsers import Extracted, Refused
from qa.loaders.parsers.flow import PARAGRAPH, Flow, clean, sensible_title
from qa.loaders.parsers.signatures import mistaken

MAX_PART_BYTES = 64_000_000
"""The most that the text of a Word file may have once it is unpacked."""

_MAIN = "word/document.xml"
_NOTES = ("footnotes.xml", "endnotes.xml")
_OFFICE = "/relationships/officeDocument"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OTHERS = {
    "xl/workbook.xml": "an Excel workbook",
    "ppt/presentation.xml": "a PowerPoint file",
    "content.xml": "an OpenDocument file",
}
# What zipfile raises where an archive is not as it should be.
_UNZIPPING = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    LookupError,
)
# What is no text, is not shown, or is there a second time for older programs.
_PASSED_OVER = frozenset(
    "del moveFrom delText instrText delInstrText rPr pPr sectPr tblPr tblGrid trPr tcPr "
    "Fallback sdtPr sdtEndPr fldData rt separator continuationSeparator".split()
)
_CHARACTERS = {"noBreakHyphen": "\N{NON-BREAKING HYPHEN}", "tab": "\t"}
_UNNUMBERED_NOTES = frozenset({"separator", "continuationSeparator", "continuationNotice"})


def parse(data: bytes, name: str) -> Extracted:
    """Read the text of a Word file, in its order.

    Paragraphs, headings, list items and rows of tables have a blank line between them, cells a
    tab, and a line break is a line end. Text boxes stand where they are anchored; footnotes and
    endnotes follow at the end, without their marks. Changes that are tracked are read as
    accepted. Left out are headers, footers, comments, the numbers that Word counts itself,
    hidden text, soft hyphens and control characters. The title is that of the file's properties.

    Raises:
        Refused: the file is no Word file, is protected by a password, is not whole, or unpacks
            to too much.
    """
    if data.startswith(_OLE) and _ENCRYPTED in data:
        raise Refused("is protected by a password: save it without one first")
    if not data.startswith(b"PK"):
        raise mistaken(name, data, "a Word file")
    with _damage_named(), zipfile.ZipFile(BytesIO(data)) as archive:
        package = _Package(archive)
        main = package.main()
        flow = Flow()
        _Story(flow).walk(package.xml(main))
        for part in _NOTES:
            notes = package.xml(posixpath.join(posixpath.dirname(main), part), needed=False)
            if notes is not None:
                _Story(flow).walk(notes)
        title = package.title()
    return Extracted(clean(flow.text()), title)


@contextmanager
def _damage_named() -> Iterator[None]:
    from lxml import etree

    try:
        yield
    except (*_UNZIPPING, etree.LxmlError, NotImplementedError):
        raise Refused(
            "is damaged, or cut off: it is not a whole Word file; fetch or save it again"
        ) from None
    except RuntimeError:  # what zipfile says of a member that is encrypted
        raise Refused("is protected by a password: save it without one first") from None


class _Package:
    """The parts of a Word file, unpacked one at a time and within one limit."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = frozenset(archive.namelist())
        self._left = MAX_PART_BYTES

    def main(self) -> str:
        """Return the name of the part that holds the text."""
        relations = self.xml("_rels/.rels", needed=False)
        for relation in [] if relations is None else relations:
            if str(relation.get("Type", "")).endswith(_OFFICE):
                target = str(relation.get("Target", "")).lstrip("/")
                if target in self._names and target not in _OTHERS:
                    return target
        if _MAIN in self._names:
            return _MAIN
        kinds = [kind for name, kind in _OTHERS.items() if name in self._names]
        found = kinds[0] if kinds else "some other ZIP archive"
        raise Refused(f"is not a Word file: its content is {found}")

    def xml(self, name: str, *, needed: bool = True) -> Any:
        """Parse a part; None if it is not there and need not be."""
        from lxml import etree

        if name not in self._names and not needed:
            return None
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
        )
        root = etree.fromstring(self._unpack(name), parser=parser)
        if root.getroottree().docinfo.doctype:
            raise Refused(f"declares entities of its own in {name}, which no Word file needs")
        return root

    def title(self) -> str:
        """Return the title of the file's properties."""
        core = self.xml("docProps/core.xml", needed=False)
        return "" if core is None else sensible_title(core.findtext("{*}title"))

    def _unpack(self, name: str) -> bytes:
        with self._archive.open(name) as member:
            data = member.read(self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise Refused(
                f"unpacks to more than {MAX_PART_BYTES:,} bytes of text: "
                "split it into several files",
            )
        return data


class _Story:
    """Walks the elements of a part and writes the text of them."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._empty_cells: list[bool] = []  # whether each cell around is still without text

    def walk(self, root: Any) -> None:
        from lxml import etree

        walker = etree.iterwalk(root, events=("start", "end"))
        passed_over = None
        for event, element in walker:
            name = etree.QName(element).localname if isinstance(element.tag, str) else ""
            if event == "end":
                if element is not passed_over:
                    self._leave(name)
            elif not name or name in _PASSED_OVER or _is_hidden(element, name):
                passed_over = element
                walker.skip_subtree()
            else:
                self._enter(name, _text(element, name))

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
        elif name in ("tr", "tbl") or (name == "p" and not self._at_cell_start()):
            self._flow.part(PARAGRAPH)

    def _at_cell_start(self) -> bool:
        return self._empty_cells[-1:] == [True]


def _text(element: Any, name: str) -> str:
    return element.text or "" if name == "t" else _CHARACTERS.get(name, "")


def _is_hidden(element: Any, name: str) -> bool:
    """Return whether a run is hidden, or a note is one of the lines between text and notes."""
    if name in ("footnote", "endnote"):
        return any(element.get(key) in _UNNUMBERED_NOTES for key in element.keys())  # noqa: SIM118
    if name != "r":
        return False
    vanish = element.find("{*}rPr/{*}vanish")
    return vanish is not None and all(v not in ("0", "false", "off") for v in vanish.values())
