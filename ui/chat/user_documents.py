"""Visitors' own documents, which nobody else sees."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any, Self

from embeddings.cache import keep, recall
from qa import QA, Answer, Document
from qa.answering import Answerer
from qa.errors import QAError, QuestionError
from qa.index import Index, update_index
from qa.index.wanted import known_sources
from qa.progress import Progress
from ui.chat.feedback import Feedback, Verdict
from ui.chat.page_files import KeptFiles, PageFile
from ui.chat.turns import Turn
from ui.visitors import limits
from ui.visitors.clients import account_of
from ui.visitors.expiring_store import ExpiringStore, ExpiringStoreError
from ui.visitors.uploads import Upload

_RECORD = "documents.json"
_FOLDER = re.compile(r"[0-9a-f]{16}")
_NOTED_EVERY = 60.0  # seconds, when documents are in use


class UserDocumentsError(QAError):
    """A visitor's documents cannot be used or added to."""


class HereAlready(UserDocumentsError):
    """A document with the same text is among them."""


class AllUserDocuments(ExpiringStore["UserDocuments"]):
    """The documents of all visitors of a page.

    Those of an account are found by its name, others by their token alone.

    Args:
        qa: the corpus of the page; its encoder and its answerer serve these documents too.
        folder: a private folder; a folder for the documents is made in it.
        idle_seconds: how long a visitor's documents are kept after the last use.
        lasting: whether they are kept when the server stops; the folder then has no other use.
    """

    def __init__(
        self,
        qa: QA,
        folder: Path,
        *,
        idle_seconds: float = limits.IDLE_SECONDS,
        lasting: bool = False,
    ) -> None:
        super().__init__(
            "your documents", idle_seconds=idle_seconds, spared_seconds=limits.IDLE_SECONDS
        )
        self._qa = qa
        self._lasting = lasting
        self._folder = folder / "user_documents"
        self._folder.mkdir(mode=0o700, exist_ok=lasting)
        self._of_account: dict[str, str] = {}
        for each in self._folder.iterdir() if lasting else ():
            self._adopt(each)

    def new(self, client: str = "") -> UserDocuments:
        """Return an empty `UserDocuments` for a client.

        Raises:
            ExpiringStoreError: there is no room for the client.
        """
        folder, account = self._folder / secrets.token_hex(8), account_of(client)
        made = self.add(lambda token: UserDocuments(token, folder, self._qa, account), client)
        if account:
            self._of_account[account] = made.token
        return made

    def known(self, token: str | None, client: str = "") -> UserDocuments | None:
        """Return the documents of an account, or of a token; None if there are none.

        An account has its own, whatever the token.
        """
        account = account_of(client)
        with suppress(ExpiringStoreError):
            found = self.find(self._of_account.get(account, "") if account else token or "")
            found.note_use()
            return found
        return None

    def clear_out(self) -> None:
        """Close what is idle, and remove the oldest of it where all takes too much of the disk."""
        idle = self.idle_for(limits.IDLE_SECONDS)
        taken = sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())
        for documents in idle:
            documents.release()
            if taken > limits.MAX_KEPT_BYTES:
                taken -= documents.size()
                self.discard(documents.token)

    def close(self) -> None:
        """Let go of the documents of all visitors, and remove them unless they are lasting."""
        if self._lasting:
            for documents in self.idle_for(0):
                documents.release()
            return
        super().close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _adopt(self, folder: Path) -> None:
        """Take over a visitor's documents that an earlier server kept; remove what is none."""
        if folder.is_symlink() or not _FOLDER.fullmatch(folder.name):
            return
        documents = UserDocuments.kept_in(folder, self._qa)
        if documents is None:
            shutil.rmtree(folder, ignore_errors=True)
            return
        idle = time.time() - (folder / _RECORD).stat().st_mtime
        self.adopt(documents.token, documents, documents.account, max(0.0, idle))
        if documents.account:
            self._of_account[documents.account] = documents.token


@dataclass(frozen=True, slots=True)
class Entry:
    """A visitor's document.

    Attributes:
        id: its name.
        characters: how long its text is.
        sha256: that of its text.
        size: bytes of the file that it was read from.
        added: when it was added, in seconds since 1970.
    """

    id: str
    characters: int
    sha256: str
    size: int
    added: float


