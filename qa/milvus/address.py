"""Addresses of indexes on Milvus, as an operator names them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from qa.errors import SettingsError

_KIND = r"(?:\?index=(?P<kind>[A-Za-z_0-9]*))?"
_SERVER = re.compile(
    r"(?P<scheme>milvus|milvus\+https)://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])"
    rf"(?P<port>:\d{{1,5}})?/(?P<name>[^/?#]*){_KIND}"
)
_FILE = re.compile(rf"milvus:(?!//)(?P<path>.+\.db){_KIND}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_KINDS = ("HNSW", "FLAT", "IVF_FLAT", "DISKANN")
_EXAMPLES = "milvus://localhost:19530/notes, milvus+https://host/notes or milvus:./notes.db"
_TOKEN = "INQUOTE_MILVUS_TOKEN"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True)
class MilvusAddress:
    """Where an index on Milvus is.

    Attributes:
        uri: of the server, or the path of a file for Milvus Lite.
        name: of the index, which the names of its collections begin with.
        kind: of the engine's vector index, if it is to be made.
        text: the address as it was given.
    """

    uri: str
    name: str
    kind: str
    text: str

    @classmethod
    def parsed(cls, text: str) -> Self:
        """Read an address.

        Raises:
            SettingsError: it is none, or names what cannot be.
        """
        if file := _FILE.fullmatch(text):
            path = str(Path(file["path"]).expanduser())
            return cls(path, "inquote", _kind(file["kind"]), text)
        parts = _SERVER.fullmatch(text)
        if parts is None:
            hint = f"; a token belongs in {_TOKEN}" if "@" in text else ""
            raise SettingsError(
                f"this is no address of an index on Milvus: write {_EXAMPLES}{hint}"
            )
        if not _NAME.fullmatch(parts["name"]):
            raise SettingsError(
                "the name of an index on Milvus is of letters, digits and underscores, and begins "
                f"with no digit, as in {_EXAMPLES.split(',')[0]}"
            )
        scheme = "https" if parts["scheme"].endswith("https") else "http"
        return cls(
            f"{scheme}://{parts['host']}{parts['port'] or ''}",
            parts["name"],
            _kind(parts["kind"]),
            text,
        )

    @property
    def is_file(self) -> bool:
        """Whether it is a file, read and written by Milvus Lite in this process."""
        return "://" not in self.uri

    @property
    def may_be_there(self) -> bool:
        """Whether there may be an index: a file that is not there is made by looking into it."""
        return not self.is_file or Path(self.uri).exists()

    @property
    def token(self) -> str:
        """The token for the server, from the environment; never shown."""
        return os.environ.get(_TOKEN, "")

    def __str__(self) -> str:
        return self.text


def _kind(named: str | None) -> str:
    """Return the kind of vector index that an address names; a `SettingsError` if it is none."""
    kind = (named or _KINDS[0]).upper()
    if kind not in _KINDS:
        raise SettingsError(f"?index= is one of {', '.join(_KINDS)}")
    return kind
