"""The documents of an open index, by their rows, and which of them are asked."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from qa.filters import Filter
from qa.index.rows import Listed, read_metadata
from qa.metadata import Metadata

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FILTERS_CACHED = 8


class Catalogue:
    """The rows of documents by id, in order."""

    def __init__(self, rows: dict[str, Listed]) -> None:
        self.rows = rows
        self.matching = lru_cache(maxsize=_FILTERS_CACHED)(self._find_matching)

    def chosen_by(self, chosen: Filter) -> Catalogue:
        """Return the documents that match a filter; a `SettingsError` if none does."""
        return Catalogue({id_: self.rows[id_] for id_ in self.matching(chosen)})

    def _find_matching(self, chosen: Filter) -> list[str]:
        """Return the ids of the documents that match a filter.

        Raises:
            SettingsError: none does.
        """
        return chosen.choose(self.metadata)

    @cached_property
    def metadata(self) -> dict[str, Metadata]:
        """The metadata of each document, by id; a `ValueError` if it is not what was written."""
        return {id_: read_metadata(row) for id_, row in self.rows.items()}

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """The numbers of all passages of these documents, in order."""
        return self.numbers_of({*self.rows})

    def numbers_of(self, ids: set[str]) -> NDArray[np.int64]:
        """Return the numbers of the passages of some documents, in order."""
        import numpy as np

        runs = [each.passages for id_, each in self.rows.items() if id_ in ids]
        return np.concatenate([np.empty(0, np.int64), *(np.arange(r.start, r.stop) for r in runs)])
