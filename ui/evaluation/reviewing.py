"""Making a question set on the page: a visitor says of each question what answers it."""

from __future__ import annotations

import functools
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Self

import gradio as gr
from pydantic import Field

from qa import QA, Document
from qa.errors import QuestionSetError
from qa.evaluation.questions import NOT_JUDGED
from qa.evaluation.records import Excerpt
from qa.evaluation.review import Pending, Review, read_drafts
from qa.progress import Progress
from ui.chat.choosing import Search
from ui.chat.document_view import DocumentView
from ui.chat.selections import MOST_SELECTIONS, Selection, excerpt
from ui.chat.turns import FindDocument, in_corpus
from ui.chat.user_documents import AllUserDocuments
from ui.evaluation.evaluating import read_set
from ui.visitors import limits
from ui.visitors.background import Finished, in_background
from ui.visitors.cookies import HasCookies, visitor_of
from ui.visitors.errors import sentence
from ui.visitors.expiring_store import ExpiringStore, ExpiringStoreError
from ui.visitors.fair_work import LongWork, Turns
from ui.visitors.messages import (
    Data,
    Request,
    RequestError,
    ServerFunction,
    errors_as_data,
    in_turn,
    parsed,
)
from ui.visitors.uploads import Upload, UploadedFile, Uploads

_LONGEST = 1_000_000  # characters of questions that are typed
_MOST_QUESTIONS = 2_000


Token = Annotated[str, Field(max_length=100)]


class _Start(Request):
    text: Annotated[str, Field(max_length=_LONGEST)] = ""
    file: UploadedFile | None = None
    own: bool = False
    documents: Token | None = None


class _Token(Request):
    token: Token


class _Search(Search):
    own: bool = False
    token: Token | None = None


class _Judgement(_Token):
    question: str
    verdict: Annotated[str, Field(pattern=r"^(accept|none|keep|skip)$")]
    spans: list[Selection] = Field(default_factory=list, max_length=MOST_SELECTIONS)


class _Place(Request):
    document: str
    own: bool = False
    token: Token | None = None  # of the visitor's own documents
    part: int | None = None
    at: int = 0


class _Sitting:
    """One visitor's review of a corpus, and the file that it is kept in.

    `own` says that the corpus is the visitor's, opened for the review and closed with it.
    """

    def __init__(
        self,
        qa: QA,
        drafts: Upload,
        folder: Path,
        progress: Progress | None = None,
        *,
        own: bool = False,
    ) -> None:
        self.token = ""
        self.own = own
        self.documents = Search().page_of(qa.index.document_ids())  # the first of them
        self.find = in_corpus(qa)
        self._qa = qa
        self._folder = folder
        self._lock = threading.Lock()
        folder.mkdir()
        try:
            questions = read_set(drafts, read_drafts)
            if len(questions) > _MOST_QUESTIONS:
                raise QuestionSetError(
                    f"{drafts.name} has {len(questions):,} questions; the most is "
                    f"{_MOST_QUESTIONS:,}: split it"
                )
            self.review = Review(qa, questions, folder / "reviewed.jsonl", progress=progress)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self.total = len(self.review.pending)

    def named(self, token: str) -> Self:
        """Take the token that a visitor finds it by."""
        self.token = token
        return self

    @property
    def busy(self) -> bool:
        """Whether a judgement is being kept."""
        return self._lock.locked()

    def judge(self, id_: str, verdict: str, excerpts: list[Excerpt]) -> None:
        """Keep the judgement of a question, unless it is judged already."""
        with self._lock:
            pending = next((one for one in self.review.pending if one.question.id == id_), None)
            if pending is None:
                return
            question = pending.question
            self._check_room()
            if verdict == "accept" and not excerpts:
                raise RequestError("nothing is chosen: tick what answers it, or select the words")
            if verdict == "accept":
                self.review.accept(question, excerpts)
            elif verdict == "none":
                self.review.unanswerable(question)
            elif verdict == "keep" and NOT_JUDGED not in question.tags:
                self.review.keep(question)
            else:
                self.review.skip(question)

    def _check_room(self) -> None:
        """Refuse to add to a file that is large already."""
        out, most = self.review.out, limits.MAX_SET_BYTES
        if out.exists() and (size := out.stat().st_size) > most:
            raise QuestionSetError(
                f"the set has {size:,} bytes; one of more than {most:,} is not added to: "
                "save it, and review the other questions in another one"
            )

    def close(self) -> None:
        """Remove the file."""
        shutil.rmtree(self._folder, ignore_errors=True)
        if self.own:
            self._qa.close()


