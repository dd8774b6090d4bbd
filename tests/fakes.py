"""What stands in for the slow or the outer in the unit tests."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from embeddings import Tokens
from qa.documents import Document
from qa.index import Index, update_index
from qa.index.storage import DATABASE
from qa.loaders import load
from qa.opening import cached_index
from qa.passages import Chunking

_WORDS = re.compile(r"\w+")
_RANDOM = re.compile("-[0-9a-f]{16}$")
_TOKENS = re.compile(r"\w{1,4}|[^\w\s]")


class FakeEncoder:
    """An `Encoder` without a model: a hashed bag of words, scaled to length 1.

    Texts that share words are near. A token is up to four letters of a word, or one other
    character that is not white space. `encoded` lists the passages it was given, in order, and
    `prepared` the batches of queries.
    """

    def __init__(
        self, *, model: str = "fake", digest: str = "", dim: int = 64, max_tokens: int = 10_000
    ) -> None:
        self.model = model
        self.digest = digest or hashlib.sha256(f"{model}/{dim}".encode()).hexdigest()
        self.dim = dim
        self.max_tokens = max_tokens
        self.encoded: list[str] = []
        self.prepared: list[list[str]] = []

    def prepare_queries(self, texts: Sequence[str]) -> None:
        self.prepared.append(list(texts))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_TOKENS.findall(text)) for text in texts]

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = [_vector(text, self.dim) for text in texts]
        return np.array(vectors, np.float32).reshape(-1, self.dim)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.encoded += texts
        return self.encode_queries(texts)

    def query_tokens(self, text: str) -> Tokens:
        """Take words for tokens, each by itself."""
        found = list(_WORDS.finditer(text))
        spans = np.array([word.span() for word in found], np.int64).reshape(-1, 2)
        return Tokens(self.encode_queries([word.group() for word in found]), spans)

    def passage_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        return [self.query_tokens(text) for text in texts]

    def encode_with_tokens(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[Tokens]]:
        return self.encode_passages(texts), self.passage_tokens(texts)


@lru_cache(10_000)
def _vector(text: str, dim: int) -> NDArray[np.float32]:
    vector = np.zeros(dim, np.float32)
    for word in _WORDS.findall(text.lower()) or [text]:
        number = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
        vector[number % dim] += 1 if number >> 63 else -1
    if not vector.any():
        vector[0] = 1
    unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
    return unit


class FakeReranker:
    """A `Reranker` without a model: a text scores what `scores` says of a word in it, or 0.

    `asked` lists the queries and texts that it was given.
    """

    model = "fake reranker"
    digest = hashlib.sha256(b"fake reranker").hexdigest()

    def __init__(self, **scores: float) -> None:
        self._scores = scores
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def score(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked.append((query, tuple(texts)))
        return np.array(
            [sum(score for word, score in self._scores.items() if word in text) for text in texts],
            np.float32,
        )


PATHOLOGICAL = {
    "one word": "a" * 40_000,
    "stops": "." * 20_000,
    "stops without spaces": "好。" * 5_000,
    "quotations left open": "“Go on. " * 2_000,
    "brackets": ".)" * 5_000,
    "abbreviations": "Dr. " * 5_000,
    "lines": "a\n" * 5_000,
    "white space": "a" + " " * 50_000 + "b",
    "more white space than tiktoken takes": "a" + " " * 1_500_000 + "b",
    "quotations opened": "“" * 36_000,
}
"""Texts that make a careless splitter slow, or go round for ever; longer than its windows."""


def documents_of_any_kind() -> st.SearchStrategy[str]:
    """Draw texts that a document may have: any Unicode, and mixtures that are hard to cut."""
    anything = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    pieces = st.one_of(
        st.text(anything, max_size=30),
        st.text(".!?…。！？;:,\"'“”‘’()[]{}<>|«»「」\u200b\ufeff", max_size=12),
        st.text(" \t\n\r\v\f\u00a0\u2028\u2029\x1c", max_size=6),
        st.text("天地玄黄。，、？", max_size=20),
        st.text("👍🏽👨‍👩‍👧🇨🇳é̂", max_size=8),
        st.sampled_from(
            ["Dr. Wu went", "e.g. this", "U.S.", "3.14", "A sentence. ", "\n\n", "\r\n"]
        ),
        st.builds(lambda letter, times: letter * times, anything, st.integers(1, 300)),
    )
    return st.lists(pieces, max_size=25).map("".join)


def corpus(ids: str, *, edition: str = "first", parts: int = 40) -> list[Document]:
    """Make a document of a few passages for each letter."""
    return [
        Document(
            id_,
            " ".join(f"All about {id_}, part {part}, {edition} edition." for part in range(parts)),
            source=f"/made/up/{id_}",
        )
        for id_ in ids
    ]


def state_of(index: Index | Path) -> dict[str, object]:
    """Read all that an index gives."""
    if isinstance(index, Path):
        opened = Index.open(index)
        try:
            return state_of(opened)
        finally:
            opened.close()
    ids = index.document_ids()
    passages = [passage for id_ in ids for passage in index.passages_of(id_)]
    encoder = FakeEncoder(dim=index.manifest.dim)
    asked = ["All about a", "part 7", "second edition of c"]
    words = [index.search_words(query, 1_000) for query in asked]
    return {
        "ids": ids,
        "texts": [index.document(id_).text for id_ in ids],
        "passages": passages,
        "len": len(index),
        "found": index.search(encoder.encode_queries(asked), 1_000),
        "words": [[(*index.passages([n]), score) for n, score in hits] for hits in words],
    }


def index_here(*paths: Path) -> None:
    """Index files where the commands look for the index of what --document names."""
    encoder = FakeEncoder()
    documents = [document for path in paths for document in load(path)]
    update_index(cached_index(list(paths), encoder, Chunking()), documents, encoder=encoder)


def contents(folder: Path) -> list[str]:
    """Return the names of an index's files, without what is random in them."""
    return sorted(_RANDOM.sub("", path.name) for path in folder.iterdir())


def vectors_of(folder: Path) -> Path:
    """Return the one file of vectors that an index has."""
    (path,) = folder.glob("vectors-*")
    return path


def resume_file_of(folder: Path) -> Path:
    """Return the file of what a stopped writer encoded."""
    (path,) = folder.glob("encoded-*")
    return path


def connect(folder: Path) -> sqlite3.Connection:
    """Connect to an index's database behind its back."""
    return sqlite3.connect(folder / DATABASE, isolation_level=None)


def edit_database(folder: Path, statement: str, *values: object) -> None:
    """Change an index's database behind its back, and make one where there is none."""
    connection = connect(folder)
    connection.execute(statement, values)
    connection.close()
