"""Text to vectors, and vectors to their nearest neighbours. Knows nothing of documents."""

from embeddings.encoder import Encoder, load_encoder
from embeddings.errors import EmbeddingsError, MissingExtra, ModelError, StoreError
from embeddings.stores import VectorStore, open_store

__all__ = [
    "EmbeddingsError",
    "Encoder",
    "MissingExtra",
    "ModelError",
    "StoreError",
    "VectorStore",
    "load_encoder",
    "open_store",
]
