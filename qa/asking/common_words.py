"""Which words are common English, by the words that the model knows."""

from __future__ import annotations

from functools import lru_cache

from embeddings import Encoder

_KEPT = 4_096  # words of the last questions


class CommonWords:
    """Knows which words the model has as one token."""

    def __init__(self, encoder: Encoder) -> None:
        (self._of_one_token,) = encoder.count_tokens(["a"])
        self._count = lru_cache(_KEPT)(lambda word: encoder.count_tokens([word])[0])

    def __contains__(self, word: str) -> bool:
        return self._count(word) <= self._of_one_token
