"""Indexes on Milvus Lite, the engine in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.milvus.address import MilvusAddress
from qa.milvus.client import Connection


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Name an index that is not there yet."""
    from milvus_lite.server_manager import server_manager_instance

    file = tmp_path / "notes.db"
    yield f"milvus:{file}"
    server_manager_instance.release_server(str(file))


@pytest.fixture
def connection(address: str) -> Iterator[Connection]:
    """Connect to the engine, past the index."""
    connection = Connection(MilvusAddress.parsed(address))
    yield connection
    connection.close()
