"""Files of many documents: of JSON lines, each line is one, and of Parquet each row."""

from __future__ import annotations

import gzip
import json
import tempfile
import weakref
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Protocol
from uuid import uuid4

from qa.documents import Document
from qa.errors import LoadError
from qa.loaders.files import File, inquote_version
from qa.loaders.formats import document_of_text
from qa.loaders.parsers import Refused
from qa.loaders.parsing import Limits, parse
from qa.metadata import told_by_file
from qa.text.printable import printable_name

MAX_LINE = 100_000_000
"""The most bytes of a line."""

MAX_UNPACKED = 50_000_000_000
"""The most bytes that a packed file may unpack to."""

_LIMITS = Limits(seconds=4 * 3_600)  # of a Parquet file
_BLOCK = 1_000_000
_TOLD = 20  # bad lines, one by one
_COPIES = 8  # of packed or downloaded files, at once
_LONGEST_TITLE = 300
_OWN_FIELDS = frozenset({"id", "_id", "text", "title", "metadata"})


class Container(Protocol):
    """A file that holds documents, on a disk or elsewhere."""

    @property
    def source(self) -> str: ...  # noqa: D102

    def fetched(self, folder: Path) -> Path:
        """Return where the file is on this machine, which may be a copy in a folder."""


@dataclass(frozen=True, slots=True)
class Records:
    """A file of many documents.

    Attributes:
        file: the file.
        listing: of which it is the file; each time that it is listed, it may be another.
    """

    file: Container
    listing: str = field(default_factory=lambda: uuid4().hex)

    @property
    def unit(self) -> str:
        """What a document is in it."""
        return "row" if self.file.source.lower().endswith(".parquet") else "line"


@dataclass(frozen=True, slots=True)
class Row:
    """One document of a file of many.

    Attributes:
        records: the file.
        id: the document's.
        start: where its line starts, in bytes; a row of Parquet is turned into a line.
        length: how long the line is.
        digest: of the line.
    """

    records: Records
    id: str
    start: int
    length: int
    digest: bytes

    @property
    def source(self) -> str:
        """The file's, and its id."""
        return f"{self.records.file.source}#{self.id}"

    @property
    def stamp(self) -> str:
        """The digest of its line, and the version of inquote."""
        return f"{self.digest.hex()} {inquote_version()}"

    def read(self, document_id: str, encoding: str | None) -> Document:
        """Return the document."""
        lines = _lines(self.records)
        try:
            line = lines.at(self.start, self.length)
        except OSError as error:
            raise _refused(self.source, f"cannot be read: {error.strerror}") from error
        if _digest(line) != self.digest:
            raise _refused(self.source, "is being written: read it again once that is done")
        row = json.loads(line)
        document = document_of_text(row["text"], document_id, markdown=False, source=self.source)
        title = row.get("title")
        title = " ".join(title.split())[:_LONGEST_TITLE] if isinstance(title, str) else ""
        told = {name: value for name, value in row.items() if name not in _OWN_FIELDS}
        told = {name: value for name, value in told.items() if isinstance(value, str | int | float)}
        given = row.get("metadata")
        metadata = {"title": title} | told | (given if isinstance(given, dict) else {})
        return replace(document, title=title or document.title, metadata=told_by_file(metadata))


def rows_of(file: Container, unreadable: Callable[[LoadError], None] | None = None) -> list[File]:
    """List the documents of a file of many; no text is kept.

    `unreadable` is called for lines that are none; None raises at the first.

    Raises:
        LoadError: the file cannot be read, holds no document, or two of one id.
    """
    records = Records(file)
    bad = _BadLines(records, unreadable)
    rows: dict[str, File] = {}
    numbers: dict[str, int] = {}
    for number, start, line in _numbered(records):
        try:
            id_ = _id_of(line)
        except ValueError as error:
            bad.add(number, str(error))
            continue
        if (first := numbers.setdefault(id_, number)) != number:
            raise _refused(
                file.source,
                f"has two documents called {id_!r}, in {records.unit}s {first} and {number}",
            )
        rows[id_] = File(id_, Row(records, id_, start, len(line), _digest(line)))
    bad.tell_rest()
    if not rows:
        raise _refused(file.source, f"holds no document{bad.example}")
    return list(rows.values())


