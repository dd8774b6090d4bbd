"""The documents that the quotes of a saved answer are checked against."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterable, Mapping, Set
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Self

from embeddings.cache import cache_folder
from qa.bundled import essay_path
from qa.documents import Document
from qa.errors import LoadError, QAError, SettingsError
from qa.index.storage import connect, is_index
from qa.indexes import Place, open_index
from qa.loaders import LOADERS, Unreadable, is_supported, load_all
from qa.regular_files import read_regular
from qa.text.printable import printable_name
from qa.verification.answer_files import SavedAnswer, SavedCitation, SavedConversation

MAX_BYTES = 500_000_000
"""The most bytes that are read because an answer names files, all of them together."""

MAX_FILES = 200
"""The most files that are read because an answer names them."""

_LISTED = 10  # documents, in a message

_Named = tuple[str, str | None]
"""The id of a document, and the source that an answer names for it."""

Known = Mapping[str, Set[tuple[str, str]]]
"""Known texts by document id: the SHA-256 of each, and its place."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Documents to check quotes against.

    Attributes:
        documents: by id; several may have one id.
        place: what they are part of, such as "the index notes.index"; "" if each was read from
            the file that is its source.
        unread: why a source that an answer names was not read.
        known: texts of the same ids on this machine, if the answer names the files. A quote of
            another text is not verified.
    """

    documents: Mapping[str, list[Document]]
    place: str = ""
    unread: Mapping[_Named, str] = field(default_factory=dict)
    known: Known = field(default_factory=dict)

    @classmethod
    def given(cls, documents: Iterable[Document]) -> Self:
        """Take documents as they are."""
        return cls(_by_id(documents), place="the documents given")

    @classmethod
    def of_files(
        cls,
        paths: Iterable[Path | str | Document],
        *,
        encoding: str | None = None,
        unreadable: Unreadable | None = None,
    ) -> Self:
        """Read files and folders; documents are taken as they are.

        Args:
            paths: the files and folders, by paths or addresses.
            encoding: that of text files that are not UTF-8 and do not tell their own; None detects
                it.
            unreadable: called for each file below a folder that cannot be read, and each line of a
                file of many documents that is none; None raises.

        Raises:
            LoadError: one is not there, or cannot be read.
        """
        documents: list[Document] = []
        for path in paths:
            is_one = isinstance(path, Path) and path.is_file() and is_supported(path)
            documents += load_all([path], None if is_one else unreadable, encoding)
        return cls(_by_id(documents))

    @classmethod
    def of_index(cls, where: Place, saved: SavedAnswer | SavedConversation) -> Self:
        """Take the documents that an answer quotes from an index; no model is loaded.

        Raises:
            StoredIndexError: there is no index, or it cannot be read.
        """
        with closing(open_index(where)) as index:
            there = {each.document_id for each in _quotes(saved)} & {*index.document_ids()}
            documents = [index.document(document_id) for document_id in sorted(there)]
        return cls(_by_id(documents), place=f"the index {where}")

    @classmethod
    def named_in(
        cls, saved: SavedAnswer | SavedConversation, *, encoding: str | None = None
    ) -> Self:
        """Read the files that citations name as their sources, if they are known here.

        Whoever wrote the answer could have written the file as well. So only the essay is read,
        and files that an index in the cache has under the same id.
        """
        known = known_here({quoted.document_id for quoted in _quotes(saved)})
        documents: list[Document] = []
        unread: dict[_Named, str] = {}
        left = MAX_BYTES
        for named in {(c.document_id, c.source): None for c in _quotes(saved)}:
            if len(documents) + len(unread) == MAX_FILES:
                break
            try:
                document, size = _read(*named, left, known, encoding)
            except LoadError as error:
                unread[named] = str(error)
            else:
                documents.append(document)
                left -= size
        return cls(_by_id(documents), unread=unread, known=known)

    def find(self, quoted: SavedCitation) -> Document | None:
        """Return the document of a quote: of several, the one with its SHA-256, if any."""
        named = self.documents.get(quoted.document_id, [])
        return max(named, key=lambda document: document.sha256 == quoted.sha256, default=None)

    def where(self, document: Document) -> str:
        """Return where a document was read."""
        if self.place:
            return f"{printable_name(document.id)} in {self.place}"
        return document.source or document.id

    def why_missing(self, quoted: SavedCitation) -> str:
        """Return why there is no document to check a quote against."""
        if self.unread:
            reason = self.unread.get((quoted.document_id, quoted.source), "too many are named")
            return f"its source was not read: {reason}"
        where = f" in {self.place}" if self.place else ""
        known = ", ".join(map(printable_name, sorted(self.documents)[:_LISTED])) or "none"
        return (
            f"there is no source {quoted.document_id!r} to check against{where}; there is {known}"
        )


def known_here(ids: Iterable[str]) -> Known:
    """Find the texts of some ids: the bundled essay, and documents indexed in the user's cache.

    An index that cannot be read is skipped.

    Raises:
        SettingsError: the cache folder cannot be read.
    """
    known: dict[str, set[tuple[str, str]]] = {id_: set() for id_ in ids}
    essay = essay_path().resolve()
    if essay.name in known:
        known[essay.name].add((hashlib.sha256(essay.read_bytes()).hexdigest(), str(essay)))
    for folder in _cached_indexes() if known else ():
        for id_, digest, source in _documents_of(folder):
            if id_ in known:
                known[id_].add((digest, source or id_))
    return {id_: texts for id_, texts in known.items() if texts}


def _cached_indexes() -> list[Path]:
    try:
        return list((cache_folder() / "indexes").iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SettingsError(
            f"the cache folder {cache_folder()} cannot be read ({error.strerror}): look at who may "
            "read it, or name another in INQUOTE_CACHE"
        ) from error


def _documents_of(folder: Path) -> list[tuple[str, str, str | None]]:
    if not is_index(folder):
        return []
    try:
        with closing(connect(folder)) as connection:
            return connection.execute("SELECT id, sha256, source FROM documents").fetchall()
    except (sqlite3.Error, OSError, QAError):
        return []


def _read(
    document_id: str, source: str | None, limit: int, known: Known, encoding: str | None
) -> tuple[Document, int]:
    """Read the file that an answer names as the source of a document; return its size, too."""
    if source is None:
        raise LoadError(
            f"none is named for {printable_name(document_id)}: name it yourself", source=document_id
        )
    path, named, shown = Path(source), PurePath(document_id), printable_name(source)
    loader = LOADERS.get(path.suffix.lower())
    if not path.is_absolute() or names_machine(source) or ".." in path.parts:
        raise LoadError(f"{shown} is not the full path of a file", source=source)
    if named.is_absolute() or path.parts[-len(named.parts) :] != named.parts:
        raise LoadError(f"{shown} is not called {printable_name(document_id)}", source=source)
    if loader is None:
        raise LoadError(f"{shown} has a suffix that cannot be read", source=source)
    if source not in {place for _, place in known.get(document_id, ())}:
        raise LoadError(
            f"only the answer names {shown}: name it with --document, if it is the one that is "
            "meant",
            source=source,
        )
    data = read_regular(path, limit, follow=False)
    with tempfile.TemporaryDirectory(prefix="inquote-verify-") as folder:
        copy = Path(folder, f"source{path.suffix}")  # exactly the bytes that were checked
        copy.write_bytes(data)
        try:
            return replace(loader(copy, document_id, encoding=encoding), source=source), len(data)
        except LoadError as error:
            raise LoadError(str(error).replace(str(copy), source), source=source) from error


def names_machine(path: str) -> bool:
    """Return whether a path may be on another machine: on Windows, it starts with two slashes."""
    return len(path) > 1 and set(path[:2]) <= {"/", "\\"}


def _quotes(saved: SavedAnswer | SavedConversation) -> list[SavedCitation]:
    answers = [saved] if isinstance(saved, SavedAnswer) else saved.answers
    return [quoted for answer in answers for quoted in answer.quotes]


def _by_id(documents: Iterable[Document]) -> dict[str, list[Document]]:
    by_id: dict[str, list[Document]] = {}
    for document in documents:
        by_id.setdefault(document.id, []).append(document)
    return by_id
