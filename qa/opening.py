"""Opens a corpus: its index, brought up to date, and the encoder that made it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from numbers import Integral
from pathlib import Path
from typing import Any, Protocol

from embeddings import Encoder, ModelNotFetched, load_encoder
from embeddings.cache import cache_folder
from qa.arguments import check_functions, check_kind, check_several, check_whole
from qa.bundled import essay_path
from qa.documents import Document
from qa.errors import (
    IndexDamaged,
    IndexMismatch,
    IndexMissing,
    IndexNotWritten,
    LoadError,
    SettingsError,
    StoredIndexError,
)
from qa.filters import EVERYTHING, Filter
from qa.index import Changes
from qa.index.protocol import AnyIndex
from qa.index.storage import FORMAT, SCHEMAS, is_index
from qa.indexes import (
    Place,
    is_there,
    model_that_made,
    open_index,
    placed,
    sources_of,
)
from qa.indexes import (
    update as update_index,
)
from qa.loaders import File, Unreadable, find_all, place_of
from qa.passages import Chunking
from qa.progress import Progress
from qa.watcher import deleted_below

Source = str | os.PathLike[str] | Document

_log = logging.getLogger("inquote")


@dataclass(frozen=True, slots=True)
class Corpus:
    """An open index, the encoder for its questions, and what was just changed in it."""

    index: AnyIndex
    encoder: Encoder
    changes: Changes


class _Load(Protocol):
    def __call__(self, model: str | None, *, only_fetched: bool = ...) -> Encoder: ...


def open_corpus(
    source: Source | Sequence[Source] | None = None,
    *,
    index: str | os.PathLike[str] | None = None,
    model: str | None = None,
    backend: str = "auto",
    precision: str = "auto",
    chunking: Chunking | None = None,
    remove: Sequence[str] = (),
    token_vectors: int | None = None,
    chosen: Filter = EVERYTHING,
    encoding: str | None = None,
    progress: Progress | None = None,
    unreadable: Unreadable | None = None,
    remove_deleted: bool = False,
    upgrade: bool = False,
    workers: int | None = None,
    cluster: str | None = None,
) -> Corpus:
    """Bring an index up to date, and open it.

    Arguments and errors are those of `QA.open`. `remove` are ids of documents to take out;
    `remove_deleted` takes out those whose files below `source` are gone, too. With `upgrade`, an
    index of an earlier format is upgraded also where there is nothing to add or to remove. An
    index on Milvus is written by `workers` of this machine, or of the Ray `cluster`.
    """
    check_kind("model", model, str | os.PathLike | None, "a folder, or a name on the Hub")
    check_kind("chunking", chunking, Chunking | None, "a Chunking")
    check_kind("token_vectors", token_vectors, Integral | None, "a whole number")
    check_functions(progress=progress, unreadable=unreadable)
    if workers is not None:
        check_whole("workers", workers)
        if workers < 1:
            raise SettingsError(f"workers is {workers}: give 1 or more")
    load = partial(load_encoder, backend=backend, precision=precision)
    update = partial(
        _updated,
        chosen=chosen,
        token_vectors=token_vectors,
        progress=progress,
        unreadable=unreadable,
    )
    if workers is not None or cluster is not None:
        loads = load.keywords | {"only_fetched": model is None}  # as this process does
        asked = {"count": workers or 1, "load": loads, "cluster": cluster}
        update = partial(update, workers=asked)
    hidden: list[LoadError] = []

    def hide(error: LoadError) -> None:
        hidden.append(error)
        if unreadable is not None:
            unreadable(error)

    find = partial(find_all, unreadable=unreadable and hide, encoding=encoding)
    if index is None and isinstance(source, str | os.PathLike) and is_index(Path(source)):
        source, index = None, source
    sources = None if source is None else _several(source)
    if index is None:
        sources = [essay_path()] if sources is None else sources
        encoder, chunking = load(model), chunking or Chunking()
        corpus = _open_cached(sources, find(sources), encoder, chunking, update)
    else:
        check_kind("index", index, str | os.PathLike, "the path of a folder, or an address")
        where, sources = placed(index), sources or []
        documents = find(sources)
        if documents or remove or upgrade:
            encoder = _encoder_of(where, load, model)
            if remove_deleted:
                named = [one for one in sources if not isinstance(one, Document)]
                gone = deleted_below(named, sources_of(where), documents, hidden)
                remove = [*remove, *gone]
            corpus = update(where, documents, encoder=encoder, chunking=chunking, remove=remove)
        else:
            corpus = _open_unchanged(where, load, model, chosen)
    _log.info("opened %s: %d passages", corpus.index.folder, len(corpus.index))
    return corpus


def _updated(
    where: Place,
    documents: list[Document | File],
    *,
    encoder: Encoder,
    chosen: Filter,
    unreadable: Unreadable | None,
    **settings: Any,
) -> Corpus:
    """Bring an index up to date, and open it."""
    skip = _unless_all(unreadable, len(documents))
    changes = update_index(where, documents, encoder=encoder, unreadable=skip, **settings)
    return Corpus(open_index(where, chosen), encoder, changes)


def _unless_all(unreadable: Unreadable | None, files: int) -> Unreadable | None:
    """Return `unreadable`, which raises once none of so many files can be read."""
    if unreadable is None:
        return None
    errors: list[LoadError] = []

    def skip(error: LoadError) -> None:
        errors.append(error)
        if len(errors) < files:
            unreadable(error)
        elif files == 1:
            raise error
        else:
            first = errors[0]
            raise LoadError(
                f"none of the {files:,} files can be read, for example: {first}",
                source=first.source,
            )

    return skip


def _several(source: Source | Sequence[Source]) -> list[Source]:
    if isinstance(source, str | os.PathLike | Document):
        return [source]
    check_several("the source", source, '["notes/", Document("id", "text")]')
    return list(source)


def _open_unchanged(where: Place, load: _Load, model: str | None, chosen: Filter) -> Corpus:
    index = open_index(where, chosen)
    try:
        encoder = load(model) if model else _named(index.manifest.model, where, load)
        return Corpus(index, encoder, Changes())
    except BaseException:
        index.close()
        raise


def _encoder_of(where: Place, load: _Load, model: str | None) -> Encoder:
    """Load the model that is named, or the one that an index was made with, if there is one."""
    if model or not is_there(where):
        return load(model)
    try:
        name = model_that_made(where)
    except IndexMissing:  # one that was stopped before it was finished, or an empty database
        return load(None)
    return _named(name, where, load)


def _named(model: str, where: Place, load: _Load) -> Encoder:
    """Load the model that an index names.

    An index may come from anyone, so no folder is opened for it, and nothing is fetched.
    """
    try:
        return load(model, only_fetched=True)
    except ModelNotFetched as error:
        raise IndexMismatch(
            f"the index in {where} was made with model {model!r}, which neither comes with "
            "inquote nor was fetched here before: name it with --model, if you trust it",
            folder=where,
        ) from error


def _open_cached(
    sources: list[Source],
    documents: list[Document | File],
    encoder: Encoder,
    chunking: Chunking,
    update: Callable[..., Corpus],
) -> Corpus:
    """Open the cached index of these sources, up to date; a damaged one is made anew."""
    if not documents:
        raise LoadError("no document is named: name a file or a folder", source="")
    folder = cached_index(sources, encoder, chunking)

    def updated() -> Corpus:
        try:
            return update(folder, documents, encoder=encoder, chunking=chunking, only_these=True)
        except IndexNotWritten as error:
            message = str(error).replace(f"in {folder}", f"in the cache folder {cache_folder()}")
            raise IndexNotWritten(
                f"{message}; INQUOTE_CACHE can name another", folder=folder
            ) from error

    try:
        return updated()
    except (IndexDamaged, IndexMissing):
        _remove_damaged(folder)
        return updated()


def _remove_damaged(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except OSError as error:
        reason = "it is a link" if folder.is_symlink() else error.strerror
        raise StoredIndexError(
            f"the damaged index in {folder} cannot be removed ({reason}): remove it, or name "
            "another cache folder in INQUOTE_CACHE",
            folder=folder,
        ) from error


def cached_index(sources: Sequence[Source], encoder: Encoder, chunking: Chunking) -> Path:
    """Return the folder in the cache for the index of these sources.

    One of an earlier format, whose name tells its format, is renamed, to be upgraded.
    """
    names = sorted(s.id if isinstance(s, Document) else place_of(s) for s in sources)

    def of_format(number: int) -> Path:
        identity = json.dumps([names, encoder.digest, chunking.to_dict(), number])
        return cache_folder() / "indexes" / hashlib.sha256(identity.encode()).hexdigest()[:24]

    folder = of_format(FORMAT)
    for earlier in map(of_format, SCHEMAS):
        if is_index(earlier) and not folder.exists():
            with suppress(OSError):  # it is in use where that is a hindrance
                earlier.rename(folder)
    return folder
