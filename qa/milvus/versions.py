"""The visible versions of documents, by the numbers of their passages."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import TYPE_CHECKING

from qa.index.rows import Listed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Versions:
    """A version is known by the number of its first passage.

    Args:
        rows: the entry of each visible document, by id.
    """

    def __init__(self, rows: Mapping[str, Listed]) -> None:
        by_start = sorted((one.passages.start, id_) for id_, one in rows.items())
        self._starts = [start for start, _ in by_start]
        self._ids = [id_ for _, id_ in by_start]
        self._rows = rows

    def __len__(self) -> int:
        return len(self._starts)

    def id_of(self, number: int) -> str | None:
        """Return the id of the document that a passage is of; None if it is not visible."""
        place = bisect_right(self._starts, number) - 1
        is_there = place >= 0 and number in self._rows[self._ids[place]].passages
        return self._ids[place] if is_there else None

    def version_of(self, number: int) -> int | None:
        """Return the version that a passage is of; None if it is not visible."""
        id_ = self.id_of(number)
        return None if id_ is None else self._rows[id_].passages.start

    def versions_of(self, numbers: NDArray[np.int64]) -> frozenset[int]:
        """Return the versions that visible passages are of."""
        import numpy as np

        starts = np.array(self._starts, np.int64)
        return frozenset(starts[np.searchsorted(starts, numbers, "right") - 1].tolist())
