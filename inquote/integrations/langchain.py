"""A retriever for LangChain.

from inquote.integrations.langchain import InquoteRetriever

retriever = InquoteRetriever(qa=qa, top_k=3)
for document in retriever.invoke("When was it built?"):
    print(document.metadata["source"], document.metadata["start"], document.page_content)
"""

from __future__ import annotations

from typing import Any

from inquote.integrations.proof import retrieve_with_proof

try:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
except ModuleNotFoundError as error:
    raise ImportError("LangChain is missing: pip install 'inquote[langchain]'") from error


class InquoteRetriever(BaseRetriever):
    """Finds passages with their proof.

    Attributes:
        qa: an open `inquote.QA`, which stays the caller's to close.
        top_k: the most passages to find.
        documents: ids of the documents to look in; None is all.
        where: what must be in their metadata, as in `QA.open`.
    """

    qa: Any
    top_k: int = 5
    documents: list[str] | None = None
    where: Any = ()

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        return [
            Document(id=found.key, page_content=found.text, metadata=found.metadata)
            for found in retrieve_with_proof(self.qa, query, self.top_k, self.documents, self.where)
        ]
