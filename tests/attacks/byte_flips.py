"""Change one byte of an index: what it gives stays the same, or it is told in a sentence.

Half of the tries are on a small index, which is held in memory, and half on one that is read row
by row, with lists of vectors, removed passages and several segments of words.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from embeddings.stores import ivf_store, segments
from qa import QA, Document
from qa.errors import StoredIndexError
from qa.index import Index, inverted_index, storage, update_index
from tests.attacks import Outcome
from tests.fakes import FakeEncoder, corpus

SMALL = 40
FULL = 4_000

_ASKED = ("What is part 7 of b about?", "Who sails to Riga without a pilot?")


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Change a byte, read all that an index gives, and put the byte back."""
    survivors: list[str] = []
    for kind, made in (("small", _small), ("large", _large)):
        with made(folder / kind) as index:
            before = _given(index)
            for _ in range(tries // 2):
                survivors += _flipped(index, before, rng, kind)
            assert _given(index) == before
    return Outcome(tries // 2 * 2, tuple(survivors))


def _flipped(folder: Path, before: object, rng: random.Random, kind: str) -> Iterator[str]:
    path = rng.choice(sorted(folder.iterdir()))
    whole = path.read_bytes()
    at, bits = _place(whole, rng), rng.choice([1, 2, 4, rng.randrange(1, 256)])
    broken = bytearray(whole)
    broken[at] ^= bits
    path.write_bytes(broken)
    where = f"{kind}: {path.name}, byte {at} changed by {bits:#x}"
    try:
        if _given(folder) != before:
            yield f"{where}: another answer"
    except StoredIndexError:
        pass
    except Exception as error:
        yield f"{where}: {error!r}"
    finally:
        path.write_bytes(whole)


def _place(whole: bytes, rng: random.Random) -> int:
    """Choose a byte, most often one that is not 0, as those of pages that are empty are."""
    places = [rng.randrange(len(whole)) for _ in range(4)]
    return next((place for place in places if whole[place]), places[0])


def _given(folder: Path) -> object:
    """Return all that an index gives: documents, passages, what is found, and answers."""
    with QA(Index.open(folder), FakeEncoder()) as qa:
        ids = qa.index.document_ids()
        return (
            [repr(qa.index.document(id_)) for id_ in ids],
            [qa.index.document(id_).text for id_ in ids],
            [qa.index.document(id_).pages for id_ in ids],
            [passage for id_ in ids for passage in qa.index.passages_of(id_)],
            [qa.ask(question).to_dict() | {"seconds": {}} for question in _ASKED],
            [repr(qa.retrieve(question, documents=ids[:2])) for question in _ASKED],
        )


def _documents() -> list[Document]:
    rules = "No vessel shall enter the port of Riga without a pilot. Pilots are paid by the mile."
    return [*corpus("abc", parts=14), Document("rules", rules, "Rules", "/rules", (0, 20, 56))]


@contextmanager
def _small(folder: Path) -> Iterator[Path]:
    update_index(folder, _documents(), encoder=FakeEncoder())
    yield folder


@contextmanager
def _large(folder: Path) -> Iterator[Path]:
    update: Callable[..., object] = update_index
    with (
        patch.object(storage, "HELD", -1),
        patch.object(segments, "FLAT_MOST", 4),
        patch.object(ivf_store, "_LEAST_IN_A_LIST", 5),
        patch.object(inverted_index, "_SMALL", 1),
        patch.object(inverted_index, "_BLOCK", 128),
    ):
        update(folder, _documents(), encoder=FakeEncoder(), token_vectors=9)
        update(folder, corpus("d", parts=3), encoder=FakeEncoder(), remove=["a"])
        yield folder
