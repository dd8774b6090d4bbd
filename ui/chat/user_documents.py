"""Visitors' own documents, which nobody else sees."""

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
from qa.loaders import KINDS, LOADERS
from qa.progress import Progress
from ui.chat.page_files import KeptFiles, PageFile
from ui.visitors import limits
from ui.visitors.expiring_store import ExpiringStore
from ui.visitors.uploads import Upload


class UserDocumentsError(QAError):
    """A visitor's documents cannot be used or added to."""


class AllUserDocuments(ExpiringStore["UserDocuments"]):
    """The documents of all visitors of a page.

    Args:
        qa: the corpus of the page; its encoder and its answerer serve these documents too.
        folder: a private folder; a folder for the documents is made in it.
        idle_seconds: how long a visitor's documents are kept after the last use.
    """

    def __init__(self, qa: QA, folder: Path, *, idle_seconds: float = limits.IDLE_SECONDS) -> None:
        super().__init__("your documents", idle_seconds=idle_seconds)
        self._qa = qa
        self._folder = folder / "user_documents"
        self._folder.mkdir(mode=0o700)

    def new(self, client: str = "") -> UserDocuments:
        """Return an empty `UserDocuments` for a client.

        Raises:
            ExpiringStoreError: there is no room for the client.
        """
        folder = self._folder / secrets.token_hex(8)
        return self.add(lambda token: UserDocuments(token, folder, self._qa), client)

    def close(self) -> None:
        """Remove the documents of all visitors."""
        super().close()
        shutil.rmtree(self._folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """The id, the size and the SHA-256 of a visitor's document."""

    id: str
    characters: int
    sha256: str


class UserDocuments:
    """One visitor's documents; they can be asked while others are being added."""

    def __init__(self, token: str, folder: Path, qa: QA) -> None:
        self.token = token
        self.entries: tuple[Entry, ...] = ()
        self._folder = folder
        self._files = KeptFiles(folder.with_name(f"{folder.name}.files"))
        self._base = qa
        self._qa: QA | None = None
        self._changing = threading.Lock()
        self._lock = threading.Lock()  # for a moment, or an answer; never while it is indexed

    @property
    def busy(self) -> bool:
        """Whether a question or a change is under way."""
        return self._lock.locked() or self._changing.locked()

    def document(self, id_: str) -> Document | None:
        """Return the document of an id; None if it is not here."""
        with self._lock:
            here = any(entry.id == id_ for entry in self.entries)
            return self._qa.index.document(id_) if self._qa and here else None

    def file(self, id_: str) -> PageFile | None:
        """Return the PDF file of a document; None if it is not kept."""
        return self._files.of(id_)

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

        The documents stay as they were if indexing fails.
        """
        with self._changing:
            problems: list[str] = []
            added = list(self._read(uploads, problems, progress))
            if added:
                update_index(self._folder, added, encoder=self._base.encoder, progress=progress)
                self._reopen()
            return problems

    def remove(self, id_: str) -> None:
        """Remove a document, if it is here."""
        with self._changing:
            if any(entry.id == id_ for entry in self.entries):
                update_index(self._folder, [], encoder=self._base.encoder, remove=[id_])
                self._reopen()
                self._files.drop(id_)

    def close(self) -> None:
        """Remove everything, after any question or change that is under way."""
        with self._changing, self._lock:
            if self._qa is not None:
                self._qa.close()
                self._qa, self.entries = None, ()
            self._files.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _read(
        self, uploads: Sequence[Upload], problems: list[str], progress: Progress | None
    ) -> Iterator[Document]:
        """Read files; add a sentence to `problems` for each that cannot be added."""
        present = {entry.id: entry for entry in self.entries}
        for number, upload in enumerate(uploads):
            if number and progress:
                progress(0, 0)  # a step, before it is known how many passages there are
            try:
                document = self._fit(read(upload), present)
            except QAError as error:
                problems.append(str(error))
            else:
                present[document.id] = _entry(document)
                self._files.keep(document.id, upload.path)
                yield document

    def _fit(self, document: Document, present: dict[str, Entry]) -> Document:
        """Return a document under an unused name, if there is room for it."""
        named = document.id
        if any(document.sha256 == other.sha256 for other in present.values()):
            raise UserDocumentsError(f"{named} is here already: its text is the same")
        if len(present) >= limits.MAX_DOCUMENTS:
            raise UserDocumentsError(
                f"{named} is one too many: there may be {limits.MAX_DOCUMENTS} documents at once, "
                "so remove some first"
            )
        room = limits.MAX_CHARACTERS - sum(other.characters for other in present.values())
        if len(document.text) > room:
            raise UserDocumentsError(
                f"{named} has {len(document.text):,} characters and there is room for {room:,}: "
                "remove other documents, or split it"
            )
        stem, suffix = PurePosixPath(named).stem, PurePosixPath(named).suffix
        free = (f"{stem} ({n}){suffix}" for n in count(2) if f"{stem} ({n}){suffix}" not in present)
        return replace(document, id=named if named not in present else next(free))

    def _reopen(self) -> None:
        base = self._base
        opened = QA(Index.open(self._folder), base.encoder, base.answerer, base.reranker)
        index = opened.index
        entries = tuple(_entry(index.document(id_)) for id_ in index.document_ids())
        with self._lock:
            before, self._qa, self.entries = self._qa, opened, entries
            if before is not None:
                before.close()


def _entry(document: Document) -> Entry:
    return Entry(document.id, len(document.text), document.sha256)


def read(upload: Upload) -> Document:
    """Read an uploaded file as a document with the visitor's name for it.

    Raises:
        LoadError: it cannot be read; the message has that name, and no path.
    """
    name = upload.name
    loader = LOADERS.get(PurePosixPath(name).suffix.lower())
    if loader is None:
        raise LoadError(f"{name} has a suffix that cannot be read; supported: {KINDS}", source=name)
    try:
        document = loader(upload.path, name, limits.PARSING)
    except LoadError as error:
        raise LoadError(upload.renamed(str(error)), source=name) from None
    return replace(document, source=None)
