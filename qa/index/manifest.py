"""The manifest of an index. It may come from anyone, so it is read strictly, as data."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from embeddings import Encoder
from embeddings.stores import Segment
from qa.errors import IndexMismatch
from qa.index.rows import NOTHING, NotWhole
from qa.passages import Chunking

_LONGEST = 2**20  # characters of a manifest
_MOST = 2**53
_MOST_FILES = 1_000
_LARGEST_DIM = 65_536
_VECTORS = re.compile(r"vectors-\d{1,15}-[0-9a-f]{16}")
_ENCODED = re.compile(r"encoded-[0-9a-f]{16}")
_CHECKSUM = re.compile(r"[0-9a-f]{16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PRECISION = re.compile(r"[a-z0-9]{1,40}")
_DIGEST = re.compile(r"[0-9A-Za-z]{1,128}")
_MODEL = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,4096}")

_Check = Callable[[Any], bool]


def _new_name(generation: int) -> str:
    return f"vectors-{generation}-{secrets.token_hex(8)}"


@dataclass(frozen=True, slots=True)
class MadeWith:
    """What an index was made with.

    Attributes:
        model: the name of the model that made the vectors.
        digest: identifies that model.
        dim: numbers in a vector.
        chunking: how documents were cut.
    """

    model: str
    digest: str
    dim: int
    chunking: Chunking

    def check_encoder(self, encoder: Encoder, where: Path | str) -> None:
        """Refuse an encoder that did not make these vectors."""
        if (self.digest, self.dim) != (encoder.digest, encoder.dim):
            raise IndexMismatch(
                f"the index in {where} was made with model {self.model} "
                f"(digest {self.digest[:12]}) and is opened with {encoder.model} "
                f"(digest {encoder.digest[:12]}): open it with its own model, or index again "
                "into a new folder",
                folder=where,
            )

    def check_chunking(self, chunking: Chunking | None, where: Path | str) -> None:
        """Refuse a chunking that did not make these passages; None is any."""
        if chunking is not None and chunking != self.chunking:
            raise IndexMismatch(
                f"the index in {where} has {self.chunking.described()}, not "
                f"{chunking.described()}: leave the options out, or index again into a new folder",
                folder=where,
            )


@dataclass(frozen=True, slots=True)
class Manifest(MadeWith):
    """What an index was made with, and which files and rows are its own.

    Attributes:
        metric: of vectors, always "cosine".
        token_vectors: the most passages whose token vectors are stored.
        generation: how often vectors were written; 0 is an index that was never finished.
        segments: the current files of vectors.
        next_file: the file that the next writer writes. Its name is random, so a file of that
            name was left by a writer that was stopped.
        resume_file: what a stopped writer encoded (`qa.index.resume_cache`).
        left_files: earlier files of vectors, to be removed.
        last_passage: the highest number that a passage has had.
        documents_check: a checksum of all documents' rows.
        words_check: a checksum of the segments of the inverted index.
        dead_check: a checksum of the tombstones of vectors.
    """

    next_file: str
    resume_file: str
    metric: str = "cosine"
    token_vectors: int = 5_000
    generation: int = 0
    segments: tuple[Segment, ...] = ()
    left_files: tuple[str, ...] = ()
    last_passage: int = 0
    documents_check: str = NOTHING
    words_check: str = NOTHING
    dead_check: str = NOTHING

    @classmethod
    def new(cls, encoder: Encoder, chunking: Chunking) -> Self:
        """Return the manifest of a new index."""
        names = _new_name(1), f"encoded-{secrets.token_hex(8)}"
        return cls(encoder.model, encoder.digest, encoder.dim, chunking, *names)

    def following(self, segments: tuple[Segment, ...], left: tuple[str, ...]) -> Manifest:
        """Return the manifest of the next generation."""
        return replace(
            self,
            generation=self.generation + 1,
            segments=segments,
            next_file=_new_name(self.generation + 2),
            left_files=left,
        )

    def to_json(self) -> str:
        """Return the manifest as it is stored."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, stored: object) -> Self:
        """Read a stored manifest; `NotWhole` if it has an impossible value."""
        if not isinstance(stored, str) or len(stored) > _LONGEST:
            raise NotWhole("its manifest is no text, or too long")
        try:
            fields = json.loads(stored)
        except (ValueError, RecursionError):
            raise NotWhole("its manifest is not in JSON") from None
        _tell_precisions(fields)
        _check_fields(fields, _FIELDS, "its manifest")
        segments = tuple(
            Segment(**segment | {"precisions": tuple(segment["precisions"])})
            for segment in fields["segments"]
        )
        names = [segment.name for segment in segments]
        if len({*names, fields["next_file"]}) <= len(names):
            raise NotWhole("its manifest names a file twice")
        left, chunking = tuple(fields["left_files"]), Chunking(**fields["chunking"])
        return cls(**fields | {"left_files": left, "chunking": chunking, "segments": segments})

    @property
    def precisions(self) -> tuple[str, ...]:
        """The precisions that passages were encoded in, where their encoder tells."""
        return tuple(sorted({one for segment in self.segments for one in segment.precisions}))

    @property
    def store(self) -> str:
        """The kinds of its vector stores."""
        return ", ".join(sorted({segment.kind for segment in self.segments}))


def _tell_precisions(fields: object) -> None:
    """Have each segment tell its precisions; at first, the manifest told those of all, or none."""
    if isinstance(fields, dict):
        of_all, segments = fields.pop("precisions", []), fields.get("segments")
        for segment in segments if isinstance(segments, list) else ():
            if isinstance(segment, dict):
                segment.setdefault("precisions", of_all)


def _check_fields(value: object, fields: dict[str, _Check], what: str) -> bool:
    if not isinstance(value, dict) or value.keys() != fields.keys():
        raise NotWhole(f"{what} has other fields than it should")
    for name, is_valid in fields.items():
        if not is_valid(value[name]):
            raise NotWhole(f"the {name} in {what} is not what it can be")
    return True


def _text(pattern: re.Pattern[str]) -> _Check:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _integer(least: int, most: int) -> _Check:
    return lambda value: type(value) is int and least <= value <= most


def _list(each: _Check) -> _Check:
    return lambda value: (
        isinstance(value, list) and len(value) <= _MOST_FILES and all(map(each, value))
    )


def _dict(fields: dict[str, _Check], what: str) -> _Check:
    return lambda value: _check_fields(value, fields, what)


_FIELDS: dict[str, _Check] = {
    "model": _text(_MODEL),
    "digest": _text(_DIGEST),
    "dim": _integer(1, _LARGEST_DIM),
    "chunking": _dict(
        {"max_tokens": _integer(16, 2**31), "overlap": _integer(0, 2**31)},
        "its manifest's chunking",
    ),
    "next_file": _text(_VECTORS),
    "resume_file": _text(_ENCODED),
    "metric": lambda value: value == "cosine",
    "token_vectors": _integer(0, _MOST),
    "generation": _integer(0, _MOST),
    "segments": _list(
        _dict(
            {
                "name": _text(_VECTORS),
                "kind": lambda value: value in ("faiss", "ivf"),
                "bytes": _integer(0, _MOST),
                "sha256": _text(_SHA256),
                "precisions": _list(_text(_PRECISION)),
            },
            "its manifest's files",
        )
    ),
    "left_files": _list(_text(_VECTORS)),
    "last_passage": _integer(0, _MOST),
    "documents_check": _text(_CHECKSUM),
    "words_check": _text(_CHECKSUM),
    "dead_check": _text(_CHECKSUM),
}
