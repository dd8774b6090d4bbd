"""A retriever for LlamaIndex.

from inquote.integrations.llama_index import InquoteRetriever

retriever = InquoteRetriever(qa, top_k=3)
for found in retriever.retrieve("When was it built?"):
    print(found.node.metadata["source"], found.node.start_char_idx, found.node.text)
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from inquote.integrations.proof import Found, retrieve_with_proof

try:
    from llama_index.core.retrievers import BaseRetriever
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
except ModuleNotFoundError as error:
    raise ImportError("LlamaIndex is missing: pip install 'inquote[llama-index]'") from error

if TYPE_CHECKING:
    from inquote import QA
    from qa.filters import Where

_READ_BY_MODELS = {"title", "page", "context"}  # the rest of the proof would only distract them


class InquoteRetriever(BaseRetriever):
    """Finds passages with their proof.

    Args:
        qa: an open QA, which stays the caller's to close.
        top_k: the most passages to find.
        documents: ids of the documents to look in; None is all.
        where: what must be in their metadata, as in `QA.open`.
    """

    def __init__(
        self, qa: QA, top_k: int = 5, documents: Sequence[str] | None = None, where: Where = ()
    ) -> None:
        super().__init__()
        self._qa = qa
        self._top_k = top_k
        self._documents = documents
        self._where = where

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        question = query_bundle.query_str
        found = retrieve_with_proof(self._qa, question, self._top_k, self._documents, self._where)
        return [NodeWithScore(node=_node(one), score=one.score) for one in found]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


def _node(found: Found) -> TextNode:
    hidden = sorted(found.metadata.keys() - _READ_BY_MODELS)
    return TextNode(
        id_=found.key,
        text=found.text,
        start_char_idx=found.metadata["start"],
        end_char_idx=found.metadata["end"],
        metadata=found.metadata,
        excluded_llm_metadata_keys=hidden,
        excluded_embed_metadata_keys=hidden,
    )
