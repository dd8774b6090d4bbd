"""The kind of a file, by its first bytes."""

from __future__ import annotations

from pathlib import PurePath

from qa.loaders.parsers import Refused

_SIGNATURES = {
    b"%PDF-": "a PDF",
    b"\x89PNG\r\n\x1a\n": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"II*\0": "a TIFF image",
    b"MM\0*": "a TIFF image",
    b"PK\x03\x04": "a ZIP archive, such as a Word file",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Office file, such as .doc",
    b"{\\rtf": "an RTF file",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"%!PS": "a PostScript file",
    b"\x7fELF": "a program",
    b"MZ\x90\0": "a program",
    b"SQLite format 3\0": "a database",
}
_MARKUP = {b"<!doctype html": "HTML", b"<html": "HTML", b"<?xml": "XML"}
_PDF_HEADER_WITHIN = 1_024  # which the format allows before its header


def kind_of(data: bytes) -> str | None:
    """Return the kind of a file by its first bytes, such as "a PNG image"; None if unknown."""
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            return kind
    start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for signature, kind in _MARKUP.items():
        if start.startswith(signature):
            return kind
    return "a PDF" if b"%PDF-" in data[:_PDF_HEADER_WITHIN] else None


def mistaken(name: str, data: bytes, expected: str) -> Refused:
    """Return the refusal of a file that is not of the kind that its suffix says, `expected`."""
    if not data:
        return Refused("is empty: it has no text to ask about")
    kind, suffix = kind_of(data), PurePath(name).suffix
    if kind is None:
        return Refused(f"is called {suffix}, but is not {expected}")
    return Refused(f"is called {suffix}, but its content is {kind}: give it the suffix for that")
