"""Documents from files: a loader for each kind, by the file's suffix.

A loader is a function that reads the file at a path as the document of an id. What it gives is
the same each time, and all offsets are into the text that it gives.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from qa.documents import Document
from qa.errors import LoadError
from qa.loaders.docx import load_docx
from qa.loaders.html import load_html
from qa.loaders.pdf import load_pdf
from qa.loaders.text import load_text

Loader = Callable[[Path, str], Document]
"""Reads the file at a path as the document of an id."""

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
}
"""Loaders by file suffix, in lower case. Markdown is read as the text it is written in."""

EXTRACTED = frozenset(suffix for suffix, loader in LOADERS.items() if loader is not load_text)
"""Suffixes of files whose text a library extracts; another version of it may do so otherwise."""

_LOCK = "~$"  # starts the name of the file that Word puts beside one that is open


def load(path: str | os.PathLike[str]) -> list[Document]:
    """Read a file, or every readable file below a folder, in order of id.

    Hidden files and files of other kinds in a folder are passed over.

    Raises:
        LoadError: nothing is there, or a file cannot be read as the text that it should be.
    """
    return [LOADERS[file.suffix.lower()](file, id_) for file, id_ in find(path)]


def find(path: str | os.PathLike[str]) -> list[tuple[Path, str]]:
    """Find the files that `load` reads, each with the id of its document.

    Raises:
        LoadError: nothing is there, or nothing that is read.
    """
    try:
        path = Path(path).expanduser()
        is_folder, is_file = path.is_dir(), path.is_file()
    except (OSError, RuntimeError) as error:  # a name that is too long; a ~user who is not there
        raise LoadError(f"{path} cannot be read: {error}", source=str(path)) from error
    if is_folder:
        return _find_below(path)
    if not is_file:
        raise LoadError(f"there is no file or folder {path}", source=str(path))
    if path.suffix.lower() not in LOADERS:
        raise LoadError(
            f"{path} is of no kind that is read; those are: {', '.join(sorted(LOADERS))}",
            source=str(path),
        )
    return [(path, path.name)]


def _find_below(folder: Path) -> list[tuple[Path, str]]:
    found = [
        (path, path.relative_to(folder).as_posix())
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in LOADERS
        and path.is_file()
        and not _is_hidden(path.relative_to(folder))
    ]
    if not found:
        raise LoadError(
            f"{folder} holds no file that is read; those end in {', '.join(sorted(LOADERS))}",
            source=str(folder),
        )
    return found


def _is_hidden(relative: Path) -> bool:
    return relative.name.startswith(_LOCK) or any(p.startswith(".") for p in relative.parts)


def load_all(sources: Iterable[str | os.PathLike[str] | Document]) -> list[Document]:
    """Read several files and folders, and take documents as they are.

    Raises:
        LoadError: as `load`; or two documents have one id.
    """
    documents: dict[str, Document] = {}
    for source in sources:
        for document in [source] if isinstance(source, Document) else load(source):
            twin = documents.setdefault(document.id, document)
            if twin.source != document.source or twin.sha256 != document.sha256:
                raise LoadError(
                    f"two documents are called {document.id!r} ({twin.source} and "
                    f"{document.source}): name the folder that holds both instead",
                    source=document.source or document.id,
                )
    return list(documents.values())
