"""A loader for each format: text is decoded, and all but plain text is parsed."""

from __future__ import annotations

import codecs
from functools import partial
from itertools import starmap
from pathlib import Path

from qa.documents import Block, Document
from qa.loaders.parsers import Refused
from qa.loaders.parsing import LIMITS, Limits, parse
from qa.loaders.text_blocks import text_blocks
from qa.regular_files import read_regular, refused

MAX_BYTES = {
    "text": 500_000_000,
    "code": 50_000_000,
    "csv": 200_000_000,
    "eml": 50_000_000,
    "html": 50_000_000,
} | dict.fromkeys(("docx", "epub", "pdf", "pptx", "xlsx"), 200_000_000)
"""The largest file of each format."""

MARKDOWN = frozenset({".md", ".markdown"})
"""Suffixes of text files that are read as Markdown."""


def load_text(path: Path, document_id: str, limits: Limits = LIMITS) -> Document:
    """Read a plain text file: UTF-8, with or without a byte order mark, or UTF-16 with one.

    No character is added, dropped or normalised, line ends included. (A byte order mark is not
    part of the text.) Nothing is parsed, so `limits` have no effect.
    """
    text = decode(read_regular(path, MAX_BYTES["text"]), path)
    blocks = text_blocks(text, markdown=path.suffix.lower() in MARKDOWN)
    return Document(id=document_id, text=text, source=str(path.resolve()), blocks=blocks)


def decode(data: bytes, path: Path) -> str:
    """Decode the bytes of a plain text file; a `LoadError` if they are not text."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise refused(path, "is in UTF-32, which is not read; save it as UTF-8 text")
    encoding = "UTF-8"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "UTF-16"
    elif b"\0" in data:
        raise refused(path, "is a binary file, not text; save it as UTF-8 text")
    try:
        return data.decode("utf-8-sig" if encoding == "UTF-8" else encoding)
    except UnicodeDecodeError as error:
        offset = error.start + len(data) - len(error.object)  # which may lack the mark
        raise refused(
            path,
            f"is not valid {encoding}: the byte at offset {offset} "
            f"(0x{data[offset]:02x}) fits no character; save it as UTF-8 text",
        ) from None


def _load_parsed(
    path: Path, document_id: str, limits: Limits = LIMITS, *, kind: str, is_text: bool = False
) -> Document:
    """Read the text of a file with the parser `qa.loaders.parsers.<kind>`.

    A text file, `is_text`, is decoded first, as by `load_text`.

    Raises:
        LoadError: the file cannot be read, is not of that kind, is damaged, is above a limit, or
            has no text.
    """
    data = read_regular(path, MAX_BYTES[kind])
    if is_text:
        data = decode(data, path).encode("utf-8", "surrogatepass")
    try:
        text, title, pages, blocks = parse(kind, data, path.name, limits)
    except Refused as refusal:
        raise refused(path, str(refusal)) from None
    return Document(
        document_id, text, title, str(path.resolve()), pages, tuple(starmap(Block, blocks))
    )


load_code = partial(_load_parsed, kind="code", is_text=True)
load_csv = partial(_load_parsed, kind="csv", is_text=True)
load_docx = partial(_load_parsed, kind="docx")
load_eml = partial(_load_parsed, kind="eml")
load_epub = partial(_load_parsed, kind="epub")
load_html = partial(_load_parsed, kind="html")
load_pdf = partial(_load_parsed, kind="pdf")
load_pptx = partial(_load_parsed, kind="pptx")
load_xlsx = partial(_load_parsed, kind="xlsx")
