"""Telling that the sources of an index are as they were, without reading them.

As make and git do, it goes by each file's size and times. Only where these differ is a file read
and its text compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any

from embeddings.cache import are_settled, keep, recall, stamp
from qa.documents import Document
from qa.loaders import EXTRACTED, find

_FILE = "sources.json"
_EXTRACTORS = ("pypdfium2", "lxml")  # another version may read another text from the same file

State = list[Any]
"""Tells sources from others, and from themselves when they were otherwise."""


def state_of(sources: Sequence[str | PathLike[str] | Document]) -> State:
    """Look at sources: each file with its stamp, and the digests of documents made in Python.

    Raises:
        LoadError: one is not there, or is of no kind that is read.
    """
    state: State = [["inquote", version("inquote")]]
    extracted = False
    for source in sources:
        if isinstance(source, Document):
            state.append([source.id, _digest(source)])
            continue
        for path, id_ in find(source):
            state.append([id_, str(path.resolve()), *stamp(path)])
            extracted |= path.suffix.lower() in EXTRACTED
    if extracted:
        state += [[name, version(name)] for name in _EXTRACTORS]
    return state


def are_as_indexed(state: State, folder: Path) -> bool:
    """Tell whether an index was last brought up to date with sources in this very state."""
    return bool(state == recall(folder / _FILE))


def note_indexed(state: State, folder: Path) -> None:
    """Note that an index was brought up to date with sources in this state."""
    if are_settled((each[2], each[3], each[4]) for each in state if len(each) == 5):
        keep(folder / _FILE, state)


def _digest(document: Document) -> str:
    told = (document.title, document.source, document.pages, document.sha256)
    return hashlib.sha256(repr(told).encode()).hexdigest()
