"""What a reader begins with: an overview in quotes, and questions that are answered."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field

from qa import QA
from qa.documents import Span
from qa.suggestions import suggested_questions
from ui.chat.user_documents import AllUserDocuments, UserDocumentsError
from ui.visitors.fair_work import Turns
from ui.visitors.messages import Data, Request, ServerFunction, errors_as_data, in_turn, parsed

_SENTENCES, _QUESTIONS = 3, 3
_KEPT = 64  # of the corpus and of visitors' documents


class _Begin(Request):
    token: Annotated[str | None, Field(max_length=100)] = None
    own: bool = False


class WelcomeHandlers:
    """Serves an overview and questions to begin with.

    Args:
        qa: the page's corpus.
        all_documents: the visitors' own documents.
        examples: questions about the corpus; without any, some are made from it.
    """

    def __init__(
        self, qa: QA, all_documents: AllUserDocuments, examples: Sequence[str] = ()
    ) -> None:
        self._qa = qa
        self._all_documents = all_documents
        self._examples = list(examples)
        self._turns = Turns()
        self._made = lru_cache(maxsize=_KEPT)(self._make)

    def server_functions(self) -> list[ServerFunction]:
        """Return what the page's scripts call by name."""
        return [in_turn(self.welcome, self._turns)]

    @errors_as_data
    def welcome(self, request: object) -> Data:
        """Return sentences that tell what one document is about, and questions to begin with.

        Of the corpus, an overview is given if it is one document; of a visitor's documents, it
        is of the newest.
        """
        asked = parsed(_Begin, request)
        if not asked.own:
            ids = self._qa.index.document_ids()
            return self._made(None, tuple(ids) if len(ids) == 1 else (), len(ids))
        entries = self._all_documents.find(asked.token or "").entries
        if not entries:
            raise UserDocumentsError("you have no documents here: add one first")
        return self._made(asked.token, (entries[-1].id,), hash(entries))

    def _make(self, token: str | None, ids: tuple[str, ...], _state: int) -> dict[str, Any]:
        own = token is not None
        opened = self._all_documents.find(token).opened() if token else nullcontext(self._qa)
        with opened as qa:
            about = qa.overview(ids, sentences=_SENTENCES).citations if ids else ()
            examples = self._examples if not own else []
            questions = examples or suggested_questions(qa, ids or None, most=_QUESTIONS)
        return {
            "questions": questions,
            "quotes": [
                {
                    "number": quote.number,
                    "document": quote.document_id,
                    "text": quote.quote,
                    **Span(quote.start, quote.end)._asdict(),
                }
                for quote in about
            ],
        }
