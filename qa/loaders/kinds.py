"""The kinds of files that are read, by suffix, and the loader of each."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePath
from typing import Protocol

from qa.documents import Document
from qa.loaders.formats import (
    MAX_BYTES,
    load_code,
    load_csv,
    load_docx,
    load_eml,
    load_epub,
    load_html,
    load_pdf,
    load_pptx,
    load_text,
    load_xlsx,
)
from qa.loaders.parsing import LIMITS, Limits
from qa.loaders.sidecar import SUFFIX


class Loader(Protocol):
    """Reads the file at a path as the document of an id, within limits."""

    def __call__(
        self,
        path: Path,
        document_id: str,
        limits: Limits = LIMITS,
        *,
        encoding: str | None = None,
    ) -> Document:
        """Return the document; raise a `LoadError` if the file cannot be read as one.

        `encoding` is that of text that is not UTF-8 and does not tell its own; None detects it.
        """


SCRIPTS = frozenset({".cjs", ".js", ".mjs"})
"""Suffixes of scripts, which are skipped in a folder with web pages: they belong to those."""

CODE = SCRIPTS | frozenset(
    ".bash .c .cc .cpp .cs .go .h .hpp .java .jsx .kt .lua .php .pl .ps1 .py .pyi .r .rb .rs "
    ".scala .sh .sql .swift .ts .tsx".split()
)
"""Suffixes of source code."""

LOADERS: dict[str, Loader] = {
    ".txt": load_text,
    ".text": load_text,
    ".md": load_text,
    ".markdown": load_text,
    ".html": load_html,
    ".htm": load_html,
    ".xhtml": load_html,
    ".pdf": load_pdf,
    ".docx": load_docx,
    ".pptx": load_pptx,
    ".xlsx": load_xlsx,
    ".csv": load_csv,
    ".tsv": load_csv,
    ".epub": load_epub,
    ".eml": load_eml,
    **dict.fromkeys(CODE, load_code),
}
"""Loaders by file suffix, in lower case. Markdown is read as the text it is written in."""

KINDS = f"{', '.join(sorted(LOADERS.keys() - CODE))}, and source code such as .py"
"""The suffixes that are read, for a message."""

EXTRACTED = frozenset(s for s, loader in LOADERS.items() if loader not in (load_text, load_code))
"""Suffixes of files whose text is extracted, which another version may do differently."""

RECORDS = (".jsonl", ".jsonl.gz", ".parquet")
"""How the names of files end of which each line or row is a document. They are read if named."""


def is_supported(path: PurePath) -> bool:
    """Return whether there is a loader for a file's suffix."""
    return path.suffix.lower() in LOADERS


def holds_records(path: PurePath) -> bool:
    """Return whether each line or row of a file is a document, by its name."""
    return path.name.lower().endswith(RECORDS)


def is_read(path: Path) -> bool:
    """Return whether a file is a document, the metadata of one, or holds some, by its name."""
    return is_supported(Path(path.name.removesuffix(SUFFIX))) or holds_records(path)


def most_bytes(path: PurePath) -> int:
    """Return the size of the largest file of such a name that is read."""
    loader = LOADERS[path.suffix.lower()]
    kind = loader.keywords["kind"] if isinstance(loader, partial) else "text"
    return MAX_BYTES[kind]


def read_in_folder(found: Iterable[PurePath]) -> set[PurePath]:
    """Return what is read of the files in a folder; scripts are left out where there are pages."""
    supported = {path for path in found if is_supported(path)}
    if any(LOADERS[path.suffix.lower()] is load_html for path in supported):
        return {path for path in supported if path.suffix.lower() not in SCRIPTS}
    return supported
