"""The index that questions are asked of, which may be replaced while they are answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from qa.asking.pipeline import Pipeline
from qa.index.faults import is_closed


class Current:
    """The pipeline over the newest index; one that was replaced is closed after its last use.

    It may be used from several threads.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self._lock = Lock()
        self._uses: Counter[Pipeline] = Counter()
        self._closed = False

    @contextmanager
    def in_use(self) -> Iterator[Pipeline]:
        """Keep the current pipeline open; a `StoredIndexError` if it was closed."""
        with self._lock:
            self.check_open()
            pipeline = self.pipeline
            self._uses[pipeline] += 1
        try:
            yield pipeline
        finally:
            with self._lock:
                self._uses[pipeline] -= 1
                is_retired = self._closed or pipeline is not self.pipeline
                self._close_unused(pipeline if is_retired else None)

    def check_open(self) -> None:
        """Refuse to go on after `close`."""
        if self._closed:
            raise is_closed(self.pipeline.index.folder)

    def replace(self, newer: Pipeline) -> None:
        """Let the questions from now on be asked of a newer index."""
        with self._lock:
            self.check_open()
            before, self.pipeline = self.pipeline, newer
            self._close_unused(before)

    def close(self) -> None:
        """Close the index, after the questions that are being answered."""
        with self._lock:
            self._closed = True
            self._close_unused(self.pipeline)

    def _close_unused(self, retired: Pipeline | None) -> None:
        if retired is not None and not self._uses[retired]:
            del self._uses[retired]
            retired.index.close()