class _BadLines:
    """The lines that are no documents: the first ones are told one by one, the rest in one."""

    def __init__(self, records: Records, unreadable: Callable[[LoadError], None] | None) -> None:
        self._records = records
        self._unreadable = unreadable
        self._count = 0
        self.example = ""

    def add(self, number: int, reason: str) -> None:
        self._count += 1
        error = _refused(self._records.file.source, f"{self._records.unit} {number} {reason}")
        if self._unreadable is None:
            raise error
        self.example = self.example or f": {self._records.unit} {number} {reason}"
        if self._count <= _TOLD:
            self._unreadable(error)

    def tell_rest(self) -> None:
        more = self._count - _TOLD
        if more > 0 and self._unreadable is not None:
            what = f"{more:,} more {self._records.unit}s that are no documents"
            self._unreadable(_refused(self._records.file.source, f"has {what}"))


def _numbered(records: Records) -> Iterator[tuple[int, int, bytes]]:
    """Yield the lines that are not empty, each with its number and where it starts.

    A line that is too long is yielded in part, and so is no JSON.
    """
    lines, start, number = _lines(records).file, 0, 0
    try:
        while line := lines.readline(MAX_LINE + 1):
            number += 1
            if not line.isspace():
                yield number, start, line
            while not line.endswith(b"\n") and (rest := lines.readline(_BLOCK)):
                line = rest
            start = lines.tell()
    except OSError as error:
        raise _refused(records.file.source, f"cannot be read: {error.strerror}") from error


def _id_of(line: bytes) -> str:
    """Return the id of a document; a `ValueError` says why a line is none."""
    if len(line) > MAX_LINE:
        raise ValueError(f"has more than {MAX_LINE:,} bytes, the most of a document")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError('is no JSON: write an object, such as {"id": "a", "text": "…"}') from None
    if not isinstance(row, dict):
        raise ValueError('is no JSON object: write one, such as {"id": "a", "text": "…"}')
    id_ = row.get("_id") if row.get("id") is None else row["id"]
    if isinstance(id_, bool) or not isinstance(id_, str | int) or not str(id_).strip():
        raise ValueError('has no "id"')
    text = row.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ValueError('has no "text"')
    return str(id_)


def _digest(line: bytes) -> bytes:
    return blake2b(line.rstrip(), digest_size=16).digest()


def _refused(source: str, reason: str) -> LoadError:
    return LoadError(f"{printable_name(source)} {reason}", source=source)


class _Lines:
    """A file of JSON lines, open: the file itself, or a copy.

    The copy has no name any more, so that nothing is left of it however this process ends.
    """

    def __init__(self, records: Records) -> None:
        with tempfile.TemporaryDirectory(prefix="inquote-", ignore_cleanup_errors=True) as folder:
            self.file = _unpacked(records, Path(folder)).open("rb")
        self._lock = Lock()
        weakref.finalize(self, self.file.close)

    def at(self, start: int, length: int) -> bytes:
        """Read one line."""
        with self._lock:
            self.file.seek(start)
            return self.file.read(length)


@lru_cache(maxsize=_COPIES)
def _lines(records: Records) -> _Lines:
    """Return the lines of a file, which are downloaded and unpacked once in each process."""
    try:
        return _Lines(records)
    except Refused as refusal:
        raise _refused(records.file.source, str(refusal)) from None
    except OSError as error:  # it may not be read, or the disk is full
        raise _refused(records.file.source, f"cannot be read: {error.strerror}") from error


def _unpacked(records: Records, folder: Path) -> Path:
    """Return where the lines of a file are, which may be in the folder."""
    path, to = records.file.fetched(folder), folder / "lines"
    if records.file.source.lower().endswith(".gz"):
        _gunzip(path, to)
    elif records.unit == "row":
        _rewrite(path, to)
    else:
        return path
    return to


def _gunzip(path: Path, to: Path) -> None:
    left = MAX_UNPACKED
    try:
        with gzip.open(path) as packed, to.open("wb") as unpacked:
            while block := packed.read(_BLOCK):
                left -= len(block)
                if left < 0:
                    raise Refused(f"unpacks to more than {MAX_UNPACKED:,} bytes: split it")
                unpacked.write(block)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise Refused("is damaged: it cannot be unpacked; fetch or save it again") from None


def _rewrite(path: Path, to: Path) -> None:
    """Write the rows of a Parquet file as JSON lines; a separate process reads it."""
    options = {"path": str(path.resolve()), "to": str(to), "most": str(MAX_UNPACKED)}
    parse("parquet", b"", path.name, _LIMITS, **options)
