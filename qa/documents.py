"""Documents, and reading them from files.

A document's text is kept as it was read: no character is added, dropped or normalised, line
ends included. (A byte order mark is not part of the text.)
"""

from __future__ import annotations

import codecs
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import NamedTuple

from qa.errors import LoadError

MAX_BYTES = 500_000_000
"""The largest file that is read."""


class Span(NamedTuple):
    """A stretch `[start, end)` of a document's text, in code points."""

    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        """Tell whether the two share a character."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Document:
    """One source text.

    Attributes:
        id: names the document in its corpus; for a file, its name or its path in the folder.
        text: the whole text, as loaded.
        title: what a reader calls it.
        source: where it came from (for a file, its absolute path); None if made in Python.
        sha256: of the text in UTF-8.
    """

    id: str
    text: str = field(repr=False)
    title: str = ""
    source: str | None = None
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        named = self.source or self.id
        if not self.id:
            raise LoadError("a document needs an id", source=named)
        if not self.text or self.text.isspace():
            raise LoadError(f"{named} is empty: it has no text to ask about", source=named)
        if "\0" in self.text:
            raise LoadError(f"{named} is not text: it holds NUL characters", source=named)
        try:
            encoded = self.text.encode()
        except UnicodeEncodeError as error:
            raise LoadError(
                f"{named} is not valid Unicode: it holds half a surrogate pair "
                f"at character {error.start}",
                source=named,
            ) from None
        object.__setattr__(self, "sha256", hashlib.sha256(encoded).hexdigest())
        if not self.title:
            object.__setattr__(self, "title", PurePath(self.id).stem)

    def line(self, position: int) -> int:
        """Give the line of a character, from 1; lines end with LF, CRLF or CR, as in an editor."""
        feeds = self.text.count("\n", 0, position)
        returns = self.text.count("\r", 0, position)
        return 1 + feeds + returns - self.text.count("\r\n", 0, position)

    def byte_span(self, span: Span) -> Span:
        """Give a span's place in the text's UTF-8 bytes."""
        start = len(self.text[: span.start].encode())
        return Span(start, start + len(self.text[span.start : span.end].encode()))


Loader = Callable[[Path, str], Document]
"""Reads the file at a path as the document of an id."""


def load_text(path: Path, document_id: str) -> Document:
    """Read a plain text file: UTF-8, with or without a byte order mark, or UTF-16 with one."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LoadError(
                f"{path} has {path.stat().st_size:,} bytes; the most is {MAX_BYTES:,}: "
                "split it into several files",
                source=str(path),
            )
        data = path.read_bytes()
    except OSError as error:
        raise LoadError(f"{path} cannot be read: {error.strerror}", source=str(path)) from error
    text = _decode(data, path)
    return Document(id=document_id, text=text, source=str(path.resolve()))


LOADERS: dict[str, Loader] = {".txt": load_text, ".text": load_text, ".md": load_text}
"""Loaders by file suffix, in lower case. Markdown is read as the text it is written in."""


def _decode(data: bytes, path: Path) -> str:
    def fail(reason: str) -> LoadError:
        return LoadError(f"{path} {reason}; save it as UTF-8 text", source=str(path))

    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise fail("is in UTF-32, which is not read")
    encoding = "UTF-8"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "UTF-16"
    elif b"\0" in data:
        raise fail("is a binary file, not text")
    try:
        return data.decode("utf-8-sig" if encoding == "UTF-8" else encoding)
    except UnicodeDecodeError as error:
        offset = error.start + len(data) - len(error.object)  # which may lack the mark
        raise fail(
            f"is not valid {encoding}: the byte at offset {offset} "
            f"(0x{data[offset]:02x}) fits no character"
        ) from None


def load(path: str | os.PathLike[str]) -> list[Document]:
    """Read a file, or every readable file below a folder, in order of id.

    Hidden files and files of other kinds in a folder are passed over.

    Raises:
        LoadError: nothing is there, or a file cannot be read as the text that it should be.
    """
    try:
        path = Path(path).expanduser()
        is_folder, is_file = path.is_dir(), path.is_file()
    except (OSError, RuntimeError) as error:  # a name that is too long; a ~user who is not there
        raise LoadError(f"{path} cannot be read: {error}", source=str(path)) from error
    if is_folder:
        return list(_load_folder(path))
    if not is_file:
        raise LoadError(f"there is no file or folder {path}", source=str(path))
    loader = LOADERS.get(path.suffix.lower())
    if loader is None:
        raise LoadError(
            f"{path} is of no kind that is read; those are: {', '.join(sorted(LOADERS))}",
            source=str(path),
        )
    return [loader(path, path.name)]


def _load_folder(folder: Path) -> Iterator[Document]:
    found = False
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        loader = LOADERS.get(path.suffix.lower())
        if loader is None or not path.is_file() or any(p.startswith(".") for p in relative.parts):
            continue
        found = True
        yield loader(path, relative.as_posix())
    if not found:
        raise LoadError(
            f"{folder} holds no file that is read; those end in {', '.join(sorted(LOADERS))}",
            source=str(folder),
        )


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
