"""Text to vectors, vectors to neighbours, pairs of texts to scores; nothing of documents."""

from embeddings.encoder import Encoder, load_encoder
from embeddings.errors import EmbeddingsError, ModelError, ModelNotFetched, StoreError
from embeddings.reranker import Reranker, load_reranker
from embeddings.stores import SearchStore, VectorStore, open_store
from embeddings.tokens import Tokens

__all__ = [
    "EmbeddingsError",
    "Encoder",
    "ModelError",
    "ModelNotFetched",
    "Reranker",
    "SearchStore",
    "StoreError",
    "Tokens",
    "VectorStore",
    "load_encoder",
    "load_reranker",
    "open_store",
]
