"""One question to a corpus that is opened for it alone."""

from __future__ import annotations

from collections.abc import Sequence

from qa.engine import DEFAULT_TOP_K, QA
from qa.filters import Where
from qa.opening import Source
from qa.retrieval import RetrievedPassages


def retrieve(
    question: str,
    source: Source | Sequence[Source] | None = None,
    *,
    top_k: int = DEFAULT_TOP_K,
    model: str | None = None,
    reranker: str | None = None,
    only: str | Sequence[str] = (),
    where: Where = (),
) -> RetrievedPassages:
    """Find the passages of a corpus nearest to a question, in one call.

    For several questions, open the corpus once with `QA.open`.
    """
    with QA.open(source, model=model, reranker=reranker, only=only, where=where) as qa:
        return qa.retrieve(question, top_k=top_k)
