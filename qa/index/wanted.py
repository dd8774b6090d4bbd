"""What is to be in the index: documents, and files that are read only if they changed."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path

from qa.documents import Document
from qa.errors import LoadError, StoredIndexError
from qa.index.rows import listed
from qa.index.storage import FORMAT, check_format, connect, is_index
from qa.index.upgrade import listed_before
from qa.loaders import File, Unreadable, is_url, loaded, place_of_rows
from qa.text.printable import printable_name

_LOGGED = 10  # files, in a message
_log = logging.getLogger("inquote")


class Wanted:
    """A document that is to be in the index; its file is read when it is needed.

    The text of a file is kept. A row of many is read each time, so that not all are in memory.
    """

    def __init__(self, one: Document | File) -> None:
        self.id = one.id
        self.source = one.source
        self.stamp = one.stamp if isinstance(one, File) else None
        self.unreadable = False
        self.characters = 0  # of the text, once it was read
        self._one = one
        self._is_kept = place_of_rows(one) is None

    @property
    def encoding(self) -> str:
        """The encoding of a file that was read, if it is not UTF-8."""
        return self._one.encoding if isinstance(self._one, Document) else ""

    def is_unchanged(self, source: str | None, stamp: str | None) -> bool:
        """Return whether its file is the one that was indexed, by its stamp."""
        return self.stamp is not None and (self.source, self.stamp) == (source, stamp)

    @property
    def document(self) -> Document:
        """The document; a file is read the first time."""
        document = loaded(self._one)
        self.characters = len(document.text)
        if self._is_kept:
            self._one = document
        return document


Known = Mapping[str, tuple[str | None, str | None]]
"""The source and the stamp of each document in an index, by id."""


def files_wanted(
    known_files: Callable[[], Known],
    documents: list[Document | File],
    unreadable: Unreadable | None,
) -> list[Wanted]:
    """Read the files that changed, before the index is locked."""
    wanted = [Wanted(one) for one in documents]
    known = known_files() if any(one.stamp for one in wanted) else {}
    for one in wanted:
        if not one.is_unchanged(*known.get(one.id, (None, None))):
            try:
                _ = one.document
            except LoadError as error:
                if unreadable is None:
                    raise
                unreadable(error)
                one.unreadable = True
    return wanted


def encodings_of(wanted: list[Wanted]) -> dict[str, str]:
    """Return the encodings of files that were read and are not in UTF-8, and log them."""
    encodings = {one.id: one.encoding for one in wanted if one.encoding}
    if encodings:
        named = [f"{printable_name(id_)} (read as {name})" for id_, name in encodings.items()]
        _log.warning(
            "Not in UTF-8: %s. If a text looks wrong, name its encoding with --encoding.",
            ", ".join(named[:_LOGGED]) + (", …" if len(named) > _LOGGED else ""),
        )
    return encodings


def known_sources(folder: Path) -> dict[str, str | None]:
    """Return the source of each document in an index, if it can be read."""
    return {id_: source for id_, (source, _) in known_files(folder).items()}


def known_files(folder: Path) -> Known:
    """Return the source and the stamp of each document in an index, if it can be read."""
    if not is_index(folder):
        return {}
    try:
        with closing(connect(folder)) as connection:
            is_older = check_format(connection, folder, older=True) != FORMAT
            known, _ = (listed_before if is_older else listed)(connection)
    except (sqlite3.Error, OSError, ValueError, StoredIndexError):  # the transaction will raise
        return {}
    return {id_: (one.source, one.stamp) for id_, one in known.items()}


def check_same_source(document: Document, source: str | None) -> None:
    """Refuse to replace a document by another one of the same name."""
    if source and document.source and source != document.source and _may_be_there(source):
        raise LoadError(
            f"the index has a document {document.id!r} from {source}, and {document.source} "
            "would take its name: remove that one first, or index the folder that holds both",
            source=document.source,
        )


def _may_be_there(source: str) -> bool:
    """Return whether a file may still be there; the network is not asked."""
    return is_url(source) or any(Path(one).exists() for one in (source, source.partition("#")[0]))


def to_remove(
    indexed: Callable[[], Iterable[str]],
    wanted: list[Wanted],
    remove: Iterable[str],
    only_these: bool,
) -> list[str]:
    """Return the ids of the documents to remove.

    Raises:
        LoadError: one that is named is not in the index.
    """
    named = set(remove)
    if not named and not only_these:
        return []
    there = [*indexed()]
    if missing := sorted(named.difference(there)):
        first = ", ".join(map(printable_name, there[:10])) or "none"
        raise LoadError(
            f"the index has no document {missing[0]!r}; it has: {first}", source=missing[0]
        )
    kept = {one.id for one in wanted}
    return [id_ for id_ in there if id_ in named or (only_these and id_ not in kept)]
