"""At most how many tokens an encoder takes for a text, mostly without asking it."""

from __future__ import annotations

from embeddings import Encoder

_RESERVE = 8  # an eighth of what the encoder reads, for tokenizers that count words otherwise
_LONGEST = 64  # characters of a word whose tokens are kept
_MOST = 200_000  # words whose tokens are kept


class TokenBound:
    """Bounds the tokens of texts by those of their words, each with the space before it.

    A tokenizer splits at spaces, so a text takes no more tokens than its words together. The
    tokens of a word are counted where they matter; until then, each of its bytes is taken for one.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known = {"": 1}  # of two spaces

    def of(self, text: str) -> int:
        """Return a number that is rarely less than the text's tokens, special ones left out."""
        known = self._known
        return sum(known.get(word) or len(word.encode()) + 1 for word in _words(text))

    def allows(self, tokens: int) -> bool:
        """Return whether the encoder surely reads a text of so many tokens by `of`."""
        most = self._encoder.max_tokens
        return tokens <= most - most // _RESERVE

    def learn(self, text: str) -> None:
        """Count the words of a text that are not known yet."""
        new = {w for w in _words(text) if w not in self._known and len(w) <= _LONGEST}
        if not new:
            return
        if len(self._known) + len(new) > _MOST:
            self._known = {"": 1}
        special, *counts = self._encoder.count_tokens(["", *(f" {word}" for word in new)])
        self._known.update(
            (word, max(count - special, 1)) for word, count in zip(new, counts, strict=True)
        )


def _words(text: str) -> list[str]:
    return text.replace("\n", "  ").split(" ")
