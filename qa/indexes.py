"""Indexes by where they are: in a folder, or on Milvus."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from embeddings import Encoder
from qa.documents import Document
from qa.errors import IndexMissing, SettingsError
from qa.filters import EVERYTHING, Filter
from qa.index import Changes, Index, update_index
from qa.index.protocol import AnyIndex
from qa.index.storage import is_index
from qa.index.upgrade import model_of
from qa.index.wanted import known_sources
from qa.loaders import File

Place = Path | str
"""The path of a folder, or an address on Milvus."""


def is_milvus(where: object) -> bool:
    """Return whether an index is named by an address on Milvus, and not by a folder."""
    return isinstance(where, str) and where.startswith(("milvus:", "milvus+https:"))


def placed(where: str | os.PathLike[str]) -> Place:
    """Return an address as it is, and anything else as a path."""
    return str(where) if is_milvus(where) else Path(where).expanduser()


def is_there(where: Place) -> bool:
    """Return whether there is an index.

    Raises:
        SettingsError: it is an address that cannot be.
        IndexUnreachable: Milvus does not answer, or refuses the token.
    """
    if not isinstance(where, str):
        return is_index(where)
    from qa.milvus.rows import manifest_at

    return manifest_at(where) is not None


def open_index(where: str | os.PathLike[str], chosen: Filter = EVERYTHING) -> AnyIndex:
    """Open an index; errors are those of `Index.open` and `MilvusIndex.open`."""
    if not is_milvus(where):
        return Index.open(where, chosen)
    from qa.milvus.reader import MilvusIndex

    return MilvusIndex.open(str(where), chosen)


def update(
    where: Place,
    documents: Iterable[Document | File],
    *,
    workers: dict[str, Any] | None = None,
    **settings: Any,
) -> Changes:
    """Bring an index up to date; arguments and errors are those of `update_index`.

    `workers` are what `qa.milvus.workers.Workers` has. For a folder, they encode, and this process
    writes.

    Raises:
        SettingsError: token vectors are wanted on Milvus, or a Ray cluster for a folder.
    """
    if not isinstance(where, str):
        if workers is None:
            return update_index(where, documents, **settings)
        return _update_by_processes(where, documents, **workers, **settings)
    from qa.milvus.writer import update_milvus

    if settings.pop("token_vectors", None) is not None:
        raise SettingsError("an index on Milvus stores no token vectors: leave that option out")
    if workers is None:
        return update_milvus(where, documents, **settings)
    from qa.milvus.workers import Workers, update_by_workers

    settings.pop("progress", None)
    return update_by_workers(where, documents, Workers(**workers), **settings)


def _update_by_processes(
    folder: Path,
    documents: Iterable[Document | File],
    *,
    encoder: Encoder,
    count: int,
    load: dict[str, Any],
    cluster: str | None,
    **settings: Any,
) -> Changes:
    if cluster is not None:
        raise SettingsError("a Ray cluster needs an index on Milvus: name one with --index")
    from embeddings.pool import in_processes

    with in_processes(encoder, load, count) as pool:
        return update_index(folder, documents, encoder=pool, **settings)


def sources_of(where: Place) -> dict[str, str | None]:
    """Return the source of each document in an index, if there is one."""
    if not isinstance(where, str):
        return known_sources(where)
    if not is_there(where):
        return {}
    index = open_index(where)
    try:
        return index.sources()
    finally:
        index.close()


def model_that_made(where: Place) -> str:
    """Return the name of the model that an index was made with; an `IndexMissing` if none was."""
    if not isinstance(where, str):
        return model_of(where)
    from qa.milvus.rows import manifest_at

    if (manifest := manifest_at(where)) is None:
        raise IndexMissing(f"there is no index on {where}", folder=where)
    return manifest.model
