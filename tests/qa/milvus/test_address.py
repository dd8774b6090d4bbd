"""Addresses of indexes on Milvus."""

from __future__ import annotations

import pytest

from qa.errors import SettingsError
from qa.indexes import is_milvus, placed
from qa.milvus.address import MilvusAddress


@pytest.mark.parametrize(
    ("text", "uri", "name", "kind"),
    [
        ("milvus://localhost:19530/notes", "http://localhost:19530", "notes", "HNSW"),
        ("milvus+https://milvus.example/n_1", "https://milvus.example", "n_1", "HNSW"),
        ("milvus://[::1]:19530/notes?index=diskann", "http://[::1]:19530", "notes", "DISKANN"),
        ("milvus:./notes.db", "notes.db", "inquote", "HNSW"),
    ],
)
def test_an_address_names_a_server_and_an_index(text: str, uri: str, name: str, kind: str) -> None:
    address = MilvusAddress.parsed(text)

    assert (address.uri, address.name, address.kind) == (uri, name, kind)
    assert str(address) == text
    assert address.is_file == (name == "inquote")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("milvus://localhost:19530/", "the name of an index on Milvus"),
        ("milvus://localhost:19530/a-b", "the name of an index on Milvus"),
        ("milvus://localhost:19530/1a", "the name of an index on Milvus"),
        ("milvus://root:secret@localhost:19530/notes", "INQUOTE_MILVUS_TOKEN"),
        ("milvus://localhost/notes?index=SECRET", "?index= is one of HNSW"),
        ("milvus:notes", "no address"),
        ("milvus://localhost:19530/notes/../x", "no address"),
        ("milvus://local host/notes", "no address"),
    ],
)
def test_what_is_no_address_is_refused_in_a_sentence(text: str, says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        MilvusAddress.parsed(text)

    assert says in str(refused.value)
    assert "secret" not in str(refused.value).lower()


def test_a_folder_is_no_address() -> None:
    assert not is_milvus("notes")
    assert placed("notes/milvus").name == "milvus"  # type: ignore[union-attr]
    assert placed("milvus://host/notes") == "milvus://host/notes"
