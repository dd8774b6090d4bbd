"""A retriever for Haystack.

from inquote.integrations.haystack import InquoteRetriever

pipeline.add_component("retriever", InquoteRetriever(qa, top_k=3))
found = pipeline.run({"retriever": {"query": "When was it built?"}})
for document in found["retriever"]["documents"]:
    print(document.meta["source"], document.meta["start"], document.content)
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from inquote.integrations.proof import retrieve_with_proof

try:
    from haystack import Document, component
except ModuleNotFoundError as error:
    raise ImportError("Haystack is missing: pip install 'inquote[haystack]'") from error

if TYPE_CHECKING:
    from inquote import QA
    from qa.filters import Where


@component
class InquoteRetriever:
    """Finds passages with their proof.

    Args:
        qa: an open QA, which stays the caller's to close. A pipeline with it cannot be saved.
        top_k: the most passages to find.
        documents: ids of the documents to look in; None is all.
        where: what must be in their metadata, as in `QA.open`.
    """

    def __init__(
        self, qa: QA, top_k: int = 5, documents: Sequence[str] | None = None, where: Where = ()
    ) -> None:
        self._qa = qa
        self._top_k = top_k
        self._documents = documents
        self._where = where

    @component.output_types(documents=list[Document])
    def run(self, query: str, top_k: int | None = None) -> dict[str, list[Document]]:
        """Find passages for a question; `top_k` may be another one."""
        most = self._top_k if top_k is None else top_k
        return {
            "documents": [
                Document(id=found.key, content=found.text, meta=found.metadata, score=found.score)
                for found in retrieve_with_proof(
                    self._qa, query, most, self._documents, self._where
                )
            ]
        }

    @component.output_types(documents=list[Document])
    async def run_async(self, query: str, top_k: int | None = None) -> dict[str, list[Document]]:
        """Find passages in a thread of their own."""
        return await asyncio.to_thread(self.run, query, top_k)
