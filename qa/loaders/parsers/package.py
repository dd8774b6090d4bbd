"""Files that are ZIP archives of XML: Office files and e-books, read part by part."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

from qa.loaders.parsers import Refused
from qa.loaders.parsers.flow import sensible_title
from qa.loaders.parsers.signatures import mistaken

MAX_PART_BYTES = 64_000_000
"""The most bytes of the unpacked parts of a file that are read."""

_OFFICE = "/relationships/officeDocument"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PROTECTED = "is protected by a password: save it without one first"
_PROPERTIES = {
    "title": "title",
    "creator": "author",
    "subject": "subject",
    "keywords": "keywords",
    "category": "category",
    "language": "language",
    "created": "date",
}
_KINDS = {  # by the part that each has
    "word/document.xml": "a Word file",
    "xl/workbook.xml": "an Excel workbook",
    "ppt/presentation.xml": "a PowerPoint file",
    "content.xml": "an OpenDocument file",
    "META-INF/container.xml": "an e-book",
}


@contextmanager
def opened(data: bytes, name: str, kind: str) -> Iterator[Package]:
    """Open the archive of a file that should be of a kind; any error inside is the file's damage.

    Raises:
        Refused: it is of another kind, protected by a password, damaged, or too large unpacked.
    """
    if data.startswith(_OLE) and _ENCRYPTED in data:
        raise Refused(_PROTECTED)
    if not data.startswith(b"PK"):
        raise mistaken(name, data, kind)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            yield Package(archive, kind)
    except (Refused, MemoryError):
        raise
    except Exception as error:  # zipfile's and lxml's errors share no base class
        if type(error) is RuntimeError:  # zipfile's error for an encrypted member
            raise Refused(_PROTECTED) from None
        raise Refused(
            f"is damaged, or cut off: it is not a whole {kind.partition(' ')[2]}; "
            "fetch or save it again"
        ) from None


class Package:
    """The parts of a file, unpacked one at a time and within one limit."""

    def __init__(self, archive: zipfile.ZipFile, kind: str) -> None:
        self._archive = archive
        self._kind = kind
        self._names = frozenset(archive.namelist())
        self._left = MAX_PART_BYTES

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def main(self) -> str:
        """Return the name of the main part of an Office file."""
        usual = next(name for name, kind in _KINDS.items() if kind == self._kind)
        for type_, target in self.relations(""):
            if type_.endswith(_OFFICE) and target in self and target not in _KINDS.keys() - {usual}:
                return target
        if usual not in self:
            self.refuse()
        return usual

    def refuse(self) -> NoReturn:
        """Say what the file is instead."""
        kinds = (kind for name, kind in _KINDS.items() if name in self)
        kind = next(kinds, "some other ZIP archive")
        raise Refused(f"is not {self._kind}: its content is {kind}")

    def relations(self, part: str) -> Iterator[tuple[str, str]]:
        """Yield the kinds and names of the parts that a part names; "" is the whole file."""
        yield from ((type_, target) for type_, target, _ in self._relations(part))

    def related(self, part: str) -> dict[str, str]:
        """Return the names of the parts that a part names, by their ids there."""
        return {id_: target for _, target, id_ in self._relations(part)}

    def _relations(self, part: str) -> Iterator[tuple[str, str, str]]:
        folder, name = posixpath.split(part)
        root = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"), needed=False)
        for relation in [] if root is None else root.iterfind("{*}Relationship"):
            target = place_of(str(relation.get("Target", "")), folder)
            if target and relation.get("TargetMode") != "External":
                yield str(relation.get("Type", "")), target, str(relation.get("Id", ""))

    def xml(self, name: str, *, needed: bool = True) -> Any:
        """Parse a part; None if it is missing and not needed."""
        from lxml import etree

        if name not in self and not needed:
            return None
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
        )
        root = etree.fromstring(self.read(name), parser=parser)
        declared = root.getroottree().docinfo.internalDTD
        if declared is not None and next(declared.iterentities(), None) is not None:
            raise Refused(
                f"declares entities of its own in {name}, which no {self._kind.partition(' ')[2]} "
                "needs"
            )
        return root

    def metadata(self) -> dict[str, str]:
        """Return the properties of an Office file; its title is "" if it says nothing."""
        core = self.xml("docProps/core.xml", needed=False)
        return {"title": ""} if core is None else said_in(core, _PROPERTIES)

    def read(self, name: str) -> bytes:
        """Unpack a part."""
        with self._archive.open(name) as member:
            data = member.read(self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise Refused(
                f"unpacks to more than {MAX_PART_BYTES:,} bytes of text: "
                "split it into several files",
            )
        return data

    def check_size(self, most: int) -> None:
        """Refuse a file that unpacks to more bytes, by what it says; no more is ever unpacked."""
        if sum(part.file_size for part in self._archive.infolist()) > most:
            raise Refused(f"unpacks to more than {most:,} bytes: split it into several files")


def said_in(described: Any, names: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of elements by the names that they go by; a date without its time."""
    said = {
        name: ", ".join(filter(None, (one.text for one in described.iterfind(f"{{*}}{element}"))))
        for element, name in names.items()
    }
    return said | {"title": sensible_title(said["title"]), "date": said["date"].partition("T")[0]}


def place_of(link: str, folder: str) -> str:
    """Return the part that a link in a folder leads to; "" if it leads out of the file."""
    address = urlsplit(link)
    if address.scheme or address.netloc:
        return ""
    return posixpath.normpath(posixpath.join("/", folder, unquote(address.path))).lstrip("/")
