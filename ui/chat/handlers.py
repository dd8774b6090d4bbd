"""The requests of the page's conversation and of the document beside it.

Nothing in a request is trusted. Its answer is plain data; what goes wrong is in it as `error`, one
sentence for the reader.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import gradio as gr
from pydantic import Field

from qa import QA, Answer, Document
from qa.errors import AnswerFileError, AskOtherwise
from qa.loaders.pdf_pages import page_span
from qa.progress import Progress
from qa.retrieval import check_words
from qa.verification.answer_files import MAX_QUOTES_IN_ALL
from ui.chat.document_view import DocumentView
from ui.chat.export import markdown
from ui.chat.feedback import Feedback
from ui.chat.page_files import CorpusFiles, PageFile
from ui.chat.reading import OfDocument, Reading
from ui.chat.render import turn as rendered
from ui.chat.turns import MAX_TURNS, Asked, Checked, FindDocument, Turn, in_corpus, parse_turn
from ui.chat.user_documents import AllUserDocuments, UserDocuments, UserDocumentsError
from ui.visitors import limits
from ui.visitors.background import Finished, in_background
from ui.visitors.cookies import visitor_of
from ui.visitors.errors import sentence
from ui.visitors.expiring_store import ExpiringStoreError
from ui.visitors.fair_work import LongWork, Turns
from ui.visitors.messages import Data, Request, ServerFunction, errors_as_data, in_turn, parsed
from ui.visitors.uploads import UploadedFile, Uploads

_LISTED = 200  # documents of the page's corpus that may be chosen from
_LOOK_BACK = 20  # questions of a conversation that are sent along

Text = Annotated[str, Field(max_length=200_000)]
Token = Annotated[str, Field(max_length=100)]


class _Request(Request):
    token: Token | None = None


class _Question(_Request):
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
    question: Text
    history: list[Text] = Field(default_factory=list, max_length=_LOOK_BACK)
    own: bool = False
    documents: list[str] | None = None


class _Place(OfDocument):
    part: int | None = None
    page: int | None = None
    at: int = 0


class _Name(_Request):
    document: str


class _Files(_Request):
    files: Annotated[list[UploadedFile], Field(max_length=limits.MAX_DOCUMENTS)]


class _Turns(_Request):
    title: Asked = ""  # its first question
    turns: Annotated[list[dict[str, Any]], Field(max_length=MAX_TURNS)]


class _Rating(_Request):
    turn: dict[str, Any]
    history: list[Asked] = Field(default_factory=list, max_length=_LOOK_BACK)
    good: bool | None


class ChatHandlers:
    """Serves the conversations and documents of a page.

    Args:
        qa: the page's corpus.
        title: what it is called.
        all_documents: the visitors' own documents.
        feedback: keeps the ratings.
        uploads: the files that wait to be read.
        work: the long work of all visitors.
        files: the PDF files of the corpus.
    """

    def __init__(
        self,
        qa: QA,
        title: str,
        all_documents: AllUserDocuments,
        feedback: Feedback,
        uploads: Uploads,
        work: LongWork | None = None,
        files: CorpusFiles | None = None,
    ) -> None:
        self._qa = qa
        self._title = title
        self._all_documents = all_documents
        self._feedback = feedback
        self._uploads = uploads
        self._work = work or LongWork()
        self._turns = Turns()
        self._files = files or CorpusFiles()
        self._reading = Reading(self._document, self._file)

    @errors_as_data
    def ask(self, event: gr.EventData) -> Data:
        """Answer a question: return its turn, as data and rendered."""
        asked = parsed(_Question, event)
        echo = {"id": asked.id, "question": asked.question}
        try:
            answer, find = self._answer(asked)
        except AskOtherwise as hint:
            return echo | {"hint": sentence(hint)}
        except Exception as error:
            return echo | {"error": sentence(error)}
        threshold = getattr(self._qa.answerer, "threshold", 0.0)
        turn = Turn.of(
            answer,
            asked.id,
            threshold,
            getattr(self._qa.answerer, "tentative", threshold),
            own=asked.own,
            documents=asked.documents or (),
        )
        checked = Checked.against(turn, find)
        return echo | {
            "turn": turn.to_dict(),
            "html": rendered(checked, self._asked(turn, asked.token)),
        }

    def bring(self, event: gr.EventData, visitor: gr.Request) -> Iterator[Data]:
        """Add uploaded files to a visitor's documents; yield the progress, then what is there."""
        try:
            request = parsed(_Files, event)
            work = functools.partial(self._add, request, visitor)
            client = visitor.username or ""
            for step in in_background(work, turns=self._work, client=client):
                if isinstance(step, Finished):
                    yield step.result
                else:
                    yield {"done": step.done, "total": step.total}
        except Exception as error:
            yield {"error": sentence(error)}

    def server_functions(self) -> list[ServerFunction]:
        """Return the functions that the page's scripts call by name, which take no time."""
        methods = (
            self.user_documents,
            self.remove,
            self.document_part,
            self.restore,
            self.markdown,
            *self._reading.methods,
        )
        rate = in_turn(self.rate, self._turns, tells_client=True)
        return [*(in_turn(method, self._turns) for method in methods), rate]

    @errors_as_data
    def user_documents(self, request: object) -> Data:
        """Return what can be asked: the page's corpus, and the visitor's own documents."""
        asked = parsed(_Request, request)
        ids = self._qa.index.document_ids()
        corpus = {
            "title": self._title,
            "count": len(ids),
            "documents": [{"id": id_} for id_ in ids[:_LISTED]],
        }
        return {"corpus": corpus, **_listed(self._known(asked.token))}

    @errors_as_data
    def remove(self, request: object) -> Data:
        """Remove one of a visitor's documents."""
        asked = parsed(_Name, request)
        documents = self._all_documents.find(asked.token or "")
        documents.remove(asked.document)
        return _listed(documents)

    @errors_as_data
    def document_part(self, request: object) -> Data:
        """Return a part of a document: the one asked for, or that of a page or a character."""
        asked = parsed(_Place, request)
        document = self._document(asked)
        view = DocumentView.of(document)
        at = page_span(document, asked.page).start if asked.page is not None else asked.at
        part = view.part_of(at) if asked.part is None else asked.part
        return view.part(part) | {"images": self._reading.has_pages(asked, document)}

    @errors_as_data
    def restore(self, request: object) -> Data:
        """Check turns that a browser kept, and render them; invalid ones are left out."""
        asked = parsed(_Turns, request)
        room = _Room()
        shown = []
        for turn in _readable(asked.turns):
            room.take(quotes=len(turn.answer.quotes))
            checked = Checked.against(turn, self._finder(asked.token, own=turn.own))
            html = rendered(checked, self._asked(turn, asked.token))
            room.take(characters=len(html))
            shown.append({"id": turn.id, "html": html})
        return {"turns": shown}

    @errors_as_data
    def markdown(self, request: object) -> Data:
        """Write a conversation as Markdown."""
        asked = parsed(_Turns, request)
        return {"text": markdown(asked.title, [parse_turn(data) for data in asked.turns])}

    @errors_as_data
    def rate(self, request: object, client: str = "") -> Data:
        """Keep a rating of an answer about the page's corpus."""
        asked = parsed(_Rating, request)
        turn = parse_turn(asked.turn)
        check_words(turn.answer.question)
        checked = Checked.against(turn, self._finder(None, own=False))
        if turn.own or not checked.verification.verified:
            raise AnswerFileError(
                "this answer is not about this page's document, so its rating is not kept"
            )
        self._feedback.rate(turn, asked.good, tuple(asked.history), client)
        return {"saved": True}

    def _add(self, request: _Files, visitor: gr.Request, tell: Progress) -> Data:
        with self._uploads.taken(visitor_of(visitor), request.files) as uploads:
            documents = self._known(request.token) or self._all_documents.new(
                visitor.username or ""
            )
            problems = documents.add(uploads, tell)
        return {**_listed(documents), "problems": problems}

    def _answer(self, asked: _Question) -> tuple[Answer, FindDocument]:
        find = self._finder(asked.token, own=asked.own)
        system = self._all_documents.find(asked.token or "") if asked.own else self._qa
        answer = system.ask(asked.question, history=asked.history, documents=asked.documents)
        return answer, find

    def _document(self, asked: OfDocument) -> Document:
        """Return the document that a request names."""
        document = self._finder(asked.token, own=asked.own)(asked.document)
        if document is None:
            raise UserDocumentsError(f"{asked.document} is no longer here: add it again to read it")
        return document

    def _file(self, asked: OfDocument, document: Document) -> PageFile | None:
        """Return the PDF file that a document was read from; None if it is not known."""
        if not asked.own:
            return self._files.of(document)
        documents = self._known(asked.token)
        return documents.file(document.id) if documents else None

    def _finder(self, token: str | None, *, own: bool) -> FindDocument:
        """Return what finds a visitor's own documents, or those of the page's corpus."""
        if own:
            documents = self._known(token)
            return documents.document if documents else lambda _id: None
        return in_corpus(self._qa)

    def _asked(self, turn: Turn, token: str | None) -> Sequence[str]:
        """Return the ids of the documents that an abstention is about."""
        if turn.documents or not turn.answer.abstained:
            return turn.documents
        if not turn.own:
            return self._qa.index.document_ids()
        documents = self._known(token)
        return [entry.id for entry in documents.entries] if documents else []

    def _known(self, token: str | None) -> UserDocuments | None:
        try:
            return self._all_documents.find(token or "")
        except ExpiringStoreError:
            return None


class _Room:
    """How much more may be checked and shown in one call."""

    def __init__(self) -> None:
        self._until = time.monotonic() + limits.RESTORE_SECONDS
        self._quotes = MAX_QUOTES_IN_ALL
        self._characters = limits.MAX_RESTORED

    def take(self, *, quotes: int = 0, characters: int = 0) -> None:
        """Take some of it.

        Raises:
            AnswerFileError: no more is left.
        """
        self._quotes -= quotes
        self._characters -= characters
        if min(self._quotes, self._characters, self._until - time.monotonic()) < 0:
            raise AnswerFileError(
                "this conversation is too long to be checked and shown: begin a new one"
            )


def _readable(turns: list[dict[str, Any]]) -> Iterator[Turn]:
    """Yield turns; invalid ones are left out."""
    for data in turns:
        try:
            turn = parse_turn(data)
        except AnswerFileError:
            continue
        yield turn


def _listed(documents: UserDocuments | None) -> Data:
    """Return a visitor's token and documents."""
    entries = documents.entries if documents else ()
    own = [{"id": entry.id} for entry in entries]
    return {"token": documents.token if documents else None, "own": own}
