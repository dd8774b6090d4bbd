"""Visitors' own documents: each visitor has a shelf, which nobody else sees."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path, PurePosixPath

from qa import QA, Answer, Document
from qa.errors import LoadError, QAError, QuestionError
from qa.index import Index, update_index
from qa.loaders import LOADERS
from qa.progress import Progress
from ui.visitors import limits
from ui.visitors.kept import Kept
from ui.visitors.uploads import Upload


class ShelfError(QAError):
    """A visitor's documents cannot be used, or not be added to."""


class Shelves(Kept["Shelf"]):
    """The shelves of all visitors of a page.

    Args:
        qa: the corpus of the page; its encoder and its answerer serve the shelves too.
        folder: a private folder; the shelves lie in one of their own in there.
        idle_seconds: how long a shelf is kept after its last use.
    """

    def __init__(self, qa: QA, folder: Path, *, idle_seconds: float = limits.IDLE_SECONDS) -> None:
        super().__init__("your documents", idle_seconds=idle_seconds)
        self._qa = qa
        self._folder = folder / "shelves"
        self._folder.mkdir(mode=0o700)

    def new(self, client: str = "") -> Shelf:
        """Return an empty shelf for a client.

        Raises:
            KeptError: there are as many as there may be.
        """
        folder = self._folder / secrets.token_hex(8)
        return self.add(lambda token: Shelf(token, folder, self._qa), client)

    def close(self) -> None:
        """Remove all shelves."""
        super().close()
        shutil.rmtree(self._folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a document on a shelf: its id, its size and its text's SHA-256."""

    id: str
    characters: int
    sha256: str


class Shelf:
    """One visitor's documents; they can be asked while others are being added."""

    def __init__(self, token: str, folder: Path, qa: QA) -> None:
        self.token = token
        self.entries: tuple[Entry, ...] = ()
        self._folder = folder
        self._base = qa
        self._qa: QA | None = None
        self._changing = threading.Lock()
        self._lock = threading.Lock()  # for a moment, or an answer; never while it is indexed

    @property
    def busy(self) -> bool:
        """Whether something is being asked or changed."""
        return self._lock.locked() or self._changing.locked()

    def document(self, id_: str) -> Document | None:
        """Give the document of an id; None if it is not here."""
        with self._lock:
            here = any(entry.id == id_ for entry in self.entries)
            return self._qa.index.document(id_) if self._qa and here else None

    def ask(
        self, question: str, history: Sequence[str] = (), documents: Sequence[str] | None = None
    ) -> Answer:
        """Answer a question from these documents, or from some of them."""
        with self._lock:
            if self._qa is None or not self.entries:
                raise QuestionError("you have no documents here to ask: add one first")
            return self._qa.ask(question, history=history, documents=documents)

    def add(self, uploads: Sequence[Upload], progress: Progress | None = None) -> list[str]:
        """Add files; return a sentence for each that could not be added.

        If something fails on the way, the shelf is as it was.
        """
        with self._changing:
            problems: list[str] = []
            added = list(self._read(uploads, problems, progress))
            if added:
                update_index(self._folder, added, encoder=self._base.encoder, progress=progress)
                self._reopen()
            return problems

    def remove(self, id_: str) -> None:
        """Take a document away, if it is here."""
        with self._changing:
            if any(entry.id == id_ for entry in self.entries):
                update_index(self._folder, [], encoder=self._base.encoder, remove=[id_])
                self._reopen()

    def close(self) -> None:
        """Remove everything, once nothing is being asked or changed any more."""
        with self._changing, self._lock:
            self._shut()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _read(
        self, uploads: Sequence[Upload], problems: list[str], progress: Progress | None
    ) -> Iterator[Document]:
        """Read files; what cannot be added is told in `problems`."""
        on_shelf = {entry.id: entry for entry in self.entries}
        for number, upload in enumerate(uploads):
            if number and progress:
                progress(0, 0)  # a step, before it is known how many passages there are
            try:
                document = self._fit(read(upload), on_shelf)
            except QAError as error:
                problems.append(str(error))
            else:
                on_shelf[document.id] = _entry(document)
                yield document

    def _fit(self, document: Document, on_shelf: dict[str, Entry]) -> Document:
        """Give a document a name of its own, if there is room for it."""
        named = document.id
        if any(document.sha256 == other.sha256 for other in on_shelf.values()):
            raise ShelfError(f"{named} is here already: its text is the same")
        if len(on_shelf) >= limits.MAX_DOCUMENTS:
            raise ShelfError(
                f"{named} is one too many: there may be {limits.MAX_DOCUMENTS} documents at once, "
                "so remove some first"
            )
        room = limits.MAX_CHARACTERS - sum(other.characters for other in on_shelf.values())
        if len(document.text) > room:
            raise ShelfError(
                f"{named} has {len(document.text):,} characters and there is room for {room:,}: "
                "remove other documents, or split it"
            )
        stem, suffix = PurePosixPath(named).stem, PurePosixPath(named).suffix
        free = (
            f"{stem} ({n}){suffix}" for n in count(2) if f"{stem} ({n}){suffix}" not in on_shelf
        )
        return replace(document, id=named if named not in on_shelf else next(free))

    def _reopen(self) -> None:
        base = self._base
        opened = QA(Index.open(self._folder), base.encoder, base.answerer, base.reranker)
        index = opened.index
        entries = tuple(_entry(index.document(id_)) for id_ in index.document_ids())
        with self._lock:
            before, self._qa, self.entries = self._qa, opened, entries
            if before is not None:
                before.close()

    def _shut(self) -> None:
        if self._qa is not None:
            self._qa.close()
            self._qa, self.entries = None, ()


def _entry(document: Document) -> Entry:
    return Entry(document.id, len(document.text), document.sha256)


def read(upload: Upload) -> Document:
    """Read an uploaded file as a document that goes by the visitor's name for it.

    Raises:
        LoadError: it cannot be read; the message has that name and no path.
    """
    name = upload.name
    loader = LOADERS.get(PurePosixPath(name).suffix.lower())
    if loader is None:
        kinds = ", ".join(sorted(LOADERS))
        raise LoadError(f"{name} is of no kind that is read; those are: {kinds}", source=name)
    try:
        document = loader(upload.path, name, limits.PARSING)
    except LoadError as error:
        raise LoadError(upload.renamed(str(error)), source=name) from None
    return replace(document, source=None)