class ReviewHandlers:
    """Serves the review of a corpus; use it in a `with` block, which removes what was kept.

    Reviews are kept in a new folder within `folder`, which is private; asking the questions takes
    turns in `work`.
    """

    def __init__(
        self,
        qa: QA,
        all_documents: AllUserDocuments,
        folder: Path,
        uploads: Uploads,
        work: LongWork | None = None,
    ) -> None:
        self._qa = qa
        self._all_documents = all_documents
        self._work = work or LongWork()
        self._turns = Turns()
        self._uploads = uploads
        self._folder = folder / "reviews"
        self._folder.mkdir(mode=0o700)
        self._sittings: ExpiringStore[_Sitting] = ExpiringStore("your questions")

    def begin(self, event: gr.EventData, visitor: gr.Request) -> Iterator[Data]:
        """Ask all questions; yield the progress, and at last the question to judge first."""
        try:
            request = parsed(_Start, event._data)
            client = visitor.username or ""
            self._sittings.check_room(client)  # before the questions are asked
            work = functools.partial(self._sit, request, visitor)
            for step in in_background(work, turns=self._work, client=client):
                if isinstance(step, Finished):
                    yield self._next(step.result)
                else:
                    yield {"done": step.done, "total": step.total}
        except Exception as error:
            yield {"error": sentence(error)}

    def server_functions(self) -> list[ServerFunction]:
        """Return what the page's scripts call by name, for what takes no time."""
        methods = (self.judge, self.resume, self.made, self.text, self.documents)
        return [in_turn(method, self._turns) for method in methods]

    @errors_as_data
    def judge(self, request: object) -> Data:
        """Keep a judgement, and return the next question."""
        asked = parsed(_Judgement, request)
        sitting = self._sittings.find(asked.token)
        excerpts = [excerpt(span, sitting.find) for span in asked.spans]
        sitting.judge(asked.question, asked.verdict, excerpts)
        return self._next(sitting)

    @errors_as_data
    def resume(self, request: object) -> Data:
        """Go on after the page was loaded again."""
        return self._next(self._sittings.find(parsed(_Token, request).token))

    @errors_as_data
    def made(self, request: object) -> Data:
        """Return the question set that was made, as JSON lines."""
        review = self._sittings.find(parsed(_Token, request).token).review
        if not review.judged:
            raise QuestionSetError("no question is judged yet, so there is no set to save")
        return {"text": review.out.read_text(encoding="utf-8")}

    @errors_as_data
    def documents(self, request: object) -> Data:
        """Return a page of the documents whose names match."""
        asked = parsed(_Search, request)
        if not asked.own:
            return asked.page_of(self._qa.index.document_ids())
        entries = self._all_documents.find(asked.token or "").entries
        return asked.page_of([entry.id for entry in entries])

    @errors_as_data
    def text(self, request: object) -> Data:
        """Return a part of a document."""
        asked = parsed(_Place, request)
        find = in_corpus(self._qa)
        if asked.own:
            find = self._all_documents.find(asked.token or "").document
        view = DocumentView.of(_document(find, asked.document))
        return view.part(view.part_of(asked.at) if asked.part is None else asked.part)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sittings.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _sit(self, request: _Start, visitor: gr.Request, progress: Progress) -> _Sitting:
        own = self._all_documents.find(request.documents or "").opened() if request.own else None
        folder = self._folder / secrets.token_hex(8)
        try:
            with self._drafts(request, visitor) as drafts:
                sitting = _Sitting(own or self._qa, drafts, folder, progress, own=bool(own))
        except BaseException:
            if own:
                own.close()
            raise
        try:
            return self._sittings.add(sitting.named, visitor.username or "")
        except ExpiringStoreError:
            sitting.close()
            raise

    @contextmanager
    def _drafts(self, request: _Start, visitor: HasCookies) -> Iterator[Upload]:
        """Return the file of the questions, until the block ends."""
        if request.file:
            with self._uploads.taken(visitor_of(visitor), [request.file]) as (upload,):
                yield upload
            return
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            path = Path(name) / "questions.txt"
            path.write_text(request.text, encoding="utf-8")
            yield Upload(path, path.name)

    def _next(self, sitting: _Sitting) -> Data:
        pending = sitting.review.pending
        return {
            "token": sitting.token,
            "own": sitting.own,
            "documents": sitting.documents,
            "judged": sitting.review.judged,
            "left": len(pending),
            "total": sitting.total,
            "question": _as_data(pending[0], sitting.review) if pending else None,
        }


def _as_data(pending: Pending, review: Review) -> Data:
    question = pending.question
    return {
        "id": question.id,
        "text": question.text,
        "history": list(question.history),
        "reason": pending.reason,
        "judged": NOT_JUDGED not in question.tags,
        "candidates": [
            {
                "document": excerpt.document_id,
                "start": excerpt.start,
                "end": excerpt.end,
                "text": excerpt.text,
                "line": review.line(excerpt),
            }
            for excerpt in pending.candidates
        ],
    }


def _document(find: FindDocument, id_: str) -> Document:
    document = find(id_)
    if document is None:
        raise RequestError(f"there is no document {id_} here")
    return document