class UserDocuments:
    """One visitor's documents; they can be asked while others are being added.

    Args:
        token: who knows it may use them.
        folder: the folder for them, which need not exist.
        qa: the page's corpus.
        account: the account that they belong to, if there is one.
    """

    def __init__(self, token: str, folder: Path, qa: QA, account: str = "") -> None:
        self.token = token
        self.account = account
        self.entries: tuple[Entry, ...] = ()
        self._folder = folder
        self._index = folder / "index"
        self._files = KeptFiles(folder / "files")
        self._base = qa
        self._qa: QA | None = None
        self._feedback = Feedback(folder / "ratings.jsonl")
        self._is_checked = True
        self._noted = time.monotonic()
        self._asking = 0
        self._leaving: set[str] = set()  # removed, and still in the index
        self._changing = threading.Lock()
        self._lock = threading.Lock()  # for a moment

    @classmethod
    def kept_in(cls, folder: Path, qa: QA) -> Self | None:
        """Return the documents that an earlier server kept in a folder, if there are any."""
        try:
            record = recall(folder / _RECORD)
            documents = cls(str(record["token"]), folder, qa, str(record["account"]))
            documents.entries = tuple(Entry(**each) for each in record["documents"])
        except (TypeError, KeyError):
            return None
        documents._is_checked = False
        return documents

    @property
    def busy(self) -> bool:
        """Whether a question or a change is under way."""
        return bool(self._asking) or self._changing.locked()

    def size(self) -> int:
        """Return how many bytes they take on the disk."""
        return sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())

    def note_use(self) -> None:
        """Note on the disk, now and then, that they are in use."""
        if time.monotonic() - self._noted > _NOTED_EVERY:
            self._noted = time.monotonic()
            with suppress(OSError):
                os.utime(self._folder / _RECORD)

    def document(self, id_: str) -> Document | None:
        """Return the document of an id; None if it is not here."""
        with self._lock:
            self._check()
            here = any(entry.id == id_ for entry in self.entries)
            return self._opened().index.document(id_) if here else None

    def file(self, id_: str) -> PageFile | None:
        """Return the PDF file of a document; None if it is not kept."""
        return self._files.of(id_)

    def ask(
        self,
        question: str,
        history: Sequence[str] = (),
        documents: Sequence[str] | None = None,
        answerer: Answerer | None = None,
    ) -> Answer:
        """Answer a question from these documents, or from some of them."""
        with self._in_use() as (qa, ids):
            asked = ids if documents is None else documents
            return qa.ask(question, history=history, documents=asked, answerer=answerer)

    def write(self, answer: Answer, **options: Any) -> Answer:
        """Let the language model write an answer about these documents, as `QA.write` does."""
        with self._in_use() as (qa, _):
            return qa.write(answer, **options)

    def rate(self, turn: Turn, verdict: Verdict, history: Sequence[str] = ()) -> None:
        """Keep a rating of an answer about these documents, beside them and no longer than them."""
        with self._lock:
            if not self.entries:
                raise UserDocumentsError("your documents are no longer here: add them again")
            self._feedback.rate(turn, verdict, tuple(history))

    def ratings(self) -> str:
        """Return the ratings as a question set, in JSON lines; empty if there are none."""
        with self._lock:
            path = self._feedback.path
            return path.read_text(encoding="utf-8") if path.exists() else ""

    def opened(self) -> QA:
        """Return what asks these documents as they are now, whatever changes; close it at last."""
        with self._changing:
            if not self.entries:
                raise QuestionError("you have no documents here to ask: add one first")
            base = self._base
            return QA(Index.open(self._index), base.encoder, base.answerer, base.reranker)

    def add(self, upload: Upload, progress: Progress | None = None) -> Entry:
        """Add a file; the documents stay as they were if that fails.

        Raises:
            HereAlready: the text is here.
            UserDocumentsError: there is no room for it.
            LoadError: it cannot be read.
        """
        try:
            with self._changing:
                with self._lock:
                    self._check()
                size = upload.size
                document = self._fit(upload.load())
                update_index(self._index, [document], encoder=self._base.encoder, progress=progress)
                self._files.keep(document.id, upload.path)
                entry = Entry(document.id, len(document.text), document.sha256, size, time.time())
                self._show([*self.entries, entry])
        finally:
            self._take_out()
        return entry

    def remove(self, id_: str) -> None:
        """Remove a document, if it is here; it is gone at once, also while others are added."""
        with self._lock:
            self._check()
            left = tuple(entry for entry in self.entries if entry.id != id_)
            if left == self.entries:
                return
            self.entries = left
            self._leaving.add(id_)
            self._record()
            self._files.drop(id_)
            if not left:
                self._feedback.path.unlink(missing_ok=True)
        self._take_out()

    def release(self) -> None:
        """Let go of files and memory until the documents are used again."""
        with self._lock:
            if self._qa is not None and not self._asking:
                self._qa.close()
                self._qa = None

    def close(self) -> None:
        """Remove everything, after any change that is under way."""
        with self._changing, self._lock:
            if self._qa is not None:
                self._qa.close()
            self._qa, self.entries = None, ()
            shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def _in_use(self) -> Iterator[tuple[QA, list[str] | None]]:
        """Yield what answers, and the ids to ask where not all that is in the index is here."""
        with self._lock:
            self._check()
            if not self.entries:
                raise QuestionError("you have no documents here to ask: add one first")
            qa = self._opened()
            ids = [entry.id for entry in self.entries] if self._leaving else None
            self._asking += 1
        try:
            yield qa, ids
        finally:
            with self._lock:
                self._asking -= 1

    def _fit(self, document: Document) -> Document:
        """Return a document under an unused name, if there is room for it."""
        named = document.id
        if any(document.sha256 == other.sha256 for other in self.entries):
            raise HereAlready(f"{named} is here already: its text is the same")
        if len(self.entries) >= limits.MAX_DOCUMENTS:
            raise UserDocumentsError(
                f"{named} is one too many: there may be {limits.MAX_DOCUMENTS} documents at once, "
                "so remove some first"
            )
        room = limits.MAX_CHARACTERS - sum(other.characters for other in self.entries)
        if len(document.text) > room:
            raise UserDocumentsError(
                f"{named} has {len(document.text):,} characters and there is room for {room:,}: "
                "remove other documents, or split it"
            )
        taken = {entry.id for entry in self.entries} | self._leaving
        stem, suffix = PurePosixPath(named).stem, PurePosixPath(named).suffix
        free = (f"{stem} ({n}){suffix}" for n in count(2) if f"{stem} ({n}){suffix}" not in taken)
        return replace(document, id=named if named not in taken else next(free))

    def _show(self, entries: Sequence[Entry]) -> None:
        """Take over a change of the index."""
        with self._lock:
            self._opened().refresh()
            self.entries = tuple(one for one in entries if one.id not in self._leaving)
            self._record()

    def _take_out(self) -> None:
        """Remove from the index what is leaving, unless a change is under way, which does it."""
        while self._leaving and self._changing.acquire(blocking=False):
            try:
                gone = sorted(self._leaving)
                update_index(self._index, [], encoder=self._base.encoder, remove=gone)
                with self._lock:
                    self._opened().refresh()
                    self._leaving.difference_update(gone)
            finally:
                self._changing.release()

    def _opened(self) -> QA:
        base = self._base
        if self._qa is None:
            index = Index.open(self._index)
            self._qa = QA(index, base.encoder, base.answerer, base.reranker, llm=base.llm)
        return self._qa

    def _check(self) -> None:
        """Bring what an earlier server kept up to date, once; forget it if it cannot be opened."""
        if self._is_checked:
            return
        self._is_checked = True
        ids = {entry.id for entry in self.entries}
        try:
            others = sorted(known_sources(self._index).keys() - ids)
            if self._index.exists():
                update_index(self._index, [], encoder=self._base.encoder, remove=others)
            there = self._opened().index.document_ids() if ids else []
        except QAError:
            shutil.rmtree(self._index, ignore_errors=True)
            there = []
        self.entries = tuple(entry for entry in self.entries if entry.id in there)

    def _record(self) -> None:
        """Write down what is here."""
        documents = [asdict(entry) for entry in self.entries]
        known = {"token": self.token, "account": self.account, "documents": documents}
        keep(self._folder / _RECORD, known)
