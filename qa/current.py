"""The index that questions are asked of, which may be replaced while they are answered."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from qa.asking.pipeline import Pipeline
from qa.errors import SettingsError, StoredIndexError
from qa.index.faults import is_closed
from qa.index.protocol import AnyIndex

_log = logging.getLogger("inquote")


class Current:
    """The pipeline over the newest index; one that was replaced is closed after its last use.

    It may be used from several threads.

    Args:
        index: the index.
        pipeline_over: makes the pipeline over an index.
        follows: whether each use sees what was changed.
    """

    def __init__(
        self, index: AnyIndex, pipeline_over: Callable[[AnyIndex], Pipeline], *, follows: bool
    ) -> None:
        self.pipeline = pipeline_over(index)
        self._pipeline_over = pipeline_over
        self._follows = follows
        self._refreshing = Lock()
        self._lock = Lock()
        self._uses: Counter[Pipeline] = Counter()
        self._closed = False

    def refresh(self) -> bool:
        """Open the index anew if it was changed since; see `QA.refresh`."""
        with self._refreshing:
            self.check_open()
            before = self.pipeline.index
            if before.is_current():
                return False
            newer = before.reopened()
            try:
                self.replace(self._pipeline_over(newer))
            except BaseException:
                newer.close()
                raise
        _log.info("%s was changed: %d passages now", newer.folder, len(newer))
        return True

    @contextmanager
    def in_use(self) -> Iterator[Pipeline]:
        """Keep the current pipeline open; a `StoredIndexError` if it was closed."""
        self.check_open()
        if self._follows:
            try:
                self.refresh()
            except (StoredIndexError, SettingsError) as error:
                _log.warning("a change of the index is not followed: %s", error)
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
