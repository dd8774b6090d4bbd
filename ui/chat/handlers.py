"""The requests of the page's conversation and of the document beside it.

Nothing in a request is trusted. Its answer is plain data; what goes wrong is in it as `error`, one
sentence for the reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

import gradio as gr
from pydantic import Field

from qa import QA, Answer, Document
from qa.errors import AnswerFileError, AskOtherwise
from qa.loaders.pdf_pages import page_span
from qa.retrieval import check_words
from ui.chat import choosing
from ui.chat.adding import Adding, Brought
from ui.chat.asking import LOOK_BACK, Answered, Id, Question, Token
from ui.chat.choosing import Search
from ui.chat.document_view import DocumentView
from ui.chat.export import markdown
from ui.chat.feedback import Fault, Feedback, Verdict
from ui.chat.page_files import CorpusFiles, PageFile
from ui.chat.reading import OfDocument, Reading
from ui.chat.render import turn as rendered
from ui.chat.selections import MOST_SELECTIONS, Selection, excerpt
from ui.chat.turns import (
    MAX_TURNS,
    Asked,
    Checked,
    FindDocument,
    Room,
    Turn,
    in_corpus,
    parse_turn,
    readable,
)
from ui.chat.user_documents import AllUserDocuments, UserDocuments, UserDocumentsError
from ui.visitors import limits
from ui.visitors.background import Finished, in_background
from ui.visitors.cookies import visitor_of
from ui.visitors.drafts import Stopped, Told
from ui.visitors.errors import sentence
from ui.visitors.fair_work import LongWork, Turns
from ui.visitors.messages import (
    Data,
    Request,
    ServerFunction,
    error_data,
    errors_as_data,
    in_turn,
    parsed,
)
from ui.visitors.uploads import UploadedFile, Uploads
from ui.visitors.web_pages import WebPages


class _Request(Request):
    token: Token | None = None


class _Place(OfDocument):
    part: int | None = None
    page: int | None = None
    at: int = 0


class _Name(_Request):
    document: str


class _Search(_Request, Search):
    own: bool = False


class _Files(_Request):
    id: Id = "all"
    files: list[UploadedFile] = Field(default_factory=list, max_length=limits.MAX_DOCUMENTS)
    page: Annotated[str, Field(max_length=2_000)] | None = None


class _Cancel(_Request):
    id: Id
    file: int


class _Turns(_Request):
    turns: Annotated[list[dict[str, Any]], Field(max_length=MAX_TURNS)]


class _Conversation(_Turns):
    title: Asked


class _Conversations(_Request):
    conversations: Annotated[list[_Conversation], Field(max_length=MAX_TURNS)]


class _Rating(_Request):
    turn: dict[str, Any]
    history: list[Asked] = Field(default_factory=list, max_length=LOOK_BACK)
    good: bool | None
    fault: Fault | None = None
    spans: list[Selection] = Field(default_factory=list, max_length=MOST_SELECTIONS)


class ChatHandlers:
    """Serves the conversations and documents of a page.

    Args:
        qa: the page's corpus.
        title: what it is called.
        all_documents: the visitors' own documents.
        feedback: keeps the ratings.
        uploads: the files that wait to be read.
        work: the long work of all visitors.
        web: fetches web pages for visitors; None if they may not add any.
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
        web: WebPages | None = None,
        files: CorpusFiles | None = None,
    ) -> None:
        self._qa = qa
        self._title = title
        self._all_documents = all_documents
        self._feedback = feedback
        self._uploads = uploads
        self._work = work or LongWork()
        self._turns = Turns()
        self._questions = Turns()
        self._web = web
        self._additions: dict[tuple[str, str], Adding] = {}
        self._files = files or CorpusFiles()
        self._reading = Reading(self._document, self._file)

    @errors_as_data
    def ask(self, request: object) -> Data:
        """Answer a question: return its turn, as data and rendered."""
        asked = parsed(Question, request)
        echo = {"id": asked.id, "question": asked.question}
        try:
            return echo | self.answered(asked).shown()
        except AskOtherwise as hint:
            return echo | {"hint": sentence(hint)}
        except Exception as error:
            return echo | error_data(error)

    def answered(self, asked: Question) -> Answered:
        """Answer a question in quotes.

        Raises:
            QAError: it cannot be answered.
        """
        answerer = asked.settings.answerer(self._qa.answerer)
        find = self._finder(asked.token, own=asked.own)
        ids = self._ids(asked.token, own=asked.own)
        chosen = asked.of(ids)
        answer = self._system(asked).ask(
            asked.question, history=asked.history, documents=chosen, answerer=answerer
        )
        return Answered(asked, answer, answerer, find, ids, chosen)

    def written(self, answered: Answered, told: Told, stopped: Stopped) -> Answer:
        """Let the language model write an answer."""
        asked = answered.asked
        return self._system(asked).write(
            answered.answer, history=asked.history, told=told, stopped=stopped
        )

    def bring(self, event: gr.EventData, visitor: gr.Request) -> Iterator[Data]:
        """Add uploaded files, or a web page, to a visitor's documents.

        Yield how far each of them is and what is there; what was added can be asked at once.
        """
        try:
            request = parsed(_Files, event)
            client = visitor.username or ""
            with self._brought(request, visitor) as files:
                adding = Adding(request.id, [file.name for file in files])
                documents = self._all_documents.known(request.token, client)
                documents = documents or self._all_documents.new(client)
                key = documents.token, adding.id
                self._additions[key] = adding
                work = partial(adding.run, documents, files)
                try:
                    for step in in_background(work, turns=self._work, client=client):
                        if not isinstance(step, Finished):
                            yield adding.to_dict() | _listed(documents)
                finally:
                    self._additions.pop(key, None)
            state = {"problems": adding.problems, "is_done": True}
            yield adding.to_dict() | _listed(documents) | state
        except Exception as error:
            yield {"error": sentence(error)}

    def server_functions(self) -> list[ServerFunction]:
        """Return the functions that the page's scripts call by name."""
        methods = (
            self.find_documents,
            self.remove,
            self.cancel,
            self.document_part,
            self.restore,
            self.markdown,
            self.ratings,
            *self._reading.methods,
        )
        telling = (self.user_documents, self.rate)
        return [
            *(in_turn(method, self._turns) for method in methods),
            *(in_turn(method, self._turns, tells_client=True) for method in telling),
            in_turn(self.ask, self._questions),
        ]

    @errors_as_data
    def user_documents(self, request: object, client: str = "") -> Data:
        """Return what can be asked: the page's corpus, and the visitor's own documents."""
        asked = parsed(_Request, request)
        ids = self._qa.index.document_ids()
        corpus = {
            "title": self._title,
            "count": len(ids),
            "documents": [{"id": id_} for id_ in ids[: choosing.LISTED]],
        }
        return {"corpus": corpus, **_listed(self._all_documents.known(asked.token, client))}

    @errors_as_data
    def find_documents(self, request: object) -> Data:
        """Return a page of the documents whose names match."""
        asked = parsed(_Search, request)
        return asked.page_of(self._ids(asked.token, own=asked.own))

    @errors_as_data
    def cancel(self, request: object) -> Data:
        """Stop adding a file."""
        asked = parsed(_Cancel, request)
        if adding := self._additions.get((asked.token or "", asked.id)):
            adding.cancel(asked.file)
        return {}

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
        room = Room()
        shown = []
        for turn in readable(asked.turns):
            room.take(quotes=len(turn.answer.quotes))
            checked = Checked.against(turn, self._finder(asked.token, own=turn.own))
            html = rendered(checked, self._asked(turn, asked.token))
            room.take(characters=len(html))
            shown.append({"id": turn.id, "html": html})
        return {"turns": shown}

    @errors_as_data
    def markdown(self, request: object) -> Data:
        """Write conversations as Markdown."""
        asked = parsed(_Conversations, request)
        texts = (
            markdown(one.title, [parse_turn(data) for data in one.turns])
            for one in asked.conversations
        )
        return {"text": "\n".join(texts)}

    @errors_as_data
    def rate(self, request: object, client: str = "") -> Data:
        """Keep a rating of an answer; one about a visitor's own documents with these alone."""
        asked = parsed(_Rating, request)
        turn = parse_turn(asked.turn)
        check_words(turn.answer.question)
        find = self._finder(asked.token, own=turn.own)
        if not Checked.against(turn, find).verification.verified:
            raise AnswerFileError(
                "this answer is not about the documents here, so its rating is not kept"
            )
        excerpts = tuple(excerpt(span, find) for span in asked.spans)
        verdict = Verdict(asked.good, asked.fault, excerpts)
        if turn.own:
            self._all_documents.find(asked.token or "").rate(turn, verdict, asked.history)
        else:
            self._feedback.rate(turn, verdict, tuple(asked.history), client)
        return {"saved": True}

    @errors_as_data
    def ratings(self, request: object) -> Data:
        """Return the ratings of answers about a visitor's own documents, as a question set."""
        documents = self._known(parsed(_Request, request).token)
        text = documents.ratings() if documents else ""
        if not text:
            raise UserDocumentsError("you have rated no answers about documents that are here")
        return {"text": text}

    @contextmanager
    def _brought(self, request: _Files, visitor: gr.Request) -> Iterator[list[Brought]]:
        """Yield what is to be added; its files are removed when the block ends."""
        if request.page is None:
            with self._uploads.taken(visitor_of(visitor), request.files) as uploads:
                yield [Brought.file(upload) for upload in uploads]
        elif self._web is None:
            raise UserDocumentsError("web pages cannot be added here: save the page as a file")
        else:
            yield [Brought(request.page, 0, partial(self._web.page, request.page))]

    def _system(self, asked: Question) -> QA | UserDocuments:
        return self._all_documents.find(asked.token or "") if asked.own else self._qa

    def _ids(self, token: str | None, *, own: bool) -> list[str]:
        """Return the ids of a visitor's own documents, or of those of the page's corpus."""
        if not own:
            return self._qa.index.document_ids()
        documents = self._known(token)
        return [entry.id for entry in documents.entries] if documents else []

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
        return self._ids(token, own=turn.own)

    def _known(self, token: str | None) -> UserDocuments | None:
        return self._all_documents.known(token)


def _listed(documents: UserDocuments | None) -> Data:
    """Return a visitor's token and documents."""
    entries = documents.entries if documents else ()
    names = ("id", "sha256", "size", "added")
    own = [{name: getattr(one, name) for name in names} for one in entries]
    return {"token": documents.token if documents else None, "own": own}
