"""An encoder on sentence-transformers and torch: for every model and device."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import ModelError
from embeddings.fair_lock import FairLock
from embeddings.models import ModelFiles, load_quietly
from embeddings.tokens import Tokens, unit

_QUERIES_CACHED = 256
_BATCH = 32  # texts encoded at once
_WORD = re.compile(r"\w+")


class SentenceTransformersEncoder:
    """An `Encoder` on sentence-transformers, with each model's own query and passage prompts."""

    backend = "torch"
    precision = "float32"

    def __init__(self, files: ModelFiles, *, device: str | None = None) -> None:
        from sentence_transformers import SentenceTransformer

        self.model = files.name
        self.digest = files.digest
        self._transformer = load_quietly(SentenceTransformer, files, device)
        self.device = str(self._transformer.device)
        self._query_prompt = self._transformer.prompts.get("query") or ""
        self._passage_prompt = self._transformer.prompts.get("document") or ""
        self._options: Any = {"batch_size": _BATCH, "show_progress_bar": False}
        self._lock = FairLock()  # the tokenizer keeps its padding settings in itself
        self._query = lru_cache(_QUERIES_CACHED)(self._encode_query)
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
        """Count with the model's own tokenizer, without truncation."""
        if not texts:
            return []
        with self._lock:
            encoded = self._transformer.tokenizer(
                [self._passage_prompt + text for text in texts],
                truncation=False,
                verbose=False,
                return_attention_mask=False,
                return_token_type_ids=False,
            )
        return [len(ids) for ids in encoded["input_ids"]]

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode with the model's query prompt, if it has one: (texts, dim).

        A single query is cached, as retrieval and quoting both need it.
        """
        if len(texts) == 1:
            return self._query(texts[0])[0].copy()
        with self._lock:
            return self._unit(self._transformer.encode_query(list(texts), **self._options))

    def prepare_queries(self, texts: Sequence[str]) -> None:
        """Do nothing: the rest of a batch would change the last digits."""

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode with the model's passage prompt, if it has one: (texts, dim).

        Other callers have their turn between two batches.
        """
        vectors = np.empty((len(texts), self.dim), np.float32)
        by_length = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # padding costs time
        for start in range(0, len(texts), _BATCH):
            batch = by_length[start : start + _BATCH]
            with self._lock:
                encoded = self._transformer.encode_document(
                    [texts[i] for i in batch], **self._options
                )
            vectors[batch] = self._unit(encoded)
        return vectors

    def query_tokens(self, text: str) -> Tokens:
        """Encode a query's tokens, and cache them; tokens of the prompt are left out.

        If a model has no token vectors, words are encoded one by one in place of tokens.
        """
        return self._query(text)[1]

    def passage_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Encode the tokens of passages, without those of the prompt.

        Each passage is encoded alone: the rest of a batch would change the last digits.
        """
        return [self._encode_tokens(text) for text in texts]

    def encode_with_tokens(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[Tokens]]:
        """Encode passages and their tokens, one after the other."""
        return self.encode_passages(texts), self.passage_tokens(texts)

    def _encode_tokens(self, text: str) -> Tokens:
        encoded: Any
        with self._lock:
            (encoded,) = self._transformer.encode_document(
                [text], output_value=None, **self._options
            )
        return self._tokens(text, self._passage_prompt, encoded)

    def _encode_query(self, text: str) -> tuple[NDArray[np.float32], Tokens]:
        """Encode a query and its tokens at once, which takes no longer than either."""
        encoded: Any
        with self._lock:
            (encoded,) = self._transformer.encode_query([text], output_value=None, **self._options)
        vector = encoded["sentence_embedding"].cpu().numpy()
        return self._unit(vector), self._tokens(text, self._query_prompt, encoded)

    def _tokens(self, text: str, prompt: str, encoded: Mapping[str, Any]) -> Tokens:
        """Return the vectors and places of the tokens, without prompt and special tokens."""
        tokenizer = self._transformer.tokenizer
        if "token_embeddings" not in encoded or not getattr(tokenizer, "is_fast", False):
            return self._words(text)
        real = encoded["attention_mask"].cpu().numpy().astype(bool)
        vectors = encoded["token_embeddings"].float().cpu().numpy()[real]
        with self._lock:
            offsets = tokenizer(
                prompt + text,
                truncation=True,
                max_length=self.max_tokens,
                return_offsets_mapping=True,
            )["offset_mapping"]
        spans = np.array(offsets, np.int64) - len(prompt)
        inside = (spans[:, 0] >= 0) & (spans[:, 0] < spans[:, 1])
        return Tokens(self._unit(vectors)[inside], spans[inside])

    def _words(self, text: str) -> Tokens:
        words = list(_WORD.finditer(text))
        spans = np.array([word.span() for word in words], np.int64).reshape(-1, 2)
        return Tokens(self.encode_passages([word.group() for word in words]), spans)

    def _unit(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        return unit(np.asarray(vectors, dtype=np.float32).reshape(-1, self.dim))
