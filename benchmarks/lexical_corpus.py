"""Passages for the comparison of lexical engines: real ones, and any number of made-up ones.

A made-up passage is a run of real sentences, drawn at random, of 80 words or a little more.
Their function words stay, and so do 2 in 10 of their other words; 7 in 10 give way to words
drawn from all of the real text, so that a word is as frequent as it is there; and 1 in 10 to
coined words, so that the vocabulary goes on growing. A coined word is the head of one real word
and the tail of another, and its number is drawn from the law of Zipf and Mandelbrot,
P(number > r) = (1 + r / SHIFT) ** (1 - 1 / HEAPS): of n draws, the number of different ones
then grows as n ** HEAPS, which is the law of Heaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from qa.text.analysis import terms
from qa.text.sentences import split_sentences

Passage = tuple[str, str]
"""A title, which may be empty, and a text."""

WORDS = 80
KEPT, DRAWN = 0.2, 0.7  # the rest is coined
SHIFT, HEAPS, LAST = 5_000, 0.6, 10**15
_WORD = re.compile(r"\w+")
_LEAST = 5  # sentences of fewer words are not drawn: they are headings, and pieces of tables

Numbers = NDArray[np.int64]


class Invention:
    """Makes passages out of the words and sentences of real ones; the same ones each time."""

    def __init__(self, passages: Sequence[Passage], seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        numbers: dict[str, int] = {}
        self._sentences = [
            np.array([numbers.setdefault(word, len(numbers)) for word in sentence])
            for sentence in _sentences(passages)
        ]
        self._vocabulary = list(numbers)
        self._tells = np.array([bool(terms(word)) for word in self._vocabulary])
        text = np.concatenate(self._sentences)
        self._pool = text[self._tells[text]]
        self._heads = [word[: (len(word) + 1) // 2] for word in self._vocabulary]
        self._tails = [word[len(word) // 2 :] for word in self._vocabulary]

    def passages(self, count: int) -> Iterator[Passage]:
        """Make passages, each with a title of two words."""
        for _ in range(count):
            title = self._random.choice(self._pool, 2)
            yield self._spelt(title).title(), self._spelt(self._replaced(self._drawn()))

    def _drawn(self) -> Numbers:
        """Draw sentences until there are words enough."""
        sentences: list[Numbers] = []
        words = 0
        while words < WORDS:
            sentences.append(self._sentences[self._random.integers(len(self._sentences))])
            words += len(sentences[-1])
        return np.concatenate(sentences)

    def _replaced(self, words: Numbers) -> Numbers:
        dice = np.where(self._tells[words], self._random.random(len(words)), 0.0)
        drawn = self._pool[self._random.integers(len(self._pool), size=len(words))]
        shares = 1 - self._random.random(len(words))  # above 0
        numbers = SHIFT * (shares ** (HEAPS / (HEAPS - 1)) - 1)
        coined = len(self._vocabulary) + np.minimum(numbers, LAST).astype(np.int64)
        return np.select([dice < KEPT, dice < KEPT + DRAWN], [words, drawn], coined)

    def _spelt(self, words: Numbers) -> str:
        known = len(self._vocabulary)
        return " ".join(
            self._vocabulary[word] if word < known else self._coined(word - known)
            for word in words.tolist()
        )

    def _coined(self, number: int) -> str:
        """Spell the same number the same way, and hardly two alike: heads and tails are many."""
        known = len(self._vocabulary)
        turn, head = divmod(number, known)
        return self._heads[head] + self._tails[(head * 7919 + turn * 104729 + 1) % known]


def _sentences(passages: Sequence[Passage]) -> Iterator[list[str]]:
    for _, text in passages:
        for span in split_sentences(text):
            words = _WORD.findall(text[span.start : span.end])
            if len(words) >= _LEAST:
                yield words
