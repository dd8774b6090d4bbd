"""What every index can do, wherever it is stored."""

# ruff: noqa: D102 - `qa.index.Index` describes the methods

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from embeddings import Encoder, Tokens
from qa.documents import Document
from qa.filters import Filter
from qa.passages import Chunking, Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from qa.index.custom_store import CustomStore

Hit = tuple[int, float]
"""The number of a passage, and its score."""


class MadeOf(Protocol):
    """What an index was made with."""

    @property
    def model(self) -> str:
        """The name of the model that made the vectors."""

    @property
    def digest(self) -> str:
        """Identifies that model."""

    @property
    def dim(self) -> int:
        """Numbers in a vector."""

    @property
    def chunking(self) -> Chunking:
        """How documents were cut."""

    @property
    def precisions(self) -> tuple[str, ...]:
        """The precisions that passages were encoded in."""

    @property
    def store(self) -> str:
        """What searches the vectors."""


class AnyIndex(Protocol):
    """Passages, their vectors, words and documents; `qa.index.Index` describes the methods.

    Attributes:
        folder: where it is: a folder, or an address on Milvus.
        chosen: which documents are searched.
        is_shared: whether others change it while it is open, so that changes are to be followed.
    """

    @property
    def folder(self) -> Path | str: ...
    @property
    def chosen(self) -> Filter: ...
    @property
    def is_shared(self) -> bool: ...
    @property
    def manifest(self) -> MadeOf: ...
    def reopened(self) -> Self: ...
    def is_current(self) -> bool: ...
    def search_in(self, store: CustomStore, /) -> None: ...
    def check_encoder(self, encoder: Encoder) -> None: ...
    def check_chunking(self, chunking: Chunking | None) -> None: ...
    def matching(self, chosen: Filter) -> list[str]: ...
    def search(
        self, vectors: NDArray[np.float32], top_k: int, among: NDArray[np.int64] | None = None
    ) -> list[list[Hit]]: ...
    def search_words(
        self, query: str, top_k: int, among: NDArray[np.int64] | None = None
    ) -> list[Hit]: ...
    def terms(self, prefix: str) -> dict[str, int]: ...
    def passages_with(self, term: str, most: int) -> list[Passage]: ...
    def cosines(self, vector: NDArray[np.float32], numbers: Sequence[int]) -> list[float]: ...
    def vectors(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]: ...
    def passage_tokens(self, texts: Sequence[str], encoder: Encoder) -> list[Tokens]: ...
    def passages(self, numbers: Sequence[int]) -> list[Passage]: ...
    def document(self, document_id: str) -> Document: ...
    def document_ids(self) -> list[str]: ...
    def sources(self) -> dict[str, str | None]: ...
    def numbers_of(self, document_ids: Sequence[str]) -> NDArray[np.int64]: ...
    def passages_of(self, document_id: str) -> Iterator[Passage]: ...
    def check_whole(self) -> None: ...
    def __len__(self) -> int: ...
    def close(self) -> None: ...
