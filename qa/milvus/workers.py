"""Filling an index on Milvus by several processes, on one machine or a cluster, with Ray Data.

Each worker reads, cuts, encodes and writes some files after others, with a writer of its own.
Ray hands out files as workers are done, and gives those of a worker that dies to another; what it
had written already is found unchanged.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
import time
from collections.abc import Iterable, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from embeddings import Encoder, load_encoder
from embeddings.pool import cores
from qa.documents import Document
from qa.errors import IndexUnreachable, LoadError, SettingsError, StoredIndexError
from qa.index.changes import Changes
from qa.index.wanted import Wanted
from qa.loaders import File, Unreadable, find_all
from qa.milvus.client import SECONDS
from qa.milvus.writer import MilvusWriter
from qa.passages import Chunking
from qa.progress import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

_FILES_AT_ONCE = 32
_OUTCOMES = ("added", "updated", "unchanged")

Batch = dict[str, "NDArray[np.object_]"]


@dataclass(frozen=True, slots=True)
class Workers:
    """Processes that write an index.

    Attributes:
        count: how many there are; each has a GPU where the cluster has some.
        load: what `load_encoder` is told, besides the model.
        cluster: the address of a Ray cluster; None starts one on this machine.
    """

    count: int
    load: dict[str, Any]
    cluster: str | None = None


def update_by_workers(
    where: str,
    documents: Iterable[Document | File],
    workers: Workers,
    *,
    encoder: Encoder,
    chunking: Chunking | None = None,
    remove: Iterable[str] = (),
    unreadable: Unreadable | None = None,
) -> Changes:
    """Add documents to an index on Milvus, and remove some, as `update_milvus` does.

    Files are written by the workers; on a cluster, they are at paths that all its machines see.

    Raises:
        SettingsError: Ray is not installed, or there is no such cluster.
    """
    with closing(MilvusWriter(where, encoder, chunking)) as writer:
        every = find_all(documents)
        files = [one for one in every if isinstance(one, File)]
        changed = [one for one in files if not _is_unchanged(one, writer)]
        there = {one.id for one in files}.difference(one.id for one in changed)
        writer.changes.unchanged += [one.id for one in files if one.id in there]
        if changed:
            each = _on_their_cores(workers, encoder.model)
            _write(where, changed, each, writer.changes, unreadable)
        others = [one for one in every if not isinstance(one, File)]
        writer.update(others, remove=remove, unreadable=unreadable)
        writer.clean()
        return writer.changes


def _on_their_cores(workers: Workers, model: str) -> Workers:
    """Have workers load a model, each on its share of the cores if all are of this machine."""
    load = workers.load | {"model": model}
    if workers.cluster is not None:
        return replace(workers, load=load)
    count = min(workers.count, cores())
    return Workers(count, load | {"threads": cores() // count})


def _write(
    where: str,
    files: Sequence[File],
    workers: Workers,
    changes: Changes,
    unreadable: Unreadable | None,
) -> None:
    with _ray(workers.cluster) as ray:
        done = ray.data.from_items([_row(one) for one in files]).map_batches(
            _Worker,
            fn_constructor_kwargs={"where": where, "load": workers.load},
            batch_size=_FILES_AT_ONCE,
            compute=ray.data.ActorPoolStrategy(size=workers.count),
            num_gpus=1 if ray.cluster_resources().get("GPU") else 0,
        )
        started = time.monotonic()
        with shown(total=len(files), desc="indexing", unit=" files") as bar:
            for row in done.iter_rows():
                _take(where, row, changes, unreadable)
                pace = changes.passages / (time.monotonic() - started)
                bar.set_postfix_str(f"{pace:,.0f} passages/s")
                bar.update(1)


def _is_unchanged(file: File, writer: MilvusWriter) -> bool:
    known = writer.rows.get(file.id)
    return known is not None and Wanted(file).is_unchanged(known.source, known.stamp)


def _take(where: str, row: dict[str, Any], changes: Changes, unreadable: Unreadable | None) -> None:
    """Note what became of a file."""
    if row["failure"]:
        raise IndexUnreachable(row["failure"], folder=where)
    if row["error"]:
        error = LoadError(row["error"], source=row["source"])
        if unreadable is None:
            raise error
        unreadable(error)
        return
    getattr(changes, row["outcome"]).append(row["id"])
    if row["outcome"] != "unchanged":
        changes.passages += row["passages"]
        changes.encoded += row["passages"]


@contextmanager
def _ray(cluster: str | None) -> Iterator[Any]:
    """Connect to a cluster, or start one here, for as long as it is used."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise SettingsError("several workers need Ray: run  pip install 'inquote[ray]'") from error
    try:
        if cluster is not None:
            _check_answers(cluster)
        ray.init(cluster, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    except (OSError, ValueError, RuntimeError) as error:
        raise SettingsError(f"there is no Ray cluster at {cluster} ({error})") from error
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    try:
        yield ray
    finally:
        ray.shutdown()


def _check_answers(cluster: str) -> None:
    """Raise an `OSError` or a `ValueError` if nothing answers; Ray would wait for minutes."""
    host, _, port = cluster.removeprefix("ray://").rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), SECONDS).close()


def _row(file: File) -> dict[str, bytes]:
    return {"file": pickle.dumps(file)}


class _Worker:
    """Writes batches of files, in a process of its own."""

    def __init__(self, where: str, load: dict[str, Any]) -> None:
        self._writer = MilvusWriter(where, load_encoder(**load))

    def __call__(self, batch: Batch) -> dict[str, list[Any]]:
        """Write some files, and return what became of each."""
        files: list[File] = [pickle.loads(row) for row in batch["file"]]  # noqa: S301 - of `_row`
        errors: dict[str, str] = {}
        failure = ""
        try:
            self._writer.update(
                files,
                unreadable=lambda e: errors.update(
                    {e.source: str(e), os.path.realpath(e.source): str(e)}
                ),
            )
        except StoredIndexError as error:
            failure = str(error)
        done, rows = self._writer.changes, self._writer.rows
        outcomes = {id_: name for name in _OUTCOMES for id_ in getattr(done, name)}
        return {
            "id": [file.id for file in files],
            "source": [file.source for file in files],
            "outcome": [outcomes.get(file.id, "") for file in files],
            "passages": [len(rows[o.id].passages) if o.id in rows else 0 for o in files],
            "error": [errors.get(file.source, "") for file in files],
            "failure": [failure for _ in files],
        }
