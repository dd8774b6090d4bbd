"""A vector store that was handed in: it searches an index's vectors, in place of the index."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from embeddings import SearchStore
from qa.errors import SettingsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ADDED_AT_ONCE = 4_096
_COMPARED = 100  # vectors that were in the store already, at even distances
_TOLERANCE = 0.02  # of a number in a vector, for a store that keeps fewer digits


class CustomStore:
    """Keeps a store equal to the vectors of an index, and lets one thread at a time use it."""

    def __init__(self, store: SearchStore) -> None:
        self._store = store
        self._lock = Lock()

    def follow(self, own: SearchStore) -> None:
        """Add what an index has and the store has not, and remove what else the store has.

        Raises:
            SettingsError: its vectors are of another dimension, or other ones.
        """
        import numpy as np

        with self._lock:
            if self._store.dim != own.dim:
                raise SettingsError(
                    f"the store has vectors of {self._store.dim:,} numbers, and the index of "
                    f"{own.dim:,}: make one for those"
                )
            there, wanted = np.asarray(self._store.ids, np.int64), own.ids
            self._check_same(own, np.intersect1d(there, wanted))
            if len(gone := np.setdiff1d(there, wanted)):
                self._store.remove(gone)
            missing = np.setdiff1d(wanted, there)
            for start in range(0, len(missing), _ADDED_AT_ONCE):
                some = missing[start : start + _ADDED_AT_ONCE]
                self._store.add(some, own.vectors(some))

    def _check_same(self, own: SearchStore, ids: NDArray[np.int64]) -> None:
        import numpy as np

        some = ids[:: max(len(ids) // _COMPARED, 1)]
        if len(some) and not np.allclose(
            self._store.vectors(some), own.vectors(some), rtol=0, atol=_TOLERANCE
        ):
            raise SettingsError(
                "the store has vectors of other passages than the index: hand in an empty one"
            )

    def search(
        self, vectors: NDArray[np.float32], top_k: int, among: NDArray[np.int64] | None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Search the store."""
        with self._lock:
            return self._store.search(vectors, top_k, among)
