"""Files that a visitor brings at once, added one after another; each can be cancelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict, dataclass
from typing import Self

from qa.errors import QAError
from qa.progress import Progress
from ui.chat.user_documents import HereAlready, UserDocuments
from ui.visitors.background import Stopped
from ui.visitors.errors import sentence
from ui.visitors.messages import Data
from ui.visitors.uploads import Upload


@dataclass(frozen=True, slots=True)
class Brought:
    """Something to add: its name, about how many bytes it has, and what opens a file of it."""

    name: str
    size: int
    opened: Callable[[], AbstractContextManager[Upload]]

    @classmethod
    def file(cls, upload: Upload) -> Self:
        """Return a file that is there."""
        return cls(upload.name, upload.size, lambda: nullcontext(upload))


class _Cancelled(Exception):
    """The visitor wants this one no more."""


@dataclass(slots=True)
class Part:
    """One of the files.

    Attributes:
        name: what it is called; once it is added, the id of the document.
        state: "waiting", "reading", "indexing", "added", "here" (its text was there already),
            "failed" or "cancelled".
        done: how much of it is indexed.
        total: of how much; 0 as long as it is not known.
        problem: what is wrong with it, in a sentence.
    """

    name: str
    state: str = "waiting"
    done: int = 0
    total: int = 0
    problem: str = ""


class Adding:
    """The state of several files that are added to a visitor's documents.

    Args:
        id_: the name by which the page knows them.
        names: what they are called.
    """

    def __init__(self, id_: str, names: Sequence[str]) -> None:
        self.id = id_
        self.parts = [Part(name) for name in names]

    def cancel(self, number: int) -> None:
        """Leave a file out that is not added yet."""
        if 0 <= number < len(self.parts):
            part = self.parts[number]
            if part.state in ("waiting", "reading", "indexing"):
                part.state = "cancelled"

    def run(
        self,
        documents: UserDocuments,
        brought: Sequence[Brought],
        tell: Progress,
    ) -> None:
        """Add the files, the small ones first; `tell` is called at each step, and may stop it."""
        for part, one in sorted(zip(self.parts, brought, strict=True), key=lambda two: two[1].size):
            with suppress(_Cancelled):
                self._step(part, "reading", tell)
                self._add(part, documents, one, tell)

    def to_dict(self) -> Data:
        """Return the state as plain data."""
        return {"id": self.id, "files": [asdict(part) for part in self.parts]}

    @property
    def problems(self) -> list[str]:
        """What is wrong, a sentence for each file that was not added."""
        return [part.problem for part in self.parts if part.problem]

    def _add(self, part: Part, documents: UserDocuments, brought: Brought, tell: Progress) -> None:
        def progress(done: int, total: int) -> None:
            part.done, part.total = done, total
            self._step(part, "indexing", tell)

        try:
            with brought.opened() as upload:
                part.name = documents.add(upload, progress).id
            part.state = "added"
        except (Stopped, _Cancelled):
            raise
        except Exception as error:
            part.state = "here" if isinstance(error, HereAlready) else "failed"
            part.problem = str(error) if isinstance(error, QAError) else sentence(error)

    def _step(self, part: Part, state: str, tell: Progress) -> None:
        if part.state == "cancelled":
            raise _Cancelled
        part.state = state
        tell(part.done, part.total)
        if part.state == "cancelled":
            raise _Cancelled
