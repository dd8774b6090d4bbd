"""Any number of made-up passages and vectors, for measuring at scale; always the same ones.

A passage is a run of real sentences, drawn at random, of 72 words. Their function words stay, and
so do 2 in 10 of their other words; 7 in 10 are replaced by words drawn from all of the real text,
so that a word is as frequent as it is there; and 1 in 10 by coined words, so that the vocabulary
grows. A coined word is the head of one real word and the tail of another, and its number is drawn
from the law of Zipf and Mandelbrot, P(number > r) = (1 + r / SHIFT) ** (1 - 1 / HEAPS): of n
draws, the number of different ones then grows as n ** HEAPS, which is the law of Heaps.

A vector lies at a random place between a real one and one of its nearest, and is moved by a share
of the difference of two random real ones. So it has the spread, and the neighbours, of real
vectors. Text and vector of a passage have nothing to do with one another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import DIM, forget_peak, megabytes
from benchmarks.question_sets import folders
from benchmarks.timing import clocked
from embeddings import Encoder, Tokens
from qa.documents import Document, Span
from qa.evaluation import load_questions
from qa.index import update_index
from qa.passages import Passage
from qa.text.analysis import terms
from qa.text.sentences import split_sentences

WORDS = 72  # of a passage, in sentences of 24: as on the essay
PASSAGES = 20  # of a document
KEPT, DRAWN = 0.2, 0.7  # of the words that are not function words; the rest is coined
SHIFT, HEAPS, LAST = 5_000, 0.6, 10**15
NEIGHBOURS, MOVED = 20, 0.35  # of a real vector; share of a difference
AT_ONCE = 20_000  # vectors

_WORD, _SPACED = re.compile(r"\w+"), re.compile(r"\S+")
_LINE, _SENTENCE = re.compile(r"[^\n]+"), re.compile(r"\S+(?: \S+){0,23}")
_LEAST = 5  # words of a real sentence that is drawn: headings and pieces of tables have fewer

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]


def questions_and_texts(bench: Path, count: int) -> tuple[list[str], list[str]]:
    """Return so many random questions of a folder's sets, and the texts of all their documents."""
    sets = [load_questions(folder) for folder in folders(bench)]
    texts = [document.text for questions in sets for document in questions.documents]
    questions = [question.text for each in sets for question in each]
    chosen = np.random.default_rng(0).permutation(len(questions))[:count]
    return [questions[number] for number in chosen], texts


class Words:
    """Makes passages out of the words and sentences of real texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._random = np.random.default_rng(0)
        numbers: dict[str, int] = {}
        self._sentences = [
            np.array([numbers.setdefault(word, len(numbers)) for word in sentence])
            for sentence in _sentences(texts)
        ]
        self._vocabulary = list(numbers)
        self._is_content = np.array([bool(terms(word)) for word in self._vocabulary])
        words = np.concatenate(self._sentences)
        self._pool = words[self._is_content[words]]
        self._heads = [word[: (len(word) + 1) // 2] for word in self._vocabulary]
        self._tails = [word[len(word) // 2 :] for word in self._vocabulary]

    def documents(self, passages: int) -> Iterator[Document]:
        """Yield documents of so many passages in all, each of them a line."""
        for number in range(passages // PASSAGES):
            lines = [self._spelt(self._replaced(self._drawn())) for _ in range(PASSAGES)]
            yield Document(f"{number}.txt", "\n".join(lines))

    def _drawn(self) -> Numbers:
        sentences: list[Numbers] = []
        while sum(map(len, sentences)) < WORDS:
            sentences.append(self._sentences[self._random.integers(len(self._sentences))])
        return np.concatenate(sentences)[:WORDS]

    def _replaced(self, words: Numbers) -> Numbers:
        dice = np.where(self._is_content[words], self._random.random(WORDS), 0.0)
        drawn = self._pool[self._random.integers(len(self._pool), size=WORDS)]
        shares = 1 - self._random.random(WORDS)  # above 0
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
        """Spell a number; hardly two are alike, as heads and tails are many."""
        known = len(self._vocabulary)
        turn, head = divmod(number, known)
        return self._heads[head] + self._tails[(head * 7919 + turn * 104729 + 1) % known]


def _sentences(texts: Sequence[str]) -> Iterator[list[str]]:
    for text in texts:
        for span in split_sentences(text):
            words = _WORD.findall(text[span.start : span.end])
            if len(words) >= _LEAST:
                yield words


def made_up_vectors(real: Vectors, count: int) -> Iterator[Vectors]:
    """Yield `count` vectors of length 1, some thousands at a time, each time of shape (n, dim)."""
    random = np.random.default_rng(0)
    nearest = _nearest(real)
    for start in range(0, count, AT_ONCE):
        size = min(AT_ONCE, count - start)
        one, here, there = random.integers(len(real), size=(3, size))
        other = nearest[one, random.integers(NEIGHBOURS, size=size)]
        share = random.random((size, 1), np.float32)
        mixed = share * real[one] + (1 - share) * real[other]
        mixed += np.float32(MOVED) * (real[here] - real[there])
        yield mixed / np.linalg.norm(mixed, axis=1, keepdims=True)


def _nearest(real: Vectors) -> Numbers:
    """Return the rows of each vector's nearest others: (vectors, NEIGHBOURS)."""
    rows = []
    for start in range(0, len(real), 1_000):
        scores = real[start : start + 1_000] @ real.T
        scores[np.arange(len(scores)), np.arange(start, start + len(scores))] = -2
        rows.append(np.argpartition(-scores, NEIGHBOURS, axis=1)[:, :NEIGHBOURS])
    return np.concatenate(rows)


