"""Which words are common English, by the words that the model knows."""

from __future__ import annotations

from collections.abc import Sequence

from embeddings import Encoder


def uncommon(words: Sequence[str], encoder: Encoder) -> list[bool]:
    """Return for each word whether the model has to put it together from parts."""
    of_one_token, *tokens = encoder.count_tokens(["a", *words])
    return [count > of_one_token for count in tokens]
