"""At most how many tokens an encoder takes for a text, mostly without asking it."""

from __future__ import annotations

from functools import cached_property

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
        """Count the words of a text that are not known yet.

        One after the other: the threads that would share them have to encode.
        """
        for word in _words(text):
            if word not in self._known and len(word) <= _LONGEST:
                if len(self._known) == _MOST:
                    self._known = {"": 1}
                self._known[word] = max(self._count(f" {word}") - self._special, 1)

    @cached_property
    def _special(self) -> int:
        return self._count("")

    def _count(self, text: str) -> int:
        return self._encoder.count_tokens([text])[0]


def _words(text: str) -> list[str]:
    return text.replace("\n", "  ").split(" ")