class GivenEncoder:
    """An `Encoder` that computes nothing: passages get the next vectors, questions known ones.

    A text has one token for each word, and all of them have the text's vector.
    """

    dim, max_tokens = DIM, 10_000

    def __init__(
        self, passages: Iterable[Vectors], questions: Mapping[str, Vectors], like: Encoder | None
    ) -> None:
        self.model, self.digest = (like.model, like.digest) if like else ("given", "given")
        self._passages = (vector for some in passages for vector in some)
        self._questions = questions

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of words of each text."""
        return [len(text.split()) for text in texts]

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of known questions: (texts, dim)."""
        return np.array([self._questions[text] for text in texts], np.float32)

    def prepare_queries(self, texts: Sequence[str]) -> None:
        pass

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return the next vectors, whatever the texts: (texts, dim)."""
        return np.array(list(islice(self._passages, len(texts))), np.float32)

    def encode_with_tokens(self, texts: Sequence[str]) -> tuple[Vectors, list[Tokens]]:
        """Return the next vectors, and the tokens of the texts."""
        vectors = self.encode_passages(texts)
        return vectors, [*map(_tokens, texts, vectors)]

    def query_tokens(self, text: str) -> Tokens:
        """Return the tokens of a known question."""
        return _tokens(text, self._questions[text])

    def passage_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the tokens of texts, with the next vectors."""
        return self.encode_with_tokens(texts)[1]


def _tokens(text: str, vector: Vectors) -> Tokens:
    spans = np.array([word.span() for word in _SPACED.finditer(text)], np.int64).reshape(-1, 2)
    return Tokens(np.tile(vector, (len(spans), 1)), spans)


def build_index(
    folder: Path,
    texts: Sequence[str],
    real: Vectors,
    count: int,
    *,
    like: Encoder | None = None,
    token_vectors: int = 0,
) -> tuple[float, float]:
    """Index so many made-up passages without encoding.

    Returns the seconds that it takes, and the megabytes of memory beyond those of the documents.

    Args:
        folder: a new folder.
        texts: real texts, whose words are used.
        real: real vectors, of shape (n, dim).
        count: how many passages; a multiple of `PASSAGES`.
        like: the encoder that the index is opened with; None for another `GivenEncoder`.
        token_vectors: of how many passages the tokens are stored.
    """
    documents = list(Words(texts).documents(count))
    vectors = made_up_vectors(real, count)
    first = next(vectors)  # which takes more memory than those that follow
    encoder = GivenEncoder(chain([first], vectors), {}, like)
    forget_peak()
    before = megabytes()
    with lines_as_passages():
        seconds, _ = clocked(
            lambda: update_index(folder, documents, encoder=encoder, token_vectors=token_vectors)
        )
    return seconds, megabytes("VmHWM") - before


@contextmanager
def lines_as_passages() -> Iterator[None]:
    """Cut documents at line ends, rather than by their sentences and tokens."""
    with patch("qa.index.writer.cut", _cut):
        yield


def _cut(document: Document, *_: object) -> Iterator[Passage]:
    for line in _LINE.finditer(document.text):
        sentences = _SENTENCE.finditer(document.text, *line.span())
        yield Passage.of(document, tuple(Span(*sentence.span()) for sentence in sentences))
