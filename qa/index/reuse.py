"""Vectors of passages that leave the index, for texts that come into it again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from qa.index.resume_cache import digest_of
from qa.index.rows import ONE_DOCUMENT, checked, document_of
from qa.passages import in_context

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embeddings.stores.segments import Segments


class Leaving:
    """The passages that leave the index in an update, of which `count` came again.

    Their vectors stay in the store, and their tokens in the database, until `forget`.

    Args:
        connection: to the database, in the update's transaction.
        store: returns the vectors.
    """

    def __init__(self, connection: sqlite3.Connection, store: Callable[[], Segments]) -> None:
        self.count = 0
        self._connection = connection
        self._store = store
        self._passages: list[range] = []
        self._numbers: dict[bytes, int] = {}

    def add(self, passages: range, document_id: str | None) -> int:
        """Take the passages of a document; their texts may come again if its id is given.

        Returns how many of them have tokens.
        """
        self._store()  # it is loaded, and checked, while it has all its passages
        self._passages.append(passages)
        between = passages.start, passages.stop
        if document_id is not None:
            row = self._connection.execute(ONE_DOCUMENT, (document_id,)).fetchone()
            document, _ = document_of(row, document_id)
            query = "SELECT * FROM passages WHERE number >= ? AND number < ?"
            for row in self._connection.execute(query, between):
                number, sentences, context = checked(row, f"passage {row[0]}")
                spans = json.loads(sentences)
                text = document.text[spans[0][0] : spans[-1][1]]
                self._numbers[digest_of(in_context(context, text))] = number
        # Passages have positive numbers.
        query = "UPDATE tokens SET passage = -passage WHERE passage >= ? AND passage < ?"
        return self._connection.execute(query, between).rowcount

    def __contains__(self, text: str) -> bool:
        return bool(self._numbers) and digest_of(text) in self._numbers

    def come_again(
        self, numbered: Sequence[tuple[int, str]], most: int
    ) -> tuple[NDArray[np.float32], int]:
        """Return the vectors of texts that are here, and how many kept their tokens.

        The first, `most` of them, do: these are then of the passages with the numbers given.
        """
        digests = [(number, digest_of(text)) for number, text in numbered]
        moved = self._connection.executemany(
            "UPDATE tokens SET passage = ? WHERE passage = "
            "(SELECT min(passage) FROM tokens WHERE text = ? AND passage < 0)",
            digests[: max(most, 0)],
        ).rowcount
        self.count += len(digests)
        numbers = np.array([self._numbers[digest] for _, digest in digests], np.int64)
        return self._store().vectors(numbers), moved

    def forget(self) -> None:
        """Remove what did not come again."""
        if self._passages:
            numbers = [np.arange(each.start, each.stop) for each in self._passages]
            self._store().remove(np.concatenate(numbers))
            self._connection.execute("DELETE FROM tokens WHERE passage < 0")
            self._passages.clear()
            self._numbers.clear()
