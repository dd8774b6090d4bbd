"""Passages with their proof, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from inquote import QA
    from qa.filters import Where

_LEFT_OUT = ("number", "quote", "lead", "answer", "context", "sentence_start", "sentence_end")


class Found(NamedTuple):
    """A passage that was found.

    Attributes:
        text: its text, which is `document.text[start:end]`.
        score: how good it is; higher is better.
        metadata: the document's own; and the proof: `document_id`, `source`, `sha256`, `start`,
            `end` and the rest of a `Citation`, with `rank`, `score`, and what it stands under as
            `context`.
        key: the same for the same passage of the same text, and for no other.
    """

    text: str
    score: float
    metadata: dict[str, Any]
    key: str


def retrieve_with_proof(
    qa: QA,
    question: str,
    top_k: int,
    documents: Sequence[str] | None = None,
    where: Where = (),
) -> list[Found]:
    """Find the best passages for a question, best first."""
    from qa.citations import Citation, in_one_line
    from qa.documents import Span

    found = []
    for hit in qa.retrieve(question, top_k=top_k, documents=documents, where=where):
        passage = hit.passage
        document = qa.index.document(passage.document_id)
        citation = Citation(hit.rank, document, Span(passage.start, passage.end))
        score = float(hit.score if hit.rerank_score is None else hit.rerank_score)
        proof = {name: one for name, one in citation.to_dict().items() if name not in _LEFT_OUT}
        context = " > ".join(in_one_line(above.text) for above in citation.context)
        metadata = (
            dict(document.metadata) | proof | {"context": context, "rank": hit.rank, "score": score}
        )
        key = f"{citation.sha256}:{citation.start}-{citation.end}"
        found.append(Found(citation.quote, score, metadata, key))
    return found
