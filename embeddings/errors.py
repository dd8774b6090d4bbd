"""The errors of this package.

EmbeddingsError
├── ModelError       a model that is missing, incomplete, or not what it says it is
│   └── ModelNotFetched   a model that is neither bundled nor fetched, where it must be
└── StoreError       vectors that a store cannot take, or a vector file that it cannot read
"""

from __future__ import annotations


class EmbeddingsError(Exception):
    """Any error of this package; its message is one sentence for the person who reads it."""


class ModelError(EmbeddingsError):
    """A model cannot be found, read, or trusted."""

    def __init__(self, message: str, *, model: str) -> None:
        super().__init__(message)
        self.model = model


class ModelNotFetched(ModelError):
    """A model is neither the bundled one nor one that was fetched before, as it has to be."""


class StoreError(EmbeddingsError):
    """A vector store cannot take these vectors, or cannot read this file."""
