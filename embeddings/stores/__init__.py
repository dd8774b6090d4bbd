"""Vectors to their nearest neighbours: one protocol, several engines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from embeddings.errors import StoreError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class SearchStore(Protocol):
    """Vectors by id, searched by inner product; a higher score is nearer, in every store.

    Scores are exact inner products, and equal ones stand in order of id, in every store here; all
    but "ivf" find the very nearest, too.
    """

    @property
    def dim(self) -> int:
        """Numbers in a vector."""

    @property
    def ids(self) -> NDArray[np.int64]:
        """The ids of all vectors, in no order that is promised."""

    def vectors(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return vectors by id, in the order asked for; a `StoreError` if one is not there."""

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add vectors, of shape (ids, dim); a `StoreError` if an id is there already."""

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Remove the vectors of these ids, skip unknown ids, and return how many were removed."""

    def search(
        self,
        vectors: NDArray[np.float32],
        top_k: int,
        among: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Find each query's nearest: scores and ids, each (queries, min(top_k, len(self))).

        With `among`, only these ids are searched, as in a store of these alone; unknown ones are
        skipped.
        """


class VectorStore(SearchStore, Protocol):
    """A store that an index can be kept in."""

    def scores(self, vector: NDArray[np.float32], ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Score vectors by id for one query of shape (dim,); a `StoreError` if one is not there."""

    def save(self, path: Path) -> None:
        """Write the vectors to a new file for `open_store`; a `FileExistsError` if it exists."""

    def __len__(self) -> int:
        """Count the vectors."""

    def close(self) -> None:
        """Release memory and files; the store may not be used afterwards."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of vectors, which is written once.

    Attributes:
        name: the file's, in its folder.
        kind: the store that reads it: "faiss" or "ivf".
        bytes: its size.
        sha256: of the file.
        precisions: those that its vectors were encoded in, where their encoder tells.
    """

    name: str
    kind: str
    bytes: int = 0
    sha256: str = ""
    precisions: tuple[str, ...] = ()


BACKENDS = ("faiss", "ivf", "exact")


def open_store(backend: str = "faiss", *, dim: int, path: Path | None = None) -> VectorStore:
    """Open a store, empty or from a file that `save` wrote.

    Args:
        backend: "faiss" (the fast one), "ivf" (FAISS for many vectors: it searches a share of
            those in its file) or "exact" (NumPy; plain, the reference).
        dim: numbers in a vector.
        path: a saved store; None for an empty one.

    Raises:
        StoreError: no such backend, or the file is missing, damaged or of another dimension.
    """
    if backend == "faiss":
        from embeddings.stores.faiss_store import FaissStore

        return FaissStore(dim) if path is None else FaissStore.load(path, dim)
    if backend == "ivf":
        from embeddings.stores.segments import Segments

        if path is None:
            return Segments(dim)
        return Segments.load(path.parent, [Segment(path.name, "ivf")], dim)
    if backend == "exact":
        from embeddings.stores.exact import ExactStore

        return ExactStore(dim) if path is None else ExactStore.load(path, dim)
    raise StoreError(f"there is no vector store {backend!r}; there are: {', '.join(BACKENDS)}")
