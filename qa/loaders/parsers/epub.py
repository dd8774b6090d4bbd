"""E-books (EPUB): a ZIP archive of web pages, read chapter by chapter."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from qa.loaders.parsers import Extracted, Refused
from qa.loaders.parsers.contents import with_contents
from qa.loaders.parsers.flow import Flow
from qa.loaders.parsers.html import Page, decode, read_page
from qa.loaders.parsers.package import Package, opened, place_of, said_in

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_PAGES = frozenset({"application/xhtml+xml", "text/html"})
_PROPERTIES = {
    "title": "title",
    "creator": "author",
    "subject": "subject",
    "publisher": "publisher",
    "language": "language",
    "date": "date",
}
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


def parse(data: bytes, name: str) -> Extracted:
    """Read the chapters of an e-book, in the order of reading, each as a web page.

    Left out are what a web page leaves out, and the table of contents. The title is that of the
    book.

    Raises:
        Refused: the file is no e-book, is protected, damaged, or too large unpacked.
    """
    flow = Flow()
    with opened(data, name, "an e-book") as package:
        root, folder = _description(package)
        described = root.find("{*}metadata")
        said = {"title": ""} if described is None else said_in(described, _PROPERTIES)
        for part in _chapters(root, folder):
            if part in package and (chapter := decode(package.read(part)).text).strip():
                flow.next_start()
                read_page(chapter, Page(flow))
    text = flow.text()
    blocks = with_contents(text, tuple(flow.blocks))
    return Extracted(text, said["title"], blocks=blocks, metadata=said)


def _description(package: Package) -> tuple[Any, str]:
    """Return the part that describes the book, and its folder."""
    if _CONTAINER not in package:
        package.refuse()
    encryption = package.xml(_ENCRYPTION, needed=False)
    for method in [] if encryption is None else encryption.iter("{*}EncryptionMethod"):
        if method.get("Algorithm") not in _FONTS:
            raise Refused("is protected against copying: it can be read by its own program only")
    named = package.xml(_CONTAINER).find("{*}rootfiles/{*}rootfile")
    part = place_of(named.get("full-path", ""), "")
    return package.xml(part), posixpath.dirname(part)


def _chapters(root: Any, folder: str) -> Iterator[str]:
    """Yield the names of the parts that are chapters, each once."""
    parts = {item.get("id"): item for item in root.iterfind("{*}manifest/{*}item")}
    ids = dict.fromkeys(item.get("idref") for item in root.iterfind("{*}spine/{*}itemref"))
    for item in (parts[id_] for id_ in ids if id_ in parts):
        is_contents = "nav" in item.get("properties", "").split()
        if item.get("media-type") in _PAGES and not is_contents:
            yield place_of(item.get("href", ""), folder)
