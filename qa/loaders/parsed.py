"""Kinds of files whose text is read out of them by a parser."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from qa.documents import Document
from qa.loaders.parsers import Refused
from qa.loaders.parsing import LIMITS, Limits, parse
from qa.regular_files import read_regular, refused

MAX_BYTES = {"html": 50_000_000, "pdf": 200_000_000, "docx": 200_000_000}
"""The largest file of each kind that is read."""


def load_parsed(path: Path, document_id: str, limits: Limits = LIMITS, *, kind: str) -> Document:
    """Read the text of a file as `parse` of `qa.loaders.parsers.<kind>` tells.

    Raises:
        LoadError: the file cannot be read, is not of that kind, is damaged, is above a limit, or
            has no text.
    """
    data = read_regular(path, MAX_BYTES[kind])
    try:
        text, title, pages = parse(kind, data, path.name, limits)
    except Refused as refusal:
        raise refused(path, str(refusal)) from None
    return Document(document_id, text, title, str(path.resolve()), pages)


load_html = partial(load_parsed, kind="html")
load_pdf = partial(load_parsed, kind="pdf")
load_docx = partial(load_parsed, kind="docx")
