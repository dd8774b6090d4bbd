"""Text to vectors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from embeddings.errors import ModelError
from embeddings.models import ModelFiles, find_model, load_quietly

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_QUERIES_KEPT = 256


class Encoder(Protocol):
    """Turns texts into unit vectors that are near when the texts mean like things.

    A query and a passage may be encoded differently (some models want a prompt before each), so
    there is a method for each. Vectors are float32, of shape (texts, dim) and length 1, so that
    an inner product is a cosine.
    """

    @property
    def model(self) -> str:
        """The name that loads this model again."""

    @property
    def digest(self) -> str:
        """SHA-256 that tells this model from every other."""

    @property
    def dim(self) -> int:
        """Numbers in a vector."""

    @property
    def max_tokens(self) -> int:
        """Tokens that the model reads of one text, by `count_tokens`; it ignores any beyond."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each passage's tokens as the model reads it, prompt and special ones included."""

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode questions: (texts, dim)."""

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode passages: (texts, dim)."""


def load_encoder(model: str | None = None, *, device: str | None = None) -> Encoder:
    """Load an encoder: the bundled model, or a sentence-transformers folder or Hub name.

    Args:
        model: None for the bundled all-MiniLM-L6-v2.
        device: a torch device such as "cpu" or "cuda"; None takes a GPU where there is one.

    Raises:
        ModelError: the model is not found, not whole, or cannot be loaded.
    """
    return SentenceTransformersEncoder(find_model(model), device=device)


class SentenceTransformersEncoder:
    """An `Encoder` on sentence-transformers, with each model's own query and passage prompts."""

    batch_size = 32

    def __init__(self, files: ModelFiles, *, device: str | None = None) -> None:
        from sentence_transformers import SentenceTransformer

        self.model = files.name
        self.digest = files.digest
        self._transformer = load_quietly(SentenceTransformer, files, device)
        self._prompt = self._transformer.prompts.get("document") or ""
        self._lock = Lock()  # the tokenizer keeps its padding settings in itself
        self._query = lru_cache(_QUERIES_KEPT)(lambda text: self._queries([text]))
        dim = self._transformer.get_embedding_dimension()
        reads = self._transformer.max_seq_length
        if dim is None or reads is None:
            raise ModelError(
                f"model {files.name!r} does not say how long its vectors or its texts are",
                model=files.name,
            )
        self.dim = dim
        self.max_tokens = reads

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count with the model's own tokenizer, cutting nothing off."""
        if not texts:
            return []
        with self._lock:
            encoded = self._transformer.tokenizer(
                [self._prompt + text for text in texts],
                truncation=False,
                verbose=False,
                return_attention_mask=False,
                return_token_type_ids=False,
            )
        return [len(ids) for ids in encoded["input_ids"]]

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode with the model's query prompt, where it has one: (texts, dim).

        A query by itself is remembered for a while, as searching and quoting both need it.
        """
        if len(texts) == 1:
            return self._query(texts[0]).copy()
        return self._queries(texts)

    def _queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        with self._lock:
            return self._unit(
                self._transformer.encode_query(
                    list(texts), batch_size=self.batch_size, show_progress_bar=False
                )
            )

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode with the model's passage prompt, where it has one: (texts, dim)."""
        with self._lock:
            return self._unit(
                self._transformer.encode_document(
                    list(texts), batch_size=self.batch_size, show_progress_bar=False
                )
            )

    def _unit(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        import numpy as np

        vectors = np.asarray(vectors, dtype=np.float32).reshape(-1, self.dim)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: NDArray[np.float32] = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
        return unit
