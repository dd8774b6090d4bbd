"""A loader for each format: text is decoded, and all but plain text is parsed."""

from __future__ import annotations

from functools import partial
from itertools import starmap
from pathlib import Path

from qa.documents import Block, Document
from qa.loaders.front_matter import front_matter
from qa.loaders.parsers import Refused
from qa.loaders.parsers.encodings import decoded
from qa.loaders.parsing import LIMITS, Limits, parse
from qa.loaders.text_blocks import text_blocks
from qa.metadata import told_by_file
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

DECODED = frozenset({"html"})
"""Parsed formats that are text in some encoding."""


def load_text(
    path: Path, document_id: str, limits: Limits = LIMITS, *, encoding: str | None = None
) -> Document:
    """Read a plain text file.

    No character is added, dropped or normalised, line ends included. (A byte order mark is not
    part of the text.) Nothing is parsed, so `limits` have no effect.
    """
    data = read_regular(path, MAX_BYTES["text"])
    is_markdown = path.suffix.lower() in MARKDOWN
    return text_document(
        data, document_id, path, encoding=encoding, markdown=is_markdown, source=str(path.resolve())
    )


def text_document(
    data: bytes,
    document_id: str,
    path: Path,
    *,
    encoding: str | None = None,
    markdown: bool = False,
    source: str | None = None,
) -> Document:
    """Make a document of the bytes of a text; a `LoadError` if they are none.

    Args:
        data: the bytes.
        document_id: the document's id.
        path: what the bytes are called in an error.
        encoding: that of bytes that are not UTF-8; None detects it.
        markdown: whether it is Markdown.
        source: where the document came from.
    """
    try:
        text, read_as = decoded(data, encoding)
    except Refused as refusal:
        raise refused(path, str(refusal)) from None
    if not text or text.isspace():
        raise refused(path, "is empty: it has no text to ask about")
    return document_of_text(text, document_id, read_as, markdown=markdown, source=source)


def document_of_text(
    text: str, document_id: str, encoding: str = "", *, markdown: bool, source: str | None
) -> Document:
    """Make a document of a text, with the blocks and the metadata that it shows."""
    blocks = text_blocks(text, markdown=markdown)
    metadata = told_by_file(front_matter(text) if markdown else {})
    return Document(
        document_id, text, source=source, blocks=blocks, encoding=encoding, metadata=metadata
    )


def _load_parsed(
    path: Path,
    document_id: str,
    limits: Limits = LIMITS,
    *,
    kind: str,
    is_text: bool = False,
    encoding: str | None = None,
) -> Document:
    """Read the text of a file with the parser `qa.loaders.parsers.<kind>`.

    A text file, `is_text`, is decoded first, as by `load_text`.

    Raises:
        LoadError: the file cannot be read, is not of that kind, is damaged, is above a limit, or
            has no text.
    """
    data = read_regular(path, MAX_BYTES[kind])
    options = {"encoding": encoding} if encoding and kind in DECODED else {}
    in_text = ""
    try:
        if is_text:
            characters, in_text = decoded(data, encoding)
            data = characters.encode("utf-8", "surrogatepass")
        extracted = parse(kind, data, path.name, limits, **options)
    except Refused as refusal:
        raise refused(path, str(refusal)) from None
    text, title, pages, blocks, read_as, said = extracted
    return Document(
        document_id,
        text,
        title,
        str(path.resolve()),
        pages,
        tuple(starmap(Block, blocks)),
        in_text or read_as,
        told_by_file({"title": title} | dict(said)),
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
