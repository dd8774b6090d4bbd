"""Plain text, and Markdown as the text it is written in."""

from __future__ import annotations

import codecs
from pathlib import Path

from qa.documents import Document
from qa.loaders.parsing import LIMITS, Limits
from qa.regular_files import read_regular, refused

MAX_BYTES = 500_000_000
"""The largest file of plain text that is read."""


def load_text(path: Path, document_id: str, limits: Limits = LIMITS) -> Document:
    """Read a plain text file: UTF-8, with or without a byte order mark, or UTF-16 with one.

    No character is added, dropped or normalised, line ends included. (A byte order mark is not
    part of the text.) Nothing is parsed, so that `limits` limit nothing.
    """
    text = _decode(read_regular(path, MAX_BYTES), path)
    return Document(id=document_id, text=text, source=str(path.resolve()))


def _decode(data: bytes, path: Path) -> str:
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
